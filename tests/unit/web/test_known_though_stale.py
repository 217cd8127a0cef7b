"""A known alert is answered from the ledger before its age is judged; only an unknown one is stale,
and nothing stale is sent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from tests.support.position_alerts import alert, legs_alert, states
from tests.support.trading_venue import outcome, sent, trader
from tests.unit.sending.test_missed import CountingLedger
from webhook_core.errors import LedgerUnavailable
from webhook_core.trading.requests import NotSent, Rejected, Unchanged

OLD = 61
LOOK_UP_AFTER = 6
NOBODY = NotSent("no connection")


@pytest.fixture
def function():
    return Function()


def fired_before(function, seconds):
    return (function.clock.now() - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("age", [61, 600, 86_400])
@pytest.mark.parametrize(
    ("outcomes", "answer"),
    [
        ([], (200, "accepted")),
        ([Rejected(("EOrder:Insufficient funds",))], (422, "order_rejected")),
        ([Unchanged("nothing changes", ())], (200, "no_action")),
    ],
)
def test_a_settled_alert_gets_its_stored_answer_however_old(function, outcomes, answer, age):
    function.venue.refuse = list(outcomes)
    body = function.alert()
    first = function.post(body)
    assert outcome(first) == answer
    function.clock.sleep(age)
    again = function.post(body)
    assert outcome(again) == answer
    assert again["replayed"]
    assert again["order_id"] == first["order_id"]
    assert "NO NEW ORDER" in again["message"]
    assert len(function.venue.submitted) == 1


def test_one_that_was_fired_long_ago_and_whose_answer_was_lost(function):
    """Fired 56 s ago, and resent after 5 s."""
    body = function.alert(fired_at=fired_before(function, 56))
    assert outcome(function.post(body)) == (200, "accepted")
    function.clock.sleep(5)
    again = function.post(body)
    assert outcome(again) == (200, "accepted")
    assert "NO NEW ORDER" not in again["message"]
    assert len(function.venue.submitted) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"id": None}, {"id": None, "fired_at": None, "timenow": True}]
)
def test_whatever_tells_the_alert_from_others(function, fields):
    times = {"timenow": fired_before(function, 0)} if "timenow" in fields else {}
    body = function.alert(**{**fields, **times})
    assert outcome(function.post(body)) == (200, "accepted")
    function.clock.sleep(OLD)
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(function.venue.submitted) == 1


def test_an_unknown_order_is_looked_up(function):
    function.venue.lose_reply = True
    body = function.alert(fired_at=fired_before(function, 56))
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.clock.sleep(LOOK_UP_AFTER)
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(function.venue.submitted) == 1


def test_what_was_never_sent_expires_and_is_not_sent(function):
    function.venue.refuse = [NOBODY]
    body = function.alert()
    assert outcome(function.post(body)) == (503, "not_sent")
    function.clock.sleep(OLD)
    assert outcome(function.post(body)) == (422, "expired")
    assert len(function.venue.submitted) == 1


def test_what_was_missed_expires_and_is_not_sent():
    function = trader(btc=1)
    function.venue.unreadable = {"balances"}
    body = alert(function, action="close")
    assert function.post(body).status == 503
    function.venue.unreadable = set()
    function.clock.sleep(OLD)
    assert outcome(function.post(body)) == (422, "expired")
    assert states(function) == [("a-1", "EXPIRED")]
    assert sent(function) == []


def test_nothing_is_claimed_for_what_is_stale_by_a_rule_that_has_become_stricter():
    function = Function()
    function.venue.refuse = [NOBODY]
    body = function.alert()
    assert outcome(function.post(body)) == (503, "not_sent")
    function.clock.sleep(20)
    strict = Function(
        env={"ALERT_MAX_AGE_SECONDS": "10"},
        clock=function.clock,
        venue=function.venue,
        store=function.store,
    )
    assert outcome(strict.post(body)) == (503, "not_sent")
    assert len(function.venue.submitted) == 1
    function.clock.sleep(50)
    assert outcome(strict.post(body)) == (422, "expired")


def test_legs_that_were_not_reached_are_not_sent_any_more():
    function = trader(usd=10**6)
    legs = [{"side": "buy", "volume": "0.1"}, {"side": "buy", "volume": "0.2"}]
    function.venue.lose_reply = True
    body = legs_alert(function, legs)
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.clock.sleep(OLD)
    answer = function.post(body)
    assert outcome(answer) == (422, "expired")
    assert [order["state"] for order in answer["orders"]] == ["ACCEPTED", "EXPIRED"]
    assert sent(function) == [("buy", "0.1")]
    assert outcome(function.post(body)) == (422, "expired")


def test_an_unknown_alert_is_stale_and_leaves_nothing(function):
    body = function.alert()
    function.clock.sleep(OLD)
    for _ in range(2):
        answer = function.post(body)
        assert outcome(answer) == (401, "alert_stale")
        assert "61.0 s ago" in answer["error"]
    assert states(function) == []
    assert function.venue.calls == []


@pytest.mark.parametrize("seconds", [61, 3600])
def test_so_is_one_from_the_future(function, seconds):
    body = function.alert(fired_at=fired_before(function, -seconds))
    assert outcome(function.post(body)) == (401, "alert_stale")


def test_its_age_comes_before_whatever_else_is_wrong_with_it(function):
    body = function.alert(volume="many")
    function.clock.sleep(OLD)
    assert outcome(function.post(body)) == (401, "alert_stale")


def test_another_body_under_a_known_id_is_a_conflict(function):
    assert function.post(function.alert()).status == 200
    old = function.alert(volume="0.02")
    function.clock.sleep(OLD)
    assert outcome(function.post(old)) == (409, "alert_conflict")
    assert len(function.venue.submitted) == 1


def test_who_can_not_prove_itself_learns_nothing(function):
    body = function.alert()
    assert function.post(body).status == 200
    function.clock.sleep(OLD)
    known, unknown = (
        {**body, "token": "a-wrong-token-0123456", **more} for more in ({}, {"id": "a-2"})
    )
    answers = [function.post(one) for one in (known, unknown)]
    assert [outcome(answer) for answer in answers] == [(401, "unauthenticated")] * 2
    first, second = ({**answer.document, "request_id": ""} for answer in answers)
    assert first == second
    assert first["alert_id"] is None


def test_a_validation_neither_asks_the_ledger_nor_answers_from_it():
    store = CountingLedger()
    function = Function(store=store)
    body = function.alert()
    wanting = function.alert(validate=True, id="a-2")
    assert function.post(body).status == 200
    function.clock.sleep(OLD)
    store.calls.clear()
    assert outcome(function.post(body, path="/webhook/tradingview/validate")) == (
        401,
        "alert_stale",
    )
    assert outcome(function.post(wanting)) == (401, "alert_stale")
    assert store.calls == []


def test_only_what_is_stale_is_looked_for():
    store = CountingLedger()
    function = Function(store=store)
    body = function.alert()
    assert function.post(body).status == 200
    assert store.calls == ["claim", "record"]
    store.calls.clear()
    assert function.post(body).status == 200
    assert store.calls == ["claim"]
    function.clock.sleep(OLD)
    store.calls.clear()
    assert function.post(body).status == 200
    assert store.calls == ["find"]


def test_whether_it_is_known_can_not_be_told_while_the_ledger_is_down():
    store = CountingLedger()
    function = Function(store=store)
    body = function.alert()
    assert function.post(body).status == 200
    function.clock.sleep(OLD)
    store.failing = {"find"}
    assert outcome(function.post(body)) == (503, LedgerUnavailable.code)
    store.failing = set()
    assert outcome(function.post(body)) == (200, "accepted")


def test_a_close_that_is_known_is_not_counted_again():
    function = trader(btc=1)
    body = alert(function, action="close")
    assert outcome(function.post(body)) == (200, "accepted")
    function.venue.held["XXBT"] = function.venue.held["XXBT"]._replace(total=Decimal(2))
    function.clock.sleep(OLD)
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function) == [("sell", "1")]
