"""A percentage of the position behind an order of the same alert of which nobody knows, when the
alert is planned, whether it trades: both sell no more than what is meant, now or later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene
from tests.walk.test_idle_exits import NO_ORDER
from tests.walk.test_several_closes import MONEY, own_tables

HELD, OTHERS, FIRST = Decimal("0.2"), Decimal("0.3"), Decimal("0.1")
ONCE, ALL_OR_NONE = {"time_in_force": "IOC"}, {"time_in_force": "FOK"}
LIMITS: dict[str, tuple[bool, dict[str, Any]]] = {
    "once, met": (True, ONCE),
    "once, nobody": (False, ONCE),
    "all or none, met": (True, ALL_OR_NONE),
    "all or none, nobody": (False, ALL_OR_NONE),
    "met": (True, {}),
    "rests": (False, {}),
    "post only": (False, {"post_only": True}),
    "of later": (False, {"starts": "+3600"}),
}
RESTS = ("rests", "post only", "of later")
PLACES = {"spot": (False, 1), "long": (True, 1), "short": (True, -1)}
MEANS = {"own, beside others": ("own", True), "own": ("own", False), "all": ("all", True)}


def sale(place: str, row: str, size: str) -> dict[str, Any]:
    """0.1 of the strategy's 0.2; beyond 2400 or 2600 the market meets it, or not."""
    met, terms = LIMITS[row]
    is_short = place == "short"
    price = "2400" if met != is_short else "2600"
    leg = {"symbol": "ETHUSD", "side": "buy" if is_short else "sell", "price": price}
    sizes = {"a size": {"volume": f"{FIRST}"}, "a percentage": percent("50")}
    return leg | {"order_type": "limit"} | terms | sizes[size]


def percent(part: str) -> dict[str, str]:
    return {"quantity_type": "percent_position", "volume": part}


def rest(place: str, part: str, **terms: str) -> dict[str, str]:
    side = "buy" if place == "short" else "sell"
    return {"symbol": "ETHUSD", "side": side, "price": "2500", **percent(part), **terms}


def enter(there: Scene, place: str, *, beside: bool) -> None:
    side = "sell" if place == "short" else "buy"
    if beside:
        there.send("two", side=side, volume=f"{OTHERS}")
    there.send("one", side=side, volume=f"{HELD}")
    there.clock.sleep(100)


def closed_to(there: Scene, place: str, *, others: bool) -> Decimal:
    """What is left of what is meant; below zero if others' was sold."""
    return there.held() * PLACES[place][1] - (OTHERS if others else 0)


def resting(there: Scene) -> Decimal:
    return sum((one.volume for one in there.open() if one.ordertype == "limit"), Decimal(0))


SETTINGS = [(place, means) for place in PLACES for means in MEANS]
SECONDS = [(size, part) for size in ("a size", "a percentage") for part in ("100", "60", "25")]
OF = pytest.mark.parametrize("of", SETTINGS, ids=", ".join)
ROW = pytest.mark.parametrize("row", LIMITS)
LATE = pytest.mark.parametrize("late", [0, 4], ids=["", "late"])


@pytest.mark.crossed
@LATE
@pytest.mark.parametrize("second", SECONDS, ids=", ".join)
@ROW
@OF
def test_both_sell_no_more_than_is_meant(of, row, second, late, tmp_path):
    (place, whose), (size, part) = of, second
    means, beside = MEANS[whose]
    if means == "all" and size == "a percentage":
        pytest.skip("half of another size")
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, margin=PLACES[place][0], balances=MONEY, **tables) as there:
        enter(there, place, beside=beside)
        there.late(late)
        legs = [sale(place, row, size), rest(place, part)]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert answer["status"] == 200, answer
        meant = HELD + (OTHERS if means == "all" else 0)
        left = meant - (FIRST if LIMITS[row][0] else 0)
        rests = FIRST if row in RESTS else Decimal(0)
        assert resting(there) == rests
        second_one = min(meant * int(part) / 100, left - (rests if place == "spot" else 0))
        assert closed_to(there, place, others=means == "own" and beside) == left - second_one


@pytest.mark.parametrize("row", RESTS)
@pytest.mark.parametrize("whose", MEANS)
def test_what_rests_keeps_what_it_is_to_sell_on_spot_and_the_answer_says_so(row, whose, tmp_path):
    means, beside = MEANS[whose]
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, balances=MONEY, **tables) as there:
        enter(there, "spot", beside=beside)
        legs = [sale("spot", row, "a size"), rest("spot", "100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        of_own = "leave of what this strategy bought"
        said = of_own if whose == "own, beside others" else "that is free goes"
        assert any(said in one for one in answer["warnings"]), answer
        there.clock.sleep(3700)
        there.mark("ETHUSD", "2700")
        assert closed_to(there, "spot", others=whose == "own, beside others") == 0


@pytest.mark.parametrize("whose", MEANS)
@pytest.mark.parametrize("row", RESTS)
def test_where_that_is_all_nothing_is_sent(row, whose, tmp_path):
    means, beside = MEANS[whose]
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, balances=MONEY, **tables) as there:
        enter(there, "spot", beside=beside)
        volume = HELD + (OTHERS if means == "all" else 0)
        legs = [sale("spot", row, "a size") | {"volume": f"{volume}"}, rest("spot", "100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert (answer["status"], there.open()) == (422, []), answer
        assert "SIZE_ZERO" in answer["error"], answer


@LATE
@pytest.mark.parametrize("met", [True, False])
def test_beside_a_stop_of_the_strategy_that_rests_no_coins_of_others_are_sold(met, late, tmp_path):
    """The stop holds 0.1 of 0.3, and fires in the end."""
    with scene(instances=2, balances=MONEY, **own_tables(tmp_path)) as there:
        enter(there, "spot", beside=True)
        there.send("one", side="buy", volume="0.1", stop_loss="2250")
        there.clock.sleep(100)
        there.late(late)
        row = "once, met" if met else "once, nobody"
        legs = [sale("spot", row, "a size"), rest("spot", "100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert (answer["status"], there.held()) == (200, OTHERS + Decimal("0.1")), answer
        there.mark("ETHUSD", "2200")
        assert there.held() == OTHERS


@OF
@pytest.mark.parametrize("parts", [("50", "100"), ("30", "40")], ids=" and ".join)
@pytest.mark.parametrize("met", [True, False])
def test_two_of_them_behind_one(met, parts, of, tmp_path):
    place, whose = of
    means, beside = MEANS[whose]
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, margin=PLACES[place][0], balances=MONEY, **tables) as there:
        enter(there, place, beside=beside)
        row = "once, met" if met else "once, nobody"
        legs = [sale(place, row, "a size"), *(rest(place, part) for part in parts)]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        meant = HELD + (OTHERS if means == "all" else 0)
        left = meant - (FIRST if met else 0)
        for part in parts:
            left -= min(left, meant * int(part) / 100)
        assert answer["status"] == 200, answer
        assert closed_to(there, place, others=means == "own" and beside) == left


NONE, TOO_MANY = faults.late(0), "EAPI:Rate limit exceeded"
GOES_WRONG = {
    "the limit is lost behind its call": [("AddOrder", faults.reset_after())],
    "the limit never came": [("AddOrder", faults.reset_before())],
    "the second is kept back": [("AddOrder", NONE), ("AddOrder", faults.errors([TOO_MANY]))],
    "the second is lost behind its call": [("AddOrder", NONE), ("AddOrder", faults.reset_after())],
    "its outcome is not told": [("QueryOrders", faults.errors([TOO_MANY]))] * 3,
}


@pytest.mark.crossed
@LATE
@ROW
@pytest.mark.parametrize("wrong", GOES_WRONG)
@OF
def test_a_resend_sells_no_more_either(of, wrong, row, late, tmp_path):
    place, whose = of
    means, beside = MEANS[whose]
    tables = own_tables(tmp_path) if means == "own" else {}
    with scene(instances=2, margin=PLACES[place][0], balances=MONEY, **tables) as there:
        enter(there, place, beside=beside)
        there.late(late)
        for endpoint, fault in GOES_WRONG[wrong]:
            there.script(fault, endpoint=endpoint)
        legs = [sale(place, row, "a size"), rest(place, "100")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        left = closed_to(there, place, others=means == "own" and beside)
        rests = resting(there) if place == "spot" else 0
        assert left >= rests, answer
        if answer["status"] == 200:
            assert left == rests, answer
