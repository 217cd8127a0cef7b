"""An order of ours that rested trades while all reads but one are late: what that one shows is held
against what the others lack, and nothing is decided by these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.walk.broken_rules import fails_without
from tests.walk.exchange import READS
from tests.walk.scene import MOST_SENDS, STRATEGIES, Scene, scene
from tests.walk.test_cancel_and_close import MARGIN, fills, half_fills
from tests.walk.test_fired_exits import NO_ORDER, target
from tests.walk.test_idle_exits import SIZE
from webhook_core.ledger.unfinished import is_final
from webhook_core.planning.order_fills import OrderFills

ALL = {*READS, "TradesHistory", "QueryTrades"} - {"Ticker"}
FRESH = {
    "open orders": ("OpenOrders",),
    "orders": ("QueryOrders",),
}
WANTS = {
    "more": (target("0.15"), "0.15"),
    "as much": (target("0.1"), "0.1"),
    "close": ({"action": "close"}, "0"),
}


@contextmanager
def rests(folder: Path, means: str, fresh: str, *, margin: bool, others: bool) -> Iterator[Scene]:
    """A limit of the strategy's; reads are late from then on."""
    table = folder / "strategies.toml"
    rows = (f'[{one}]\ntoken = "env:{one.upper()}_TOKEN"\nclose = "{means}"' for one in STRATEGIES)
    table.write_text("\n".join(rows))
    money, env = {"USD": Decimal(100_000)}, {"STRATEGIES_FILE": str(table)}
    with scene(instances=2, margin=margin, balances=money, **env) as there:
        if others:
            there.send("two", side="buy", volume="1")
        there.operate("POST", "/reconcile")
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        there.send("one", side="buy", volume=str(SIZE), order_type="limit", price="2450")
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        there.late(4, *(ALL - set(FRESH[fresh])))
        there.clock.sleep(5)
        yield there


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("means", ["all", "own"])
@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside others"])
@pytest.mark.parametrize("fresh", FRESH)
@pytest.mark.parametrize("trades", [fills, half_fills], ids=["whole", "in part"])
@pytest.mark.parametrize("what", WANTS)
def test_a_limit_that_fills(what, trades, fresh, *, others, means, margin, tmp_path):
    with rests(tmp_path, means, fresh, margin=margin, others=others) as there:
        beside = Decimal(1) if others else Decimal(0)
        trades(there)
        there.clock.sleep(0.5)
        fields, size = WANTS[what]
        answer = there.send("one", most=MOST_SENDS, **NO_ORDER | fields)
        assert answer["status"] == 200, answer
        wanted = Decimal(size) + (beside if means == "own" else 0)
        assert there.held() == wanted, (answer["message"], there.statuses)


def as_if_all_had_filled(self: OrderFills) -> dict[str, Decimal]:
    return {name: Decimal("Infinity") for name, fill in self.by_order.items() if not is_final(fill)}


@MARGIN
def test_without_that_rule_a_part_is_missed(margin, tmp_path):
    how = {"others": False, "means": "all", "margin": margin, "tmp_path": tmp_path}
    fails_without(
        OrderFills, "resting", property(as_if_all_had_filled),
        lambda: test_a_limit_that_fills("more", half_fills, "open orders", **how),
    )  # fmt: skip
