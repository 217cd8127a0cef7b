"""A take profit fills in the very moment in which its alert cancels it: the exit behind
it is sent, of what is there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import alert, held, leg_states, target
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown

D = Decimal
GONE = Rejected(("EOrder:Unknown order",))
BUY = {"side": "buy", "volume": "0.1"}


def take_profit(function, name, volume="1"):
    order = RestingOrder(
        f"O{name}", "XBTUSD", Side.SELL, "limit", D(volume), D(0), START, limit=D(60000)
    )
    return function.venue.rest(order)


def fills_meanwhile(function, order):
    """Kraken lists it still; by the time of its cancel it has filled."""
    function.venue.during["submit"] = [lambda: function.venue.fill(order)]


def post(function, legs, alert_id="a-1"):
    return function.post(alert(function, alert_id, orders=legs, price=None))


CANCEL_AND_CLOSE = [{"action": "cancel", "side": "sell"}, {"action": "close"}]


def test_what_is_left_is_sold_and_the_other_orders_are_cancelled():
    function = trader(btc=3)
    first = take_profit(function, "FIRST-FIRST-FIRST1")
    take_profit(function, "OTHER-OTHER-OTHER1")
    fills_meanwhile(function, first)
    answer = post(function, CANCEL_AND_CLOSE)
    assert outcome(answer) == (200, "accepted")
    assert leg_states(answer) == ["REJECTED", "ACCEPTED", "ACCEPTED"]
    assert (held(function), function.venue.resting) == (0, [])
    assert sent(function)[-1] == ("sell", "2")


def test_a_new_order_is_not_sent_behind_a_cancel_that_found_none_nor_behind_the_exit_after_it():
    function = trader(btc=3)
    fills_meanwhile(function, take_profit(function, "FIRST-FIRST-FIRST1"))
    answer = post(function, [*CANCEL_AND_CLOSE, BUY])
    assert outcome(answer) == (422, "order_rejected")
    assert leg_states(answer) == ["REJECTED", "ACCEPTED", "NOT_CLAIMED"]
    assert held(function) == 0


def test_an_order_that_is_meant_twice_is_cancelled_once():
    function = trader(btc=2)
    take_profit(function, "FIRST-FIRST-FIRST1", "2")
    answer = post(function, [{"action": "cancel"}, *CANCEL_AND_CLOSE])
    assert outcome(answer) == (200, "accepted")
    assert leg_states(answer) == ["ACCEPTED", "ACCEPTED"]
    assert held(function) == 0


def test_an_exit_that_another_alert_has_overtaken_is_counted_again():
    function = trader(btc=2, usd=10**6)
    take_profit(function, "FIRST-FIRST-FIRST1")
    body = alert(function, "a-1", orders=CANCEL_AND_CLOSE, price=None)
    function.venue.during["submit"] = [lambda: function.clock.sleep(1.6)]
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(target(function, "5", "a-2"))) == (200, "accepted")
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function) == 0


def test_a_cancel_sent_again_that_finds_no_order_is_looked_up_once_more():
    function = trader(btc=2)
    order = take_profit(function, "FIRST-FIRST-FIRST1")
    function.venue.refuse = [Unknown("the reply was lost")]
    body = alert(function, "a-1", action="cancel", order_id=order.order_id, price=None)
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.clock.sleep(6)
    # The first attempt did it, and the list that showed it open was an old one.
    function.venue.refuse = [GONE]
    assert outcome(function.post(body)) == (503, "outcome_unknown")
    function.venue.close(order, "canceled")
    function.clock.sleep(6)
    assert outcome(function.post(body)) == (200, "accepted")


@pytest.mark.parametrize(
    "legs",
    [
        [{"action": "close"}, {"action": "close", "symbol": "ETHUSD"}],
        [
            {"action": "close"},
            {"side": "buy", "volume": "1", "quantity_type": "percent_equity", "leverage": "2"},
        ],
    ],
)
def test_legs_that_follow_from_holdings_are_of_one_pair_and_kind(legs):
    function = trader(btc=2)
    answer = post(function, legs)
    assert (*outcome(answer), answer["field"]) == (422, "order_denied", "orders")
    assert "LEGS_PAIR" in answer["error"]
    assert function.venue.submitted == []


def test_many_entries_since_do_not_let_an_order_be_forgotten():
    function = trader()
    function.venue.hold_back(3)
    assert outcome(function.post(target(function, "1", "a-1"))) == (200, "accepted")
    for number in range(60):
        fixed = alert(
            function, f"b-{number}", symbol="ETHUSD", side="buy", volume="0.01", price="2000"
        )
        assert outcome(function.post(fixed)) == (200, "accepted")
    function.clock.sleep(5)
    assert outcome(function.post(target(function, "1", "a-2"))) == (200, "no_action")
    assert held(function) == 1


def test_an_alert_of_an_order_whose_outcome_is_unknown_is_not_cancelled_as_if_there_were_none():
    function = trader()
    function.venue.refuse = [Unknown("the reply was lost")]
    entry = alert(function, "a-1", side="buy", volume="1", order_type="limit", price="49000")
    assert function.post(entry).status == 503
    cancel = alert(function, "a-2", action="cancel", of_alert="a-1", price=None)
    assert outcome(function.post(cancel)) == (503, "not_sent")


def test_an_order_of_the_last_seconds_that_the_list_lacks_is_no_missing_one_for_an_amendment():
    function = trader()
    entry = alert(function, "a-1", side="buy", volume="1", order_type="limit", price="49000")
    assert outcome(function.post(entry)) == (200, "accepted")
    function.venue.resting.clear()
    amend = alert(function, "a-2", action="amend", of_alert="a-1", price="48000")
    assert outcome(function.post(amend)) == (503, "not_sent")


def test_an_exit_of_several_legs_that_was_not_sent_and_has_nothing_left_says_so():
    function = trader(btc=1)
    function.venue.refuse = [NotSent("no connection")]
    body = alert(function, "a-1", orders=[{"action": "close"}], price=None)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(alert(function, "a-2", action="close", price=None))) == (
        200,
        "accepted",
    )
    assert outcome(function.post(body)) == (200, "no_action")
    assert held(function) == 0
