"""How orders meet the price, what they cost, and what they hold while they rest."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import NOON, StoppedClock, ask, order, paper, result


def at(price: str, **options):
    kraken = paper(**options)
    kraken.mark_price("XBTUSD", Decimal(price))
    return kraken


def only(kraken):
    [kept] = kraken.orders()
    return kept


def test_a_market_buy_pays_cost_and_taker_fee_in_quote():
    kraken = at("60000")
    order(kraken)
    filled = only(kraken)
    assert (filled["status"], filled["vol_exec"], filled["price"]) == (
        "closed",
        "0.01000000",
        "60000.0",
    )
    assert (filled["cost"], filled["fee"], filled["reason"]) == ("600.00000", "4.80000", None)
    assert result(kraken, "Balance") == {"ZUSD": "9395.2000", "XXBT": "1.0100000000"}


def test_a_market_sell_gets_cost_less_fee():
    kraken = at("60000")
    order(kraken, type="sell", volume="1")
    assert result(kraken, "Balance") == {"ZUSD": "69520.0000", "XXBT": "0.0000000000"}


def test_a_limit_that_crosses_fills_at_the_market_as_taker():
    kraken = at("60000")
    order(kraken, ordertype="limit", price="61000")
    assert (only(kraken)["price"], only(kraken)["fee"]) == ("60000.0", "4.80000")


def test_a_resting_limit_fills_at_its_own_price_as_maker():
    kraken = at("60000")
    order(kraken, ordertype="limit", price="59000", volume="0.1")
    assert only(kraken)["status"] == "open"
    kraken.mark_price("XBTUSD", Decimal("59000.1"))
    assert only(kraken)["status"] == "open"
    kraken.mark_price("XXBTZUSD", Decimal(58000))
    filled = only(kraken)
    assert (filled["status"], filled["price"]) == ("closed", "59000.0")
    assert (filled["cost"], filled["fee"]) == ("5900.00000", "23.60000")
    assert result(kraken, "BalanceEx")["ZUSD"] == {"balance": "4076.4000", "hold_trade": "0.0000"}


def test_a_limit_rests_when_no_price_is_known():
    kraken = paper()
    order(kraken, ordertype="limit", price="59000")
    assert only(kraken)["status"] == "open"


def test_a_fee_is_rounded_to_the_nearest_and_not_up():
    kraken = paper(taker_fee=Decimal("0.11"), balances={"USD": Decimal(1), "DOGE": Decimal(0)})
    kraken.pairs["SHIBUSD"] |= {"ordermin": "1", "costmin": "0"}
    kraken.mark_price("SHIBUSD", Decimal("0.00001"))
    order(kraken, pair="SHIBUSD", volume="300")
    assert (only(kraken)["cost"], only(kraken)["fee"]) == ("0.00300", "0.00000")


def test_a_resting_buy_holds_its_cost_with_the_taker_fee_and_a_sell_its_volume():
    kraken = at("60000")
    order(kraken, ordertype="limit", price="50000", volume="0.1")
    order(kraken, ordertype="limit", price="70000", volume="0.4", type="sell")
    held = result(kraken, "BalanceEx")
    assert held["ZUSD"] == {"balance": "10000.0000", "hold_trade": "5040.0000"}
    assert held["XXBT"] == {"balance": "1.0000000000", "hold_trade": "0.4000000000"}
    assert result(kraken, "Balance")["ZUSD"] == "10000.0000"


def test_a_hold_is_no_longer_there_for_the_next_order():
    kraken = at("60000")
    resting = order(kraken, ordertype="limit", price="50000", volume="0.1")
    assert ask(kraken, "AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.09")[
        "error"
    ] == ["EOrder:Insufficient funds"]
    result(kraken, "CancelOrder", txid=resting)
    order(kraken, volume="0.09")


def test_the_last_cent_covers_cost_and_fee_and_one_less_does_not():
    enough = {"USD": Decimal("604.80")}
    order(at("60000", balances=enough))
    short = at("60000", balances={"USD": Decimal("604.7999")})
    asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    assert ask(short, "AddOrder", **asked)["error"] == ["EOrder:Insufficient funds"]


@pytest.mark.parametrize(
    ("ordertype", "side", "trigger", "rests_at", "fires_at"),
    [
        ("stop-loss", "sell", "55000", "55000.1", "54000"),
        ("stop-loss", "buy", "65000", "64999.9", "66000"),
        ("take-profit", "sell", "65000", "64999.9", "66000"),
        ("take-profit", "buy", "55000", "55000.1", "54000"),
    ],
)
def test_a_trigger_becomes_a_market_order_at_the_price_that_fired_it(
    ordertype, side, trigger, rests_at, fires_at
):
    kraken = at("60000")
    order(kraken, ordertype=ordertype, type=side, price=trigger)
    kraken.mark_price("XBTUSD", Decimal(rests_at))
    waiting = only(kraken)
    assert (waiting["status"], waiting["stopprice"], waiting["misc"]) == ("open", "0.00000", "")
    kraken.mark_price("XBTUSD", Decimal(fires_at))
    filled = only(kraken)
    assert (filled["status"], filled["price"]) == ("closed", f"{fires_at}.0")
    assert Decimal(filled["fee"]) == Decimal(filled["cost"]) * Decimal("0.008")
    assert filled["misc"] == ("stopped" if ordertype == "stop-loss" else "touched")
    assert filled["stopprice"] == f"{trigger}.00000"


def test_a_stop_limit_waits_for_its_trigger_and_then_for_its_limit():
    kraken = at("60000")
    order(kraken, ordertype="stop-loss-limit", type="sell", price="55000", price2="54500")
    kraken.mark_price("XBTUSD", Decimal(54000))  # gapped through: triggered, but below the limit
    assert (only(kraken)["status"], only(kraken)["limitprice"]) == ("open", "54500.00000")
    kraken.mark_price("XBTUSD", Decimal(54600))
    assert (only(kraken)["status"], only(kraken)["price"], only(kraken)["fee"]) == (
        "closed",
        "54500.0",
        "2.18000",
    )


def test_a_stop_limit_that_crosses_when_it_fires_takes_the_market():
    kraken = at("60000")
    order(kraken, ordertype="take-profit-limit", type="sell", price="65000", price2="64000")
    kraken.mark_price("XBTUSD", Decimal(65500))
    assert (only(kraken)["price"], only(kraken)["fee"]) == ("65500.0", "5.24000")


def test_a_stop_whose_market_has_already_passed_fires_at_once():
    kraken = at("60000")
    order(kraken, ordertype="stop-loss", type="sell", price="61000")
    assert (only(kraken)["status"], only(kraken)["price"]) == ("closed", "60000.0")


def test_a_stop_buy_that_ran_past_the_money_is_canceled_and_takes_nothing():
    kraken = at("60000", balances={"USD": Decimal(700)})
    order(kraken, ordertype="stop-loss", price="65000")
    kraken.mark_price("XBTUSD", Decimal(90000))
    assert (only(kraken)["status"], only(kraken)["reason"]) == ("canceled", "Insufficient funds")
    assert result(kraken, "BalanceEx")["ZUSD"] == {"balance": "700.0000", "hold_trade": "0.0000"}


@pytest.mark.parametrize("timeinforce", ["IOC", "FOK"])
def test_an_immediate_order_that_does_not_cross_is_canceled_unfilled(timeinforce):
    kraken = at("60000")
    order(kraken, ordertype="limit", price="59000", timeinforce=timeinforce)
    assert (only(kraken)["status"], only(kraken)["vol_exec"]) == ("canceled", "0.00000000")
    assert result(kraken, "BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"
    order(kraken, ordertype="limit", price="60000", timeinforce=timeinforce)
    assert kraken.orders()[-1]["status"] == "closed"


def test_a_good_till_date_order_expires_and_frees_its_hold():
    clock = StoppedClock()
    kraken = at("60000", clock=clock)
    order(kraken, ordertype="limit", price="59000", timeinforce="GTD", expiretm="+60")
    clock.forward(59)
    assert len(result(kraken, "OpenOrders")["open"]) == 1
    clock.forward(1)
    assert result(kraken, "OpenOrders")["open"] == {}
    assert only(kraken)["status"] == "expired"
    assert result(kraken, "BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"


def test_an_expired_order_is_gone_before_a_new_price_can_fill_it():
    clock = StoppedClock()
    kraken = at("60000", clock=clock)
    order(kraken, ordertype="limit", price="59000", timeinforce="GTD", expiretm="+60")
    clock.forward(61)
    kraken.mark_price("XBTUSD", Decimal(50000))
    assert only(kraken)["status"] == "expired"


def test_other_pairs_do_not_move():
    kraken = at("60000")
    order(kraken, pair="ETHUSD", ordertype="limit", price="3000", volume="0.1")
    kraken.mark_price("XBTUSD", Decimal(1))
    assert only(kraken)["status"] == "open"


def test_the_price_source_is_asked_for_an_order_and_moves_the_market():
    asked = []

    def source(altname):
        asked.append(altname)
        return Decimal(50000)

    kraken = at("60000", price_source=source)
    order(kraken, ordertype="limit", price="55000")
    assert (asked, only(kraken)["price"]) == (["XBTUSD"], "50000.0")


@pytest.mark.parametrize("nothing", [None, Decimal(0), Decimal("NaN"), Decimal(-1)])
def test_a_price_source_that_knows_nothing_leaves_the_last_price(nothing):
    kraken = at("60000", price_source=lambda _: nothing)
    order(kraken)
    assert only(kraken)["price"] == "60000.0"


def test_a_forger_cannot_make_us_ask_the_price_source():
    asked = []
    kraken = paper(price_source=asked.append)
    kraken.handle("POST", "/0/private/AddOrder", "", {"API-Key": "wrong"}, b"nonce=1&pair=XBTUSD")
    assert asked == []


@pytest.mark.parametrize(
    ("pair", "price"), [("NOSUCH", "1"), ("XBTUSD", "0"), ("XBTUSD", "-1"), ("XBTUSD", "NaN")]
)
def test_a_price_that_cannot_be_is_a_value_error(pair, price):
    with pytest.raises(ValueError, match="no price"):
        paper().mark_price(pair, Decimal(price))


def test_an_immediate_fill_closes_a_millisecond_after_it_opened():
    kraken = at("60000")
    order(kraken)
    assert only(kraken)["opentm"] == NOON.timestamp()
    assert only(kraken)["closetm"] == pytest.approx(NOON.timestamp() + 0.001, abs=1e-4)
