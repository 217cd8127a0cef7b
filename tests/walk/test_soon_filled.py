"""A limit that fills within a second after it was placed, behind a plan that found it at rest: no
read that is older than the fill is believed for what that plan saw."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import scene
from tests.walk.test_fired_exits import MONEY, target
from tests.walk.test_idle_exits import NO_ORDER

RESTS_S = pytest.mark.parametrize("rests_s", [0.15, 0.4, 0.9, 1.5])
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
HELD = pytest.mark.parametrize("held", ["0", "0.3"])
WANTS = {
    "close": ({"action": "close"}, "0"),
    "less": (target("0.1"), "0.1"),
    "more": (target("0.6"), "0.6"),
}


@pytest.mark.crossed
@MARGIN
@HELD
@RESTS_S
@pytest.mark.parametrize("late_s", [1, 4])
@pytest.mark.parametrize("what", WANTS)
def test_behind_a_plan_that_found_it_at_rest(what, late_s, rests_s, held, margin):
    with scene(instances=2, margin=margin, balances=MONEY) as there:
        if held != "0":
            there.send("two", side="buy", volume=held)
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        there.clock.sleep(100)
        limit = {"order_type": "limit", "price": "2450"}
        assert there.send("one", side="buy", volume="0.2", **limit)["status"] == 200
        there.clock.sleep(rests_s / 2)
        assert there.send("two", **NO_ORDER | target(held))["code"] == "no_action"
        there.clock.sleep(rests_s / 2)
        there.mark("ETHUSD", "2440", "2500")
        there.late(late_s, "BalanceEx", "OpenPositions")
        there.clock.sleep(0.2)
        fields, wanted = WANTS[what]
        answer = there.send("one", **NO_ORDER | fields)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(wanted), (answer["message"], there.statuses)
