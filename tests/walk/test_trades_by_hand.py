"""A figure that is what an older plan saw, since somebody else traded as much the other way as an
order of ours did after it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
HAPPENED = {
    "an exit of ours": (
        {"side": "buy", "volume": "0.1", "stop_loss": "2250"},
        lambda there: there.mark("ETHUSD", "2200", "2500"),
    ),
    "a sale by hand": (
        {"side": "buy", "volume": "0.1"},
        lambda there: there.kraken.by_hand(
            "AddOrder", pair="ETHUSD", type="sell", ordertype="market", volume="0.1"
        ),
    ),
}


def target(size: str) -> dict[str, str]:
    return {"action": "target", "market_position": "long", "market_position_size": size}


@pytest.mark.parametrize(("minutes", "late_s"), [(0, 0), (5, 0), (5, 2)])
@pytest.mark.parametrize("size", ["0.5", "0.6", "0.7"])
@pytest.mark.parametrize("happened", HAPPENED)
def test_what_a_plan_saw_is_older_than_a_sale_that_none_of_ours_tells_of(
    happened, size, minutes, late_s
):
    """As much is bought again: the figure is what it was before, with that order or without. What
    reconcile saw in the minutes behind the sale tells."""
    with scene(instances=2) as there:
        first, sale = HAPPENED[happened]
        assert there.send("one", **first)["status"] == 200
        there.clock.sleep(100)
        assert there.send("two", **NO_ORDER | target("0.6"))["code"] == "no_action"
        there.clock.sleep(100)
        sale(there)
        for _ in range(minutes):
            there.clock.sleep(60)
            there.operate("POST", "/reconcile")
        there.clock.sleep(20)
        there.late(late_s, "BalanceEx")
        there.clock.sleep(5)
        assert there.send("one", side="buy", volume="0.1")["status"] == 200
        there.clock.sleep(1)
        assert there.send("two", **NO_ORDER | target(size))["status"] == 200
        assert there.held() == Decimal(size)
        assert minutes == 0 or there.statuses == [200]
