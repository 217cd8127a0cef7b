"""A close of a part whose first stop fires in the moment before its cancel: it leads no further
than it was planned to, so that the other stop holds no more than is left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import SENDS, scene
from tests.walk.test_idle_exits import NO_ORDER, before_call
from tests.walk.test_several_closes import MONEY, own_tables

PARTS = {
    "50 %": ({"action": "close", "percent": "50"}, "0.2"),
    "90 %": ({"action": "close", "percent": "90"}, "0.04"),
    "target": (
        {"action": "target", "market_position": "long", "market_position_size": "0.1"}, "0.1",
    ),
}  # fmt: skip


@pytest.mark.crossed
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own", "own, beside others"])
def test_what_is_left_has_its_stop_and_no_more(means, margin, part, tmp_path):
    """Of 0.4 with stops of 0.1 and 0.2."""
    env = {} if means == "all" else own_tables(tmp_path)
    beside = Decimal(1) if means == "own, beside others" else Decimal(0)
    with scene(margin=margin, balances=MONEY, **env) as there:
        if beside:
            there.send("two", side="buy", volume=str(beside))
        for volume, stop in (("0.1", "2250"), ("0.2", "2240"), ("0.1", None)):
            there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2245", "2500"))
        fields, left = PARTS[part]
        answer = there.send("one", **NO_ORDER, **fields)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(left) + beside
        assert sum(order.volume for order in there.open()) == Decimal(left)


@pytest.mark.parametrize("part", ["90 %", "target"])
@pytest.mark.parametrize("means", ["all", "own"])
def test_where_the_stop_to_be_put_back_has_fired_the_answer_says_what_is_bare(
    means, part, tmp_path
):
    """Another was canceled before, and nothing stands in its place."""
    env = {} if means == "all" else own_tables(tmp_path)
    with scene(balances=MONEY, **env) as there:
        for volume, stop in (("0.1", "2240"), ("0.2", "2250"), ("0.1", None)):
            there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2245", "2500"))
        fields, left = PARTS[part]
        answer = there.send("one", **NO_ORDER, **fields)
        assert (answer["status"], there.held(), there.open()) == (200, Decimal(left), [])
        assert any(warning.startswith("NOT_PROTECTED: ") for warning in answer["warnings"])


@pytest.mark.crossed
@pytest.mark.parametrize("stops", [("2250", "2240"), ("2240", "2250")], ids=["first", "second"])
@pytest.mark.parametrize("bare", ["0", "0.1"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own"])
def test_several_closes_lead_no_further_together(means, margin, bare, stops, tmp_path):
    """20 % and 50 % of it, where a stop of 0.1 or of 0.3 fires at a cancel."""
    env = {} if means == "all" else own_tables(tmp_path)
    with scene(margin=margin, balances=MONEY, **env) as there:
        for volume, stop in (("0.1", stops[0]), ("0.3", stops[1]), (bare, None)):
            if Decimal(volume):
                there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        left = there.held() * Decimal("0.3")
        fired = Decimal("0.1") if stops[0] == "2250" else Decimal("0.3")
        least = there.held() * Decimal("0.8") - fired
        before_call(there, "CancelOrder", lambda: there.mark("ETHUSD", "2245", "2500"))
        closes = [{"symbol": "ETHUSD", "action": "close", "percent": one} for one in ("20", "50")]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=closes)
        assert answer["status"] == 200, answer
        assert min(left, least) <= there.held() <= left
        assert sum(order.volume for order in there.open()) in (0, there.held())


STANDING = {
    "the first fires": (("0.1", "2250"), ("0.2", "2240"), ("0.1", None)),
    "the second fires": (("0.1", "2240"), ("0.2", "2250"), ("0.1", None)),
    "half fires": (("0.2", "2250"), ("0.2", "2240")),
    "three": (("0.1", "2240"), ("0.2", "2250"), ("0.1", "2235")),
}
OF_WHAT_IS_HELD = {
    "50 %": ({"action": "close", "percent": "50"}, "0.5"),
    "90 %": ({"action": "close", "percent": "90"}, "0.1"),
}


@pytest.mark.crossed
@pytest.mark.parametrize("part", OF_WHAT_IS_HELD)
@pytest.mark.parametrize("stops", STANDING)
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
def test_one_that_has_fired_is_freed_no_more_though_the_list_shows_it_still(
    margin, stops, part, tmp_path
):
    """What the strategy bought is counted by the trades, which show that."""
    with scene(margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        for volume, stop in STANDING[stops]:
            there.send("one", side="buy", volume=volume, stop_loss=stop)
        there.clock.sleep(200)
        there.late(4)
        there.mark("ETHUSD", "2245", "2500")
        there.clock.sleep(0.5)
        fields, factor = OF_WHAT_IS_HELD[part]
        left = there.held() * Decimal(factor)
        answer = there.send("one", most=SENDS, **NO_ORDER, **fields)
        assert answer["status"] == 200, answer
        assert (there.held(), sum(order.volume for order in there.open())) == (left, left)
