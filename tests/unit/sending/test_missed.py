"""An alert that is answered 503 before its claim leaves an entry: a fresh resend is claimed as if
it were the first, and without one it ends with an alarm."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from tests.support.position_alerts import alert, held, legs_alert, states, target
from tests.support.trading_venue import outcome, replay_of, sent, trader
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import State
from webhook_core.ledger.serial import from_text, to_text
from webhook_core.operations.replay_search import ReplayRefused
from webhook_core.trading.requests import Unknown

CAPPED = {"MAX_ORDER_COST": "100000 USD"}
KINDS = {
    "a close": {"action": "close"},
    "a target": {"action": "target", "market_position": "long", "market_position_size": "0.5"},
    "a reversal": {"action": "reverse", "volume": "0.2", "leverage": "2"},
    "a percentage of the balance": {
        "side": "sell",
        "volume": "10",
        "quantity_type": "percent_balance",
    },
    "a percentage of the equity": {"side": "buy", "volume": "1", "quantity_type": "percent_equity"},
    "a market order under a cost cap": {"side": "buy", "volume": "0.001", "price": None},
    "two legs": {"orders": [{"side": "buy", "volume": "0.01"}, {"action": "close"}], "price": None},
    "a cancel": {"action": "cancel", "scope": "symbol", "price": None},
}
READS = {"last_price", "prices", "balances", "positions", "open_orders", "equity", "instruments"}


class CountingLedger(MemoryLedger):
    """``failing``: the methods that find the ledger down."""

    def __init__(self):
        super().__init__()
        self.calls, self.failing = [], set()

    def __getattribute__(self, name):
        if name in (
            "claim",
            "claim_next",
            "record",
            "find",
            "entries",
            "mark",
            "newest_generation",
        ):
            self.calls.append(name)
            if name in self.failing:
                raise LedgerUnavailable("The ledger is not available.")
        return super().__getattribute__(name)


def down(function, *reads):
    function.venue.unreadable = set(reads or READS)


def up(function):
    function.venue.unreadable = set()


def entry(function):
    (found,) = function.store.entries().entries
    return found


def named(function, name):
    return alert(function, name, **KINDS[name])


@pytest.mark.parametrize("name", KINDS)
def test_kraken_down_for_a_while_leaves_an_entry_and_ends_with_an_alarm(name, caplog):
    function = trader(btc=1, env=CAPPED)
    down(function)
    body = named(function, name)
    for _ in range(4):
        assert outcome(function.post(body)) == (503, "venue_unavailable")
        function.clock.sleep(5)
    found = entry(function)
    assert (found.state, found.current.number, found.alert_id) == (State.MISSED, 0, name)
    assert found.turn is None
    assert function.operate("POST", "/reconcile")["looked_at"][0]["after"] == "MISSED"
    function.clock.sleep(60)
    caplog.clear()
    assert function.operate("POST", "/reconcile")["looked_at"][0]["after"] == "EXPIRED"
    (alarm,) = [record for record in caplog.records if record.message == "order.expired"]
    assert alarm.levelno == logging.ERROR
    assert alarm.facts["alert_id"] == name
    assert "could not be read" in alarm.facts["reason"]
    up(function)
    assert function.post(body).status in (401, 422)
    assert sent(function) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_fresh_resend_is_claimed_as_if_it_were_the_first(name):
    function, plain = trader(btc=1, env=CAPPED), trader(btc=1, env=CAPPED)
    down(function)
    body = named(function, name)
    assert function.post(body).status == 503
    up(function)
    function.clock.sleep(5)
    plain.clock.sleep(5)
    late, prompt = function.post(body), plain.post(body)
    assert late.status == 200
    differs = ("request_id", "replayed")
    assert {k: v for k, v in late.document.items() if k not in differs} == {
        k: v for k, v in prompt.document.items() if k not in differs
    }
    assert sent(function) == sent(plain)
    assert function.venue.submitted == plain.venue.submitted
    function.clock.sleep(1)
    assert function.post(body)["code"] == late["code"]
    assert sent(function) == sent(plain)


def test_it_is_planned_anew_not_as_it_would_have_been():
    function = trader(btc=1)
    down(function, "balances")
    body = alert(function, action="close")
    function.post(body)
    up(function)
    function.venue.held["XXBT"] = function.venue.held["XXBT"]._replace(total=Decimal("0.25"))
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function) == [("sell", "0.25")]


def test_with_nothing_left_to_do_it_says_so_and_no_alarm_follows():
    function = trader(btc=1)
    down(function, "balances")
    body = alert(function, action="close")
    function.post(body)
    up(function)
    function.venue.held["XXBT"] = function.venue.held["XXBT"]._replace(total=Decimal(0))
    assert outcome(function.post(body)) == (200, "no_action")
    function.clock.sleep(120)
    assert function.operate("POST", "/reconcile")["looked_at"] == []
    assert states(function) == [("a-1", "NO_ACTION")]


def test_a_denied_resend_ends_it_for_good_and_no_alarm_follows():
    function = trader(btc=1, env=CAPPED)
    body = alert(function, side="buy", volume="0.01", price=None)
    down(function, "last_price")
    assert function.post(body).status == 503
    up(function)
    function.venue.price = Decimal(20_000_000)
    function.venue.quotes.clear()
    assert outcome(function.post(body)) == (422, "order_denied")
    assert states(function) == [("a-1", "DENIED")]
    function.venue.price = Decimal(50_000)
    again = function.post(body)
    assert outcome(again) == (422, "order_denied")
    assert "MAX_ORDER_COST" in again["error"]
    function.clock.sleep(120)
    assert function.operate("POST", "/reconcile")["looked_at"] == []


def test_one_that_was_overtaken_ends_without_an_alarm():
    function = trader()
    older = target(function, "1", "older")
    down(function, "balances")
    assert function.post(older).status == 503
    up(function)
    function.clock.sleep(2)
    assert outcome(function.post(target(function, "0.5", "newer"))) == (200, "accepted")
    assert outcome(function.post(older)) == (409, "superseded")
    assert ("older", "DENIED") in states(function)
    assert held(function) == Decimal("0.5")


def test_a_missed_alert_keeps_no_other_of_its_line_waiting():
    function = trader(btc=1)
    down(function, "balances")
    assert function.post(alert(function, "missed", action="close")).status == 503
    up(function)
    function.clock.sleep(1)
    assert outcome(function.post(alert(function, "next", action="close", percent="50"))) == (
        200,
        "accepted",
    )


@pytest.mark.parametrize("wait", ["its turn", "time"])
def test_whatever_answers_503_before_the_claim_leaves_an_entry(wait):
    function = trader(btc=1, usd=10**6)
    if wait == "its turn":
        function.venue.refuse = [Unknown("the reply was lost")]
        assert function.post(target(function, "2", "first")).status == 503
    else:
        function.venue.clock, function.venue.spend_s = function.clock, 2.0
    function.clock.sleep(1)
    answer = function.post(target(function, "3", "second"))
    assert outcome(answer) in [(503, "not_sent"), (503, "venue_unavailable")]
    assert states(function)[0] == ("second", "MISSED")


def test_another_body_under_its_id_is_a_conflict_and_changes_nothing():
    function = trader(btc=1)
    down(function, "balances")
    first = alert(function, action="close")
    function.post(first)
    up(function)
    before = entry(function)
    for other in (alert(function, action="close", percent="50"), function.alert(price="50000")):
        assert outcome(function.post(other)) == (409, "alert_conflict")
    assert entry(function) == before
    assert sent(function) == []
    assert outcome(function.post(first)) == (200, "accepted")


def test_an_alert_with_neither_id_nor_time_is_the_same_within_its_window_and_another_after_it():
    function = trader(btc=1)
    down(function, "balances")
    body = {**alert(function, action="close", fired_at=None)}
    del body["id"]
    function.post(body)
    function.clock.sleep(30)
    up(function)
    assert outcome(function.post(body)) == (200, "accepted")
    assert entry(function).unit.generation == 0
    assert entry(function).fresh_until == entry(function).received_at + timedelta(seconds=60)

    function = trader(btc=1)
    down(function, "balances")
    function.post(body)
    function.clock.sleep(46)
    up(function)
    assert outcome(function.post(body)) == (200, "accepted")
    assert [found.unit.generation for found in function.store.entries().entries] == [1, 0]
    function.clock.sleep(60)
    function.operate("POST", "/reconcile")
    assert [found.state for found in function.store.entries().entries] == [
        State.ACCEPTED,
        State.EXPIRED,
    ]


def test_past_its_age_it_is_never_claimed_however_fresh_the_delivery_looks():
    function = trader(btc=1)
    down(function, "balances")
    body = alert(function, action="close", fired_at=None)
    function.post(body)
    up(function)
    function.clock.sleep(61)
    answer = function.post(body)
    assert outcome(answer) == (422, "expired")
    assert answer["trade_details"]["symbol"] == "BTCUSD"
    assert outcome(function.post(body)) == (422, "expired")
    assert sent(function) == []


def test_a_plain_alert_costs_the_ledger_two_calls():
    store = CountingLedger()
    function = Function(store=store)
    assert outcome(function.post(function.alert())) == (200, "accepted")
    assert store.calls == ["claim", "record"]


@pytest.mark.parametrize("failing", [{"claim"}, {"claim", "record", "claim_next"}])
def test_a_ledger_that_fails_then_changes_no_answer_and_is_logged(failing, caplog):
    store = CountingLedger()
    function = trader(btc=1, store=store)
    store.failing = failing
    down(function, "balances")
    body = alert(function, action="close")
    assert outcome(function.post(body)) == (503, "venue_unavailable")
    assert "ledger.missed_not_recorded" in caplog.messages
    store.failing = set()
    up(function)
    assert states(function) == []
    assert outcome(function.post(body)) == (200, "accepted")


def test_what_fails_for_the_ledger_alone_is_not_written_to_it():
    store = CountingLedger()
    function = trader(btc=1, store=store)
    store.failing = {"find"}
    assert outcome(function.post(alert(function, action="close"))) == (503, "ledger_unavailable")
    assert "claim" not in store.calls


def test_a_validation_writes_nothing():
    function = trader(btc=1)
    down(function)
    for path, more in (
        ("/webhook/tradingview/validate", {}),
        ("/webhook/tradingview", {"validate": True}),
    ):
        assert function.post(alert(function, action="close", **more), path=path).status == 503
    assert states(function) == []


def test_of_two_instances_that_claim_it_at_once_one_sends():
    function = trader(btc=1)
    other = Function(clock=function.clock, venue=function.venue, store=function.store)
    down(function, "balances")
    body = alert(function, action="close")
    function.post(body)
    up(function)
    answers = []
    function.venue.during["balances"] = [lambda: answers.append(other.post(body))]
    late = function.post(body)
    assert [outcome(answer) for answer in (*answers, late)] == [(200, "accepted")] * 2
    assert late["replayed"]
    assert sent(function) == [("sell", "1")]


def test_a_fixed_size_that_finds_it_at_its_claim_takes_its_place():
    """A capped alert is missed; by the time it comes again no price is needed any more."""
    function = trader(env=CAPPED)
    down(function, "last_price", "prices")
    body = function.alert(price=None, volume="0.01")
    assert function.post(body).status == 503
    up(function)
    free = Function(clock=function.clock, venue=function.venue, store=function.store)
    assert outcome(free.post(body)) == (200, "accepted")
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(sent(function)) == 1


def test_a_person_can_not_replay_what_was_never_planned():
    function = trader(btc=1)
    down(function, "balances")
    function.post(alert(function, action="close"))
    up(function)
    replay = replay_of(function)
    with pytest.raises(ReplayRefused, match="MISSED"):
        replay.check(replay.find("a-1"), Budget.start(FakeClock(), 10))
    function.clock.sleep(61)
    function.operate("POST", "/reconcile")
    with pytest.raises(ReplayRefused, match="No order was planned"):
        replay.check(replay.find("a-1"), Budget.start(FakeClock(), 10))
    assert sent(function) == []


def test_the_operator_sees_what_was_asked_for_and_why_nothing_came_of_it():
    function = trader(btc=1)
    down(function, "balances")
    function.post(legs_alert(function, [{"side": "sell", "volume": "0.1"}, {"action": "close"}]))
    (row,) = function.operate("GET", "/orders", state="MISSED")["orders"]
    for part in ("side sell", "volume 0.1", "action close", "balances could not be read"):
        assert part in row["reason"]
    assert (row["state"], row["attempt"], row["request"], row["order_id"]) == (
        "MISSED",
        0,
        {},
        None,
    )
    assert row["trade_details"]["symbol"] == "BTCUSD"


def test_what_is_stored_comes_back_and_nothing_of_it_is_left_once_it_is_claimed():
    """So that a version which knows no MISSED reads every entry but one that still is."""
    function = trader(btc=1)
    down(function, "balances")
    body = alert(function, action="close")
    function.post(body)
    before = entry(function)
    assert from_text(to_text(before), before.version) == before
    up(function)
    function.post(body)
    document = json.loads(to_text(entry(function)))
    assert [attempt["number"] for attempt in document["attempts"]] == [1]
    assert "MISSED" not in to_text(entry(function))
    expired = replace(before.current, state=State.EXPIRED)
    assert "MISSED" not in to_text(replace(before, attempts=(expired,)))
