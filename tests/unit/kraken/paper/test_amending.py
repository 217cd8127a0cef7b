"""Orders that are changed, sent together or canceled together, and the account's
dead man's switch."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.paper import _NONCES, StoppedClock, ask, order, paper, public, result, signed
from webhook_core.kraken.paper.desk import Market

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


def ask_in_json(kraken, endpoint, document):
    nonce = str(next(_NONCES))
    path, body = f"/0/private/{endpoint}", json.dumps({"nonce": nonce} | document)
    _, answer = kraken.handle(
        "POST", path, "", signed(path, body, nonce, "application/json"), body.encode()
    )
    return json.loads(answer)


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
    kraken.market = Market(fill=(Decimal("0.5"),))
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


@pytest.mark.parametrize(
    ("endpoint", "fields"),
    [("AmendOrder", {"limit_price": "1"}), ("EditOrder", {"pair": "XBTUSD"})],
)
def test_an_order_with_a_close_or_gone_is_not_changed(kraken, endpoint, fields):
    txid = order(kraken, **LIMIT, close_ordertype="limit", close_price="70000")
    assert ask(kraken, endpoint, txid=txid, **fields)["error"] == ["EOrder:Invalid order"]
    result(kraken, "CancelAll")
    assert ask(kraken, endpoint, txid=txid, **fields)["error"] == ["EOrder:Unknown order"]


def test_an_edited_order_is_replaced_and_forgets_its_names(kraken):
    old = order(kraken, **LIMIT, userref="7", oflags="post")
    answer = result(kraken, "EditOrder", txid="7", pair="XBTUSD", volume="0.02", price="51000")
    assert (
        answer
        | {"status": "ok", "originaltxid": old, "volume": "0.02000000", "orders_cancelled": 1}
        == answer
    )
    assert answer["descr"] == {"order": "buy 0.02000000 XBTUSD @ limit 51000.0"}
    before, after = kraken.orders()
    assert (before["status"], before["txid"]) == ("canceled", old)
    assert (after["txid"], after["userref"], after["oflags"]) == (answer["txid"], 0, "fciq")


def test_validating_an_edit_edits_nothing(kraken):
    txid = order(kraken, **LIMIT)
    answer = result(kraken, "EditOrder", txid=txid, pair="XBTUSD", price="51000", validate="true")
    assert answer["descr"] == {"order": "buy 0.01000000 XBTUSD @ limit 51000.0"}
    assert [(kept["txid"], kept["status"]) for kept in kraken.orders()] == [(txid, "open")]


def test_an_edit_that_costs_too_much_leaves_the_old_order(kraken):
    txid = order(kraken, **LIMIT)
    assert ask(kraken, "EditOrder", txid=txid, pair="XBTUSD", volume="1")["error"] == [
        "EOrder:Insufficient funds"
    ]
    assert [(kept["txid"], kept["status"]) for kept in kraken.orders()] == [(txid, "open")]


def test_a_batch_answers_in_its_order_and_funds_refuse_only_their_order(kraken):
    close = {"ordertype": "stop-loss", "price": "40000"}
    answer = ask_in_json(
        kraken,
        "AddOrderBatch",
        {"pair": "XBTUSD", "orders": [ROW, ROW | {"volume": "1"}, ROW | {"close": close}]},
    )
    first, second, third = answer["result"]["orders"]
    assert (first["txid"], third["txid"]) == tuple(kept["txid"] for kept in kraken.orders())
    assert second == {
        "error": "EOrder:Insufficient funds",
        "descr": {"order": "buy 1.00000000 XBTUSD @ limit 50000.0"},
    }
    assert third["close"] == "close position @ stop loss 40000.0"


@pytest.mark.parametrize(
    ("orders", "error"),
    [
        ([ROW], "EGeneral:Invalid arguments:orders"),
        ([ROW] * 16, "EGeneral:Invalid arguments:orders"),
        ([ROW, 5], "EGeneral:Invalid arguments:orders"),
        ("none", "EGeneral:Invalid arguments:orders"),
        ([ROW, ROW | {"price": "x"}], "EGeneral:Invalid arguments:price"),
    ],
)
def test_a_batch_with_a_bad_order_places_none(kraken, orders, error):
    assert ask_in_json(kraken, "AddOrderBatch", {"pair": "XBTUSD", "orders": orders}) == {
        "error": [error]
    }
    assert kraken.orders() == []


def test_a_batch_can_be_validated_only(kraken):
    answer = ask_in_json(
        kraken, "AddOrderBatch", {"pair": "XBTUSD", "orders": [ROW, ROW], "validate": True}
    )
    assert (
        answer["result"]["orders"]
        == [{"descr": {"order": "buy 0.01000000 XBTUSD @ limit 50000.0"}}] * 2
    )
    assert kraken.orders() == []


def test_a_close_travels_nested_in_json(kraken):
    close = {"ordertype": "limit", "price": 70000}
    answer = ask_in_json(kraken, "AddOrder", {"pair": "XBTUSD"} | ROW | {"close": close})
    assert answer["result"]["descr"]["close"] == "close position @ limit 70000.0"


def test_several_are_canceled_by_any_of_their_names(kraken):
    first, gone = order(kraken, **LIMIT), order(kraken)
    order(kraken, **LIMIT, userref="7")
    order(kraken, **LIMIT, cl_ord_id="ours")
    answer = ask_in_json(
        kraken, "CancelOrderBatch", {"orders": [first, 7, gone], "cl_ord_ids": ["ours"]}
    )
    assert answer["result"] == {"count": 3}
    assert result(kraken, "OpenOrders") == {"open": {}}


@pytest.mark.parametrize("orders", [[], ["x"] * 51, [None], "x", [""]])
def test_a_batch_of_nothing_or_nonsense_cancels_nothing(kraken, orders):
    assert ask_in_json(kraken, "CancelOrderBatch", {"orders": orders})["error"] == [
        "EGeneral:Invalid arguments:orders"
    ]


def test_the_timer_cancels_everything_unless_it_is_set_anew(kraken, clock):
    order(kraken, **LIMIT)
    assert result(kraken, "CancelAllOrdersAfter", timeout="60") == {
        "currentTime": "2026-10-01T12:00:00Z",
        "triggerTime": "2026-10-01T12:01:00Z",
    }
    clock.forward(59)
    result(kraken, "CancelAllOrdersAfter", timeout="60")
    clock.forward(59)
    assert len(result(kraken, "OpenOrders")["open"]) == 1
    clock.forward(1)
    assert result(kraken, "OpenOrders")["open"] == {}
    order(kraken, **LIMIT)
    result(kraken, "CancelAllOrdersAfter", timeout="60")
    assert result(kraken, "CancelAllOrdersAfter", timeout="0")["triggerTime"] == "0"
    clock.forward(61)
    assert len(result(kraken, "OpenOrders")["open"]) == 1
    assert public(kraken, "Time")["error"] == []


@pytest.mark.parametrize("timeout", ["", "-1", "86400", "soon"])
def test_a_timer_that_cannot_be_is_refused(kraken, timeout):
    assert ask(kraken, "CancelAllOrdersAfter", timeout=timeout)["error"] == [
        "EGeneral:Invalid arguments:timeout"
    ]


def test_an_order_that_is_amended_below_what_it_filled_keeps_what_it_filled():
    kraken = paper()
    kraken.market = Market(fill=(Decimal("0.5"),))
    kraken.mark_price("XBTUSD", Decimal(50000))
    txid = order(kraken, ordertype="limit", price="50000", volume="0.02")
    result(kraken, "AmendOrder", txid=txid, order_qty="0.005")
    (kept,) = result(kraken, "QueryOrders", txid=txid).values()
    assert (kept["status"], kept["vol"], kept["vol_exec"]) == (
        "canceled",
        "0.01000000",
        "0.01000000",
    )
