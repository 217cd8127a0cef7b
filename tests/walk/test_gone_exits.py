"""An exit that rests no more, though reads that are late still show it, or the funds that it held:
canceled by an alert or by hand a moment ago, or fired. What comes next is counted on the truth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene

SIZE = Decimal("0.1")
NO_ORDER = dict.fromkeys(("side", "volume", "order_type"))
FIGURES = ("Balance", "BalanceEx", "OpenPositions")
LISTS = ("OpenOrders", "ClosedOrders")
LAGS = {"all": (), "figures": FIGURES, "lists": LISTS}
WANTS = {
    "close": {"action": "close"},
    "half": {"action": "close", "percent": "50"},
    "reverse": {"action": "reverse"},
    "target": {"action": "target", "market_position": "long", "market_position_size": "0.05"},
}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
LATE = pytest.mark.parametrize("late", LAGS)
WHAT = pytest.mark.parametrize("what", WANTS)


def by_hand(there: Scene, order_id: str) -> None:
    """Kraken cancels it, and not for an alert."""
    there.kraken.by_hand("CancelOrder", txid=order_id)


def entered(there: Scene, late: str) -> None:
    """Long, with a stop loss; then reads are 4 s late."""
    there.send("one", side="buy", volume=str(SIZE), stop_loss="2250")
    there.clock.sleep(100)
    there.late(4, *LAGS[late])
    there.clock.sleep(5)


def left(what: str, held: Decimal, *, margin: bool) -> Decimal:
    """What must be held after it; a reversal turns what the entry was."""
    return {
        "close": Decimal(0),
        "half": held / 2,
        "reverse": -SIZE if margin else Decimal(0),
        "target": Decimal("0.05"),
    }[what]


@pytest.mark.crossed
@MARGIN
@LATE
@WHAT
def test_canceled_by_an_alert(what, late, margin):
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, late)
        assert there.send("one", action="cancel", side="sell")["status"] == 200
        answer = there.send("one", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == left(what, SIZE, margin=margin)
        assert there.open() == []


@pytest.mark.crossed
@MARGIN
@LATE
@WHAT
def test_canceled_by_hand(what, late, margin):
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, late)
        by_hand(there, there.open()[0].txid)
        answer = there.send("one", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == left(what, SIZE, margin=margin)
        assert there.open() == []


@pytest.mark.crossed
@MARGIN
@LATE
@WHAT
def test_fired_and_the_price_came_back(what, late, margin):
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, late)
        there.mark("ETHUSD", "2200", "2500")
        assert there.held() == 0
        answer = there.send("one", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == left(what, Decimal(0), margin=margin)
        assert there.open() == []


@MARGIN
@WHAT
def test_fired_and_the_list_of_open_orders_goes_back_and_forth(what, margin):
    """One read shows it still, the next one would not: an exit is planned by one of them alone."""
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, "figures")
        there.mark("ETHUSD", "2200", "2500")
        there.clock.sleep(1)
        there.kraken.once["OpenOrders"] = 3
        answer = there.send("one", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == left(what, Decimal(0), margin=margin)
        assert there.open() == []


@pytest.mark.parametrize("symbol", ["ETHUSD", "BTCUSD"])
@LATE
def test_left_by_a_buy_that_had_no_outcome_when_the_exit_came(late, symbol):
    """What was free is sold at once, and the rest once the stop of that buy is out of its way."""
    size, price = {"ETHUSD": ("0.1", 2500), "BTCUSD": ("0.01", 60000)}[symbol]
    with scene(instances=2, balances={"USD": Decimal(100_000)}) as there:
        there.send("one", symbol=symbol, side="buy", volume=size)
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        there.script(faults.reset_after())
        buy = {"symbol": symbol, "side": "buy", "volume": size, "stop_loss": f"{price * 9 // 10}"}
        assert there.send("one", most=1, **buy)["status"] == 503
        there.clock.sleep(1)
        answer = there.send("one", symbol=symbol, **NO_ORDER | WANTS["close"])
        assert answer["status"] == 200, answer
        assert (there.held(symbol), there.open(symbol)) == (0, [])


@pytest.mark.crossed
@MARGIN
@LATE
@pytest.mark.parametrize("what", ["close", "half", "reverse"])
def test_a_stop_that_has_just_been_put_back_gives_way_too(what, late, margin):
    """Kraken's list may lack it yet; the ledger knows its id."""
    with scene(instances=2, margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, late)
        assert there.send("one", **NO_ORDER | WANTS["half"])["status"] == 200
        assert [one.volume for one in there.open()] == [SIZE / 2]
        there.clock.sleep(1)
        answer = there.send("one", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        held = {"close": 0, "half": SIZE / 4, "reverse": -SIZE / 2 if margin else 0}[what]
        assert there.held() == held
        assert [one.volume for one in there.open()] == ([SIZE / 4] if what == "half" else [])


@LATE
@pytest.mark.parametrize("what", ["close", "half", "reverse"])
def test_a_stop_of_an_alert_of_its_own_that_was_canceled_holds_nothing(what, late):
    with scene(instances=2, balances={"USD": Decimal(100_000)}) as there:
        there.send("one", side="buy", volume=str(SIZE))
        there.send("one", side="sell", order_type="stop-loss", stop_price="2250", volume=str(SIZE))
        there.clock.sleep(100)
        there.late(4, *LAGS[late])
        there.clock.sleep(5)
        assert there.send("one", action="cancel", side="sell")["status"] == 200
        answer = there.send("two", **NO_ORDER | WANTS[what])
        assert answer["status"] == 200, answer
        assert there.held() == left(what, SIZE, margin=False)


@MARGIN
def test_too_little_for_a_stop_is_left_without_one_and_the_answer_says_so(margin):
    with scene(margin=margin, balances={"USD": Decimal(100_000)}) as there:
        entered(there, "lists")
        answer = there.send("one", **NO_ORDER | {"action": "close", "percent": "99.5"})
        assert answer["status"] == 200, answer
        assert (there.held(), there.open()) == (SIZE * Decimal("0.005"), [])
        (said,) = (told for told in answer["warnings"] if "is without its stop" in told)
        assert said.startswith("NOT_PROTECTED: "), answer
        row, entry = there.operate("GET", "/alerts")["alerts"]
        assert (row["in_part"], said in row["reason"], entry["in_part"]) == (True, True, False)
