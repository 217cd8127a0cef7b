"""Whatever is sent to paper: an answer of Kraken's form, and a book in which no money comes from nowhere."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paper import ask, paper, result, signed
from webhook_core.kraken.paper import private

TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "0", "-1", "1e9", "1", "0.01", "9" * 40, "NaN", "true", "none", "+5%", "\u0664", "O", "5:1"]),
)
FIELDS = st.sampled_from(
    [
        "pair",
        "ordertype",
        "type",
        "volume",
        "price",
        "price2",
        "leverage",
        "oflags",
        "timeinforce",
        "expiretm",
        "starttm",
        "deadline",
        "cl_ord_id",
        "userref",
        "validate",
        "close[ordertype]",
        "trigger",
        "reduce_only",
        "txid",
        "ofs",
        "start",
        "end",
        "closetime",
        "asset",
        "docalcs",
        "asset_class",
    ]
)
VALID = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "50000", "price2": "1"}


@settings(max_examples=200, deadline=None)
@given(endpoint=st.sampled_from(sorted(private.ENDPOINTS)), odd=st.dictionaries(FIELDS, TEXT, max_size=4))
def test_any_argument_gets_an_answer_of_krakens_form(endpoint, odd):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    answer = ask(kraken, endpoint, **VALID | odd)
    assert set(answer) in ({"error", "result"}, {"error"})
    assert bool(answer["error"]) == ("result" not in answer)
    assert all(error[0] == "E" and ":" in error for error in answer["error"])


@settings(max_examples=200, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        ).map(lambda document: json.dumps({"nonce": "7", "close": document}).encode()),
    ),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]),
    path=st.sampled_from(["/0/private/AddOrder", "/0/private/Balance", "/0/public/Ticker", "/", "///"]),
    query=st.text(max_size=20),
)
def test_any_bytes_get_an_answer_and_never_a_traceback(body, kind, path, query):
    headers = signed(path, body, "7", kind)
    for method in ("POST", "GET"):
        status, answer = paper().handle(method, path, query, headers, body)
        assert status == 200
        assert "error" in json.loads(answer)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(50_000, 70_000).map(str)),
        st.tuples(
            st.sampled_from(["market", "limit", "stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"]),
            st.sampled_from(["buy", "sell"]),
            st.integers(50_000, 70_000).map(str),
            st.integers(50_000, 70_000).map(str),
            st.integers(5, 20_000).map(lambda lots: f"{Decimal(lots) / 100_000:f}"),
        ),
        st.tuples(st.just("cancel")),
    ),
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_money_only_moves_between_balances_and_fees(moves):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    for move in moves:
        if move[0] == "mark":
            kraken.mark_price("XBTUSD", Decimal(move[1]))
        elif move[0] == "cancel":
            result(kraken, "CancelAll")
        else:
            ordertype, side, price, price2, volume = move
            fields = {"ordertype": ordertype, "type": side, "price": price, "price2": price2, "volume": volume}
            ask(kraken, "AddOrder", pair="XBTUSD", **fields)
    filled = [order for order in kraken.orders() if order["status"] == "closed"]
    usd, btc = Decimal(10000), Decimal(1)
    for order in filled:
        sign = 1 if order["descr"]["type"] == "buy" else -1
        usd -= sign * Decimal(order["cost"]) + Decimal(order["fee"])
        btc += sign * Decimal(order["vol_exec"])
    held = result(kraken, "BalanceEx")
    assert usd - Decimal("0.0001") < Decimal(held["ZUSD"]["balance"]) <= usd
    assert Decimal(held["XXBT"]["balance"]) == btc
    for row in held.values():
        assert 0 <= Decimal(row["hold_trade"]) <= Decimal(row["balance"])
    resting = [order for order in kraken.orders() if order["status"] == "open"]
    if not resting:
        assert {row["hold_trade"].strip("0.") for row in held.values()} == {""}


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_public_query_gets_an_answer(pair, asset):
    for endpoint in ("Ticker", "AssetPairs", "Assets"):
        status, answer = paper().handle(
            "GET", f"/0/public/{endpoint}", urlencode({"pair": pair, "asset": asset}), {}, b""
        )
        assert status == 200
        assert "error" in json.loads(answer)
