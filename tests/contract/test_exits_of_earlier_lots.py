"""What an earlier entry has left at Kraken: an exit that rests though its lot is gone, and what a
reversal takes for a position that was there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.contract.test_idle_exits import (
    CLOSE,
    MARGIN,
    REVERSE,
    flat_beside_a_stop,
    margin_by_hand,
    position,
)
from tests.support.own_positions import (
    MINUTES,
    OTHER,
    STRATEGIES,
    function,
    kraken,
    made,
    ours,
    resting,
    well,
)

__all__ = ["function", "kraken", "made"]
D = Decimal
OWN = STRATEGIES.replace("[other]", 'close = "own"\n[other]')
SIZES = {"by what was held": {}, "of a size": {"volume": "0.2"}}
NOTHING = {"the account": STRATEGIES, "its own": OWN}


def target(word, size="0.3"):
    return {
        "action": "target", "side": None, "volume": None, "market_position": word,
        "market_position_size": size,
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("meant", NOTHING.values(), ids=NOTHING)
def test_a_reversal_beside_an_entry_that_rests_unfilled_opens_nothing(kraken, made, meant, size):
    function = made(meant)
    limit = {"order_type": "limit", "price": "58000", "stop_loss": "55000"}
    well(ours(function, volume="0.3", **limit, **MARGIN))
    function.clock.sleep(MINUTES)
    well(ours(function, **REVERSE | MARGIN | size), "no_action")
    assert position(kraken) == 0


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("way", ["closed by hand", "fired"])
def test_a_reversal_of_its_own_turns_nothing_that_another_strategy_had(kraken, made, way, size):
    function = made(OWN)
    well(ours(function, OTHER, volume="0.3", stop_loss="55000", **MARGIN))
    if way == "fired":
        function.clock.sleep(MINUTES)
        kraken.engine.mark_price("XBTUSD", D(54000))
        kraken.engine.mark_price("XBTUSD", D(60000))
    else:
        function.clock.sleep(MINUTES)
        margin_by_hand(kraken, "sell")
        function.clock.sleep(MINUTES)
    well(ours(function, **REVERSE | MARGIN | size), "no_action")
    assert position(kraken) == 0


@pytest.mark.parametrize("word", ["long", "short"])
@pytest.mark.parametrize("meant", NOTHING.values(), ids=NOTHING)
def test_what_opens_from_flat_leaves_no_exit_of_an_older_lot(kraken, made, meant, word):
    """The stop was not of the last order."""
    function = made(meant)
    well(ours(function, volume="0.2", stop_loss="54000", **MARGIN))
    well(ours(function, side="sell", volume="0.2", **MARGIN))
    function.clock.sleep(MINUTES)
    well(ours(function, **target(word) | MARGIN))
    assert (position(kraken), resting(kraken)) == (D("0.3") if word == "long" else D("-0.3"), [])


def test_what_opens_from_flat_leaves_the_stops_of_the_others(kraken, function):
    well(ours(function, OTHER, volume="0.2", stop_loss="54000", **MARGIN))
    well(ours(function, OTHER, side="sell", volume="0.2", **MARGIN))
    function.clock.sleep(MINUTES)
    well(ours(function, **target("long") | MARGIN))
    assert len(resting(kraken)) == 1


FLAT = {"close": CLOSE, "target": target("flat", "0"), "reverse": REVERSE, "short": target("short")}


@pytest.mark.parametrize("meant", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("way", FLAT.values(), ids=FLAT)
def test_whoever_leaves_a_position_leaves_no_exit_of_the_side_before_it(kraken, made, meant, way):
    """Short, then long by a plain order that names a stop."""
    function = made(meant)
    well(ours(function, side="sell", volume="0.2", stop_loss="65000", **MARGIN))
    well(ours(function, volume="0.5", stop_loss="55000", **MARGIN))
    function.clock.sleep(MINUTES)
    assert (position(kraken), len(resting(kraken))) == (D("0.3"), 2)
    well(ours(function, **way | MARGIN))
    turned = way in (REVERSE, FLAT["short"])
    assert (position(kraken), resting(kraken)) == (D("-0.3") if turned else 0, [])


def test_a_part_leaves_them(kraken, function):
    well(ours(function, side="sell", volume="0.2", stop_loss="65000", **MARGIN))
    well(ours(function, volume="0.5", stop_loss="55000", **MARGIN))
    function.clock.sleep(MINUTES)
    well(ours(function, **CLOSE | MARGIN | {"percent": "50"}))
    assert position(kraken) == D("0.15")
    assert sorted(row["descr"]["type"] for row in resting(kraken)) == ["buy", "sell"]


def test_a_reversal_that_finds_nothing_turns_what_its_stop_has_closed(kraken, made):
    function = made(OWN)
    flat_beside_a_stop(kraken, function)
    well(ours(function, **REVERSE | MARGIN))
    assert (position(kraken), resting(kraken)) == (D("-0.3"), [])
