"""Positions: opened by a fill with leverage, closed oldest first by an opposite one, seen in
OpenPositions and TradeBalance."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import ask, order, paper, result
from webhook_core.kraken.paper.desk import MarketRules


def at(price: str, opening_fee: str = "0"):
    kraken = paper(balances={"USD": Decimal(10000)})
    kraken.market = MarketRules(opening_fee=Decimal(opening_fee))
    kraken.mark_price("XBTUSD", Decimal(price))
    return kraken


def test_a_margin_buy_moves_no_base_and_ties_up_its_margin():
    kraken = at("60000")
    txid = order(kraken, volume="0.5", leverage="5")
    assert kraken.orders()[0]["descr"]["leverage"] == "5:1"
    assert result(kraken, "Balance") == {"ZUSD": "9760.0000"}  # only the fee: 30000 at 0.80 %
    [held] = result(kraken, "OpenPositions").values()
    assert (held["ordertxid"], held["pair"], held["type"]) == (txid, "XXBTZUSD", "buy")
    assert (held["vol"], held["vol_closed"]) == ("0.50000000", "0.00000000")
    assert (held["cost"], held["margin"]) == ("30000.00000", "6000.00000")


def test_trade_balance_counts_margin_and_the_unrealized_gain():
    kraken = at("60000")
    order(kraken, volume="0.5", leverage="5")
    kraken.mark_price("XBTUSD", Decimal(61000))
    figures = result(kraken, "TradeBalance", asset="ZUSD")
    assert figures == {
        "eb": "9760.0000",
        "tb": "9760.0000",
        "m": "6000.0000",
        "n": "500.0000",
        "e": "10260.0000",
        "mf": "4260.0000",
        "ml": "171.0000",
    }


def test_an_opposite_order_closes_the_oldest_first_and_books_the_difference():
    kraken = at("60000")
    first = order(kraken, volume="0.1", leverage="5")
    kraken.mark_price("XBTUSD", Decimal(62000))
    second = order(kraken, volume="0.1", leverage="5")
    before = Decimal(result(kraken, "Balance")["ZUSD"])
    order(kraken, volume="0.15", leverage="5", type="sell")
    gained = Decimal(result(kraken, "Balance")["ZUSD"]) - before
    assert gained == Decimal(200) - Decimal("74.4")  # 0.1 * 2000 + 0.05 * 0, less the fee of 9300
    [held] = result(kraken, "OpenPositions").values()
    assert (held["ordertxid"], held["vol_closed"]) == (second, "0.05000000")
    assert held["margin"] == "620.00000"
    assert first != second


def test_a_larger_opposite_order_turns_the_position():
    kraken = at("60000")
    order(kraken, volume="0.1", leverage="5")
    order(kraken, volume="0.3", leverage="5", type="sell")
    [held] = result(kraken, "OpenPositions").values()
    assert (held["type"], held["vol"]) == ("sell", "0.20000000")
    kraken.mark_price("XBTUSD", Decimal(59000))
    assert result(kraken, "TradeBalance")["n"] == "200.0000"


def test_closing_needs_no_free_margin():
    kraken = at("60000")
    order(kraken, volume="0.7", leverage="5")
    kraken.mark_price("XBTUSD", Decimal(57000))
    asked = {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "market",
        "volume": "0.2",
        "leverage": "5",
    }
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EOrder:Insufficient initial margin"]
    order(kraken, volume="0.7", leverage="5", type="sell")
    assert result(kraken, "OpenPositions") == {}


def test_a_spot_order_leaves_positions_alone():
    kraken = at("60000")
    order(kraken, volume="0.1", leverage="5")
    order(kraken, volume="0.05")
    order(kraken, volume="0.05", type="sell")
    [held] = result(kraken, "OpenPositions").values()
    assert held["vol_closed"] == "0.00000000"


def test_coins_count_as_margin_at_their_last_price():
    kraken = paper(balances={"BTC": Decimal(1)})
    kraken.mark_price("XBTUSD", Decimal(60000))
    order(kraken, volume="1", leverage="2", type="sell")
    assert result(kraken, "TradeBalance")["m"] == "30000.0000"
    asked = {
        "pair": "XBTUSD",
        "type": "sell",
        "ordertype": "market",
        "volume": "1.2",
        "leverage": "2",
    }
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EOrder:Insufficient initial margin"]


def test_a_pair_without_margin_offers_no_leverage():
    kraken = paper(balances={"USD": Decimal(10000)})
    kraken.mark_price("0GUSD", Decimal(1))
    order(kraken, pair="0GUSD", volume="50", leverage="3")
    asked = {
        "pair": "0GUSD",
        "type": "sell",
        "ordertype": "market",
        "volume": "50",
        "leverage": "3",
    }
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EGeneral:Invalid arguments:leverage"]


def test_opening_costs_a_fee_of_its_own_and_closing_does_not():
    kraken = at("60000", opening_fee="0.02")
    order(kraken, volume="0.5", leverage="5")
    assert kraken.orders()[0]["fee"] == "246.00000"  # 30000 at 0.80 % and at 0.02 %
    assert result(kraken, "Balance") == {"ZUSD": "9754.0000"}
    order(kraken, volume="0.5", leverage="5", type="sell")
    assert kraken.orders()[1]["fee"] == "240.00000"
    assert paper().market.opening_fee == Decimal("0.02")


def test_a_volume_of_zero_closes_whatever_is_open():
    kraken = at("60000")
    order(kraken, volume="0.1", leverage="5")
    order(kraken, volume="0.023", leverage="2")
    order(kraken, volume="0", leverage="5", type="sell")
    assert (
        kraken.orders()[2]["descr"]["order"] == "sell 0.12300000 XBTUSD @ market with 5:1 leverage"
    )
    assert result(kraken, "OpenPositions") == {}


def test_an_order_that_only_reduces_fills_what_it_can_and_says_so():
    kraken = at("60000")
    order(kraken, volume="0.1", leverage="5")
    fields = {
        "pair": "XBTUSD",
        "type": "sell",
        "ordertype": "market",
        "leverage": "5",
        "reduce_only": "true",
    }
    answer = ask(kraken, "AddOrder", **fields, volume="0.3")
    assert answer == {"error": ["EOrder:Reduce only:Position is closed"]}
    kept = kraken.orders()[1]
    assert (kept["status"], kept["vol_exec"], kept["reason"]) == (
        "canceled",
        "0.10000000",
        "Reduce only:Position is closed",
    )
    assert result(kraken, "OpenPositions") == {}
    assert ask(kraken, "AddOrder", **fields, volume="0.1")["error"] == [
        "EOrder:Reduce only:No position exists"
    ]


def test_a_resting_order_that_only_reduces_ends_with_its_position():
    kraken = at("60000")
    order(kraken, volume="0.1", leverage="5")
    order(
        kraken,
        volume="0.1",
        leverage="5",
        type="sell",
        ordertype="limit",
        price="65000",
        reduce_only="true",
    )
    order(kraken, volume="0.1", leverage="5", type="sell")
    kraken.mark_price("XBTUSD", Decimal(66000))
    [ended] = [kept for kept in kraken.orders() if kept["descr"]["ordertype"] == "limit"]
    assert (ended["status"], ended["vol_exec"]) == ("canceled", "0.00000000")
    assert result(kraken, "OpenPositions") == {}


@pytest.mark.parametrize(
    ("opened", "settled", "balances", "after"),
    [
        ("buy", "sell", {"USD": "9000", "BTC": "0"}, {"ZUSD": "2952.0000", "XXBT": "0.1000000000"}),
        (
            "sell",
            "buy",
            {"USD": "9000", "BTC": "1"},
            {"ZUSD": "14952.0000", "XXBT": "0.9000000000"},
        ),
    ],
)
def test_settling_takes_or_delivers_the_coins_at_the_price_of_the_opening(
    opened, settled, balances, after
):
    kraken = paper(balances={asset: Decimal(amount) for asset, amount in balances.items()})
    kraken.market = MarketRules(opening_fee=Decimal(0))
    kraken.mark_price("XBTUSD", Decimal(60000))
    order(kraken, volume="0.1", leverage="5", type=opened)
    kraken.mark_price("XBTUSD", Decimal(61000))
    order(kraken, ordertype="settle-position", type=settled, volume="0", leverage="5")
    kept = kraken.orders()[1]
    assert (kept["status"], kept["vol_exec"], kept["cost"]) == (
        "closed",
        "0.10000000",
        "6000.00000",
    )
    assert result(kraken, "Balance") == after
    assert result(kraken, "OpenPositions") == {}


def test_settling_needs_the_money_and_no_more_than_is_open():
    kraken = at("60000")
    order(kraken, volume="0.5", leverage="5")
    asked = {"pair": "XBTUSD", "type": "sell", "ordertype": "settle-position", "leverage": "5"}
    assert ask(kraken, "AddOrder", **asked, volume="0")["error"] == ["EOrder:Insufficient funds"]
    assert ask(kraken, "AddOrder", **asked, volume="0.6")["error"] == [
        "EGeneral:Invalid arguments:volume"
    ]
    order(kraken, **asked, volume="0.1")
    [held] = result(kraken, "OpenPositions").values()
    assert held["vol_closed"] == "0.10000000"
    assert result(kraken, "Balance") == {"ZUSD": "3760.0000", "XXBT": "0.1000000000"}
