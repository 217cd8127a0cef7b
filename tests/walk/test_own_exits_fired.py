"""A stop or a limit of an alert of its own that has just filled, with leverage: what closes all
goes out at once, though Kraken's positions may or may not show it yet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import SENDS, Scene, scene
from tests.walk.test_idle_exits import LAGS, LATE, NO_ORDER, SIZE

ALL = {
    "close": {**NO_ORDER, "action": "close"},
    "flat": {**NO_ORDER, "action": "target", "market_position": "flat"},
    "cancel and close": {"orders": [{"action": "cancel"}, {"action": "close", "price": "2500"}]},
}
OWN = {
    "a stop": {"order_type": "stop-loss", "stop_price": "2250"},
    "a limit": {"order_type": "limit", "price": "2700"},
    "a take profit": {"order_type": "take-profit", "stop_price": "2700"},
}
REDUCES = pytest.mark.parametrize("reduces", [{"reduce_only": True}, {}], ids=["reduces", "plain"])


def entered(there: Scene, part: Decimal, rested: float, own: dict[str, object]) -> None:
    there.send("one", side="buy", volume=str(2 * SIZE))
    there.clock.sleep(rested)
    there.send("one", side="sell", volume=str(part), **own)
    there.clock.sleep(rested)


def fires(there: Scene, own: str) -> None:
    there.mark("ETHUSD", "2240" if own == "a stop" else "2710", "2500")
    there.clock.sleep(0.5)


@pytest.mark.crossed
@pytest.mark.parametrize("what", ALL)
@LATE
@REDUCES
@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("rested", [2, 100])
def test_behind_one_that_has_sold_a_part_the_rest_is_closed_at_once(
    rested, own, reduces, late, what
):
    with scene(instances=2, margin=True, balances={"USD": Decimal(100_000)}) as there:
        entered(there, SIZE, rested, OWN[own] | reduces)
        there.late(2, *LAGS[late])
        fires(there, own)
        assert there.held() == SIZE
        answer = there.send("one", most=SENDS, **ALL[what])
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (0, [])


@pytest.mark.crossed
@pytest.mark.parametrize("what", ALL)
@LATE
@REDUCES
@pytest.mark.parametrize("own", OWN)
def test_behind_one_that_has_sold_all_there_is_nothing_to_do(own, reduces, late, what):
    """Or Kraken says so."""
    with scene(instances=2, margin=True, balances={"USD": Decimal(100_000)}) as there:
        entered(there, 2 * SIZE, 100, OWN[own] | reduces)
        there.late(2, *LAGS[late])
        fires(there, own)
        assert there.held() == 0
        answer = there.send("one", most=SENDS, **ALL[what])
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (0, [])


@pytest.mark.parametrize("part", ["half", "target"])
def test_what_only_reduces_has_turned_nothing_round(part):
    """So that nothing is in doubt once the positions are gone."""
    part_of = {"half": {"action": "close", "percent": "50"}}
    part_of["target"] = {
        "action": "target", "market_position": "long", "market_position_size": "0.1"
    }  # fmt: skip
    with scene(instances=2, margin=True, balances={"USD": Decimal(100_000)}) as there:
        entered(there, 2 * SIZE, 100, OWN["a stop"] | {"reduce_only": True})
        fires(there, "a stop")
        answer = there.send("one", most=SENDS, **NO_ORDER | part_of[part])
        assert answer["status"] == 200, answer
        assert there.held() == (SIZE if part == "target" else 0)
