"""A secret in the wrong place is not printed by the error about it, and one in an uploaded file is
warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.settings.reading import VARIABLES, SettingsError, read_settings

HEX = "5f0c1de2a7b94c38c3a1f0e9d8b7a6958473625140f1e2d3c4b5a69788776655"
KRAKEN = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
PHRASE = "correct horse battery"
SECRETS = ["a-token-16-chars", HEX, KRAKEN, PHRASE, "whsec_" + KRAKEN[:44], f"projects/{HEX}"]
TAKES_SECRETS = {
    *("WEBHOOK_TOKEN", "WEBHOOK_SECRET", "OPERATOR_TOKEN", "KRAKEN_API_KEY", "KRAKEN_API_SECRET")
}


def faults(env, document=None):
    try:
        read_settings(env, read_file=lambda _: document)
    except SettingsError as error:
        return str(error)
    return ""


@row_by_row
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("variable", sorted(set(VARIABLES) - TAKES_SECRETS))
def test_no_error_prints_a_secret_that_stands_in_its_variable(variable, secret):
    for text in (secret, f"BTC/USD,{secret}", f"USD={secret}", f"{secret} USD"):
        said = faults({variable: text})
        assert secret not in said
        assert secret[:8] not in said


@row_by_row
@pytest.mark.parametrize("key", ["volume", "allowed_symbols", "max_order_cost", "quantity_type"])
@pytest.mark.parametrize("secret", SECRETS)
def test_nor_one_in_the_wrong_setting_of_a_strategy(key, secret):
    for value in (f'"{secret}"', f'["{secret}"]'):
        said = faults({}, f"[trend]\n{key} = {value}\n")
        assert secret not in said


@pytest.mark.parametrize("secret", ["aVeryLongTokenOfSomebody0123", "a" + HEX])
def test_nor_one_that_was_taken_for_the_name_of_a_variable(secret):
    said = faults({}, f'[trend]\ntoken = "env:{secret}"\n')
    assert "which is not set" in said
    assert secret not in said
    assert "TREND_TOKEN" in faults({}, '[trend]\ntoken = "env:TREND_TOKEN"\n')


INLINE = f'[trend]\ntoken = "{HEX}"\n'
BY_NAME = '[trend]\ntoken = "env:TREND_TOKEN"\n'


@pytest.mark.parametrize(
    ("environment", "path", "document", "warned"),
    [
        ("production", "strategies.toml", INLINE, True),
        ("production", "examples/strategies.toml", INLINE, True),
        ("production", "/config/strategies.toml", INLINE, False),
        ("production", "/config/deep/strategies.toml", INLINE, False),
        ("production", "/srv/strategies.toml", INLINE, True),
        ("production", "strategies.toml", BY_NAME, False),
        ("development", "strategies.toml", INLINE, False),
    ],
)
def test_secrets_in_a_file_that_is_uploaded_are_warned_of(
    environment, path, document, warned, monkeypatch
):
    monkeypatch.setattr(Path, "is_mount", lambda place: str(place) == "/config")
    env = {"ENVIRONMENT": environment, "STRATEGIES_FILE": path, "TREND_TOKEN": HEX}
    found = read_settings(env, read_file=lambda _: document).warnings
    assert [text.partition(":")[0] for text in found] == ["STRATEGIES_FILE"] * warned
    assert HEX not in str(found)
    assert all("[trend] token[0]" in text for text in found)
