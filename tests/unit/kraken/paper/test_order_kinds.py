"""The rarer orders: relative prices, trailing stops, volumes in quote, icebergs, schedules and
conditional closes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import NOON, StoppedClock, ask, order, paper, result
from webhook_core.kraken.paper.desk import MarketRules


def at(price: str, **options):
    kraken = paper(**options)
    kraken.mark_price("XBTUSD", Decimal(price))
    return kraken


def marks(kraken, *prices):
    for price in prices:
        kraken.mark_price("XBTUSD", Decimal(price))


LIMIT = {"ordertype": "limit", "type": "buy"}


@pytest.mark.parametrize(
    ("fields", "said", "hold"),
    [
        (LIMIT | {"price": "-1000"}, "buy 0.01000000 XBTUSD @ limit -1000.0", "594.7200"),
        (LIMIT | {"price": "-2%"}, "buy 0.01000000 XBTUSD @ limit -2.0000%", "592.7040"),
        (LIMIT | {"price": "#2%"}, "buy 0.01000000 XBTUSD @ limit -2.0000%", "592.7040"),
        (
            LIMIT | {"ordertype": "stop-loss", "price": "#1000"},
            "buy 0.01000000 XBTUSD @ stop loss +1000.0",
            "614.8800",
        ),
        (
            LIMIT | {"ordertype": "take-profit-limit", "price": "#1.5%", "price2": "-2%"},
            "buy 0.01000000 XBTUSD @ take profit -1.5000% -> limit -2.0000%",
            "592.7040",
        ),
    ],
)
def test_a_relative_price_is_taken_from_the_last_one_and_shown_as_it_was_said(fields, said, hold):
    kraken = at("60000")
    txid = order(kraken, **fields)
    descr = kraken.orders()[0]["descr"]
    assert descr["order"] == said
    assert descr["price"] == said.split(" ")[-1 if "->" not in said else -4]
    assert result(kraken, "BalanceEx")["ZUSD"]["hold_trade"] == hold
    assert list(result(kraken, "OpenOrders")["open"]) == [txid]


def test_a_sell_stop_turns_a_number_sign_into_minus():
    kraken = at("60000")
    order(kraken, ordertype="stop-loss", type="sell", price="#2%")
    assert kraken.orders()[0]["descr"]["price"] == "-2.0000%"
    marks(kraken, "58800.1")
    assert kraken.orders()[0]["status"] == "open"
    marks(kraken, "58800")
    assert kraken.orders()[0]["status"] == "closed"


def test_a_relative_price_needs_a_last_one_but_not_to_be_validated():
    fields = {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "limit",
        "volume": "0.01",
        "price": "-5",
    }
    [error] = ask(paper(), "AddOrder", **fields)["error"]
    assert error.startswith("EGeneral:Invalid arguments:price:paper knows no price of XBTUSD yet")
    said = {"order": "buy 0.01000000 XBTUSD @ limit -5.0"}
    assert result(paper(), "AddOrder", **fields, validate="true") == {"descr": said}


def test_a_trailing_stop_follows_the_peak_as_krakens_recording_did():
    kraken = paper(balances={"SUI": Decimal(1000)})
    kraken.pairs["SUIUSD"] = kraken.pairs["SOLUSD"] | {
        "altname": "SUIUSD",
        "wsname": "SUI/USD",
        "base": "SUI",
        "pair_decimals": 4,
        "tick_size": "0.0001",
        "ordermin": "1",
    }
    kraken.mark_price("SUIUSD", Decimal("2.0000"))
    order(kraken, pair="SUIUSD", ordertype="trailing-stop", type="sell", price="+1%", volume="10")
    kraken.mark_price("SUIUSD", Decimal("2.0055"))
    kraken.mark_price("SUIUSD", Decimal("1.9900"))  # back, but not to the trigger
    [kept] = kraken.orders()
    assert (kept["stopprice"], kept["limitprice"]) == ("1.98550", "2.00550")
    assert (kept["descr"]["price"], kept["status"]) == ("+1.0000%", "open")
    assert kept["descr"]["order"] == "sell 10.00000000 SUIUSD @ trailing stop +1.0000%"
    kraken.mark_price("SUIUSD", Decimal("1.9855"))
    [kept] = kraken.orders()
    assert (kept["status"], kept["price"], kept["misc"]) == ("closed", "1.9855", "stopped")


def test_a_trailing_buy_follows_the_trough_and_rounds_down():
    kraken = at("60000")
    order(kraken, ordertype="trailing-stop", price="+0.1001%")
    assert kraken.orders()[0]["stopprice"] == "60060.00000"  # 60060.06
    marks(kraken, "50000", "50049.9")
    assert (kraken.orders()[0]["stopprice"], kraken.orders()[0]["status"]) == (
        "50050.00000",
        "open",
    )
    marks(kraken, "50050")
    assert (kraken.orders()[0]["status"], kraken.orders()[0]["price"]) == ("closed", "50050.0")


def test_a_trailing_stop_limit_takes_its_limit_along():
    kraken = at("60000")
    order(kraken, ordertype="trailing-stop-limit", type="sell", price="+500", price2="-10")
    marks(kraken, "61000", "60000")  # trigger 60500, limit 60490: gapped through both
    [kept] = kraken.orders()
    assert (kept["status"], kept["stopprice"], kept["limitprice"]) == (
        "open",
        "60500.00000",
        "60490.00000",
    )
    marks(kraken, "62000")
    assert (kraken.orders()[0]["price"], kraken.orders()[0]["status"]) == ("60490.0", "closed")


def test_an_index_trigger_is_the_last_price():
    kraken = at("60000")
    order(kraken, ordertype="stop-loss", type="sell", price="55000", trigger="index")
    assert kraken.orders()[0]["trigger"] == "index"
    marks(kraken, "54000")
    assert kraken.orders()[0]["status"] == "closed"


def test_a_volume_in_quote_buys_for_that_amount_and_pays_the_fee_beside_it():
    kraken = at("60000")
    order(kraken, oflags="viqc", volume="100")
    [kept] = kraken.orders()
    assert (kept["descr"]["order"], kept["oflags"]) == (
        "buy 100.00000000 XBTUSD @ market",
        "fciq,viqc",
    )
    assert (kept["vol"], kept["vol_exec"], kept["cost"]) == (
        "100.00000000",
        "0.00166666",
        "99.99960",
    )
    assert (kept["fee"], kept["status"], kept["price"]) == ("0.80000", "closed", "60000.0")
    assert result(kraken, "Balance") == {"ZUSD": "9899.2004", "XXBT": "1.0016666600"}


@pytest.mark.parametrize(
    ("volume", "error"),
    [
        ("9920.63492", None),  # 10000 USD with 0.80 %
        ("9920.63493", "EOrder:Insufficient funds"),
        ("3", None),  # ordermin 0.00005 at 60000
        ("2.99999", "EGeneral:Invalid arguments:volume minimum not met"),
    ],
)
def test_a_volume_in_quote_is_held_against_the_money_and_the_minimum_in_base(volume, error):
    kraken = at("60000")
    asked = {
        "pair": "XBTUSD",
        "type": "buy",
        "ordertype": "market",
        "oflags": "viqc",
        "volume": volume,
    }
    answer = ask(kraken, "AddOrder", **asked)
    assert answer["error"] == ([error] if error else [])
    assert len(kraken.orders()) == (0 if error else 1)


def test_a_volume_in_quote_is_held_against_the_minimum_cost():
    kraken = at("60000")
    kraken.mark_price("AAPLxUSD", Decimal(250))
    asked = {
        "pair": "AAPLxUSD",
        "asset_class": "tokenized_asset",
        "type": "buy",
        "ordertype": "market",
        "oflags": "viqc",
    }
    assert ask(kraken, "AddOrder", **asked, volume="0.49999")["error"] == [
        "EOrder:Cost minimum not met"
    ]
    order(kraken, **asked, volume="0.5")
    [kept] = kraken.orders()
    assert (kept["vol_exec"], kept["cost"], kept["fee"]) == ("0.00200000", "0.50000", "0.00400")


def test_an_iceberg_trades_like_a_limit():
    kraken = at("60000")
    order(kraken, ordertype="iceberg", price="59000", volume="0.15", displayvol="0.01")
    assert kraken.orders()[0]["descr"]["order"] == "buy 0.15000000 XBTUSD @ iceberg 59000.0"
    marks(kraken, "58000")
    assert (kraken.orders()[0]["status"], kraken.orders()[0]["price"]) == ("closed", "59000.0")


def test_a_scheduled_order_is_pending_holds_and_meets_the_market_when_it_starts():
    clock = StoppedClock()
    kraken = at("60000", clock=clock)
    order(kraken, ordertype="limit", price="60000", starttm="+60")
    [kept] = kraken.orders()
    assert (kept["status"], kept["starttm"]) == ("pending", int(NOON.timestamp()) + 60)
    assert result(kraken, "BalanceEx")["ZUSD"]["hold_trade"] == "604.8000"
    marks(kraken, "59000")
    assert kraken.orders()[0]["status"] == "pending"
    clock.forward(60)
    result(kraken, "OpenOrders")
    [kept] = kraken.orders()
    assert (kept["status"], kept["price"]) == ("closed", "59000.0")


def test_a_scheduled_post_only_order_that_would_cross_is_canceled():
    clock = StoppedClock()
    kraken = at("60000", clock=clock)
    order(kraken, ordertype="limit", price="59000", starttm="+60", oflags="post")
    marks(kraken, "58000")
    clock.forward(61)
    result(kraken, "OpenOrders")
    assert (kraken.orders()[0]["status"], kraken.orders()[0]["reason"]) == (
        "canceled",
        "Post only order",
    )


def test_a_fill_opens_the_close_that_came_with_its_order():
    kraken = at("60000")
    fields = {"close_ordertype": "stop-loss-limit", "close_price": "55000", "close_price2": "54000"}
    taken = result(
        kraken, "AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.01", **fields
    )
    said = "close position @ stop loss 55000.0 -> limit 54000.0"
    assert taken["descr"] == {"order": "buy 0.01000000 XBTUSD @ market", "close": said}
    parent, child = kraken.orders()
    assert (parent["descr"]["close"], parent["refid"], parent["status"]) == (said, None, "closed")
    assert (child["refid"], child["status"], child["userref"]) == (parent["txid"], "open", 0)
    assert child["descr"]["order"] == "sell 0.01000000 XBTUSD @ stop loss 55000.0 -> limit 54000.0"
    assert result(kraken, "BalanceEx")["XXBT"]["hold_trade"] == "0.0100000000"
    marks(kraken, "54500")
    assert kraken.orders()[1]["status"] == "closed"


@pytest.mark.parametrize(
    ("kind", "price", "said", "stops"),
    [
        ("limit", "#2%", "limit +2.0000%", "0.00000"),
        ("stop-loss", "-5%", "stop loss -5.0000%", "0.00000"),
        ("trailing-stop", "+500", "trailing stop +500.0", "57500.00000"),
    ],
)
def test_a_relative_close_counts_from_the_price_of_its_fill(kind, price, said, stops):
    kraken = at("60000")
    order(kraken, ordertype="limit", price="58000", close_ordertype=kind, close_price=price)
    assert [kept["descr"]["close"] for kept in kraken.orders()] == [f"close position @ {said}"]
    marks(kraken, "58000")
    child = kraken.orders()[1]
    assert (child["descr"]["order"], child["stopprice"]) == (
        f"sell 0.01000000 XBTUSD @ {said}",
        stops,
    )


def test_each_part_that_fills_gets_a_close_of_its_own():
    kraken = at("60000")
    kraken.market = MarketRules(fill=(Decimal("0.3"), Decimal("0.7")))
    order(kraken, volume="0.1", close_ordertype="limit", close_price="70000")
    marks(kraken, "60001", "60002")
    children = [kept for kept in kraken.orders() if kept["refid"]]
    assert [kept["vol"] for kept in children] == ["0.03000000", "0.07000000"]
    assert result(kraken, "BalanceEx")["XXBT"]["hold_trade"] == "0.1000000000"


def test_a_close_that_finds_no_money_is_canceled_and_holds_nothing():
    kraken = at("60000", balances={"BTC": Decimal(1)})
    order(kraken, type="sell", volume="1", close_ordertype="stop-loss", close_price="70000")
    child = kraken.orders()[1]
    assert (child["status"], child["reason"]) == ("canceled", "Insufficient funds")
    assert result(kraken, "BalanceEx")["ZUSD"] == {"balance": "59520.0000", "hold_trade": "0.0000"}


def test_a_close_and_every_other_kind_survive_a_restart():
    from tests.support.documents import MemoryDocuments

    documents = MemoryDocuments()
    kraken = at("60000", documents=documents)
    order(
        kraken,
        ordertype="limit",
        price="58000",
        close_ordertype="trailing-stop",
        close_price="+500",
    )
    order(
        kraken,
        ordertype="trailing-stop-limit",
        type="sell",
        price="+1%",
        price2="-0.5%",
        starttm="0",
    )
    order(kraken, ordertype="stop-loss", type="sell", price="-5%", trigger="index")
    kraken.market = MarketRules(fill=(Decimal("0.5"),))
    order(kraken, oflags="viqc", volume="100")
    assert paper(documents).orders() == kraken.orders()
    assert result(paper(documents), "TradesHistory") == result(kraken, "TradesHistory")
