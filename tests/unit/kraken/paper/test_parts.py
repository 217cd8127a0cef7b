"""A thin market: orders fill in parts over successive prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import order, paper, result
from webhook_core.kraken.paper.desk import MarketRules


def thin(*shares: str):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    kraken.market = MarketRules(fill=tuple(map(Decimal, shares)))
    return kraken


def only(kraken):
    [kept] = kraken.orders()
    return kept


def test_a_market_order_fills_in_parts_and_averages_their_prices():
    kraken = thin("0.5")
    txid = order(kraken, volume="0.1")
    assert (only(kraken)["status"], only(kraken)["vol_exec"], only(kraken)["misc"]) == (
        "open",
        "0.05000000",
        "partial",
    )
    assert result(kraken, "BalanceEx")["ZUSD"] == {
        "balance": "6976.0000",
        "hold_trade": "3024.0000",
    }
    kraken.mark_price("XBTUSD", Decimal(59000))
    kept = only(kraken)
    assert (kept["status"], kept["vol_exec"], kept["price"]) == ("closed", "0.10000000", "59500.0")
    assert (kept["cost"], kept["fee"], kept["misc"]) == ("5950.00000", "47.60000", "")
    trades = result(kraken, "QueryOrders", txid=txid, trades="true")[txid]["trades"]
    rows = result(kraken, "QueryTrades", txid=",".join(trades))
    assert [(rows[each]["vol"], rows[each]["price"]) for each in trades] == [
        ("0.05000000", "60000.0"),
        ("0.05000000", "59000.0"),
    ]
    assert result(kraken, "TradesHistory")["count"] == 2


def test_a_script_of_shares_goes_on_with_its_last():
    kraken = thin("0.1", "0.2", "0.35")
    order(kraken, volume="0.1")
    filled = [only(kraken)["vol_exec"]]
    for price in ("60001", "60002", "60003"):
        kraken.mark_price("XBTUSD", Decimal(price))
        filled.append(only(kraken)["vol_exec"])
    assert filled == ["0.01000000", "0.03000000", "0.06500000", "0.10000000"]
    assert only(kraken)["status"] == "closed"


def test_a_limit_that_crossed_rests_with_its_remainder_and_then_makes():
    kraken = thin("0.5")
    order(kraken, ordertype="limit", price="60000", volume="0.1")
    kraken.mark_price("XBTUSD", Decimal(60001))
    assert only(kraken)["vol_exec"] == "0.05000000"
    kraken.mark_price("XBTUSD", Decimal(59000))
    # 3000 at 0.80 and at 0.40 %.
    assert (only(kraken)["price"], only(kraken)["fee"]) == (
        "60000.0",
        "36.00000",
    )


@pytest.mark.parametrize(
    "kind", [{"ordertype": "market"}, {"ordertype": "limit", "price": "60000"}]
)
def test_the_rest_of_an_immediate_order_is_canceled(kind):
    kraken = thin("0.25")
    order(kraken, volume="0.1", timeinforce="IOC", **kind)
    kept = only(kraken)
    assert (kept["status"], kept["vol_exec"], kept["misc"]) == ("canceled", "0.02500000", "partial")
    assert result(kraken, "BalanceEx")["ZUSD"] == {"balance": "8488.0000", "hold_trade": "0.0000"}


def test_an_order_that_fills_whole_or_not_at_all_does_not_fill_in_part():
    kraken = thin("0.99")
    order(kraken, ordertype="limit", price="60000", timeinforce="FOK")
    assert (only(kraken)["status"], only(kraken)["vol_exec"]) == ("canceled", "0.00000000")


def test_a_part_too_small_for_a_lot_is_the_whole_rest():
    kraken = thin("0.00000001")
    order(kraken, volume="0.01")
    assert only(kraken)["status"] == "closed"


def test_a_volume_in_quote_fills_in_parts_too():
    kraken = thin("0.5")
    order(kraken, volume="120", oflags="viqc")
    assert (only(kraken)["vol_exec"], only(kraken)["status"]) == ("0.00100000", "open")
    kraken.mark_price("XBTUSD", Decimal(30000))
    kept = only(kraken)
    assert (kept["vol_exec"], kept["cost"], kept["status"]) == ("0.00300000", "120.00000", "closed")
    assert kept["price"] == "40000.0"


def test_canceling_keeps_what_was_filled():
    kraken = thin("0.5")
    txid = order(kraken, type="sell", volume="1")
    assert result(kraken, "CancelOrder", txid=txid) == {"count": 1}
    assert (only(kraken)["status"], only(kraken)["vol_exec"]) == ("canceled", "0.50000000")
    assert result(kraken, "BalanceEx")["XXBT"] == {
        "balance": "0.5000000000",
        "hold_trade": "0.0000000000",
    }
    assert result(kraken, "TradesHistory")["count"] == 1
