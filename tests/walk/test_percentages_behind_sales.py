"""A percentage of the position behind another order of the same alert that reduces it: both
together trade no more than is held, nothing of others', and turn no position."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import scene
from tests.walk.test_several_closes import MONEY, own_tables

HELD, OTHERS, FIRST = Decimal("0.2"), Decimal("0.3"), Decimal("0.1")
FIRSTS = {
    "market": {"volume": f"{FIRST}"},
    "limit": {"volume": f"{FIRST}", "order_type": "limit"},
    "stop": {"volume": f"{FIRST}", "order_type": "stop-loss"},
    "half": {"quantity_type": "percent_position", "volume": "50"},
    "all": {"quantity_type": "percent_position", "volume": "100"},
}
PRICES = {
    ("limit", "sell"): {"price": "2800"},
    ("limit", "buy"): {"price": "2200"},
    ("stop", "sell"): {"stop_price": "2200", "price": "2500"},
    ("stop", "buy"): {"stop_price": "2800", "price": "2500"},
}
WHOSE = {
    "own beside others": ("own", True),
    "own alone": ("own", False),
    "all of several": ("all", True),
    "all alone": ("all", False),
}
PLACES = {"spot": (False, 1), "long": (True, 1), "short": (True, -1)}
RESTS = ("limit", "stop")
ROWS = [
    (place, whose, first)
    for place in PLACES
    for whose in WHOSE
    for first in FIRSTS
    if place != "spot" or whose != "own beside others" or first not in RESTS
]


@pytest.mark.crossed
@pytest.mark.parametrize("row", ROWS, ids=", ".join)
@pytest.mark.parametrize("percent", ["100", "25"])
def test_it_is_for_no_more_than_what_traded_before_it_leaves(percent, row, tmp_path):
    """What rests takes nothing from it: a take profit may stand beside a sale, or a stop. On spot
    Kraken keeps that from being sold."""
    place, whose, first = row
    (margin, sign), (means, beside) = PLACES[place], WHOSE[whose]
    enters, exits = ("buy", "sell") if sign > 0 else ("sell", "buy")
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, margin=margin, balances=MONEY, **tables) as there:
        if beside:
            there.send("two", side=enters, volume=f"{OTHERS}")
        there.send("one", side=enters, volume=f"{HELD}")
        there.clock.sleep(100)
        leg = {"symbol": "ETHUSD", "side": exits, "price": "2500"}
        before = leg | FIRSTS[first] | PRICES.get((first, exits), {})
        then = leg | {"quantity_type": "percent_position", "volume": percent}
        answer = there.send("one", symbol=None, side=None, orders=[before, then])
        assert answer["status"] == 200, answer
        meant = HELD + (OTHERS if beside and means == "all" else 0)
        taken = {"half": meant / 2, "all": meant}.get(first, FIRST)
        traded = 0 if first in RESTS else taken
        others = OTHERS if beside and means == "own" else 0
        free = meant - (taken if place == "spot" else traded)
        second = min(meant * int(percent) / 100, free)
        assert there.held() * sign - others == meant - traded - second
        assert sum(one.volume for one in there.open()) == taken - traded


SALE = {"symbol": "ETHUSD", "side": "sell", "price": "2500"}
NOW_OR_NEVER = {"volume": f"{FIRST}", "order_type": "limit", "time_in_force": "IOC"}


@pytest.mark.parametrize("own", [True, False], ids=["own", "all"])
@pytest.mark.parametrize("late_s", [0, 4])
@pytest.mark.parametrize("price", ["2500", "2600"], ids=["trades", "does not"])
@pytest.mark.parametrize("kind", ["percent_position", "percent_balance"])
def test_on_spot_all_of_it_is_counted_by_what_a_limit_came_to(kind, price, late_s, own, tmp_path):
    tables = own_tables(tmp_path) if own else {}
    with scene(instances=2, balances=MONEY, **tables) as there:
        there.send("one", side="buy", volume=f"{HELD}")
        there.clock.sleep(100)
        there.late(late_s)
        then = SALE | {"quantity_type": kind, "volume": "100"}
        legs = [SALE | NOW_OR_NEVER | {"price": price}, then]
        answer = there.send("one", symbol=None, side=None, orders=legs)
        assert (answer["status"], there.held()) == (200, 0), answer


@pytest.mark.parametrize("own", [True, False], ids=["own", "all"])
@pytest.mark.parametrize("kind", ["percent_position", "percent_balance"])
@pytest.mark.parametrize("first", ["market", *RESTS])
def test_on_spot_what_the_legs_before_it_leave_nothing_of_is_told_before_anything_is_sent(
    first, kind, own, tmp_path
):
    """All is sold by then, or kept by what rests: the sale would be refused behind it."""
    tables = own_tables(tmp_path) if own else {}
    with scene(instances=2, balances=MONEY, **tables) as there:
        there.send("one", side="buy", volume=f"{HELD}")
        there.clock.sleep(100)
        before = SALE | FIRSTS[first] | PRICES.get((first, "sell"), {}) | {"volume": f"{HELD}"}
        then = SALE | {"quantity_type": kind, "volume": "100"}
        answer = there.send("one", symbol=None, side=None, orders=[before, then])
        sold = first == "market"
        assert (answer["status"], there.open()) == (200 if sold else 422, []), answer
        assert there.held() == (0 if sold else HELD)


@pytest.mark.parametrize("place", ["long", "short"])
@pytest.mark.parametrize("first", RESTS)
def test_a_take_profit_and_a_stop_are_each_for_all_of_the_position(first, place):
    _, sign = PLACES[place]
    enters, exits = ("buy", "sell") if sign > 0 else ("sell", "buy")
    size = {"quantity_type": "percent_position", "volume": "100", "reduce_only": True}
    legs = [
        {"symbol": "ETHUSD", "side": exits, **size, **FIRSTS[one], **PRICES[one, exits], **size}
        for one in (first, *(other for other in RESTS if other != first))
    ]
    with scene(instances=2, margin=True, balances=MONEY) as there:
        there.send("one", side=enters, volume=f"{HELD}")
        there.clock.sleep(100)
        answer = there.send("one", symbol=None, side=None, orders=legs)
        assert answer["status"] == 200, answer
        assert [one.volume for one in there.open()] == [HELD, HELD]


@pytest.mark.parametrize("place", ["long", "short"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_leg_that_was_refused_for_its_rate_sells_nothing_of_others_once_all_is_closed(
    beside, place, tmp_path
):
    _, sign = PLACES[place]
    enters, exits = ("buy", "sell") if sign > 0 else ("sell", "buy")
    half, whole = (
        {"symbol": "ETHUSD", "side": exits, "price": "2500"} | FIRSTS[part]
        for part in ("half", "all")
    )
    with scene(instances=2, margin=True, balances=MONEY, **own_tables(tmp_path)) as there:
        if beside:
            there.send("two", side=enters, volume=f"{OTHERS}")
        there.send("one", side=enters, volume=f"{HELD}")
        there.clock.sleep(100)
        there.script(faults.late(0), faults.errors(["EOrder:Rate limit exceeded"]))
        body = there.alert("one", symbol=None, side=None, orders=[half, whole])
        assert there.post(body)[0] == 503
        there.send("one", side=None, action="close")
        there.clock.sleep(5)
        there.deliver(body)
        assert there.held() * sign == (OTHERS if beside else 0)
