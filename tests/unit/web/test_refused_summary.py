"""alert.done says which alert was refused, and why, as soon as its sender is proved, and before
that nothing of it."""

from __future__ import annotations

import json
import logging

import pytest

from tests.support.faked_function import TOKEN, Function
from webhook_core.trading.requests import NotSent, Rejected, Unknown

LONG = "tok-5f0c1de2a7b94c38-misplaced"


@pytest.fixture
def function():
    return Function({"ALLOWED_SYMBOLS": "BTC/USD"})


@pytest.fixture
def done(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.facts for record in caplog.records if record.message == "alert.done"][-1]


def which(facts):
    return facts.get("strategy"), facts.get("symbol"), facts.get("alert_id")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"volume": "0,5"}, ("default", "BTCUSD", "a-1")),
        ({"volume": "0,5", "strategy": "trend"}, ("trend", "BTCUSD", "a-1")),
        (
            {"side": "up", "symbol": None, "ticker": "KRAKEN:BTCUSD"},
            ("default", "KRAKEN:BTCUSD", "a-1"),
        ),
        ({"stop_prce": "1"}, ("default", "BTCUSD", "a-1")),
        ({"symbol": None}, ("default", None, "a-1")),
        ({"id": None, "alert_id": 7, "side": "up"}, ("default", "BTCUSD", "7")),
        ({"fired_at": "2020-01-01T00:00:00Z"}, ("default", "BTCUSD", "a-1")),
        ({"fired_at": "soon"}, ("default", "BTCUSD", "a-1")),
        (
            {"side": "up", "id": {"a": 1}, "symbol": ["x"], "strategy": True},
            ("default", None, None),
        ),
        ({"side": "up", "id": LONG}, ("default", "BTCUSD", "tok-… (30 characters)")),
        ({"side": "up", "symbol": LONG}, ("default", "tok-… (30 characters)", "a-1")),
        ({"side": "up", "strategy": LONG}, ("tok-… (30 characters)", "BTCUSD", "a-1")),
        ({"side": LONG}, ("default", "BTCUSD", "a-1")),
    ],
)
def test_a_refused_alert_of_a_proved_sender_has_a_name(function, done, fields, expected):
    answer = function.post(function.alert(**fields))
    facts = done()
    assert answer.status in (400, 401)
    assert which(facts) == expected
    assert facts["reason"] == answer["message"]
    assert facts.get("field") == answer["field"]
    assert LONG[4:] not in str(facts)


def test_a_strategy_that_is_configured_is_named_in_full_and_is_whose_token_it_was(tmp_path, done):
    name = "a-strategy-with-a-long-name"
    (tmp_path / "strategies.toml").write_text(f'[{name}]\ntoken = "token-of-a-strategy-0123"\n')
    function = Function({"STRATEGIES_FILE": str(tmp_path / "strategies.toml")})
    function.post(function.alert(token="token-of-a-strategy-0123", side="up", strategy="another"))
    assert which(done()) == (name, "BTCUSD", "a-1")
    function.post(function.alert(side="up", strategy=name))
    assert which(done()) == (name, "BTCUSD", "a-1")


@pytest.mark.parametrize(
    "body",
    [
        (
            b'{"token": "wrong-token-of-nobody", "id": "a-1", "symbol": "BTCUSD", "strategy": '
            b'"trend", "side": "up"}'
        ),
        b'{"id": "a-1", "symbol": "BTCUSD", "strategy": "trend", "side": "up"}',
        b'{"token": "%s", "id": "a-1", "symbol": "BTCUSD", "strategy": "trend",}' % TOKEN.encode(),
        b'{"id": "a-1", "symbol": "BTCUSD", "strategy": "trend", "id": "a-1"}',
    ],
)
def test_a_body_that_is_not_proved_leaves_nothing_of_itself_in_the_log(
    function, done, caplog, body
):
    answer = function.post(body)
    assert answer.status in (400, 401)
    assert which(done()) == (None, None, None)
    assert done()["reason"]
    said = [str(record.facts) for record in caplog.records]
    assert not any(text in line for line in said for text in ("a-1", "BTCUSD", "trend", TOKEN))


def test_a_bug_is_told_with_the_alert_that_met_it(function, done, monkeypatch):
    monkeypatch.setattr("webhook_core.intake.parse.parse", lambda _: 1 / 0)
    assert function.post(function.alert()).status == 500
    assert which(done()) == ("default", "BTCUSD", "a-1")


@pytest.mark.parametrize(
    ("refuse", "fields", "says"),
    [
        ([Rejected(("EOrder:Insufficient funds",))], {}, "Kraken said: EOrder:Insufficient funds"),
        ([Rejected(("EOrder:A", "EOrder:B"))], {}, "Kraken said: EOrder:A; EOrder:B"),
        ([Rejected(("EOrder:A",))], {"validate_only": True}, "EOrder:A"),
        ([Unknown("the reply was lost")], {}, "the reply was lost"),
        (
            [NotSent("no connection to Kraken could be made")],
            {},
            "no connection to Kraken could be made",
        ),
        ([], {"symbol": "ETHUSD"}, "ALLOWED_SYMBOLS"),
        ([], {"volume": "0,5"}, "holds a comma"),
        ([], {"token": "wrong-token-of-nobody"}, "no valid proof"),
    ],
)
def test_the_message_of_every_refusal_carries_its_reason(function, done, refuse, fields, says):
    function.venue.refuse = refuse
    answer = function.post(function.alert(**fields))
    assert answer["success"] is False
    assert says in answer["message"]
    assert says in answer["error"]
    assert done()["reason"]


def test_the_reason_of_a_failed_proof_is_in_the_log_alone(function, done):
    answer = function.post(function.alert(token="put the value of WEBHOOK_TOKEN here"))
    assert answer["message"] == "The alert carries no valid proof of its sender."
    assert "still the placeholder of the example" in done()["reason"]
    assert "placeholder" not in json.dumps(answer.document)
    padded = function.post(function.alert(token=f"{TOKEN}\n"))
    assert padded.document == {**answer.document, "request_id": padded["request_id"]}
    assert "a blank or a line break at an end" in done()["reason"]


def test_what_is_done_has_its_warnings_and_no_reason(function, done):
    answer = function.post(function.alert(volume="0.0123456789", exchange="NYMEX"))
    assert answer.status == 200
    assert done()["warnings"] == answer["warnings"] != []
    assert "reason" not in done()


def test_a_validation_has_its_warnings_too(function, done):
    answer = function.post(function.alert(volume="0.0123456789", validate_only=True))
    assert done()["warnings"] == answer["warnings"] != []


def test_nothing_to_do_has_a_reason(function, done):
    answer = function.post(function.alert(action="close", side=None, volume=None))
    assert (answer.status, answer["code"]) == (200, "no_action")
    assert done()["reason"] == answer["message"].removeprefix("Paper: ")
