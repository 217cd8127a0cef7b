"""A stop that one strategy's entry left, with leverage, and that fires once another has turned the
position, or closed it: it makes the position larger, or opens one, and what comes next counts it,
whichever of Kraken's reads show it yet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import SENDS, Scene, scene
from tests.walk.test_idle_exits import FIGURES, LISTS, NO_ORDER

MONEY = {"USD": Decimal(100_000)}
SIZE = Decimal("0.1")
WANTS = {
    "close": {"action": "close"},
    "flat": {"action": "target", "market_position": "flat"},
    "half": {"action": "close", "percent": "50"},
    "long": {"action": "target", "market_position": "long", "market_position_size": "0.1"},
    "short": {"action": "target", "market_position": "short", "market_position_size": "0.1"},
}
"""Each of all that the account holds."""
HELD = {"close": Decimal(0), "flat": Decimal(0), "long": SIZE, "short": -SIZE}
LAGS = {
    "figures": FIGURES,
    "lists": LISTS,
    "all but the order itself": (*FIGURES, *LISTS),
    "all but the lists": (*FIGURES, "QueryOrders"),
}
"""Where all are late, nothing tells that it has fired until one is not."""
LATE = pytest.mark.parametrize("late", LAGS)
SIDES = pytest.mark.parametrize("side", ["buy", "sell"])


def entered(there: Scene, side: str, others: Decimal, rested: float) -> None:
    """One strategy with a stop, then another one the other way."""
    buys = side == "buy"
    there.send("one", side=side, volume=str(SIZE), stop_loss="2250" if buys else "2750")
    there.clock.sleep(rested)
    there.send("two", side="sell" if buys else "buy", volume=str(others))
    there.clock.sleep(rested)
    there.operate("POST", "/reconcile")
    there.clock.sleep(rested)


def fires(there: Scene, side: str) -> None:
    there.mark("ETHUSD", "2240" if side == "buy" else "2760", "2500")


@pytest.mark.crossed
@SIDES
@pytest.mark.parametrize("others", ["0.05", "0.1", "0.2"])
@LATE
@pytest.mark.parametrize("what", WANTS)
def test_what_comes_next_is_counted_with_it(what, late, others, side):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, side, Decimal(others), 100)
        there.late(3, *LAGS[late])
        fires(there, side)
        there.clock.sleep(0.5)
        before = there.held()
        assert before == -Decimal(others) if side == "buy" else Decimal(others)
        answer = there.send("two", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == HELD.get(what, before / 2)


@pytest.mark.crossed
@SIDES
@pytest.mark.parametrize("others", ["0.1", "0.2"])
@LATE
def test_a_close_that_has_its_entry_in_doubt_too_leaves_nothing(late, others, side):
    """The other strategy has entered a second ago."""
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, side, SIZE, 100)
        there.late(3, *LAGS[late])
        there.send("two", side="sell" if side == "buy" else "buy", volume=others)
        fires(there, side)
        there.clock.sleep(0.5)
        answer = there.send("two", **NO_ORDER, action="close")
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (0, [])


@pytest.mark.parametrize("others", ["0.1", "0.2"])
def test_an_exit_goes_out_in_time_for_tradingview(others):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, "buy", Decimal(others), 100)
        there.late(3, *FIGURES, *LISTS)
        fires(there, "buy")
        there.clock.sleep(0.5)
        assert there.send("two", most=SENDS, **NO_ORDER, action="close")["status"] == 200
        assert there.held() == 0
