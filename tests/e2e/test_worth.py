"""What an account is worth, and holds, where Kraken shows it in a way that misleads: a pair without
a price, a pair that no package knows, a balance in Auto Earn's row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.resent_positions import position
from tests.support.served_function import check

NO_SIZE = dict.fromkeys(("side", "order_type", "volume"))
PRICES = {"BTCUSD": Decimal(60000), "ETHUSD": Decimal(2500)}
ASSETS = {"BTCUSD": "XXBT", "ETHUSD": "XETH"}
WORTH = Decimal(100_000)
"""Of dollars, bitcoins and ether alone: 50000, 0.5 and 8."""
USUAL = "USD=50000,BTC=0.5,ETH=8"
FOO = {"altname": "FOOUSD", "wsname": "FOO/USD", "base": "FOO", "quote": "ZUSD"}


@pytest.fixture
def started(make_kraken, make_live):
    """By what it holds: an exchange, and a function on an empty ledger."""
    made = []

    def start(balances):
        exchange = make_kraken(0, balances).start()
        made.append(exchange)
        function = make_live(exchange, MAX_ORDER_COST="1000000 USD").start()
        made.append(function)
        return exchange, function

    yield start
    for one in made:
        one.stop()


def share(function, symbol, percent, **fields):
    """A target of so much of the equity."""
    terms = {"volume": percent, "quantity_type": "percent_equity", "market_position": "long"}
    asked = {"action": "target", "symbol": symbol, "price": f"{PRICES[symbol]}"}
    return function.alert(**NO_SIZE | asked | terms | fields)


def near(value, wanted):
    return abs(value - wanted) <= wanted * Decimal("0.002")


@pytest.mark.parametrize("unpriced", ["SOL=0.01", "SOL=300,DOT=40"])
def test_one_pair_that_ticker_refuses_takes_no_other_price_away(unpriced, started):
    exchange, function = started(f"{USUAL},{unpriced}")
    for symbol, percent, held in (("BTCUSD", "40", WORTH * 4 / 10), ("ETHUSD", "25", WORTH / 4)):
        answer = check(function.post(share(function, symbol, percent)), 200, "accepted")
        assert near(exchange.balance(ASSETS[symbol]) * PRICES[symbol], held)
        assert any("leaves out" in told and "SOL" in told for told in answer["warnings"])
    buy = {"side": "buy", "order_type": "market", "volume": "3", "quantity_type": "percent_equity"}
    money = exchange.balance("ZUSD")
    alert = function.alert(symbol="ETHUSD", price="2500", **buy)
    check(function.post(alert), 200, "accepted")
    assert near((money - exchange.balance("ZUSD")) / Decimal("1.008"), WORTH * 3 / 100)


def test_nothing_is_sold_on_an_equity_that_lacks_something(started):
    exchange, function = started(f"{USUAL},SOL=300")
    for symbol, percent in (("BTCUSD", "20"), ("ETHUSD", "10")):
        before = exchange.balance(ASSETS[symbol])
        answer = check(function.post(share(function, symbol, percent)), 422, "order_denied")
        assert "EQUITY_INCOMPLETE" in answer["error"]
        assert exchange.balance(ASSETS[symbol]) == before


@pytest.mark.parametrize(("symbol", "percent"), [("BTCUSD", "18"), ("ETHUSD", "7")])
def test_money_in_an_asset_that_no_package_knows_counts(symbol, percent, started):
    """Half of what the account is worth is in it."""
    exchange, function = started(f"{USUAL},FOO=50000")
    exchange.rules("FOOUSD", ordermin="1", **FOO)
    exchange.mark("FOOUSD", "2")
    answer = check(function.post(share(function, symbol, percent)), 200, "accepted")
    held = exchange.balance(ASSETS[symbol]) * PRICES[symbol]
    assert near(held, 2 * WORTH * Decimal(percent) / 100)
    assert not any("leaves out" in told for told in answer["warnings"])


EARNING = (
    ({"action": "target", "market_position": "long", "market_position_size": "8"}, "8"),
    ({"action": "target", "market_position": "long", "market_position_size": "10"}, "10"),
    ({"action": "close", "percent": "50"}, "5"),
    ({"action": "target", "market_position": "long", "market_position_size": "3"}, "3"),
    ({"side": "sell", "volume": "50", "quantity_type": "percent_position"}, "1.5"),
    ({"side": "sell", "volume": "50", "quantity_type": "percent_balance"}, "0.75"),
    ({"action": "close"}, "0"),
)
"""One after the other, from 8."""


def test_what_earns_is_held_and_can_be_sold(started):
    exchange, function = started(USUAL)
    exchange.earn("XXBT", "XETH")
    for fields, after in EARNING:
        there = exchange.balance("XETH") == Decimal(after)
        alert = function.alert(**NO_SIZE | {"symbol": "ETHUSD", "price": "2500"} | fields)
        check(function.post(alert), 200, "no_action" if there else "accepted")
        assert exchange.balance("XETH") == Decimal(after)
    check(function.post(position(function, "close", "BTCUSD")), 200, "accepted")
    assert exchange.balance("XXBT") == 0
