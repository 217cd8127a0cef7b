"""An entry that is scheduled for later, while the last price is beyond it already: it can't have
filled before it starts, so that it keeps nothing waiting until then."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.walk.scene import Scene, scene
from tests.walk.test_several_closes import own_tables

MONEY = {"USD": Decimal(100_000)}
FIGURES = ("Balance", "BalanceEx", "OpenPositions")
LISTS = ("OpenOrders", "ClosedOrders", "QueryOrders")
NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
LATE = pytest.mark.parametrize("late", [0, 4], ids=["", "late"])
READS = {
    "late figures": (FIGURES, 1),
    "late lists": (LISTS, 1),
    "late reads": ((*FIGURES, *LISTS), 1),
    "in a moment": ((*FIGURES, *LISTS), -3),
}
PLACE = pytest.mark.parametrize("place", ["spot", "margin", "own on spot", "own on margin"])

WANTS: dict[str, tuple[dict[str, str], str]] = {
    "close": ({"action": "close"}, "0"),
    "half": ({"action": "close", "percent": "50"}, "0.05"),
    "flat": ({"action": "target", "market_position": "flat", "market_position_size": "0"}, "0"),
    "less": (
        {"action": "target", "market_position": "long", "market_position_size": "0.04"},
        "0.04",
    ),
}
SCHEDULED = {
    "a limit": {"order_type": "limit", "price": "2600"},
    "a stop": {"order_type": "stop-loss", "stop_price": "2400"},
}


def account(place: str, folder: Path) -> AbstractContextManager[Scene]:
    tables = own_tables(folder) if place.startswith("own") else {}
    return scene(instances=2, margin=place.endswith("margin"), balances=MONEY, **tables)


def entered(there: Scene, starts_in_s: int, **scheduled: str) -> None:
    """0.1 bought a while ago, and 0.2 more to be bought later, beyond the last price by now."""
    there.send("one", side="buy", volume="0.1")
    moment = int(there.clock.now().timestamp()) + 105 + starts_in_s
    there.send("one", side="buy", volume="0.2", starts=str(moment), **scheduled)
    there.clock.sleep(100)
    there.operate("POST", "/reconcile")
    there.clock.sleep(5)


@pytest.mark.crossed
@PLACE
@LATE
@pytest.mark.parametrize("what", WANTS)
@pytest.mark.parametrize("kind", SCHEDULED)
def test_nothing_waits_for_an_entry_that_has_not_started(kind, what, late, place, tmp_path):
    with account(place, tmp_path) as there:
        entered(there, 600, **SCHEDULED[kind])
        there.late(late, *FIGURES, *LISTS)
        fields, left = WANTS[what]
        answer = there.send("one", **NO_ORDER | fields)
        assert there.statuses == [200], answer
        assert there.held() == Decimal(left)
        assert [order.status for order in there.open()] == ["pending"]


@pytest.mark.crossed
@PLACE
@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("what", WANTS)
@pytest.mark.parametrize("kind", SCHEDULED)
def test_one_that_starts_is_counted_though_reads_show_it_as_scheduled(
    kind, what, reads, place, tmp_path
):
    with account(place, tmp_path) as there:
        entered(there, 60, **SCHEDULED[kind])
        lates, past_s = READS[reads]
        there.late(4, *lates)
        there.clock.sleep(60 + past_s)
        there.mark("ETHUSD", "2500")
        fields, left = WANTS[what]
        answer = there.send("one", **NO_ORDER | fields)
        assert answer["status"] == 200, answer
        assert there.open() == []
        more = Decimal("0.15") if what == "half" else Decimal(left)
        assert there.held() == more, there.statuses
