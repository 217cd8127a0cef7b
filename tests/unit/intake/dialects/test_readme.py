"""The document of the dialects: each message becomes what stands behind it, and
each name is told of."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.dialects import BY_TITLE, EXAMPLES, README, REFUSED, SECTIONS
from tests.support.intake import ALL_CREDENTIALS, NOW, TOKEN, request, x_signature
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed, Unauthenticated
from webhook_core.intake import json_body
from webhook_core.intake.authentication import verify
from webhook_core.intake.dialects import (
    finandy,
    nested,
    texts,
    threecommas_signal,
    traderspost_exits,
)
from webhook_core.intake.dialects.names import OWN, any_secret
from webhook_core.intake.dialects.registry import DIALECTS, recognised
from webhook_core.intake.other_tools import in_ours
from webhook_core.intake.parse import parse

TITLES = {
    "the nested format": "The nested format",
    "3Commas' Signal bot": "3Commas Signal bot",
    "3Commas' DCA bot": "3Commas DCA bot",
    "OKX' signal bot": "OKX signal bot",
}
WITHOUT_SECRET = {"TradersPost", "WunderTrading"}


def plain(value):
    return f"{value:f}" if isinstance(value, Decimal) else value


def names_and_kind(body: bytes):
    found = None if body.lstrip().startswith(b"{") else texts.read(body)
    return (found[0], True) if found else (json_body.parse(body), False)


def test_each_dialect_has_its_section_and_its_message():
    assert [TITLES.get(dialect.tool, dialect.tool) for dialect in DIALECTS] == [
        title for title in SECTIONS if title in BY_TITLE
    ]
    assert len(EXAMPLES) == len(DIALECTS)


@row_by_row
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_message_to_paste_becomes_what_stands_behind_it(example):
    signed = x_signature(example.body()) if example.title in WITHOUT_SECRET else {}
    body = verify(request(example.body(), signed), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
    said = in_ours(body)
    assert TITLES.get(said.translated.tool, said.translated.tool) == example.title
    assert {name: plain(value) for name, value in said.fields.items()} == json.loads(
        example.becomes
    )
    assert parse(said).symbol


@row_by_row
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_exactly_one_dialect_recognises_it_and_it_is_not_ours(example):
    fields, is_text = names_and_kind(example.body())
    assert sum(dialect.recognises(fields) for dialect in DIALECTS) == 1
    assert recognised(fields, is_text=is_text) is not None
    signed = x_signature(example.body())
    body = verify(request(example.body(), signed), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
    with pytest.raises(AlertMalformed):
        parse(body)


@row_by_row
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_wrong_secret_or_none_is_refused_with_the_one_message(example):
    for body in (example.body("another-token-of-32-characters-ab"), example.body("")):
        with pytest.raises(Unauthenticated) as caught:
            verify(request(body), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
        assert caught.value.message == "The alert carries no valid proof of its sender."
        assert TOKEN not in caught.value.reason


@row_by_row
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_a_signed_one_is_read_alike_whatever_its_secret_is(example):
    body = example.body("no-token-of-ours")
    said = in_ours(
        verify(request(body, x_signature(body)), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
    )
    assert {name: plain(value) for name, value in said.fields.items()} == json.loads(
        example.becomes
    )


@row_by_row
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.tool)
def test_its_section_names_each_of_its_names(dialect):
    text = SECTIONS[TITLES.get(dialect.tool, dialect.tool)]
    rows = dialect.rows
    named = (rows.mapped | rows.idle | rows.refused.keys() | set(dialect.secrets)) - set(OWN)
    assert {name for name in named if f"`{name}`" not in text and f'"{name}"' not in text} == set()


def test_no_name_is_two_things():
    tables = [dialect.rows for dialect in DIALECTS]
    tables += [nested._STRATEGY, traderspost_exits._STOP_LOSS, traderspost_exits._TAKE_PROFIT]
    tables += [threecommas_signal._ORDER, finandy._OPEN, finandy._CLOSE]
    for rows in tables:
        assert rows.mapped & rows.idle == rows.mapped & rows.refused.keys() == set()
        assert rows.idle & rows.refused.keys() == set()


@pytest.mark.parametrize(("tool", "text"), REFUSED, ids=[tool for tool, _ in REFUSED])
def test_a_text_that_is_not_read_is_refused_with_the_message_to_paste(tool, text):
    with pytest.raises(AlertMalformed, match=f"This is {tool} syntax") as caught:
        verify(request(text.encode()), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
    pasted = json.loads(caught.value.message[caught.value.message.index("{") :])
    assert (pasted["action"], pasted["symbol"].replace("/", "")) == ("buy", "BTCUSD")


@row_by_row
@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("BTCUSD buy at 60000", "plain text"),
        ("TOKEN buy BTCUSD 0.001", "plain text"),
        ("buy BTCUSD 0.001", "plain text"),
        ("buy BTC/USD 100$", "plain text"),
        ("sell BTCUSD 50%", "plain text"),
        ("BTCUSD long 1", "plain text"),
        ("close BTCUSD", "plain text"),
        ("kraken buy BTC/USD 100$ x3", "whook syntax"),
        ("buy BTCUSD 100 reduceonly", "whook syntax"),
        ("kraken buy BTCUSD 1 limit:my-id:60000", "whook syntax"),
        ("kraken BTCUSD cancel:all", "whook syntax"),
        ("kraken BTCUSD changeleverage x3", "whook syntax"),
        ("kraken buy BTCUSD 1\nkraken sell ETHUSD 1 x3", "whook syntax"),
    ],
)
def test_words_that_anybody_could_write_are_plain_text_and_no_tool_s(text, called):
    with pytest.raises(AlertMalformed) as caught:
        verify(request(text.encode()), ALL_CREDENTIALS, NOW, anonymous_allowed=False)
    assert caught.value.message.startswith(f"This is {called}, and here the message is JSON. Paste")
    assert "TOKEN" not in caught.value.message.replace("YOUR-TOKEN", "")


def test_the_document_promises_what_the_tests_are_given():
    assert {tool for tool, _ in REFUSED} == {
        "Autoview", "Alertatron", "frostybot", "PineConnector", "whook",
    }  # fmt: skip
    assert "What is valid as ours is ours." in README


def test_the_name_of_each_secret_is_known_as_one_in_any_tool_s_message():
    """So that it is no ticker's, nor a misspelled word, where it stands beside another tool's."""
    secrets = {name for each in DIALECTS if not each.is_text for name in each.secrets}
    assert {name for name in secrets if not any_secret((name,))} == set()
