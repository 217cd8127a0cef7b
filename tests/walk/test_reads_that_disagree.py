"""An order of ours that rested trades while all reads but one are late: what that one shows is held
against what the others lack, and nothing is decided by these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.walk.broken_rules import fails_without
from tests.walk.exchange import READS
from tests.walk.scene import MOST_SENDS, STRATEGIES, Scene, scene
from tests.walk.test_cancel_and_close import fills, half_fills
from tests.walk.test_fired_exits import NO_ORDER, target
from tests.walk.test_idle_exits import SIZE
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.unfinished import is_final
from webhook_core.planning import own_agrees
from webhook_core.planning.order_fills import OrderFills
from webhook_core.planning.unseen_trades import UnseenTrades

ALL = {*READS, "TradesHistory", "QueryTrades"} - {"Ticker"}
FRESH = {
    "open orders": ("OpenOrders",),
    "orders": ("QueryOrders",),
    "figures": ("BalanceEx", "OpenPositions"),
    "figures and open orders": ("BalanceEx", "OpenPositions", "OpenOrders"),
    "trades": ("TradesHistory",),
}
UNSEEN = "figures", 0
"""A balance does not say of which order it shows the fill."""
WHERE = [
    *(
        (fresh, "all", margin)
        for fresh in ("open orders", "orders", "figures")
        for margin in (0, 1)
    ),
    *((fresh, "own", margin) for fresh in FRESH for margin in (0, 1) if (fresh, margin) != UNSEEN),
]
"""Nobody reads the trades where a close means all."""
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
@pytest.mark.parametrize(("fresh", "means", "margin"), WHERE)
@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside others"])
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


def asked_at_first(self: UnseenTrades, entry: LedgerEntry) -> bool:
    return entry.current.request.at_market


def nothing(*_: Any) -> None:
    pass


BROKEN: dict[str, tuple[Any, str, Any, Any]] = {
    "an order shows by itself what it has filled": (
        OrderFills, "resting", property(as_if_all_had_filled), (half_fills, "open orders", "all"),
    ),
    "trades and figures are of one moment": (
        own_agrees, "check", nothing, (fills, "trades", "own"),
    ),
    "positions show no more of an order than it does": (
        own_agrees, "check", nothing, (fills, "figures", "own"),
    ),
    "an order that is listed no more may rest": (
        UnseenTrades, "_is_gone", asked_at_first, (fills, "figures and open orders", "own"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_without_its_rule_a_scene_fails(rule, tmp_path):
    where, name, broken, (trades, fresh, means) = BROKEN[rule]
    how = {"others": False, "means": means, "tmp_path": tmp_path, "margin": fresh[-6:] != "orders"}
    play = test_a_limit_that_fills
    fails_without(where, name, broken, lambda: play("more", trades, fresh, **how))
