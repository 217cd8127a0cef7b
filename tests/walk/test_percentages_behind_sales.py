"""A percentage of the position behind another order of the same alert that reduces it: both
together trade no more than is held, nothing of others', and turn no position."""

from __future__ import annotations

from decimal import Decimal

import pytest

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


@pytest.mark.crossed
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("percent", ["100", "25"])
@pytest.mark.parametrize("first", FIRSTS)
def test_it_is_for_no_more_than_the_legs_before_leave(first, percent, whose, place, tmp_path):
    margin, sign = PLACES[place]
    means, beside = WHOSE[whose]
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
        parts = {"half": meant / 2, "all": meant}
        taken = parts.get(first, FIRST)
        rest = sum((one.volume for one in there.open()), Decimal(0))
        second = min(meant * int(percent) / 100, meant - taken)
        others = OTHERS if beside and means == "own" else 0
        assert there.held() * sign - others == meant - (taken - rest) - second
        assert rest == (taken if first in ("limit", "stop") else 0)
