"""A stop that rests although nothing is held, where reads are late: an alert that wants flat ends
flat, with no stop left, or is answered 503 until it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene

SIZE = Decimal("0.1")
NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
WANTS = {
    "close": {"action": "close"},
    "flat": {"action": "target", "market_position": "flat"},
    "reverse": {"action": "reverse"},
}
WHAT = pytest.mark.parametrize("what", WANTS)
LISTS = ("OpenOrders", "ClosedOrders")
FIGURES = ("Balance", "BalanceEx", "OpenPositions")
LAGS = {"all": (), "figures": FIGURES, "lists": LISTS, "orders": ("QueryOrders",)}
LATE = pytest.mark.parametrize("late", LAGS)


def by_hand(there: Scene, side: str) -> None:
    fields = {"pair": "XETHZUSD", "ordertype": "market", "type": side, "volume": str(SIZE)}
    there.kraken.by_hand("AddOrder", **fields, leverage="2")


def ends(there: Scene, what: str, reversed_to: Decimal = Decimal(0)) -> None:
    """Sent as long as it is a 503, and then what is left once the market has been everywhere. A
    reversal turns what the strategy believes to hold."""
    answer = there.send("one", **NO_ORDER | WANTS[what])
    assert answer["status"] == 200, answer
    there.mark("ETHUSD", "2200", "2500")
    assert (there.held(), there.open()) == (reversed_to if what == "reverse" else 0, [])


def flat_beside_a_stop(there: Scene) -> None:
    there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
    there.clock.sleep(100)
    by_hand(there, "sell")
    there.clock.sleep(10)


@WHAT
@LATE
def test_one_that_rests_since_the_hand_has_closed_is_canceled(what, late):
    with scene(instances=2, margin=True) as there:
        flat_beside_a_stop(there)
        there.late(4, *LAGS[late])
        ends(there, what, -SIZE)
        assert there.statuses == [200]


@WHAT
@LATE
def test_one_that_an_order_of_the_same_second_has_left_is_seen_or_waited_for(what, late):
    """The entry, a plain sale of it, and the alert behind them."""
    with scene(instances=2, margin=True) as there:
        there.late(4, *LAGS[late])
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
        there.send("one", side="sell", volume=str(SIZE))
        ends(there, what)


@pytest.mark.parametrize("what", ["close", "flat"])
@LATE
def test_one_that_has_fired_unseen_has_opened_a_position_that_is_closed(what, late):
    with scene(instances=2, margin=True) as there:
        flat_beside_a_stop(there)
        there.late(4, "OpenOrders", *LAGS[late])
        there.mark("ETHUSD", "2240")
        assert there.held() == -SIZE
        ends(there, what)


@pytest.mark.parametrize("what", ["close", "flat"])
@LATE
def test_one_that_has_fired_as_it_should_leaves_nothing_to_do(what, late):
    with scene(instances=2, margin=True) as there:
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        there.mark("ETHUSD", "2240")
        assert there.held() == 0
        ends(there, what)


@pytest.mark.crossed
@WHAT
@pytest.mark.parametrize("rested", [20, 100])
@pytest.mark.parametrize("late", [LISTS, FIGURES, ("QueryOrders", *FIGURES)], ids=str)
def test_an_entry_that_rested_and_has_just_filled_is_closed_with_its_stop(what, late, rested):
    """A figure that lacks it would leave what it bought without a stop."""
    with scene(instances=2, margin=True) as there:
        entered_below(there, rested)
        there.late(4, *late)
        there.mark("ETHUSD", "2440", "2500")
        assert there.held() == SIZE
        ends(there, what, -SIZE)


@WHAT
@pytest.mark.parametrize("late", [LISTS, FIGURES, ("QueryOrders", *FIGURES)], ids=str)
def test_nor_is_it_left_without_one_beside_what_was_held_before(what, late):
    with scene(instances=2, margin=True) as there:
        there.send("one", side="buy", volume=str(SIZE), stop_loss="2240")
        there.clock.sleep(100)
        entered_below(there, 20)
        there.late(4, *late)
        there.mark("ETHUSD", "2440", "2500")
        assert there.held() == 2 * SIZE
        ends(there, what, -2 * SIZE)


def entered_below(there: Scene, rested: int) -> None:
    limit = {"order_type": "limit", "price": "2450", "stop_loss": "2250"}
    there.send("one", side="buy", volume=str(SIZE), **limit)
    there.clock.sleep(rested)


@pytest.mark.crossed
@pytest.mark.parametrize("call", ["AddOrder", "CancelOrder"])
@LATE
@pytest.mark.parametrize("word", ["short", "long"])
def test_one_that_fires_beside_what_opens_from_flat_adds_nothing_to_it(word, late, call):
    """In the moment before that call."""
    with scene(instances=2, margin=True) as there:
        flat_beside_a_stop(there)
        there.late(4, *LAGS[late])
        before_call(there, call, lambda: there.mark("ETHUSD", "2240", "2500"))
        wanted = {"action": "target", "market_position": word, "market_position_size": "0.1"}
        assert there.send("one", **NO_ORDER | wanted)["status"] == 200
        assert (there.held(), there.open()) == (-SIZE if word == "short" else 0, [])


def before_call(there: Scene, call: str, do: Callable[[], None]) -> None:
    real, done = there.kraken.next_fault, []

    def next_fault(endpoint: str, params: Mapping[str, str]) -> faults.Fault:
        if endpoint == call and not done:
            done.append(do())
        return real(endpoint, params)

    there.kraken.next_fault = next_fault  # type: ignore[method-assign]
