"""Positions: opened by a fill with leverage, closed oldest first by an opposite one, seen in OpenPositions and TradeBalance."""

from __future__ import annotations

from decimal import Decimal

from tests.support.paper import ask, order, paper, result


def at(price: str):
    kraken = paper(balances={"USD": Decimal(10000)})
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
    assert "net" not in held


def test_trade_balance_counts_margin_and_the_unrealized_gain():
    kraken = at("60000")
    order(kraken, volume="0.5", leverage="5")
    kraken.mark_price("XBTUSD", Decimal(61000))
    [held] = result(kraken, "OpenPositions", docalcs="true").values()
    assert (held["value"], held["net"]) == ("30500.00000", "+500.00000")
    figures = result(kraken, "TradeBalance", asset="ZUSD")
    assert figures == {
        "eb": "9760.0000",
        "tb": "9760.0000",
        "m": "6000.0000",
        "n": "500.0000",
        "c": "30000.0000",
        "v": "30500.0000",
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
    asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.2", "leverage": "5"}
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EOrder:Insufficient funds"]
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
    asked = {"pair": "XBTUSD", "type": "sell", "ordertype": "market", "volume": "1.2", "leverage": "2"}
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EOrder:Insufficient funds"]


def test_a_pair_without_margin_offers_no_leverage():
    kraken = paper(balances={"USD": Decimal(10000)})
    kraken.mark_price("0GUSD", Decimal(1))
    order(kraken, pair="0GUSD", volume="50", leverage="3")
    asked = {"pair": "0GUSD", "type": "sell", "ordertype": "market", "volume": "50", "leverage": "3"}
    assert ask(kraken, "AddOrder", **asked)["error"] == ["EGeneral:Invalid arguments:leverage"]
