"""What an order that was not taken comes to when it is counted again: sent, nothing to do, denied,
or left to a resend."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.position_alerts import (
    MARGIN,
    alert,
    held,
    leg_states,
    legs_alert,
    states,
    target,
)
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Rejected

D = Decimal
NOBODY = NotSent("no connection")
NO_FUNDS = Rejected(("EOrder:Insufficient funds",))
TOO_SMALL = Rejected(("EOrder:Order minimum not met",), stale_rules=True)


def capped(**fields):
    return trader(env={"MAX_ORDER_COST": "5000 USD", "ALLOWED_SYMBOLS": "*"}, **fields)


# -- denied by now ---------------------------------------------------------------------------------


def test_a_resent_target_that_a_limit_denies_by_now_is_denied_for_good_and_says_so(caplog):
    function = capped(btc="1")
    body = target(function, "1.1")
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.held["XXBT"] = Balance(D(0))  # sold by hand: 1.1 would cost 55 000 now
    denied = function.post(body)
    assert outcome(denied) == (422, "order_denied")
    assert "MAX_ORDER_COST" in denied["error"]
    assert states(function) == [("a-1", "DENIED")]
    again = function.post(body)
    assert (outcome(again), again["replayed"], again["error"]) == (
        (422, "order_denied"),
        True,
        denied["error"],
    )
    assert len(sent(function)) == 1
    assert "order.denied" in [record.message for record in caplog.records]


@pytest.mark.parametrize(
    "fields", [{"volume": "10", "quantity_type": "percent_balance", "side": "buy"}]
)
def test_a_resent_percentage_that_a_limit_denies_by_now_is_denied_for_good(fields):
    function = capped(usd=40_000)
    body = alert(function, **fields)
    function.venue.refuse = [NOBODY]
    function.post(body)
    function.venue.held["ZUSD"] = Balance(D(400_000))
    assert outcome(function.post(body)) == (422, "order_denied")
    assert states(function) == [("a-1", "DENIED")]


def test_a_leg_that_a_limit_denies_by_now_stops_those_behind_it():
    function = capped(usd=40_000)
    legs = [
        {"side": "buy", "volume": "10", "quantity_type": "percent_balance", "price": "50000"},
        {"side": "buy", "volume": "0.01", "price": "50000"},
    ]
    body = legs_alert(function, legs)
    function.venue.refuse = [NOBODY]
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.held["ZUSD"] = Balance(D(400_000))
    answer = function.post(body)
    assert outcome(answer) == (422, "order_denied")
    assert leg_states(answer) == ["DENIED", "NOT_CLAIMED"]
    assert function.post(body)["replayed"] is True


# -- refused by Kraken, and not certain how much is right ------------------------------------------


def test_a_close_that_kraken_refuses_for_lack_of_funds_is_counted_again_by_the_resend():
    function = trader(btc=1)
    body = alert(function, action="close")
    function.venue.refuse = [NO_FUNDS]
    first = function.post(body)
    assert outcome(first) == (503, "not_sent")
    assert "Insufficient funds" in first["error"]
    function.venue.held["XXBT"] = Balance(D("0.4"))
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function) == [("sell", "1"), ("sell", "0.4")]
    assert held(function) == 0


def test_a_close_that_lacks_funds_until_it_is_too_old_expires(caplog):
    function = trader(btc=1)
    body = alert(function, action="close")
    function.venue.refuse = [NO_FUNDS] * 4
    assert [outcome(function.post(body)) for _ in range(4)] == [(503, "not_sent")] * 4
    function.clock.sleep(61)
    function.operate("POST", "/reconcile")
    assert states(function) == [("a-1", "EXPIRED")]
    assert "order.expired" in [record.message for record in caplog.records]


@pytest.mark.parametrize("unreadable", ["balances", "instruments"])
def test_a_recount_that_can_not_be_made_leaves_the_refused_order_to_a_resend(unreadable):
    function = trader(btc=1)
    body = alert(function, action="close")
    function.venue.refuse = [NO_FUNDS]
    function.venue.during["submit"] = [lambda: function.venue.unreadable.add(unreadable)]
    assert outcome(function.post(body)) == (503, "not_sent")
    assert states(function) == [("a-1", "NOT_SENT")]
    function.venue.unreadable.clear()
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function) == 0


def test_an_order_below_a_minimum_that_has_changed_waits_for_rules_that_can_be_read():
    function = trader()
    body = function.alert(volume="0.1")
    function.venue.refuse = [TOO_SMALL]
    function.venue.unreadable.add("instruments")
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.unreadable.clear()
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(sent(function)) == 2


def test_an_entry_that_lacks_funds_stays_refused():
    function = trader(usd=1)
    assert outcome(function.post(function.alert(volume="0.1"))) == (422, "order_rejected")


# -- more orders than one look shows ---------------------------------------------------------------


@pytest.mark.parametrize("margin", [{}, MARGIN], ids=["spot", "margin"])
@pytest.mark.parametrize(
    "wanted", [{"action": "close"}, {"action": "target", "market_position": "flat"}]
)
def test_many_orders_of_our_own_in_the_last_minutes_are_asked_for_and_end_in_no_bug(margin, wanted):
    function = trader(btc=1, usd=10_000_000, net=1)
    for number in range(60):
        fields = {
            "order_type": "limit",
            "price": "40000",
            "side": "buy",
            "volume": "0.01",
            **margin,
        }
        assert function.post(function.alert(id=f"l-{number}", **fields)).status == 200
    answer = function.post(alert(function, "a-1", **wanted, **margin))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert held(function, margin=bool(margin)) == 0
