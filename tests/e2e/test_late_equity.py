"""Shares of what the account is worth, by figures that are seconds late: of one equity, or 503."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.resent_positions import deliver
from tests.support.served_function import check

PAUSE_S = 1.2
SHARE = {"quantity_type": "percent_equity", "order_type": "market"}


@pytest.fixture
def exchange(make_kraken):
    kraken = make_kraken(10**10).start()
    yield kraken
    kraken.stop()


@pytest.fixture
def function(make_live, exchange):
    started = make_live(exchange, MAX_ORDER_COST="100000 USD", ALERT_MAX_AGE_SECONDS="600").start()
    yield started
    started.stop()


def share(function, symbol, price, percent):
    return function.alert(**SHARE, symbol=symbol, side="buy", volume=percent, price=price)


def near(value, wanted, percent="3"):
    return abs(value - wanted) <= wanted * Decimal(percent) / 100


@pytest.mark.parametrize("late_s", [0, 1, 2])
@pytest.mark.parametrize("sold", ["0.1", "0.9"])
def test_a_sale_on_the_same_bar_counts_once(late_s, sold, function, exchange):
    """10000 USD and a bitcoin of 60000: worth 70000, whatever is sold of it."""
    exchange.lag(figures_s=late_s)
    sale = function.alert(symbol="BTCUSD", side="sell", volume=sold, price="60000")
    check(deliver(function, sale, PAUSE_S)[-1], 200, "accepted")
    answers = deliver(function, share(function, "ETHUSD", "2500", "10"), PAUSE_S)
    check(answers[-1], 200, "accepted")
    assert near(exchange.balance("XETH") * 2500, Decimal(7000))


ONE_PAIR, TWO_PAIRS = [("ETHUSD", "2500")] * 4, [("ETHUSD", "2500"), ("BTCUSD", "60000")] * 2


@pytest.mark.parametrize("late_s", [0, 2])
@pytest.mark.parametrize("entries", [ONE_PAIR, TWO_PAIRS], ids=["one pair", "two pairs"])
def test_entries_of_one_bar_are_shares_of_one_equity(entries, late_s, function, exchange):
    exchange.lag(figures_s=late_s)
    for symbol, price in entries:
        answers = deliver(function, share(function, symbol, price, "3"), PAUSE_S)
        check(answers[-1], 200, "accepted")
    bought = [
        Decimal(order["cost"]) for order in exchange.orders() if order["descr"]["type"] == "buy"
    ]
    assert len(bought) == 4
    assert all(near(cost, Decimal(2100)) for cost in bought), bought
