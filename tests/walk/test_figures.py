"""Sizes that follow from the account, at reads that are late each on its own: what is sent leads to
what is wanted, or waits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
MONEY = {"USD": Decimal(100_000)}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("fills_back", [False, True], ids=["", "and the price came back"])
@pytest.mark.parametrize("what", ["0.3", "0.4", "close"])
def test_a_limit_that_fills_while_its_own_status_is_late(what, fills_back, margin):
    """Kraken's list lacks it by then, so it rests no more."""
    with scene(instances=2, margin=margin, balances=MONEY) as there:
        there.send("one", side="buy", volume="0.2")
        there.clock.sleep(100)
        there.send("one", side="buy", order_type="limit", price="2250", volume="0.1")
        there.clock.sleep(300)
        there.late(2, "QueryOrders")
        there.late(1, "BalanceEx", "OpenPositions")
        there.clock.sleep(5)
        there.mark("ETHUSD", "2200", *(["2500"] if fills_back else []))
        word = {"action": "close"}
        if what != "close":
            word = {"action": "target", "market_position": "long", "market_position_size": what}
        assert there.send("one", **NO_ORDER | word)["status"] == 200
        assert there.held() == Decimal("0" if what == "close" else what)


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("late_s", [0, 4])
@pytest.mark.parametrize("refused", ["EAPI:Invalid nonce", "EOrder:Rate limit exceeded"])
def test_a_share_of_the_equity_behind_an_order_that_was_refused_unprocessed(
    refused, late_s, margin
):
    with scene(instances=2, margin=margin, balances=MONEY) as there:
        there.late(late_s, "BalanceEx", "OpenPositions", "TradeBalance")
        there.script(*[faults.errors([refused])] * 3)
        legs = [
            {"side": "buy", "volume": "0.1", "price": "2500"},
            {"side": "buy", "volume": "10", "quantity_type": "percent_equity", "price": "2500"},
        ]
        answer = there.send("one", orders=legs)
        assert answer["status"] == 200, answer
        assert Decimal("3.9") < there.held() - Decimal("0.1") < Decimal("4.05")


@pytest.mark.crossed
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("late_s", [0, 4])
@pytest.mark.parametrize("size", ["0", "0.05"])
def test_a_target_nearer_to_flat_that_is_refused_for_funds_is_counted_again(size, late_s, times):
    """The refusal proves that nothing was placed, as it does for a close."""
    with scene(instances=2, balances=MONEY) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.late(late_s, "BalanceEx")
        there.script(*[faults.errors(["EOrder:Insufficient funds"])] * times)
        word = "flat" if size == "0" else "long"
        target = {"action": "target", "market_position": word, "market_position_size": size}
        answer = there.send("one", **NO_ORDER | target)
        assert answer["status"] == 200, answer
        assert there.held() == Decimal(size)
