"""Many orders of one bar: an exit behind them counts each, and looks no more often than behind a
few."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import scene
from webhook_core.planning.own_orders import OwnOrders

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
COUNTS = (3, 53)


def looks(monkeypatch, count, what, *, margin):
    """How often the exit reads the last orders."""
    with scene(margin=margin, balances={"USD": Decimal(100_000)}) as there:
        for _ in range(count):
            there.send("one", side="buy", volume="0.01")
        there.late(2, "BalanceEx", "OpenPositions")
        counted = []
        newest = OwnOrders._newest
        monkeypatch.setattr(OwnOrders, "_newest", lambda own: counted.append(0) or newest(own))
        answer = there.send("one", **NO_ORDER | what)
        monkeypatch.setattr(OwnOrders, "_newest", newest)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(what.get("market_position_size", "0"))
        return len(counted) / len(there.statuses)


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize(
    "what",
    [
        {"action": "close"},
        {"action": "target", "market_position": "long", "market_position_size": "0.01"},
    ],
    ids=["close", "target"],
)
def test_an_exit_behind_many_orders_looks_no_more_often_than_behind_a_few(
    what, margin, monkeypatch
):
    few, many = (looks(monkeypatch, count, what, margin=margin) for count in COUNTS)
    assert many <= few
