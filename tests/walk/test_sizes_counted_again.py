"""A leg sized by what is free, behind another of its alert, counted again when Kraken refuses it
for funds: by the first delivery or by a later one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import scene
from tests.walk.test_several_closes import MONEY

BUY = {"symbol": "ETHUSD", "price": "2500", "side": "buy"}
SIZES = {
    "percent_balance": {"quantity_type": "percent_balance", "volume": "50"},
    "percent_equity": {"quantity_type": "percent_equity", "volume": "60"},
    "risk_percent": {"quantity_type": "risk_percent", "volume": "6", "stop_loss": "2250"},
}
FAULTS = {
    "none": [],
    "the rate of the second": [faults.late(0), faults.errors(["EOrder:Rate limit exceeded"])],
    "the nonce of the second": [faults.late(0), *[faults.errors(["EAPI:Invalid nonce"])] * 3],
    "the reply of the first": [faults.reset_after()],
}


@pytest.mark.parametrize("late_s", [0, 4])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("size", SIZES)
def test_what_the_first_leg_leaves_is_bought_whatever_befell_the_alert(size, fault, late_s):
    with scene(instances=2, balances=MONEY) as there:
        there.late(late_s)
        there.kraken.late["Ticker"] = 0
        there.script(*FAULTS[fault])
        leg = BUY | SIZES[size]
        answer = there.send("one", side=None, symbol=None, orders=[leg, leg])
        assert (answer["status"], answer["code"]) == (200, "accepted"), answer
        least = Decimal("29.7") if size == "percent_balance" else Decimal("39.5")
        assert least < there.held() <= Decimal(40)
