"""Cancels and what takes the place of what they cancel, at lists that are late: neighbours of one
another by the kind of order, by what names it, and by what befell its reply."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene

SIZE, MOVED = "0.1", Decimal("0.09")
STOP = {"side": "sell", "order_type": "stop-loss", "stop_price": "2350", "volume": f"{MOVED}"}
ENTRIES = {
    "market and stop": {"stop_loss": "2300"},
    "market and take profit": {"take_profit": "2700"},
    "limit and stop": {"order_type": "limit", "price": "2550", "stop_loss": "2300"},
    "quote and stop": {"quantity_type": "quote", "volume": "250", "stop_loss": "2300"},
}
RESTING = {
    "limit sell": {"side": "sell", "order_type": "limit", "price": "2700"},
    "stop": {"side": "sell", "order_type": "stop-loss", "stop_price": "2300"},
    "trail": {"side": "sell", "order_type": "trailing-stop", "trail": "5%"},
    "limit buy": {"side": "buy", "order_type": "limit", "price": "2300"},
}
BY = ("side", "symbol", "of_alert", "scope")
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
LOST = pytest.mark.parametrize("lost", [False, True], ids=["reply read", "reply lost"])


def canceled(by: str, side: str, alert_id: str) -> dict[str, str]:
    more = {
        "side": {"side": side},
        "symbol": {},
        "of_alert": {"of_alert": alert_id},
        "scope": {"scope": "strategy"},
    }
    return {"action": "cancel", **more[by]}


def sent(there: Scene, *, lost: bool, **fields: str) -> str:
    """The id of the alert whose order is placed now."""
    if lost:
        there.script(faults.reset_after())
    answer = there.send("one", most=1, **{"volume": SIZE, **fields})
    assert answer["status"] == (503 if lost else 200), answer
    return str(answer["alert_id"])


@pytest.mark.crossed
@MARGIN
@LOST
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("late_s", [0, 4])
def test_the_exit_of_an_entry_is_replaced_and_nothing_sells_beside_it(
    late_s, entry, by, lost, margin
):
    with scene(instances=2, margin=margin) as there:
        there.late(late_s, "OpenOrders", "ClosedOrders")
        alert_id = sent(there, lost=lost, side="buy", **ENTRIES[entry])
        there.clock.sleep(5 if lost else 0.5)
        answer = there.send("one", orders=[canceled(by, "sell", alert_id), STOP])
        assert answer["status"] == 200, answer
        assert [(one.side, one.volume) for one in there.open()] == [("sell", MOVED)]


@pytest.mark.crossed
@MARGIN
@LOST
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("kind", RESTING)
def test_a_resting_order_gives_way_to_two(kind, by, lost, margin):
    with scene(instances=2, margin=margin) as there:
        there.send("two", side="buy", volume=SIZE)
        there.clock.sleep(100)
        there.late(4, "OpenOrders", "ClosedOrders")
        there.late(2, "QueryOrders")
        fields = RESTING[kind]
        alert_id = sent(there, lost=lost, **fields)
        half = {**fields, "volume": "0.05"}
        answer = there.send("one", orders=[canceled(by, fields["side"], alert_id), half, half])
        assert answer["status"] == 200, answer
        assert [one.volume for one in there.open()] == [Decimal("0.05")] * 2


@pytest.mark.crossed
@MARGIN
@LOST
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_lone_cancel_leaves_no_exit_of_an_entry(entry, by, lost, margin):
    with scene(instances=2, margin=margin) as there:
        there.late(2, "OpenOrders", "ClosedOrders")
        alert_id = sent(there, lost=lost, side="buy", **ENTRIES[entry])
        answer = there.send("one", **canceled(by, "sell", alert_id))
        assert answer["status"] == 200, answer
        assert there.open() == []
