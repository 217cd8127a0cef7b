"""Orders that are changed, sent together or canceled together, and the account's
dead man's switch."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import StoppedClock, ask, order, paper, result
from webhook_core.kraken.paper.desk import MarketRules

LIMIT = {"ordertype": "limit", "price": "50000"}
STOP = {"ordertype": "stop-loss", "type": "sell", "price": "40000"}
STOP_LIMIT = STOP | {"ordertype": "stop-loss-limit", "price2": "39000"}
TRAILING = STOP | {"ordertype": "trailing-stop", "price": "+500"}
ICEBERG = LIMIT | {"ordertype": "iceberg", "volume": "0.1", "displayvol": "0.01"}
ROW = {"ordertype": "limit", "type": "buy", "volume": "0.01", "price": "50000"}


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def kraken(clock):
    account = paper(clock=clock)
    account.mark_price("XBTUSD", Decimal(60000))
    return account


def test_an_amended_order_keeps_its_id_and_holds_what_it_needs_now(kraken):
    txid = order(kraken, **LIMIT, cl_ord_id="ours")
    amended = result(
        kraken, "AmendOrder", cl_ord_id="ours", order_qty="0.02", limit_price="51000.5"
    )
    assert amended["amend_id"][0] == "T"
    [kept] = kraken.orders()
    assert (kept["txid"], kept["vol"], kept["descr"]["price"], kept["misc"]) == (
        txid,
        "0.02000000",
        "51000.5",
        "amended",
    )
    assert result(kraken, "BalanceEx")["ZUSD"]["hold_trade"] == "1028.1700"


def test_an_amended_limit_may_cross_and_an_amended_trigger_fire(kraken):
    limit = order(kraken, **LIMIT)
    result(kraken, "AmendOrder", txid=limit, limit_price="60000")
    stop = order(kraken, ordertype="stop-loss", type="sell", price="50000")
    result(kraken, "AmendOrder", txid=stop, trigger_price="-1%")
    assert kraken.orders()[1]["descr"]["price"] == "-1.0000%"
    kraken.mark_price("XBTUSD", Decimal(59400))
    assert [kept["status"] for kept in kraken.orders()] == ["closed", "closed"]


def test_a_volume_below_what_is_filled_cancels_the_rest(kraken):
    kraken.market = MarketRules(fill=(Decimal("0.5"),))
    txid = order(kraken, ordertype="limit", price="60000", volume="0.1")
    result(kraken, "AmendOrder", txid=txid, order_qty="0.04")
    assert (kraken.orders()[0]["status"], kraken.orders()[0]["vol_exec"]) == (
        "canceled",
        "0.05000000",
    )


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": "x"}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": "1"}, "EOrder:Insufficient funds"),
        ({"order_qty": "0.00001"}, "EGeneral:Invalid arguments:volume minimum not met"),
        (
            {"limit_price": "50000.01"},
            "EOrder:Invalid price:XBT/USD price can only be specified up to 1 decimals.",
        ),
        ({"limit_price": "60000", "post_only": "true"}, "EOrder:Post only order"),
        ({"trigger_price": "1"}, "EGeneral:Invalid arguments:trigger_price"),
        ({"limit_price": "1", "deadline": "soon"}, "EGeneral:Invalid arguments:deadline"),
    ],
)
def test_an_amendment_that_cannot_be_changes_nothing(kraken, fields, error):
    txid = order(kraken, **LIMIT)
    before = kraken.orders()
    assert ask(kraken, "AmendOrder", txid=txid, **fields)["error"] == [error]
    assert kraken.orders() == before


AS_IT_IS = "EOrder:No amendable parameters specified"


@pytest.mark.parametrize(
    ("placed", "fields"),
    [
        (LIMIT, {"limit_price": "50000"}),
        (LIMIT, {"limit_price": "50000.0", "order_qty": "0.0100000"}),
        (LIMIT, {"order_qty": "0.01", "post_only": "true"}),
        (STOP, {"trigger_price": "40000"}),
        (STOP_LIMIT, {"trigger_price": "40000", "limit_price": "39000", "order_qty": "0.01"}),
        (TRAILING, {"trigger_price": "+500"}),
    ],
)
def test_an_amendment_to_what_the_order_is_already_is_told_so_and_changes_nothing(
    kraken, placed, fields
):
    txid = order(kraken, **placed)
    before = kraken.orders()
    assert ask(kraken, "AmendOrder", txid=txid, **fields)["error"] == [AS_IT_IS]
    assert kraken.orders() == before


@pytest.mark.parametrize(
    ("placed", "fields"),
    [
        (LIMIT, {"limit_price": "50000", "order_qty": "0.02"}),
        (STOP_LIMIT, {"trigger_price": "40000", "limit_price": "39000.1"}),
        (ICEBERG, {"order_qty": "0.1", "display_qty": "0.05"}),
    ],
)
def test_one_value_that_changes_is_an_amendment(kraken, placed, fields):
    txid = order(kraken, **placed)
    assert result(kraken, "AmendOrder", txid=txid, **fields)["amend_id"]


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ({}, ["EQuery:Unknown asset pair"]),
        ({"pair": "XBTUSD"}, ["EQuery:Unknown asset pair"]),
        ({"pair": "AAPLxUSD"}, []),
    ],
)
def test_an_amendment_of_a_tokenised_asset_names_its_pair(named, error):
    kraken = paper()
    stock = {"pair": "AAPLxUSD", "asset_class": "tokenized_asset", "price": "200", "volume": "1"}
    txid = order(kraken, **LIMIT | stock)
    assert ask(kraken, "AmendOrder", txid=txid, limit_price="190", **named)["error"] == error


def test_an_order_with_a_close_or_gone_is_not_changed(kraken):
    txid = order(kraken, **LIMIT, close_ordertype="limit", close_price="70000")
    asked = {"txid": txid, "limit_price": "1"}
    assert ask(kraken, "AmendOrder", **asked)["error"] == ["EOrder:Invalid order"]
    result(kraken, "CancelAll")
    assert ask(kraken, "AmendOrder", **asked)["error"] == ["EOrder:Unknown order"]


def test_an_order_that_is_amended_below_what_it_filled_keeps_what_it_filled():
    kraken = paper()
    kraken.market = MarketRules(fill=(Decimal("0.5"),))
    kraken.mark_price("XBTUSD", Decimal(50000))
    txid = order(kraken, ordertype="limit", price="50000", volume="0.02")
    result(kraken, "AmendOrder", txid=txid, order_qty="0.005")
    (kept,) = result(kraken, "QueryOrders", txid=txid).values()
    assert (kept["status"], kept["vol"], kept["vol_exec"]) == (
        "canceled",
        "0.01000000",
        "0.01000000",
    )
