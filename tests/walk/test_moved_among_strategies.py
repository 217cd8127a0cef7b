"""Stops moved, and positions closed, where other strategies' orders rest beside, and where the
entry rested and filled before any list shows it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.walk.scene import Scene, scene
from tests.walk.test_several_closes import MONEY, own_tables
from webhook_core.kraken.paper.book import Order

SIZE, OTHERS = Decimal("0.2"), Decimal("0.3")
CANCELS = {
    "side": {"action": "cancel", "symbol": "ETHUSD", "side": "sell"},
    "symbol": {"action": "cancel", "symbol": "ETHUSD"},
}
STOP = {
    "symbol": "ETHUSD",
    "side": "sell",
    "order_type": "stop-loss",
    "stop_price": "2300",
    "volume": f"{SIZE}",
}
CLOSE = {"action": "close", "symbol": "ETHUSD"}
NO_LEG = {"symbol": None, "side": None}
FAULTS = {
    "none": [],
    "the rate": [faults.errors(["EOrder:Rate limit exceeded"])],
    "the nonce": [faults.errors(["EAPI:Invalid nonce"])] * 3,
}
LATE = {
    "lists": ("OpenOrders", "QueryOrders", "ClosedOrders"),
    "lists and figures": (
        "OpenOrders",
        "QueryOrders",
        "ClosedOrders",
        "BalanceEx",
        "OpenPositions",
    ),
}
MARGIN = pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
BY = pytest.mark.parametrize("by", CANCELS)


def exits(there: Scene, trigger: str) -> list[Order]:
    return [one for one in there.open() if f"{one.price:f}".startswith(trigger)]


def both_entered(there: Scene, **own: str) -> None:
    there.send("two", side="buy", volume=f"{OTHERS}", stop_loss="2200")
    there.send("one", side="buy", volume=f"{SIZE}", **own)
    there.clock.sleep(100)


@MARGIN
@BY
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stands", [True, False], ids=["one stands", "none stands"])
def test_a_stop_is_moved_beside_those_of_others(stands, fault, by, margin, tmp_path):
    """Whatever befalls the new one: what rests of others is none of it, and none newer than it."""
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        both_entered(there, **({"stop_loss": "2250"} if stands else {}))
        there.script(*FAULTS[fault])
        answer = there.send("one", **NO_LEG, orders=[CANCELS[by], STOP])
        assert answer["status"] == 200, answer
        assert [one.volume for one in exits(there, "2300")] == [SIZE]
        assert [one.volume for one in exits(there, "2200")] == [OTHERS]
        assert len(there.open()) == 2


@MARGIN
@BY
def test_a_close_goes_on_where_the_cancel_before_it_finds_orders_of_others_alone(
    by, margin, tmp_path
):
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        both_entered(there)
        answer = there.send("one", **NO_LEG, orders=[CANCELS[by], CLOSE])
        assert answer["status"] == 200, answer
        assert there.held() == OTHERS
        assert [one.volume for one in there.open()] == [OTHERS]
        assert any("1 more open orders are meant" in one for one in answer["warnings"])


def filled_unseen(there: Scene, late: str, *back: str) -> None:
    """An entry with a stop that rested has just filled, and reads are behind that."""
    entry = {"order_type": "limit", "price": "2487.5", "stop_loss": "2250"}
    there.send("one", side="buy", volume=f"{SIZE}", **entry)
    there.clock.sleep(30)
    there.mark("ETHUSD", "2475", *back)
    there.late(2, *LATE[late])
    there.clock.sleep(0.3)


@MARGIN
@BY
@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("what", ["move", "cancel", "cancel and close"])
def test_an_exit_of_an_entry_that_the_price_has_crossed_is_waited_for(
    what, late, by, margin, tmp_path
):
    legs = {"move": [CANCELS[by], STOP], "cancel and close": [CANCELS[by], CLOSE]}
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        filled_unseen(there, late)
        several = {**NO_LEG, "orders": legs.get(what)}
        answer = there.send(
            "one", **({"side": None} | CANCELS[by] if what == "cancel" else several)
        )
        assert (answer["status"], answer["code"] == "no_action") == (200, False), answer
        assert there.held() == (Decimal(0) if what == "cancel and close" else SIZE)
        assert [f"{one.price:f}" for one in there.open()] == (["2300"] if what == "move" else [])


@MARGIN
@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("what", ["close", "target", "reverse"])
def test_an_exit_that_a_figure_alone_tells_of_is_waited_for_though_the_price_came_back(
    what, late, margin, tmp_path
):
    """A balance that the stop holds, or the position that the entry opened."""
    flat = {"market_position": "flat", "market_position_size": "0"} if what == "target" else {}
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        filled_unseen(there, late, "2500")
        answer = there.send("one", side=None, action=what, **flat)
        assert answer["status"] == 200, answer
        turned = margin and what == "reverse"
        assert (there.held(), there.open()) == (-SIZE if turned else 0, [])


@MARGIN
@pytest.mark.parametrize(
    ("what", "remains"),
    [
        ({"action": "close", "percent": "50"}, "0.075"),
        (
            {"action": "target", "market_position": "long", "market_position_size": "0.05"},
            "0.05",
        ),
    ],
    ids=["half", "target"],
)
def test_a_stop_that_is_put_back_protects_no_more_than_remains(what, remains, margin, tmp_path):
    """An order placed over what the stop holds has closed a part of that before."""
    coins = MONEY if margin else {**MONEY, "ETH": Decimal("0.5")}
    with scene(instances=2, margin=margin, balances=coins, **own_tables(tmp_path)) as there:
        begin = there.held()
        there.send("one", side="buy", volume=f"{SIZE}", stop_loss="2250")
        there.clock.sleep(100)
        there.send("one", side="sell", volume="0.05")
        there.clock.sleep(100)
        assert there.send("one", side=None, **what)["status"] == 200
        assert there.held() - begin == Decimal(remains)
        assert [one.volume for one in there.open()] == [Decimal(remains)]


SCHEDULED = {"order_type": "limit", "price": "2490", "starts": "2026-03-03T09:00:00Z"}
RESTS = {"order_type": "limit", "price": "2400"}


@MARGIN
@pytest.mark.parametrize("ticker", ["read", "down"])
@pytest.mark.parametrize("entry", [SCHEDULED, RESTS], ids=["scheduled", "rests"])
def test_a_cancel_waits_for_no_entry_that_can_not_have_filled(entry, ticker, margin, tmp_path):
    """One that is not in the book yet is no bid, wherever the price goes; one that rests is."""
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        there.send("one", side="buy", volume=f"{SIZE}", stop_loss="2250")
        entered = there.send("one", side="buy", volume="0.1", stop_loss="2200", **entry)
        assert entered["status"] == 200, entered
        there.clock.sleep(100)
        there.mark("ETHUSD", "2485")
        if ticker == "down":
            there.script(*[faults.status(503)] * 20, endpoint="Ticker")
        answer = there.send("one", **{"side": None} | CANCELS["side"])
        assert (answer["status"], answer["code"]) == (200, "accepted"), answer
        assert (there.statuses, exits(there, "2250")) == ([200], [])


@MARGIN
def test_an_exit_waits_for_no_hold_that_is_not_what_an_entry_would_leave(margin, tmp_path):
    """Kraken may hold what no list shows for good; a close is not for that to stop."""
    with scene(instances=2, margin=margin, balances=MONEY, **own_tables(tmp_path)) as there:
        there.send("one", side="buy", volume=f"{SIZE}", stop_loss="2250")
        there.send("one", side="buy", volume="0.1", order_type="limit", price="2000", stop_loss="1")
        there.clock.sleep(100)
        there.kraken.by_hand(
            "AddOrder", pair="XETHZUSD", type="buy", ordertype="market", volume="0.05"
        )
        there.kraken.by_hand(
            "AddOrder", pair="XETHZUSD", type="sell", ordertype="limit", price="9000", volume="0.05"
        )
        there.late(4, "OpenOrders")
        answer = there.send("one", side=None, action="close")
        assert (answer["status"], there.statuses) == (200, [200]), answer


def test_a_stop_covers_what_the_strategy_has_left_though_others_are_short(tmp_path):
    """With leverage Kraken nets what strategies hold; one that covers leaves the other's bare."""
    with scene(instances=2, margin=True, balances=MONEY, **own_tables(tmp_path)) as there:
        there.send("one", side="buy", volume=f"{SIZE}", stop_loss="2250")
        there.send("two", side="sell", volume="0.1")
        there.clock.sleep(100)
        assert there.send("one", side=None, action="close", percent="50")["status"] == 200
        left = there.held() + Decimal("0.1")
        assert [one.volume for one in there.open()] == [left]
