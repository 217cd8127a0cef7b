"""A delivery stopped between two legs, and something happened before the next one: what is still to
be sent is sent, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.instruments import btc_usd
from tests.support.position_alerts import alert, held, leg_states
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import NotSent, Rejected, Unknown

D = Decimal
STALE = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)
CANCEL_AND_CLOSE = [{"action": "cancel", "side": "sell"}, {"action": "close"}]
HALF = {"side": "buy", "volume": "50", "quantity_type": "percent_balance"}
STOP = {"side": "sell", "volume": "0.1", "order_type": "stop-loss", "stop_price": "40000"}
LIMIT = {"side": "sell", "volume": "0.1", "order_type": "limit", "price": "60000"}


def legs(function, *orders):
    return alert(function, "a-1", orders=orders, price=None)


def rest(function, side=Side.SELL, client_order_id=None):
    order = RestingOrder(
        "OFIRST-FIRST-FIRST1", "XBTUSD", side, "limit", D(1), D(0), START, limit=D(60000)
    )
    return function.venue.rest(order._replace(client_order_id=client_order_id))


def no_time_is_left(function):
    function.venue.during["submit"] = [lambda: function.clock.sleep(1.6)]


def not_sent(function, leg):
    def fail():
        function.venue.refuse = [NotSent("no connection")]

    function.venue.during["submit"] = [*[lambda: None] * leg, fail]


def test_an_order_behind_an_exit_is_never_replaced_by_another_exit():
    function = trader(btc=2)
    body = legs(function, {"action": "close", "percent": "50"}, LIMIT)
    no_time_is_left(function)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.refuse = [STALE]
    assert outcome(function.post(body)) == (422, "order_rejected")
    assert held(function) == 1


def test_an_exit_that_was_not_sent_goes_out_though_the_hold_of_the_cancelled_order_still_shows():
    function = trader(btc=2)
    rest(function)
    body = legs(function, *CANCEL_AND_CLOSE)
    not_sent(function, leg=1)
    function.venue.during["submit"][0] = lambda: function.venue.hold_back(20)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function) == 0


def test_an_exit_that_can_not_be_counted_now_waits_and_is_not_taken_for_done():
    function = trader(btc=2)
    rest(function)
    body = legs(function, *CANCEL_AND_CLOSE)
    not_sent(function, leg=1)
    assert outcome(function.post(body)) == (503, "not_sent")
    other = alert(function, "a-2", side="sell", volume="50", quantity_type="percent_balance")
    assert outcome(function.post(other)) == (200, "accepted")
    unsure = alert(function, "a-3", side="sell", order_type="limit", volume="0.1", price="60000")
    assert outcome(function.post(unsure)) == (200, "accepted")
    function.venue.resting.clear()  # Kraken lists that one nowhere yet
    assert outcome(function.post(body)) == (503, "not_sent")
    assert len(sent(function)) == 3


def test_a_stop_of_a_fixed_size_is_sent_whatever_came_in_between():
    function = trader(btc=0)
    body = legs(function, HALF, STOP)
    no_time_is_left(function)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(alert(function, "a-2", **HALF))) == (200, "accepted")
    assert outcome(function.post(body)) == (200, "accepted")
    assert [order.order_type for order in function.venue.resting] == ["stop-loss"]


MOVED = [{"action": "cancel", "side": "sell"}, {**LIMIT, "price": "61000"}]
INTERRUPTED = {
    "before the order": no_time_is_left,
    "the order was not sent": lambda function: not_sent(function, leg=1),
}


@pytest.mark.parametrize("unlisted", [False, True])
@pytest.mark.parametrize(
    ("how", "other"),
    [
        *((how, [LIMIT]) for how in INTERRUPTED),
        ("before the order", MOVED),  # what was claimed before is withdrawn by such a one
    ],
)
def test_an_order_that_was_to_be_the_only_one_is_not_sent_beside_one_that_came_meanwhile(
    how, other, unlisted
):
    function = trader(btc=2)
    rest(function)
    body = legs(function, *MOVED)
    INTERRUPTED[how](function)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(alert(function, "a-2", orders=other, price=None)))[0] == 200
    (newer,) = function.venue.resting
    if unlisted:
        function.venue.hidden["open_orders"] = {newer.order_id}
    assert outcome(function.post(body))[0] == 503
    assert function.venue.resting == [newer]
    function.venue.hidden.clear()
    function.venue.close(newer, "canceled")
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(function.venue.resting) == 1


@pytest.mark.parametrize("how", INTERRUPTED)
def test_an_order_behind_a_cancel_is_sent_by_the_resend_though_others_came_that_it_does_not_mean(
    how,
):
    function = trader(btc=2)
    rest(function)
    body = legs(function, *MOVED)
    INTERRUPTED[how](function)
    assert outcome(function.post(body)) == (503, "not_sent")
    bid = alert(function, "a-2", side="buy", order_type="limit", volume="0.1", price="40000")
    assert outcome(function.post(bid)) == (200, "accepted")
    assert outcome(function.post(body)) == (200, "accepted")
    assert [order.side for order in function.venue.resting] == [Side.BUY, Side.SELL]


def test_an_exit_that_was_left_is_counted_once_more():
    """Somebody has bought by hand meanwhile, and the line is as it was."""
    function = trader(btc=2)
    rest(function)
    body = legs(function, *CANCEL_AND_CLOSE)
    no_time_is_left(function)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.held["XXBT"] = Balance(D("2.5"))
    assert outcome(function.post(body)) == (200, "accepted")
    assert (sent(function)[-1], held(function)) == (("sell", "2.5"), 0)


def test_a_leg_that_was_planned_once_more_does_not_hold_up_those_behind_it():
    function = trader(btc=2, usd=10**6)
    xbt = next(
        pair
        for pair in function.application.decider.pair_rules.current()
        if pair.altname == "XBTUSD"
    )
    function.venue.rules = [xbt._replace(lot_decimals=3)]
    function.venue.refuse = [STALE]
    body = legs(
        function,
        {"action": "close", "percent": "33.3333"},
        {**HALF, "volume": "1", "price": "50000"},
    )
    answer = function.post(body)
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["ACCEPTED", "ACCEPTED"])
    assert len(sent(function)) == 3


@pytest.mark.parametrize("name", ["of_alert", "client_order_id"])
def test_an_order_whose_reply_was_lost_is_cancelled_as_soon_as_kraken_lists_it(name):
    function = trader()
    function.venue.refuse = [Unknown("the reply was lost")]
    first = function.post(
        alert(function, "a-1", side="buy", order_type="limit", volume="1", price="49000")
    )
    assert first.status == 503
    rest(function, Side.BUY, first["client_order_id"])
    meant = {"of_alert": "a-1", "client_order_id": first["client_order_id"]}
    cancel = alert(function, "a-2", action="cancel", price=None, **{name: meant[name]})
    assert outcome(function.post(cancel)) == (200, "accepted")
    assert function.venue.resting == []


def test_a_cancel_that_never_left_and_then_finds_none_lets_the_exit_go_in_the_same_delivery():
    function = trader(btc=2)
    order = rest(function)
    body = legs(function, *CANCEL_AND_CLOSE)
    not_sent(function, leg=0)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.fill(order)
    function.venue.refuse = [Rejected(("EOrder:Unknown order",))]
    answer = function.post(body)
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["REJECTED", "ACCEPTED"])
    assert held(function) == 0


def test_an_exit_that_was_not_sent_closes_what_a_fixed_order_has_bought_since():
    function = trader(btc=2)
    rest(function)
    body = legs(function, *CANCEL_AND_CLOSE)
    not_sent(function, leg=1)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(alert(function, "a-2", side="buy", volume="1"))) == (
        200,
        "accepted",
    )
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function) == 0


@pytest.mark.parametrize("leg", [0, 1])
def test_a_share_that_was_counted_before_another_alert_traded_is_not_sent(leg):
    function = trader(usd=200_000)
    rest(function, Side.BUY)
    body = legs(function, {"action": "cancel", "side": "buy"}, HALF)
    not_sent(function, leg=leg)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(alert(function, "a-2", **HALF))) == (200, "accepted")
    before = held(function)
    assert outcome(function.post(body))[0] == 503
    assert held(function) == before


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize("behind", [HALF, {"action": "close"}], ids=["share", "exit"])
def test_a_leg_that_was_not_sent_holds_nothing_up_where_nobody_came_in_between(leg, behind):
    function = trader(btc=1, usd=200_000)
    rest(function, Side.BUY)
    body = legs(function, {"action": "cancel", "side": "buy"}, behind)
    not_sent(function, leg=leg)
    assert outcome(function.post(body)) == (503, "not_sent")
    assert outcome(function.post(body)) == (200, "accepted")
    assert len(sent(function)) == 1 + leg


def test_the_stop_that_an_order_left_is_cancelled_with_it_though_the_reply_was_lost():
    function = trader(btc=1)
    function.venue.refuse = [Unknown("the reply was lost")]
    first = function.post(
        alert(function, "a-1", side="buy", order_type="limit", volume="1", price="49000")
    )
    entry = rest(function, Side.BUY, first["client_order_id"])
    stop = entry._replace(
        order_id="OSTOPP-STOPP-STOPP1", side=Side.SELL, client_order_id=None, parent=entry.order_id
    )
    function.venue.rest(stop)
    cancel = alert(function, "a-2", action="cancel", of_alert="a-1", price=None)
    assert outcome(function.post(cancel)) == (200, "accepted")
    assert function.venue.resting == []


def test_a_resent_leg_of_a_fixed_size_whose_rules_have_moved_is_planned_again():
    """It is known by its place: each leg comes to one order."""
    function = trader()
    sizes = ("0.1", "0.25", "0.3")
    body = legs(function, *({"side": "buy", "volume": size} for size in sizes))
    not_sent(function, 1)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.venue.refuse = [STALE]
    function.venue.rules = [btc_usd(as_of=function.clock.now(), lot_decimals=1)]
    answer = function.post(body)
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["ACCEPTED"] * 3)
    assert [volume for _, volume in sent(function)] == ["0.1", "0.25", "0.25", "0.2", "0.3"]


@pytest.mark.parametrize("stale_rules", [False, True])
def test_a_leg_counted_behind_an_order_that_was_planned_again_for_new_rules_is_still_sent(
    stale_rules,
):
    function = trader(btc=2)
    function.venue.rules = [btc_usd(lot_decimals=4)]
    share = {**HALF, "volume": "20", "price": "50000"}
    body = legs(function, {"side": "buy", "volume": "0.123456"}, share)
    if stale_rules:
        function.venue.refuse = [STALE]
    not_sent(function, 2 if stale_rules else 1)
    assert outcome(function.post(body)) == (503, "not_sent")
    function.clock.sleep(5)
    answer = function.post(body)
    assert (outcome(answer), leg_states(answer)) == ((200, "accepted"), ["ACCEPTED", "ACCEPTED"])
