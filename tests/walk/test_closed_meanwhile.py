"""A close of what the strategy's own stop, or a hand, closes before it comes: the position is flat,
so the answer says that nothing was to be done, and never that something failed; and nothing of what
others bought is sold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.walk.scene import SENDS, STRATEGIES, Scene, scene
from tests.walk.test_fired_exits import target
from tests.walk.test_idle_exits import FIGURES, LISTS, NO_ORDER, SIZE, before_call

BESIDE = Decimal("0.3")
LAGS = {"none": None, "all": (), "figures": FIGURES, "lists": LISTS, "orders": ("QueryOrders",)}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
OTHERS = pytest.mark.parametrize("others", [False, True], ids=["alone", "beside others"])
FIRES = pytest.mark.parametrize("fires", ["before", "CancelOrder"])
LATE = pytest.mark.parametrize("late", LAGS)
HALF = {"action": "close", "percent": "50"}
FLAT = [{"action": "close"}, {"action": "target", "market_position": "flat"}, HALF]
CLOSES = pytest.mark.parametrize("closes", FLAT, ids=["close", "flat", "half"])


@contextmanager
def entered(
    folder: Path, late: str, *, margin: bool, others: bool = False, own: str = "its own", **how: Any
) -> Iterator[Scene]:
    """A position with a stop, of the entry or ``own``: of an alert of its own; reads are late from
    then on."""
    table = folder / "strategies.toml"
    rows = (f'[{one}]\ntoken = "env:{one.upper()}_TOKEN"\nclose = "own"' for one in STRATEGIES)
    table.write_text("\n".join(rows))
    money = {"USD": Decimal(100_000)}
    env = {"STRATEGIES_FILE": str(table)}
    with scene(instances=2, margin=margin, balances=money, **env) as there:
        if others:
            there.send("two", side="buy", volume=str(BESIDE))
        stop = {} if own == "its own" else {"stop_loss": "2250"}
        there.send("one", side="buy", volume=str(SIZE), **stop)
        if own == "its own":
            stop = {"order_type": "stop-loss", "stop_price": "2250"}
            there.send("one", side="sell", volume=str(SIZE), **stop)
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        lags = LAGS[late]
        if lags is not None:
            there.late(4, *lags)
        yield there


def fires_at(there: Scene, when: str) -> None:
    def fire() -> None:
        there.mark("ETHUSD", "2240", "2500")

    if when == "before":
        there.clock.sleep(5)
        fire()
    else:
        before_call(there, when, fire)


def is_flat(there: Scene, answer: dict[str, Any], *, others: bool) -> None:
    assert (answer["status"], answer["code"]) == (200, "no_action"), answer
    assert (there.held(), there.open()) == (BESIDE if others else 0, [])


@pytest.mark.crossed
@MARGIN
@OTHERS
@FIRES
@LATE
@pytest.mark.parametrize("closes", [FLAT[0], HALF], ids=["close", "half"])
def test_a_cancel_of_that_stop_and_a_close(closes, late, fires, *, others, margin, tmp_path):
    own = "of its entry" if closes is HALF else "its own"
    with entered(tmp_path, late, margin=margin, others=others, own=own) as there:
        fires_at(there, fires)
        cancel = {"symbol": "ETHUSD", "action": "cancel", "side": "sell"}
        legs = [cancel, {"symbol": "ETHUSD"} | closes]
        is_flat(there, there.send("one", **NO_ORDER, symbol=None, orders=legs), others=others)


@pytest.mark.crossed
@MARGIN
@OTHERS
@FIRES
@LATE
@CLOSES
def test_a_close_alone(closes, late, fires, *, others, margin, tmp_path):
    with entered(tmp_path, late, margin=margin, others=others, own="of its entry") as there:
        fires_at(there, fires)
        is_flat(there, there.send("one", **NO_ORDER | closes), others=others)


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("late", ["none", "all"])
@CLOSES
def test_a_hand_that_closes_before_the_sale(closes, late, margin, tmp_path):
    """The stop was canceled for the sale, so what the sale leaves has none: nothing is left."""
    with entered(tmp_path, late, margin=margin, own="of its entry") as there:
        sale = {"pair": "XETHZUSD", "ordertype": "market", "type": "sell", "volume": str(SIZE)}
        terms = {"leverage": "2"} if margin else {}
        before_call(there, "AddOrder", lambda: there.kraken.by_hand("AddOrder", **sale, **terms))
        is_flat(there, there.send("one", **NO_ORDER | closes), others=False)
        assert len(there.statuses) <= SENDS


@MARGIN
@pytest.mark.parametrize("late", ["none", "all"])
def test_a_target_that_finds_less_than_it_wants_buys_that(late, margin, tmp_path):
    with entered(tmp_path, late, margin=margin, own="of its entry") as there:
        fires_at(there, "CancelOrder")
        answer = there.send("one", **NO_ORDER | target("0.05"))
        assert answer["status"] == 200, answer
        assert there.held() == Decimal("0.05")
