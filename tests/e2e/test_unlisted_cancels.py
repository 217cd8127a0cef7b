"""Cancels at a Kraken whose lists are seconds late: no order lives on beside the one that
was to take its place."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest

from tests.support.served_function import check
from tests.support.side_by_side import side_by_side

LATE_S = 2.5
ORDERS = {"side": None, "order_type": None, "volume": None, "price": None}
SELL = {"side": "sell", "order_type": "limit", "volume": "0.001", "price": "70000"}
STOP = {"side": "sell", "order_type": "stop-loss", "volume": "0.001", "stop_price": "45000"}
ENTRY = {"side": "buy", "volume": "0.001", "price": "60000", "stop_loss": "40000"}
CANCEL_SELLS = {"action": "cancel", "side": "sell"}


@pytest.fixture(scope="module")
def place(place_with):
    """Its lists are late, and a cancel of everything finds only its own orders."""
    punctual = place_with(nonce_window=0, ALERT_MAX_AGE_SECONDS="600")

    @contextmanager
    def late():
        with punctual() as (function, exchange):
            exchange.lag(open_s=LATE_S, closed_s=LATE_S)
            yield function, exchange
            exchange.lag()
            time.sleep(LATE_S)
            if exchange.open_orders():
                alert = function.alert(action="cancel", scope="all", symbol=None, **ORDERS)
                check(function.post(alert), 200, "accepted")
            assert exchange.open_orders() == []

    return late


def resent(function, alert):
    """As TradingView does, five seconds apart; the last answer, and the statuses."""
    statuses = []
    for attempt in range(4):
        time.sleep(5 if attempt else 0)
        answer = function.post(alert)
        statuses.append(answer.status)
        if answer.status != 503:
            break
    return answer, statuses


def legs(function, *orders, **fields):
    return function.alert(**ORDERS | {"orders": list(orders), **fields})


def open_sells(exchange):
    return [order for order in exchange.open_orders() if order["descr"]["type"] == "sell"]


ETHER = {"symbol": "ETHUSD", "volume": "0.01", "side": "buy"}
RESTING = {
    "limit sell": (SELL, {"price": "71000"}),
    "stop": (STOP, {"stop_price": "46000"}),
    "limit buy of another pair": (
        ETHER | {"order_type": "limit", "price": "2000"},
        {"price": "2100"},
    ),
    "limit sell with leverage": (SELL | {"leverage": "2"}, {"price": "71000"}),
}


@side_by_side
@pytest.mark.parametrize("reply", ["read", "lost"])
@pytest.mark.parametrize("kind", RESTING)
def test_a_resting_order_is_moved_at_once(kind, reply, function, exchange):
    order, moved = RESTING[kind]
    if reply == "lost":
        exchange.script("AddOrder", {"fault": "reset_after"})
    first = function.post(function.alert(**order))
    assert first.status == (503 if reply == "lost" else 200)
    cancel = {"action": "cancel", "side": order["side"]}
    named = {"symbol": order.get("symbol", "BTCUSD")}
    leg = {name: value for name, value in (order | moved).items() if name != "symbol"}
    answer, statuses = resent(function, legs(function, cancel, leg, **named))
    check(answer, 200, "accepted")
    assert (statuses[0] == 503) is (reply == "lost")
    (there,) = exchange.open_orders()
    assert float(there["descr"]["price"]) == float(next(iter(moved.values())))


ENTRIES = {
    "stop": {},
    "take profit": {"stop_loss": None, "take_profit": "80000"},
    "quote": {"quantity_type": "quote", "volume": "60"},
}


@side_by_side
@pytest.mark.parametrize(
    ("by", "kind"),
    [("side", "stop"), ("alert", "stop"), ("side", "take profit"), ("alert", "quote")],
)
def test_the_exit_of_an_entry_is_moved_at_once(by, kind, function, exchange):
    entry = check(function.post(function.alert(**ENTRY | ENTRIES[kind])), 200, "accepted")
    cancel = (
        CANCEL_SELLS
        if by == "side"
        else {"action": "cancel", "of_alert": entry["alert_id"], "symbol": None}
    )
    answer, statuses = resent(function, legs(function, cancel, STOP))
    check(answer, 200, "accepted")
    assert statuses == [503, 200]
    assert [order["descr"]["price"] for order in open_sells(exchange)] == ["45000.0"]


SELECTED = {
    "symbol": {"symbol": "BTCUSD"},
    "strategy": {"scope": "strategy", "symbol": None},
    "all": {"scope": "all", "symbol": None},
}


@side_by_side
@pytest.mark.parametrize(
    ("what", "kind"), [("symbol", "limit sell"), ("strategy", "stop"), ("all", "limit sell")]
)
@pytest.mark.parametrize("reply", ["read", "lost"])
def test_a_lone_cancel_takes_an_order_of_the_last_second(what, kind, reply, function, exchange):
    if reply == "lost":
        exchange.script("AddOrder", {"fault": "reset_after"})
    function.post(function.alert(**RESTING[kind][0]))
    answer, _ = resent(function, function.alert(**ORDERS | {"action": "cancel"} | SELECTED[what]))
    check(answer, 200, "accepted")
    assert exchange.open_orders() == []


@side_by_side
def test_a_stop_that_has_fired_already_is_not_waited_for(function, exchange):
    check(function.post(function.alert(**ENTRY)), 200, "accepted")
    exchange.mark("XBTUSD", "39000")
    exchange.mark("XBTUSD", "60000")
    answer, _ = resent(function, legs(function, CANCEL_SELLS, SELL))
    check(answer, 200, "accepted")
    assert [order["descr"]["price"] for order in open_sells(exchange)] == ["70000.0"]


@side_by_side
def test_nothing_more_is_asked_where_nothing_is_in_doubt(function, exchange):
    """No other order of this pair came in the last minute."""
    ether = {"symbol": "ETHUSD", "volume": "0.01", "price": "2000"}
    order = check(function.post(function.alert(order_type="limit", **ether)), 200, "accepted")
    time.sleep(LATE_S)
    before = len(exchange.calls())
    check(
        function.post(function.alert(**ORDERS | {"action": "cancel", "symbol": "ETHUSD"})),
        200,
        "accepted",
    )
    calls = [(call["endpoint"], call["params"].get("txid")) for call in exchange.calls()[before:]]
    assert calls == [("OpenOrders", None), ("CancelOrder", order["order_id"])]
