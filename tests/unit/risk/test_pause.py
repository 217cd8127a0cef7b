"""Pause and resume over the whole way of an alert: who may, what is stopped, and what
every answer then says."""

from __future__ import annotations

import json

import pytest

from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import TOKEN, Function
from tests.support.scoped_tokens import KEYS, scoped
from webhook_core.trading.requests import NotSent

TREND = "token-of-the-trend-0123"


@pytest.fixture
def function(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text(f'[trend]\ntoken = "{TREND}"\n\n[swing]\n', "utf-8")
    return Function(env={"STRATEGIES_FILE": str(path)})


def stop(function, **said):
    answer = function.operate("POST", "/pause", **said)
    assert answer.status == 200, answer.document
    return answer


def go_on(function, **said):
    answer = function.operate("POST", "/resume", **said)
    assert answer.status == 200, answer.document
    return answer


def alert(function, number, **fields):
    return function.post(function.alert(id=f"a-{number}", **fields))


def test_a_paused_account_takes_no_alert_and_sends_nothing(function):
    stop(function, why="a bad day")
    answer = alert(function, 1)
    assert (answer.status, answer["code"]) == (422, "paused")
    assert "a bad day" in answer["error"]
    assert function.venue.calls == []
    assert function.store.entries().entries == []
    go_on(function)
    assert alert(function, 2)["code"] == "accepted"


def test_a_paused_strategy_stops_alone(function):
    stop(function, strategy="trend")
    assert alert(function, 1, token=TREND)["code"] == "paused"
    assert alert(function, 2)["code"] == "accepted"
    assert alert(function, 3, strategy_name="swing")["code"] == "accepted"


def test_a_known_alert_keeps_its_answer(function):
    known = function.alert()
    function.post(known)
    stop(function)
    again = function.post(known)
    assert (again["code"], again["replayed"]) == ("accepted", True)


@pytest.mark.parametrize(
    ("side", "code"), [("buy", "paused"), ("sell", "accepted")], ids=["entry", "exit"]
)
def test_of_entries_alone_an_exit_passes(function, side, code):
    stop(function, entries="true")
    assert alert(function, 1, side=side)["code"] == code


def test_it_ends_after_its_span(function):
    stop(function, **{"for": "2h"})
    function.clock.sleep(2 * 3600 - 1)
    assert alert(function, 1)["code"] == "paused"
    function.clock.sleep(1)
    assert alert(function, 2)["code"] == "accepted"
    assert function.operate("GET", "/orders")["paused"] == []


def test_what_was_not_sent_is_denied_when_it_comes_again(function):
    function.venue.refuse = [NotSent("no connection")] * 3
    known = function.alert()
    assert function.post(known)["code"] == "not_sent"
    stop(function)
    again = function.post(known)
    assert (again.status, again["code"]) == (422, "order_denied")
    assert "paused" in again["error"]
    go_on(function)
    assert function.post(known)["code"] == "order_denied"


def test_a_leg_behind_is_denied_when_it_is_claimed(function):
    order = {"symbol": "BTCUSD", "side": "buy", "volume": "0.01", "price": "60000"}
    submit = function.venue.submit

    def pausing(*arguments):
        function.venue.submit = submit
        stop(function)
        return submit(*arguments)

    function.venue.submit = pausing
    legs = {"symbol": None, "side": None, "volume": None, "price": None}
    answer = function.post(function.alert(**legs, orders=[order, order]))
    assert [leg["state"] for leg in answer["orders"]] == ["ACCEPTED", "DENIED"]
    assert answer.status == 422
    assert "paused" in answer["error"]


def test_who_paused_when_and_why_is_listed(function):
    stop(function, strategy="trend", why="news at noon", by="Ada", **{"for": "90min"})
    (listed,) = function.operate("GET", "/orders")["paused"]
    assert listed == {
        "strategy": "trend", "by": "Ada", "at": "2026-11-22T12:00:00+00:00", "why": "news at noon",
        "until": "2026-11-22T13:30:00+00:00", "entries_only": False,
    }  # fmt: skip
    assert go_on(function)["ended"] is None
    assert go_on(function, strategy="trend")["ended"] == listed


@pytest.mark.parametrize("name", ["why", "by"])
def test_a_secret_that_is_pasted_into_its_words_is_kept_nowhere_and_it_stands(function, name):
    secret = "operator-of-the-tests-0123"
    asked = stop(function, **{name: f"because of {secret}"})
    told = (
        asked.document,
        function.operate("GET", "/orders").document,
        alert(function, 1).document,
    )
    resumed = go_on(function, by=secret).document
    assert secret not in str((*told, resumed))
    assert asked["pause"][name] == "because of ***"
    assert told[2]["code"] == "paused"
    assert secret not in str(vars(function.store))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"strategy": "trnd"}, "strategy"),
        ({"strategy": ""}, "strategy"),
        ({"for": "soon"}, "for"),
        ({"for": "0s"}, "for"),
        ({"for": "999999w"}, "for"),
        ({"for": "٣h"}, "for"),
        ({"entries": "maybe"}, "entries"),
        ({"why": "a\nb"}, "why"),
        ({"why": "a" * 201}, "why"),
        ({"strategie": "trend"}, "strategie"),
    ],
)
def test_what_cannot_be_used_pauses_nothing_and_says_so(function, said, field):
    answer = function.operate("POST", "/pause", **said)
    assert (answer.status, answer["code"], answer["field"]) == (400, "alert_malformed", field)
    assert alert(function, 1)["code"] == "accepted"


def test_a_body_says_the_same_as_a_query(function):
    headers = {"authorization": "Bearer operator-of-the-tests-0123"}
    body = json.dumps({"strategy": "trend", "entries": True, "why": None}).encode()
    answer = function.send("POST", "/pause", body, headers)
    assert (answer["pause"]["strategy"], answer["pause"]["entries_only"]) == ("trend", True)
    for wrong in (b"[]", b"{", b'{"for": 7}'):
        assert function.send("POST", "/pause", wrong, headers).status == 400


@pytest.mark.parametrize("route", ["/pause", "/resume"])
def test_only_the_operator_may(function, route):
    assert function.operate("POST", route, token="another").status == 401
    assert function.operate("GET", route).status == 405


# -- by an alert -----------------------------------------------------------------------------------


def switch(function, action, number=1, **fields):
    none = dict.fromkeys(("symbol", "side", "volume", "price"))
    return function.post(function.alert(**none, id=f"s-{number}", action=action, **fields))


def test_an_alert_pauses_its_strategy_and_a_resend_changes_nothing(function):
    for _ in range(2):
        answer = switch(function, "pause", token=TREND)
        assert (answer.status, answer["code"]) == (200, "pausing")
    assert alert(function, 1, token=TREND)["code"] == "paused"
    assert alert(function, 2)["code"] == "accepted"
    assert function.operate("GET", "/orders")["paused"][0]["by"] == "alert s-1"


def test_an_alert_pauses_all_with_a_token_of_the_account(function):
    assert switch(function, "pause", scope="all", token=TREND)["code"] == "out_of_scope"
    assert alert(function, 1)["code"] == "accepted"
    assert switch(function, "pause", scope="all")["code"] == "pausing"
    assert alert(function, 2, token=TREND)["code"] == "paused"


@pytest.mark.parametrize(
    ("action", "fields", "asked"),
    [("pause", {}, "pause"), ("pause", {"scope": "all"}, "pause all"), ("resume", {}, "resume")],
)
def test_the_list_of_alerts_says_that_one_asked_for_a_pause(function, action, fields, asked):
    switch(function, action, **fields)
    (listed,) = function.operate("GET", "/alerts")["alerts"]
    assert listed["asked"] == asked


def test_a_plain_token_may_not_resume(function):
    stop(function)
    assert switch(function, "resume", scope="all").status == 403
    assert alert(function, 1)["code"] == "paused"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_validation_changes_nothing(function, action):
    switch(function, action, validate=True)
    assert alert(function, 1)["code"] == "accepted"


def test_a_validation_of_an_order_says_that_it_is_paused(function):
    stop(function)
    answer = function.post(function.alert(), "/webhook/tradingview/validate")
    assert (answer.status, answer["code"]) == (422, "paused")
    assert answer["orders"][0]["state"] == "DENIED"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scope": "symbol"}, "scope"),
        ({"scope": ""}, "scope"),
        ({"scope": "strat"}, "scope"),
        ({"symbol": "BTCUSD"}, "symbol"),
        ({"volume": "1"}, "volume"),
    ],
)
def test_an_alert_that_says_more_than_that_pauses_nothing(function, fields, field):
    none = dict.fromkeys(("symbol", "side", "volume", "price"))
    answer = function.post(function.alert(**{**none, "action": "pause", **fields}))
    assert (answer.status, answer["field"]) == (400, field)
    assert alert(function, 1)["code"] == "accepted"


def test_without_a_proof_nothing_is_paused(function):
    assert switch(function, "pause", token=TOKEN + "x").status == 401
    assert alert(function, 1)["code"] == "accepted"


def test_another_instance_holds_back_what_it_claims_after(function):
    other = Function(
        env=function.env, clock=function.clock, store=function.store, venue=FakeVenue()
    )
    assert alert(other, 1)["code"] == "accepted"
    stop(function)
    assert alert(other, 2)["code"] == "paused"


@pytest.mark.parametrize(
    ("actions", "action", "code"),
    [
        ("x=order,pause", "pause", "pausing"),
        ("x=order", "pause", "out_of_scope"),
        ("x=order,pause", "resume", "out_of_scope"),
        ("x=resume", "resume", "resumed"),
    ],
)
def test_a_scoped_token_may_what_its_caveat_says(actions, action, code):
    function = Function(env={"WEBHOOK_TOKEN_KEYS": KEYS})
    token = scoped(actions)
    stop(function, strategy="trend")
    assert switch(function, action, token=token)["code"] == code
