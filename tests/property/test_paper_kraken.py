"""Whatever is sent to paper gets an answer of Kraken's form."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.paper import ask, paper, signed
from webhook_core.kraken.paper import private

TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "1e9",
            "1",
            "0.01",
            "9" * 40,
            "NaN",
            "true",
            "none",
            "+5%",
            "\u0664",
            "O",
            "5:1",
        ]
    ),
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
        "displayvol",
        "stptype",
        "close[price]",
        "close[price2]",
        "order_qty",
        "limit_price",
        "trigger_price",
        "orders",
        "cl_ord_ids",
        "timeout",
        "consolidation",
    ]
)
VALID = {
    "pair": "XBTUSD",
    "type": "buy",
    "ordertype": "limit",
    "volume": "0.01",
    "price": "50000",
    "price2": "1",
}


@settings(max_examples=examples(200))
@given(
    endpoint=st.sampled_from(sorted(private.ENDPOINTS)),
    odd=st.dictionaries(FIELDS, TEXT, max_size=4),
)
def test_any_argument_gets_an_answer_of_krakens_form(endpoint, odd):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    answer = ask(kraken, endpoint, **VALID | odd)
    assert set(answer) in ({"error", "result"}, {"error"})
    assert bool(answer["error"]) == ("result" not in answer)
    assert all(error[0] == "E" and ":" in error for error in answer["error"])


@settings(max_examples=examples(200))
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=8), inner, max_size=3)
            ),
        ).map(lambda document: json.dumps({"nonce": "7", "close": document}).encode()),
    ),
    kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]),
    path=st.sampled_from(
        ["/0/private/AddOrder", "/0/private/Balance", "/0/public/Ticker", "/", "///"]
    ),
    query=st.text(max_size=20),
)
def test_any_bytes_get_an_answer_and_never_a_traceback(body, kind, path, query):
    headers = signed(path, body, "7", kind)
    for method in ("POST", "GET"):
        status, answer = paper().handle(method, path, query, headers, body)
        assert status == 200
        assert "error" in json.loads(answer)


@settings(max_examples=examples(50))
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_public_query_gets_an_answer(pair, asset):
    for endpoint in ("Ticker", "AssetPairs"):
        status, answer = paper().handle(
            "GET", f"/0/public/{endpoint}", urlencode({"pair": pair, "asset": asset}), {}, b""
        )
        assert status == 200
        assert "error" in json.loads(answer)
