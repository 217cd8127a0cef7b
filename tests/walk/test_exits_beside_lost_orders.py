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


@pytest.mark.crossed
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


@pytest.mark.crossed
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


@pytest.mark.crossed
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


ALL_KINDS = EXITS | {
    "reverse": NO_ORDER | {"action": "reverse"},
    "smaller": NO_ORDER | {
        "action": "target", "market_position": "long", "market_position_size": "0.05"
    },
    "half": NO_ORDER | {**CLOSE, "percent": "50"},
}  # fmt: skip
NEVER_CAME = {
    "a buy": {"side": "buy", "volume": "0.1"},
    "a buy with a stop": {"side": "buy", "volume": "0.1", "stop_loss": "2250"},
    "a sale": {"side": "sell", "volume": "0.1"},
    "a close": EXITS["close"],
}


def left_by(what: str, held: Decimal, *, margin: bool) -> Decimal:
    left = {"reverse": -held if margin else 0, "smaller": Decimal("0.05"), "half": held / 2}
    return Decimal(left.get(what, 0))


@pytest.mark.crossed
@MARGIN
@pytest.mark.parametrize("what", ALL_KINDS)
@pytest.mark.parametrize("lost", NEVER_CAME)
@pytest.mark.parametrize("since", ["nothing", "a buy"])
def test_an_order_that_never_came_keeps_nothing_waiting_once_the_lists_had_to_show_it(
    since, lost, what, margin
):
    """The alert comes a minute later, perhaps behind an entry of the same moment."""
    with scene(instances=2, margin=margin, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.late(2)
        there.script(faults.reset_before())
        assert there.send("one", most=1, **NEVER_CAME[lost])["status"] == 503
        there.clock.sleep(65)
        if since == "a buy":
            there.send("one", side="buy", volume="0.1")
        held = there.held()
        sells_all = what in EXITS or (what == "reverse" and not margin)
        if lost == "a close" and not sells_all:  # both have a place in one line
            assert there.send("one", most=SENDS, **ALL_KINDS[what])["status"] == 503
            there.clock.sleep(61)
        answer = there.send("one", most=SENDS, **ALL_KINDS[what])
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (left_by(what, held, margin=margin), [])


def test_it_is_looked_at_and_passed_in_one_delivery():
    with scene(margin=True, balances=BALANCES) as there:
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        there.script(faults.reset_before())
        assert there.send("one", most=1, **EXITS["close"])["status"] == 503
        there.clock.sleep(75)
        there.send("one", side="buy", volume="0.1")
        assert there.send("one", most=1, **EXITS["close"])["status"] == 200
        assert there.held() == 0


ONLY_SELL = {
    "a close": EXITS["close"],
    "half": ALL_KINDS["half"],
    "a sale": {"side": "sell", "volume": "0.1"},
}
SELLS_ALL = [(what, margin) for what in EXITS for margin in (False, True)] + [("reverse", False)]


@pytest.mark.crossed
@LOST
@pytest.mark.parametrize("lost", ONLY_SELL)
@pytest.mark.parametrize(("what", "margin"), SELLS_ALL)
@pytest.mark.parametrize("rested", [2, 100])
def test_what_closes_all_passes_an_order_that_could_only_sell(rested, what, margin, lost, fault):
    """Of an entry of the same minute too, beside a figure from before it; a reversal on spot sells
    all."""
    with scene(instances=2, margin=margin, balances=BALANCES) as there:
        assert there.send("one", **EXITS["flat"])["code"] == "no_action"
        there.late(2)
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(rested)
        there.script(FAULTS[fault]())
        assert there.send("one", most=1, **ONLY_SELL[lost])["status"] == 503
        there.clock.sleep(1)
        answer = there.send("one", most=SENDS, **ALL_KINDS[what])
        assert answer["status"] == 200, answer
        assert there.held() == 0


@pytest.mark.parametrize("volumes", [("0.1", "0.1"), ("0.15",)], ids=str)
@LOST
def test_not_those_that_may_have_turned_the_position_round(fault, volumes):
    with scene(instances=2, margin=True, balances=BALANCES) as there:
        there.late(2)
        there.send("one", side="buy", volume="0.1")
        there.clock.sleep(100)
        for volume in volumes:
            there.script(FAULTS[fault]())
            there.send("one", most=1, side="sell", volume=volume)
        there.clock.sleep(1)
        answer = there.send("one", **ALL_KINDS["close"])
        assert answer["status"] == 200, answer
        assert there.held() == 0
