"""An alert behind twice as many orders of the last minute asks twice as much, not four times or
eight: or the exit of a strategy that runs wild would have no time left to be sent."""

from __future__ import annotations

import cProfile
import pstats

import pytest

from tests.support.position_alerts import MARGIN, alert, target
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_believed import LIVE

FEW = 15
LIMITS = {
    "MAX_POSITION": "1000 BTC",
    "MAX_OPEN_POSITIONS": "3",
    "MAX_ENTRIES": "1000",
    "ON_MISSED_ALERT": "catch_up",
}
MISSED = {
    "volume": "0.01", "prev_market_position": "flat", "prev_market_position_size": "0",
    "market_position": "long", "market_position_size": "50",
}  # fmt: skip
EARLIER = {
    "market": {"volume": "0.01", "price": "50000"},
    "close": {"action": "close", "side": None, "volume": None, "percent": "0.1"},
    "limit": {"order_type": "limit", "volume": "0.01", "price": "49000"},
}


def send(function, **fields):
    function.clock.sleep(0.05)
    assert outcome(function.post(function.alert(**fields))) == (200, "accepted")


def fill_what_rests(function, *, margin):
    function.clock.sleep(2)
    for order in list(function.venue.resting):
        function.clock.sleep(0.05)
        (function.venue.fill_on_margin if margin else function.venue.fill)(order)


def calls_behind(number, earlier, last, *, margin):
    """How many functions are called for the last alert behind so many."""
    more = MARGIN if margin else {}
    env = {**LIVE, "RATE_LIMIT_PER_MINUTE": "100000", **(LIMITS if last == "missed" else {})}
    function = trader(btc=0 if margin else 9, net=9 if margin else 0, usd=10**9, env=env)
    for place in range(number):
        send(function, id=f"e-{place}", **EARLIER[earlier], **more)
    fill_what_rests(function, margin=margin)
    function.clock.sleep(2)
    if last == "missed":
        body = function.alert(id="last", price="50000", **MISSED, **more)
    elif last == "target":
        body = target(function, "0.001", "last", **more)
    else:
        body = alert(function, "last", action="close", **more)
    profile = cProfile.Profile()
    assert profile.runcall(function.post, body).status == 200
    return pstats.Stats(profile).total_calls


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("earlier", EARLIER)
@pytest.mark.parametrize("last", ["close", "target", "missed"])
def test_the_work_grows_with_the_orders_and_no_faster(earlier, last, margin):
    calls_behind(1, earlier, last, margin=margin)  # what is imported is there from here on
    few, many = (calls_behind(n, earlier, last, margin=margin) for n in (FEW, 3 * FEW))
    assert many < 2.9 * few  # a part of it is there for one order too


def test_what_earlier_plans_have_named_is_looked_at_once_for_each():
    """Each close names those before it that may have come into the ledger late."""
    calls_behind(1, "close", "close", margin=False)
    few, many = (calls_behind(number, "close", "close", margin=False) for number in (100, 200))
    assert many < 2.1 * few
