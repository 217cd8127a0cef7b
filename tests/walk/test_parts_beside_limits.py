"""A close of a part beside an own limit order that no list shows yet: what rests to close the
position is no more than what is left of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import scene
from tests.walk.test_idle_exits import NO_ORDER
from tests.walk.test_several_closes import MONEY, own_tables


@pytest.mark.parametrize("late", ["OpenOrders", ""], ids=["late", "shown"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["own", "all"])
def test_a_limit_that_the_list_lacks_counts_as_one_that_rests(means, margin, late, tmp_path):
    env = {} if means == "all" else own_tables(tmp_path)
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        if not margin and means == "own":
            there.send("two", side="buy", volume="1")
        there.send("one", side="buy", volume="0.1")
        there.send("one", side="buy", volume="0.2", stop_loss="2250")
        there.clock.sleep(100)
        if late:
            there.late(20, late)
        limit = {"side": "sell", "volume": "0.1", "order_type": "limit", "price": "2700"}
        there.send("one", **limit)
        there.clock.sleep(1)
        answer = there.send("one", **NO_ORDER, action="close", percent="20")
        assert answer["status"] == 200, answer
        assert sum(order.volume for order in there.open()) == Decimal("0.24")
