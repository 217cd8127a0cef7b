"""What an order has filled: in the answer where the alert wants to know, in the ledger once
reconcile has asked."""

from __future__ import annotations

import pytest

from tests.support.served_function import check


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken().start()


@pytest.fixture(scope="module")
def function(make_live, exchange):
    return make_live(exchange).start()


@pytest.fixture(autouse=True)
def _every_fault_was_met(exchange):
    yield
    exchange.lag()
    assert exchange.faults_left() == {}


def in_ledger(function, alert):
    (row,) = function.orders(alert["id"])
    return row["fill"]


def test_a_confirmed_fill_is_the_books_and_is_told_again(function, exchange):
    alert = function.alert(volume="0.001", price="59900", confirm_fill=True)
    answer = check(function.post(alert), 200, "accepted")
    (order,) = exchange.orders(answer["client_order_id"])
    fill = answer["orders"][0]["fill"]
    assert fill == {
        "status": "closed", "volume": "0.001", "price": "60000", "cost": "60", "fee": "0.48",
        "slippage": "100",
    }  # fmt: skip
    assert (float(order["vol_exec"]), float(order["cost"]), float(order["fee"])) == (
        0.001,
        60,
        0.48,
    )
    calls = len(exchange.calls())
    again = check(function.post(alert), 200, "accepted")
    assert (again["replayed"], again["orders"][0]["fill"]) == (True, fill)
    assert len(exchange.calls()) == calls


def test_a_fill_that_kraken_does_not_show_in_time_is_filled_in_by_reconcile(function, exchange):
    exchange.lag(closed_s=600)
    alert = function.alert(volume="0.001", confirm_fill=True)
    answer = check(function.post(alert), 200, "accepted")
    assert answer.seconds < 3, "TradingView would have hung up"
    assert "fill" not in answer["orders"][0]
    exchange.lag()
    assert function.operate("POST", "/reconcile")["fills"] >= 1
    assert in_ledger(function, alert)["volume"] == "0.001"
    assert check(function.post(alert), 200, "accepted")["orders"][0]["fill"]["status"] == "closed"


LATE = {
    "a buy": {"volume": "0.001"},
    "a size in quote": {"volume": "30", "quantity_type": "quote"},
    "a sale": {"side": "sell", "volume": "0.0005"},
    "a limit that is met": {"order_type": "limit", "price": "61000", "volume": "0.001"},
}


@pytest.mark.parametrize("what", LATE)
@pytest.mark.parametrize("late_s", [0.5, 1.0, 1.5])
def test_a_fill_that_kraken_shows_a_second_later_is_waited_for(late_s, what, function, exchange):
    exchange.lag(closed_s=late_s)
    answer = check(function.post(function.alert(confirm_fill=True, **LATE[what])), 200, "accepted")
    assert answer["orders"][0]["fill"]["status"] == "closed"


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "code": 502},
        {"fault": "truncated", "keep": 30},
        {"fault": "errors", "strings": ["EService:Busy"]},
    ],
    ids=lambda fault: fault["fault"],
)
def test_an_order_is_accepted_though_its_fill_cannot_be_read(fault, function, exchange):
    exchange.script("QueryOrders", *[fault] * 8)  # more than it is asked
    answer = check(function.post(function.alert(confirm_fill=True)), 200, "accepted")
    assert answer.seconds < 3, "TradingView would have hung up"
    assert "fill" not in answer["orders"][0]
    assert len(exchange.orders(answer["client_order_id"])) == 1
    for _ in range(8):  # reconcile asks for it again, and meets what is left of them
        if exchange.faults_left():
            function.operate("POST", "/reconcile")


def test_a_fill_that_takes_long_to_read_does_not_make_tradingview_wait(function, exchange):
    exchange.script("QueryOrders", {"fault": "late", "seconds": 4})
    answer = check(function.post(function.alert(confirm_fill=True)), 200, "accepted")
    assert answer.seconds < 3


def test_reconcile_fills_in_what_nobody_asked_for_and_what_filled_later(function, exchange):
    market, limit = (
        function.alert(),
        function.alert(order_type="limit", price="58000", confirm_fill=True),
    )
    check(function.post(market), 200, "accepted")
    rests = check(function.post(limit), 200, "accepted")["orders"][0]["fill"]
    assert (rests["status"], rests["volume"], rests["price"]) == ("open", "0", None)
    function.operate("POST", "/reconcile")
    assert in_ledger(function, market)["status"] == "closed"
    assert in_ledger(function, limit)["status"] == "open"
    exchange.mark("XBTUSD", "57000")
    function.operate("POST", "/reconcile")
    exchange.mark("XBTUSD", "60000")
    filled = in_ledger(function, limit)
    assert (filled["status"], filled["volume"], filled["price"], filled["slippage"]) == (
        "closed",
        "0.0001",
        "58000",
        "0",
    )
    before = len(exchange.calls("QueryOrders"))
    assert function.operate("POST", "/reconcile")["fills"] == 0
    assert len(exchange.calls("QueryOrders")) == before, "all of them are done"


def test_paper_confirms_its_fills_too(make_function):
    function = make_function().start()
    alert = function.alert(volume="0.001", confirm_fill=True)
    assert check(function.post(alert), 200, "accepted")["orders"][0]["fill"]["cost"] == "60"


def test_every_leg_is_confirmed(function, exchange):
    leg = {"side": "buy", "order_type": "market", "volume": "0.0001", "price": "60000"}
    nothing = dict.fromkeys(("side", "order_type", "volume", "price"))
    alert = function.alert(**nothing | {"orders": [leg, leg], "confirm_fill": True})
    answer = check(function.post(alert), 200, "accepted")
    assert [order["fill"]["volume"] for order in answer["orders"]] == ["0.0001", "0.0001"]
