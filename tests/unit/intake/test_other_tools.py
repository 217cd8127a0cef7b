"""What is ours stays ours; and where the proof of another tool's message stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.support.dialects import BY_TITLE
from tests.support.intake import (
    ALL_CREDENTIALS,
    NOW,
    TOKEN,
    TOKEN_CREDENTIAL,
    X_CREDENTIAL,
    bound,
    request,
    x_signature,
)
from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEY, scoped
from webhook_core.errors import AlertMalformed, Unauthenticated
from webhook_core.intake.authentication import VerifiedBody, verify
from webhook_core.intake.credentials import Scheme, TokenKey
from webhook_core.intake.other_tools import in_ours

PATHS = sorted((ROOT / "examples").glob("*.json"))
ALERTS = {
    path.name: json.loads(path.read_text("utf-8"))
    for path in PATHS
    if path.name != "firestore.indexes.json"
}


def taken(body, headers=None, credentials=ALL_CREDENTIALS):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return verify(request(raw, headers), credentials, NOW, anonymous_allowed=False)


@row_by_row
@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_of_the_examples_is_handed_on_as_it_is(name):
    body = taken({**ALERTS[name], "token": TOKEN})
    assert in_ours(body) is body


@pytest.mark.parametrize(
    "changes",
    [
        {"orderType": "limit", "limitPrice": "59000"},
        {"sentiment": "bullish"},
        {"takeProfit": "65000"},
        {"close": "60000", "open": "60001"},
        {"strategy": "trend"},
        {"instrument": "BTCUSD"},
        {"apiKey": ""},
    ],
    ids=", ".join,
)
def test_our_own_alert_in_names_of_other_tools_is_ours(changes):
    alert = {"ticker": "BTCUSD", "action": "buy", "quantity": "0.01", **changes, "token": TOKEN}
    body = taken(alert)
    assert in_ours(body) is body


def test_a_body_of_nobody_is_left_to_our_own_words():
    body = taken({"symbol": "BTCUSD", "sentiment": "sad", "token": TOKEN})
    assert in_ours(body) is body


def test_two_dialects_at_once_are_none():
    alert = json.loads(BY_TITLE["OKX signal bot"].body()) | {"bot_uuid": "u", "tv_instrument": "x"}
    with pytest.raises(Unauthenticated):
        taken(alert)


PROOFS = [
    ("OKX signal bot", "signalToken"),
    ("3Commas DCA bot", "email_token"),
    ("Altrady's signal bot", "api_secret"),
    ("Altrady's signal bot", "api_key"),
    ("TV-Hub", "apiKey"),
]


@pytest.mark.parametrize(("title", "name"), PROOFS)
def test_the_tools_own_secret_proves_the_sender_and_its_strategy_and_is_removed(title, name):
    alert = json.loads(BY_TITLE[title].body("somebody-elses-token-0123"))
    body = taken({**alert, name: TOKEN}, credentials=[bound(TOKEN_CREDENTIAL, "trend")])
    assert (body.scheme, body.strategy) == (Scheme.TOKEN, "trend")
    assert TOKEN not in repr(body.fields) + repr(in_ours(body).fields) + repr(body)


@pytest.mark.parametrize("title", ["3Commas Signal bot", "3Commas DCA bot", "OKX signal bot"])
def test_a_wrong_secret_in_the_right_place_is_told_as_that(title):
    with pytest.raises(Unauthenticated, match="no valid proof") as caught:
        taken(BY_TITLE[title].body("a-wrong-secret-0123456789"))
    assert "what stands there is no configured token" in caught.value.reason
    assert "a-wrong-secret" not in caught.value.reason


def test_two_right_secrets_are_none():
    alert = json.loads(BY_TITLE["Altrady's signal bot"].body()) | {"api_key": TOKEN}
    with pytest.raises(Unauthenticated) as caught:
        taken(alert)
    assert caught.value.reason.endswith("its one proof in api_key or api_secret")


def test_two_right_secrets_of_tv_hub_are_none():
    alert = json.loads(BY_TITLE["TV-Hub"].body()) | {"apiKey": TOKEN}
    with pytest.raises(Unauthenticated, match="no valid proof") as caught:
        taken(alert)
    assert "token and apiKey" in caught.value.reason


@pytest.mark.parametrize("value", [None, 5, ["x"], {"a": TOKEN}, ""], ids=repr)
def test_a_secret_that_is_no_text_proves_nothing(value):
    alert = json.loads(BY_TITLE["OKX signal bot"].body()) | {"signalToken": value}
    with pytest.raises(Unauthenticated):
        taken(alert)


def test_a_text_keeps_its_secret_to_itself():
    body = taken(BY_TITLE["CrossTrade"].body())
    assert body.is_text
    assert TOKEN not in repr(body.fields) + repr(in_ours(body).fields)


def test_a_signature_that_is_wrong_is_no_reason_to_look_at_the_token():
    body = BY_TITLE["OKX signal bot"].body()
    with pytest.raises(Unauthenticated):
        taken(body, x_signature(body + b" "))


def test_a_text_of_nobody_is_told_its_first_slip_as_before():
    for text in (b"BTCUSD Crossing 9000", b"SIGNAL=BUY", b"a=1;b=2", b"buy BTCUSD now please"):
        with pytest.raises(AlertMalformed, match="not valid JSON"):
            taken(text)


def test_a_text_under_a_right_signature_needs_no_token():
    body = b"SYMBOL=BTCUSD\nSIGNAL=BUY\nVOLUME=0.1"
    assert in_ours(taken(body, x_signature(body), [X_CREDENTIAL])).fields["symbol"] == "BTCUSD"


# -- the token in the URL


def through_the_url(alert) -> VerifiedBody:
    raw = alert if isinstance(alert, bytes) else json.dumps(alert).encode()
    asked = request(raw)._replace(url_token=scoped())
    within = datetime(2026, 11, 22, 12, tzinfo=UTC)  # before the token ends
    return verify(asked, (TokenKey("k2", KEY),), within, anonymous_allowed=False)


@pytest.mark.parametrize("title", ["TradersPost", "WunderTrading"])
def test_a_tool_without_a_secret_is_proved_by_the_url(title):
    body = in_ours(through_the_url(BY_TITLE[title].body()))
    assert body.translated.tool == title
    assert body.permit is not None


def test_through_the_url_a_sell_that_ends_short_is_traderspost_s_and_elsewhere_a_plain_sell():
    alert = {"ticker": "BTCUSD", "action": "sell", "sentiment": "short", "quantity": "0.1"}
    with pytest.raises(AlertMalformed, match="add prev_market_position and its size, or trade"):
        in_ours(through_the_url(alert))
    signed = taken(alert, x_signature(json.dumps(alert).encode()))
    assert in_ours(signed) is signed


def test_through_the_url_our_own_alert_is_ours():
    body = through_the_url({"ticker": "BTCUSD", "action": "buy", "quantity": "0.1"})
    assert in_ours(body) is body
