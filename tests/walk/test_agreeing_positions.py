"""A part of a margin position that has just been closed: what needs the figure goes out with the
first delivery whose reads agree, and waits for as long as they don't."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import MOST_SENDS, SENDS, Scene, scene
from tests.walk.test_fired_exits import NO_ORDER, target

MONEY = {"USD": Decimal(100_000)}
WANTS = {
    "half": ({"action": "close", "percent": "50"}, "0.15"),
    "more": (target("0.45"), "0.45"),
    "less": (target("0.1"), "0.1"),
    "turned": ({"action": "reverse", "volume": "0.2"}, "-0.2"),
}
READS = {
    "at once": (),
    "positions": ("OpenPositions",),
    "closed orders": ("ClosedOrders",),
    "orders": ("QueryOrders",),
    "positions and lists": ("OpenPositions", "ClosedOrders"),
    "lists": ("OpenOrders", "ClosedOrders"),
}
UNSEEN = "ours", "positions and lists"
"""No read may show yet what was sold by hand behind ours: then nothing tells of it."""
RESTS = {
    "a stop": {"order_type": "stop-loss", "stop_price": "2250"},
    "a trail": {"order_type": "trailing-stop", "trail": "250"},
}
FAR = {"pair": "ETHUSD", "type": "buy", "ordertype": "limit", "price": "1000", "volume": "0.1"}
BY_HAND = {
    "a stop": {"ordertype": "stop-loss", "price": "2250"},
    "a trail": {"ordertype": "trailing-stop", "price": "+250"},
}
LATE = pytest.mark.parametrize("late", READS)
WHAT = pytest.mark.parametrize("what", WANTS)


def wanted(there: Scene, what: str, most: int = SENDS, half: Decimal | None = None) -> None:
    fields, size = WANTS[what]
    answer = there.send("one", most=most, **NO_ORDER | fields)
    assert answer["status"] == 200, answer
    assert there.held() == (half if half is not None and what == "half" else Decimal(size))


def by_hand(there: Scene, **fields: str) -> None:
    order = {"pair": "ETHUSD", "type": "sell", "ordertype": "market", "leverage": "2"}
    there.kraken.by_hand("AddOrder", **order | {"volume": "0.1"} | fields)


def entered(there: Scene, late: str, lag: float = 3) -> None:
    there.send("one", side="buy", volume="0.5")
    there.clock.sleep(100)
    there.operate("POST", "/reconcile")
    if READS[late]:
        there.late(lag, *READS[late])
    there.clock.sleep(5)


@pytest.mark.crossed
@LATE
@WHAT
@pytest.mark.parametrize("reduces", [{"reduce_only": True}, {}], ids=["reduces", "plain"])
def test_behind_a_part_that_an_order_of_a_fixed_size_has_sold(what, late, reduces):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.send("one", side="sell", volume="0.2", **reduces)
        there.clock.sleep(0.5)
        wanted(there, what)


@pytest.mark.crossed
@LATE
@WHAT
def test_behind_a_part_that_a_stop_of_an_alert_of_its_own_has_sold(what, late):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.send("one", side="sell", volume="0.2", order_type="stop-loss", stop_price="2250")
        there.clock.sleep(20)
        there.mark("ETHUSD", "2240", "2500")
        wanted(there, what)


@pytest.mark.crossed
@WHAT
@pytest.mark.parametrize(
    ("first", "late"),
    [(first, late) for first in ("ours", "by hand") for late in READS if (first, late) != UNSEEN],
)
@pytest.mark.parametrize("apart_s", [0.2, 1, 2.9, 4])
def test_behind_as_much_that_was_sold_by_hand(apart_s, first, what, late):
    """Positions that show one of the two look alike whichever it is."""
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.clock.sleep(5)
        sales = [lambda: there.send("one", side="sell", volume="0.1"), lambda: by_hand(there)]
        for sale in sales if first == "ours" else reversed(sales):
            sale()
            there.clock.sleep(apart_s)
        wanted(there, what, most=MOST_SENDS)


@pytest.mark.crossed
@LATE
@WHAT
@pytest.mark.parametrize("whose", ["one", "two"])
def test_behind_a_part_of_a_position_of_which_another_part_was_sold_before(whose, what, late):
    """What is closed of it is all that the list shows, where both lack the last."""
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.send(whose, side="sell", volume="0.1")
        there.clock.sleep(100)
        there.send("one", side="sell", volume="0.1")
        there.clock.sleep(0.5)
        wanted(there, what)


@pytest.mark.crossed
@LATE
@WHAT
@pytest.mark.parametrize("sold", ["0.2", "0.6"])
def test_behind_a_part_with_another_strategys_entry_in_between(sold, what, late):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.send("two", side="buy", volume="0.3")
        there.clock.sleep(1)
        there.send("two", side="sell", volume=sold)
        there.clock.sleep(0.5)
        held = Decimal("0.8") - Decimal(sold)
        wanted(there, what, most=MOST_SENDS, half=held / 2)


@pytest.mark.crossed
@LATE
@WHAT
@pytest.mark.parametrize("order", RESTS)
@pytest.mark.parametrize("whose", ["ours", "by hand"])
def test_beside_what_rests_and_trades_whole(whose, order, what, late):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, late)
        there.send("one", side="sell", volume="0.2")
        if whose == "ours":
            there.send("one", side="sell", volume="0.3", **RESTS[order])
        else:
            by_hand(there, **BY_HAND[order])
        assert len(there.open()) == 1
        there.clock.sleep(0.5)
        wanted(there, what)


@WHAT
def test_what_rests_and_trades_in_parts_leaves_it_in_doubt(what):
    """No list of what is done shows what that may have sold meanwhile."""
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, "at once")
        by_hand(there, ordertype="limit", price="4000")
        there.clock.sleep(100)
        there.send("one", side="sell", volume="0.2")
        there.clock.sleep(0.5)
        there.send("one", most=SENDS, **NO_ORDER | WANTS[what][0])
        assert there.statuses == [503] * SENDS
        assert there.held() == Decimal("0.3")


@WHAT
def test_where_more_orders_are_done_than_a_page_lists(what):
    with scene(instances=2, margin=True, balances=MONEY) as there:
        entered(there, "at once")
        for _ in range(55):
            (resting,) = there.kraken.by_hand("AddOrder", **FAR)["txid"]
            there.kraken.by_hand("CancelOrder", txid=resting)
        there.send("one", side="sell", volume="0.2")
        there.clock.sleep(0.5)
        wanted(there, what)
