"""WEBHOOK_TOKEN_KEYS, REVOKED_TOKENS and ALLOW_TOKEN_IN_URL."""

from __future__ import annotations

import base64

import pytest

from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEY, KEYS, OLD_KEY, scoped
from webhook_core.intake.credentials import TokenKey
from webhook_core.settings.reading import SettingsError, read_settings

TEXT = base64.b64encode(KEY).decode()
NAME = "projects/p-1/secrets/token-keys/versions/3"


def keys(text=KEYS, *, values=None, **env):
    settings = read_settings({"WEBHOOK_TOKEN_KEYS": text, **env}, values=values)
    return settings, [each for each in settings.credentials if isinstance(each, TokenKey)]


def faults(**env):
    with pytest.raises(SettingsError) as caught:
        read_settings(env)
    said = str(caught.value)
    for secret in (TEXT, TEXT.rstrip("="), base64.b64encode(OLD_KEY).decode()):
        assert secret not in said
    return caught.value.faults


def test_the_newest_key_stands_first_and_each_has_its_id():
    _, found = keys()
    assert [(key.name, key.secret, key.key_id) for key in found] == [
        ("k2", KEY, "WEBHOOK_TOKEN_KEYS[k2]"),
        ("k1", OLD_KEY, "WEBHOOK_TOKEN_KEYS[k1]"),
    ]


@pytest.mark.parametrize(
    "text",
    [TEXT, TEXT.rstrip("="), base64.urlsafe_b64encode(KEY).decode(),
        TEXT.replace("+", "-").replace("/", "_")]
)  # fmt: skip
def test_a_key_is_base64_of_either_alphabet(text):
    assert keys(f"k1:{text}")[1][0].secret == KEY


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        TEXT, f":{TEXT}", f"k1={TEXT}", f"k1:{TEXT[:-4]}", f"k1:{TEXT}AAAA", "k1:", "k1",
        f"k 1:{TEXT}",
        f"k1:{KEY.hex()}", f"k.1:{TEXT}", f"{'k' * 17}:{TEXT}", f"k1:{TEXT[:10]}!{TEXT[11:]}",
        f"k1:{'A' * 43}=",
        f"k1:k2:{TEXT}", f"k1:{TEXT},,k2:{TEXT}", f"k1:{NAME}",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_repeated(text):
    (fault,) = faults(WEBHOOK_TOKEN_KEYS=text)
    assert fault.startswith("WEBHOOK_TOKEN_KEYS: ")


def test_no_two_keys_share_an_id_and_no_key_has_two():
    other = base64.b64encode(OLD_KEY).decode()
    assert "id of another key" in faults(WEBHOOK_TOKEN_KEYS=f"k1:{TEXT},k1:{other}")[0]
    assert "same secret" in faults(WEBHOOK_TOKEN_KEYS=f"k1:{TEXT},k2:{TEXT}")[0]


@pytest.mark.parametrize(
    "env",
    [
        {"WEBHOOK_TOKEN": TEXT},
        {"WEBHOOK_TOKEN": f"k1:{TEXT}"},
        {"WEBHOOK_SECRET": f"whsec_{TEXT}"},
        {"WEBHOOK_SECRET": TEXT},
        {"OPERATOR_TOKEN": TEXT},
        {"KRAKEN_API_SECRET": TEXT},
    ],
)
def test_a_key_shares_nothing_with_another_scheme(env):
    assert any("same secret" in fault for fault in faults(WEBHOOK_TOKEN_KEYS=f"k1:{TEXT}", **env))


def test_keys_may_stand_under_a_name_alone_or_mixed():
    settings, found = keys(f"{NAME},k9:{base64.b64encode(bytes(range(32))).decode()}")
    assert [name.name for name in settings.unread] == [NAME]
    settings, found = keys(
        f"{NAME},k9:{base64.b64encode(bytes(range(32))).decode()}", values={NAME: KEYS}
    )
    assert [key.name for key in found] == ["k2", "k1", "k9"]
    _, found = keys("file:/run/secrets/keys", values={"file:/run/secrets/keys": KEYS})
    assert len(found) == 2


def test_they_prove_senders_where_a_proof_is_required():
    settings, _ = keys(ENVIRONMENT="production", GCP_PROJECT_ID="my-project-1")
    assert settings.secret_names == ()
    assert not any("NO AUTHENTICATION" in warning for warning in settings.warnings)


def test_no_repr_and_no_log_shows_a_key():
    settings, found = keys()
    assert repr(KEY) not in repr(found)
    assert TEXT in settings.texts_to_mask


def test_revoked_tokens_are_ids():
    _, found = keys(REVOKED_TOKENS="a7f3, b001")
    assert [key.revoked for key in found] == [{"a7f3", "b001"}] * 2


@pytest.mark.parametrize("text", [scoped(), "a7f3,", "a7f3;b001", "a.7"])
def test_what_is_no_id_is_refused_and_not_repeated(text):
    (fault,) = faults(REVOKED_TOKENS=text)
    assert fault.startswith("REVOKED_TOKENS: ")
    assert scoped() not in fault


@pytest.mark.parametrize(
    ("text", "allowed"), [("", False), ("true", True), ("TRUE", True), ("false", False)]
)
def test_a_token_in_the_url_is_off_unless_it_is_allowed(text, allowed):
    assert read_settings({"ALLOW_TOKEN_IN_URL": text}).allow_token_in_url is allowed


@pytest.mark.parametrize("name", ["ALLOW_TOKENS_IN_URL", "REVOKED_TOKEN", "WEBHOOK_TOKEN_KEY"])
def test_a_slip_in_their_names_is_refused(name):
    assert "did you mean" in faults(**{name: "true"})[0]
