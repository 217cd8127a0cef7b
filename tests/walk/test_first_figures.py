"""The first figure of an asset that an alert asks for, seconds behind orders of a fixed size which
late reads lack: what reconcile saw before them tells."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.walk.scene import Scene, scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
CLOSE = {"action": "close"}
ORDERS = {
    "a buy": [{"side": "buy", "volume": "0.1"}],
    "a sale": [{"side": "sell", "volume": "0.1"}],
    "two": [{"side": "buy", "volume": "0.1"}, {"side": "sell", "volume": "0.2"}],
    "one of a cost": [{"side": "buy", "volume": "250", "quantity_type": "quote"}],
}
ON_MARGIN = [name for name in ORDERS if name != "one of a cost"]


def target(size: str) -> dict[str, str]:
    word = "long" if Decimal(size) else "flat"
    return {"action": "target", "market_position": word, "market_position_size": size}


WANTS = {"close": (CLOSE, "0"), **{size: (target(size), size) for size in ("0.3", "0.5", "0.8")}}


def began(there: Scene, late_s: float = 2) -> None:
    """Reconcile has run, and reads are late from now on."""
    there.operate("POST", "/reconcile")
    there.clock.sleep(100)
    there.late(late_s, "BalanceEx", "OpenPositions")
    there.clock.sleep(5)


def sent(there: Scene, orders: str) -> None:
    """By a strategy each."""
    for strategy, order in zip(("one", "two"), ORDERS[orders], strict=False):
        assert there.send(strategy, **order)["status"] == 200


def wants(there: Scene, what: str) -> None:
    fields, size = WANTS[what]
    assert there.send("three", **NO_ORDER | fields)["status"] == 200
    assert there.held() == Decimal(size)


@pytest.mark.crossed
@pytest.mark.parametrize("late_s", [0, 2])
@pytest.mark.parametrize("orders", ORDERS)
@pytest.mark.parametrize("what", WANTS)
def test_what_is_held_on_spot(what, orders, late_s):
    with scene(instances=2) as there:
        began(there, late_s)
        sent(there, orders)
        there.clock.sleep(1)
        wants(there, what)
        assert there.statuses == [200]


@pytest.mark.parametrize("orders", ON_MARGIN)
@pytest.mark.parametrize("what", WANTS)
def test_a_position_on_margin(what, orders):
    with scene(instances=2, margin=True, balances={"USD": Decimal(100_000)}) as there:
        fields = {"type": "buy", "ordertype": "market", "volume": "0.5", "leverage": "2"}
        there.kraken.by_hand("AddOrder", pair="ETHUSD", **fields)
        began(there)
        sent(there, orders)
        there.clock.sleep(1)
        wants(there, what)


@pytest.mark.parametrize("orders", ["a buy", "a sale"])
def test_the_money_that_a_share_is_of(orders):
    """A share of what is free: 10 000 behind a buy of 25 000."""
    with scene(instances=2, balances={"USD": Decimal(50_000), "ETH": Decimal(20)}) as there:
        began(there)
        side = "buy" if orders == "a buy" else "sell"
        there.send("one", side=side, volume="10")
        there.clock.sleep(1)
        money = there.money
        share = {"side": "buy", "volume": "50", "quantity_type": "percent_balance"}
        assert there.send("two", symbol="BTCUSD", **share)["status"] == 200
        spent = money - there.money
        assert Decimal("0.46") * money < spent < Decimal("0.51") * money


def test_an_asset_of_which_some_stands_in_auto_earn():
    """What can be traded of it is one figure."""
    with scene() as there:
        there.kraken.earning = frozenset({"XETH"})
        began(there)
        sent(there, "a buy")
        there.clock.sleep(1)
        wants(there, "close")
