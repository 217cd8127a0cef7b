"""An exit from all that is held while nobody knows what became of an order: TradingView's four
sends close what was held, and what that order adds is closed once it is known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk import exchange
from tests.walk.scene import SENDS, scene

NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
CLOSE = {"action": "close"}
EXITS = {
    "close": NO_ORDER | CLOSE,
    "flat": NO_ORDER | {"action": "target", "market_position": "flat"},
    "cancel and close": {"orders": [{"action": "cancel"}, {**CLOSE, "price": "2500"}]},
}
FAULTS = {"never came": faults.reset_before, "reply lost": faults.reset_after}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
LOST = pytest.mark.parametrize("fault", FAULTS)
WHAT = pytest.mark.parametrize("what", EXITS)
LATE = pytest.mark.parametrize("late_s", [0, 4])
BALANCES = {"USD": Decimal(100_000)}


@MARGIN
@LOST
@WHAT
@LATE
def test_an_entry_that_was_lost(late_s, what, fault, margin):
    with scene(instances=2, margin=margin, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.late(late_s, "OpenOrders", "ClosedOrders", "BalanceEx", "OpenPositions")
        there.script(FAULTS[fault]())
        assert there.send("one", most=1, side="buy", volume="0.1")["status"] == 503
        there.clock.sleep(1)
        body = there.alert("one", **EXITS[what])
        there.deliver(body, most=SENDS)
        assert there.held() == 0
        answer = there.deliver(body)
        assert answer["status"] == 200, answer
        assert there.held() == 0


@MARGIN
@LOST
@WHAT
@LATE
@pytest.mark.parametrize("who", ["one", "two"])
def test_an_exit_that_was_lost(who, late_s, what, fault, margin):
    with scene(instances=2, margin=margin, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1", stop_loss="2250")
        there.clock.sleep(100)
        there.late(late_s, "OpenOrders", "ClosedOrders", "BalanceEx", "OpenPositions")
        there.script(FAULTS[fault]())
        lost = there.send("one", most=1, **EXITS["cancel and close"])
        assert lost["status"] == 503
        there.clock.sleep(6)
        answer = there.send(who, most=SENDS, **EXITS[what])
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (0, [])


@MARGIN
@LOST
@WHAT
@pytest.mark.parametrize(
    ("refusal", "times"), [("EAPI:Invalid nonce", 3), ("EOrder:Rate limit exceeded", 2)]
)
def test_an_exit_that_was_refused_at_first_beside_an_entry_that_was_lost(
    refusal, times, what, fault, margin
):
    """Nothing was placed, so the resend sells what the first delivery was to."""
    with scene(instances=2, margin=margin, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.script(FAULTS[fault](), *[faults.errors([refusal])] * times)
        assert there.send("one", most=1, side="buy", volume="0.1")["status"] == 503
        there.clock.sleep(1)
        body = there.alert("one", **EXITS[what])
        there.deliver(body, most=SENDS)
        assert there.held() == 0
        answer = there.deliver(body)
        assert answer["status"] == 200, answer
        assert there.held() == 0


@WHAT
@pytest.mark.parametrize("call_s", [0.2, 0.3])
def test_such_an_exit_is_planned_once_by_a_resend_though_each_call_takes_long(
    call_s, what, monkeypatch
):
    """By then the entry is known, so that it is one order, where it was two before."""
    with scene(balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.script(faults.reset_after(), *[faults.errors(["EAPI:Invalid nonce"])] * 3)
        entry = there.alert("one", side="buy", volume="0.1")
        assert there.deliver(entry, most=1)["status"] == 503
        there.clock.sleep(1)
        body = there.alert("one", **EXITS[what])
        assert there.deliver(body, most=1)["status"] == 503
        there.clock.sleep(5)
        assert there.deliver(entry, most=1)["status"] == 200
        monkeypatch.setattr(exchange, "CALL_S", call_s)
        answer = there.deliver(body, most=SENDS - 1)
        assert (answer["status"], there.held()) == (200, 0), answer


@pytest.mark.parametrize(
    "fields",
    [{"side": "sell", "volume": "0.2"}, {"side": "buy", "volume": "0.1", "stop_loss": "2250"}],
    ids=["turned round", "with a stop"],
)
@LOST
def test_with_leverage_an_order_that_leaves_more_than_a_position_keeps_it_waiting(fault, fields):
    """What it has turned round a sale would add to, and a stop that nobody knows would stay."""
    with scene(instances=2, margin=True, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.script(FAULTS[fault]())
        assert there.send("one", most=1, **fields)["status"] == 503
        there.clock.sleep(1)
        answer = there.send("one", **EXITS["close"])
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (0, [])
