"""A month of a strategy as traders run it: entries with a stop, stops that fire first, and exits
that take the stop out and sell, by themselves or as the alert says.

On paper and over the wire. After each day nothing is held, nothing rests, and each alert
had one clear answer.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.served_function import check

NONCE_WINDOW = 10**10
DAYS = 30
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
EXIT = [{"action": "cancel", "side": "sell"}, {"action": "close"}]


def entry(function, price, size="0.05"):
    return function.alert(
        symbol="ETHUSD", volume=size, price=str(price), stop_loss=str(price - 100)
    )


def leave(function, price, day):
    """Each of the ways out that free the strategy's own stop, in turn."""
    legs = [EXIT[0], {**EXIT[1], "price": str(price)}]
    ways = (
        {"orders": legs},
        {"action": "close"},
        {"action": "target", "market_position": "flat", "market_position_size": "0"},
        {"action": "reverse"},
    )
    return function.alert(**NO_ORDER | {"symbol": "ETHUSD"} | ways[day % len(ways)])


def sold(function):
    """What a close finds to sell: nothing is left of the day."""
    answer = function.post(function.alert(action="close", **NO_ORDER | {"symbol": "ETHUSD"}))
    return check(answer, 200, "no_action")["message"]


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken(NONCE_WINDOW).start()


def test_a_month_over_the_wire(make_live, exchange):
    function = make_live(exchange, REQUEST_BUDGET_SECONDS="20", MAX_ORDER_COST="100000 USD").start()
    for day in range(DAYS):
        price = 2500 + 10 * (day % 7)
        exchange.mark("ETHUSD", str(price))
        alert = entry(function, price)
        check(function.post(alert), 200, "accepted")
        assert exchange.balance("XETH") == Decimal("0.05")
        stop_fires = day % 3 == 0
        if stop_fires:
            exchange.mark("ETHUSD", str(price - 101))
            assert exchange.balance("XETH") == 0
        way_out = leave(function, price, day)
        first = check(function.post(way_out), 200, "no_action" if stop_fires else "accepted")
        again = check(function.post(way_out), 200, first["code"])
        assert again["replayed"] is True
        assert check(function.post(alert), 200, "accepted")["replayed"] is True
        assert exchange.balance("XETH") == 0, f"day {day}"
        assert exchange.open_orders() == [], f"day {day}"
    traded = [order for order in exchange.orders() if order["status"] == "closed"]
    assert len(traded) == 2 * DAYS  # each entry, and one way out of it
    sold(function)


def test_a_month_on_paper(make_function):
    """Paper's price is the alerts': a second entry further down is what lets the
    first one's stop fire."""
    function = make_function(REQUEST_BUDGET_SECONDS="20", PAPER_BALANCES="USD=100000").start()
    for day in range(DAYS):
        price = 2500 + 10 * (day % 7)
        check(function.post(entry(function, price)), 200, "accepted")
        if day % 3 == 0:
            check(function.post(entry(function, price - 150)), 200, "accepted")
        answer = check(function.post(leave(function, price, day)), 200, "accepted")
        assert answer["orders"][-1]["request"]["volume"] == "0.05", f"day {day}"
        account = function.operate("GET", "/account").document
        assert account["open_orders"] == {}, f"day {day}"
        assert Decimal(account["balances"].get("XETH", {"balance": "0"})["balance"]) == 0, (
            f"day {day}"
        )
    sold(function)
