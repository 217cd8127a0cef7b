"""An order that rested for long and has just filled: no read need show it yet, so no size is
decided without it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import START
from tests.support.position_alerts import MARGIN, alert, held, target
from tests.unit.planning.test_believed import live, post
from webhook_core.errors import NoPrice
from webhook_core.trading.facts import Balance, RestingOrder
from webhook_core.trading.orders import Side

SHORT, LONG = 1, 600
"""Seconds that it rested."""


@pytest.mark.parametrize("rested_s", [SHORT, LONG])
@pytest.mark.parametrize("sends_before", [True, False])
def test_a_resting_entry_on_margin_that_has_just_filled_is_not_made_twice(rested_s, sends_before):
    function = live(net=0)
    if sends_before:
        assert post(function, function.alert(id="in", volume="0.1", price="50000", **MARGIN)) == (
            200,
            "accepted",
        )
        function.clock.sleep(100)
    entry = {"side": "buy", "order_type": "limit", "price": "49000", "volume": "0.5", **MARGIN}
    assert post(function, function.alert(id="rests", **entry)) == (200, "accepted")
    function.clock.sleep(rested_s)
    function.venue.hold_back(9)
    (order,) = function.venue.resting
    function.venue.fill_on_margin(order)
    wanted = "0.6" if sends_before else "0.5"
    answer = post(function, target(function, wanted, **MARGIN))
    assert answer[0] in (200, 503)
    assert held(function, margin=True) == Decimal(wanted)


@pytest.mark.parametrize("rested_s", [SHORT, LONG])
def test_an_order_placed_later_does_not_hide_that_an_earlier_one_has_just_filled(rested_s):
    function = live(net=0)
    entry = {"side": "buy", "order_type": "limit", "price": "49000", "volume": "0.5", **MARGIN}
    assert post(function, function.alert(id="rests", **entry)) == (200, "accepted")
    function.clock.sleep(rested_s)
    assert post(function, target(function, "0.1", "a-2", **MARGIN)) == (200, "accepted")
    function.clock.sleep(LONG)
    function.venue.hold_back(9)
    (order,) = function.venue.resting
    function.venue.fill_on_margin(order)
    post(function, target(function, "0.6", "a-3", **MARGIN))
    assert held(function, margin=True) == Decimal("0.6")


@pytest.mark.parametrize("rested_s", [SHORT, LONG])
@pytest.mark.parametrize(("action", "then"), [("target", "0.5"), ("reverse", "-0.5")])
def test_a_stop_of_its_own_on_margin_that_has_just_fired_is_counted(rested_s, action, then):
    function = live(net=0)
    assert post(function, function.alert(id="in", volume="0.5", price="50000", **MARGIN)) == (
        200,
        "accepted",
    )
    function.clock.sleep(100)
    stop = {
        "side": "sell",
        "order_type": "stop-loss",
        "stop_price": "45000",
        "volume": "0.5",
        **MARGIN,
    }
    assert post(function, function.alert(id="rests", **stop)) == (200, "accepted")
    function.clock.sleep(rested_s)
    function.venue.hold_back(9)
    (order,) = function.venue.resting
    function.venue.fill_on_margin(order)
    reverse = alert(function, action="reverse", volume="0.5", **MARGIN)
    answer = post(function, target(function, "0.5", **MARGIN) if action == "target" else reverse)
    assert answer[0] == 503 or held(function, margin=True) == Decimal(then)


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("claimed_ago_s", [1, 3, 8])
@pytest.mark.parametrize("clock_s", [-2, 0, 2])
@pytest.mark.parametrize("late", [0, 9])
def test_a_fill_beside_another_plan_is_counted_once_whatever_the_clocks_say(
    seen, claimed_ago_s, clock_s, late
):
    """``seen``: whether that plan read the figure with the fill in it."""
    function = live(net=0)
    entry = {"side": "buy", "order_type": "limit", "price": "49000", "volume": "0.5", **MARGIN}
    assert post(function, function.alert(id="rests", **entry)) == (200, "accepted")
    function.clock.sleep(LONG)
    (order,) = function.venue.resting
    if not seen:
        assert post(function, target(function, "0.1", "a-2", **MARGIN)) == (200, "accepted")
    if late:
        function.venue.hold_back(late)
    function.venue.fill_on_margin(order)
    at = function.clock.now() + timedelta(seconds=clock_s)
    function.venue.filled[order.order_id] = function.venue.filled[order.order_id]._replace(
        closed_at=at
    )
    if seen:
        assert post(function, target(function, "0.6", "a-2", **MARGIN))[0] in (200, 503)
    function.clock.sleep(claimed_ago_s)
    status, _ = post(function, target(function, "0.6", "a-3", **MARGIN))
    assert held(function, margin=True) == Decimal("0.6") or (status == 503 and seen)


PAIRS = [("BTCUSD", "XXBTZUSD", "XXBT", 1), ("XRPUSD", "XXRPZUSD", "XXRP", 10**5)]


@pytest.mark.parametrize(("symbol", "key", "base", "scale"), PAIRS)
def test_the_price_speaks_of_a_buy_by_what_it_costs_whatever_a_coin_costs(symbol, key, base, scale):
    function = live()
    function.venue.quotes[key] = Decimal(50000) / scale
    function.venue.held[base] = Balance(Decimal(0))
    volume, limit = str(Decimal("0.5") * scale), str(Decimal(49000) / scale)
    rests = function.alert(
        id="rests", symbol=symbol, side="buy", order_type="limit", price=limit, volume=volume
    )
    assert post(function, rests) == (200, "accepted")
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(held=Decimal(24500))
    function.clock.sleep(LONG)
    # It has filled, and every read shows it resting.
    function.venue.quotes[key] = Decimal(48000) / scale
    wanted = target(function, volume, symbol=symbol, price=str(Decimal(48000) / scale))
    assert post(function, wanted) == (503, "not_sent")


@pytest.mark.parametrize("beside", ["nothing", "a large bid", "a buy of an unknown price"])
def test_a_resting_buy_on_spot_that_has_just_filled_is_not_made_twice(beside):
    function = live()
    others = {
        "a large bid": RestingOrder(
            "OBIG",
            "ETHUSD",
            Side.BUY,
            "limit",
            Decimal(300),
            Decimal(0),
            START,
            limit=Decimal(2000),
        ),
        "a buy of an unknown price": RestingOrder(
            "OTR", "ETHUSD", Side.BUY, "trailing-stop", Decimal(1), Decimal(0), START
        ),
    }
    if beside in others:
        function.venue.rest(others[beside])
    rests = function.alert(id="rests", side="buy", order_type="limit", price="49000", volume="0.5")
    assert post(function, rests) == (200, "accepted")
    order, dollars = function.venue.resting[-1], function.venue.held["ZUSD"]
    bid = Decimal(600000) if beside == "a large bid" else Decimal(0)
    function.venue.held["ZUSD"] = dollars._replace(held=dollars.held + bid + Decimal(24500))
    function.clock.sleep(LONG)
    function.venue.hold_back(9)
    function.venue.fill(order)
    assert post(function, target(function, "0.5"))[0] == 503


@pytest.mark.parametrize("what", ["target", "a share of what is free"])
def test_an_order_that_rests_in_a_pair_without_a_price_stops_no_other_pair(what, monkeypatch):
    function = live()
    function.venue.rest(
        RestingOrder(
            "OBID", "ETHUSD", Side.BUY, "limit", Decimal(3), Decimal(0), START, limit=Decimal(2000)
        )
    )
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(held=Decimal(6000))
    known = function.venue.prices

    def without_ether(pairs, budget, reference):
        if [pair.altname for pair in pairs][:1] == ["ETHUSD"]:
            raise NoPrice("NO_PRICE: Kraken's ticker has none.")
        return known(pairs, budget, reference)

    monkeypatch.setattr(function.venue, "prices", without_ether)
    share = {"side": "buy", "volume": "20", "quantity_type": "percent_balance", "price": "50000"}
    body = target(function, "0.5") if what == "target" else alert(function, **share)
    assert post(function, body) == (200, "accepted")


@pytest.mark.parametrize("ago_s", [0, LONG])
def test_a_part_that_has_just_filled_is_not_bought_twice(ago_s):
    """Long ago every read has it in it, and the order that rests on stands in nobody's way."""
    function = live()
    rests = function.alert(id="rests", side="buy", order_type="limit", price="49000", volume="0.5")
    assert post(function, rests) == (200, "accepted")
    function.clock.sleep(LONG)
    (order,) = function.venue.resting
    if ago_s == 0:
        function.venue.hold_back(9)
    function.venue.time = function.clock
    function.venue.fill_part(order, Decimal("0.2"))
    function.venue.held["XXBT"] = Balance(Decimal("0.2"))
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(total=Decimal(10**6) - 9800)
    function.clock.sleep(ago_s)
    status, _ = post(function, target(function, "0.2"))
    assert (status, held(function)) == (503 if ago_s == 0 else 200, Decimal("0.2"))


@pytest.mark.parametrize("late", [0, 9])
@pytest.mark.parametrize("plans", ["between the parts", "before both", "after both"])
def test_an_order_that_filled_in_parts_is_counted_once_whenever_another_plan_came(plans, late):
    function = live()
    rests = {"side": "buy", "order_type": "limit", "price": "49000", "volume": "0.5"}
    assert post(function, function.alert(id="rests", **rests)) == (200, "accepted")
    (order,) = function.venue.resting
    function.venue.held["ZUSD"] = function.venue.held["ZUSD"]._replace(held=Decimal(24500))

    def plan(name):
        wanted = held(function) + Decimal("0.1")
        return post(function, target(function, str(wanted), name))[0], wanted

    function.clock.sleep(LONG)
    if plans == "before both":
        assert plan("a-2")[0] == 200
        function.clock.sleep(LONG)
    function.venue.fill_part(order, Decimal("0.2"))
    function.venue._add("XXBT", Decimal("0.2"))
    function.venue._add("ZUSD", Decimal(-9800))
    function.clock.sleep(LONG)
    if plans == "between the parts":
        assert plan("a-2")[0] == 200
        function.clock.sleep(10)
    if late:
        function.venue.hold_back(late)
    function.venue.fill(function.venue.resting[0])
    if plans == "after both":
        plan("a-2")
    function.clock.sleep(10)
    status, wanted = plan("a-3")
    assert held(function) == wanted or (status == 503 and held(function) < wanted)
    assert status == 200 or late
