"""Every refusal of AddOrder, word for word."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.paper import ask, order, paper, result
from tests.support.row_by_row import row_by_row
from webhook_core.kraken.paper.envelope import Refused

LONG_ID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
MARKET = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
LIMIT = MARKET | {"ordertype": "limit", "price": "50000"}
STOP = MARKET | {"ordertype": "stop-loss", "type": "sell", "price": "50000"}
STOP_LIMIT = STOP | {"ordertype": "stop-loss-limit", "price2": "49000"}
TRAILING = STOP | {"ordertype": "trailing-stop", "price": "+500"}
TRAILING_LIMIT = TRAILING | {"ordertype": "trailing-stop-limit", "price2": "-10"}
ICEBERG = LIMIT | {"ordertype": "iceberg", "volume": "0.1", "displayvol": "0.01"}
SETTLE = MARKET | {"ordertype": "settle-position", "type": "sell", "leverage": "5"}
ARGUMENTS = "EGeneral:Invalid arguments:"
DECIMALS = "EOrder:Invalid price:{} price can only be specified up to {} decimals."

REFUSALS = [
    (MARKET | {"ordertype": "nonsense"}, ARGUMENTS + "ordertype"),
    (MARKET | {"ordertype": ""}, ARGUMENTS + "ordertype"),
    (MARKET | {"stptype": "cancel-none"}, ARGUMENTS + "stptype"),
    (MARKET | {"type": "long"}, ARGUMENTS + "type"),
    (MARKET | {"pair": ""}, "EQuery:Unknown asset pair"),
    (MARKET | {"pair": "NOSUCH"}, "EQuery:Unknown asset pair"),
    (MARKET | {"pair": "XBT/USD"}, "EQuery:Unknown asset pair"),
    (MARKET | {"pair": "AAPLxUSD"}, "EQuery:Unknown asset pair"),
    (MARKET | {"asset_class": "tokenized_asset"}, "EQuery:Unknown asset pair"),
    *(
        (MARKET | {"volume": text}, ARGUMENTS + "volume")
        for text in ("", "0", "-1", "abc", "1e-3", "NaN", "1,5", " 1")
    ),
    (MARKET | {"volume": "9" * 400}, ARGUMENTS + "volume"),
    (MARKET | {"volume": "0.010000001"}, ARGUMENTS + "volume"),
    (MARKET | {"volume": "0.00004999"}, ARGUMENTS + "volume minimum not met"),
    (LIMIT | {"volume": "0.00005", "price": "9999.9"}, "EOrder:Cost minimum not met"),
    (LIMIT | {"price": ""}, ARGUMENTS + "price"),
    (LIMIT | {"price": "0"}, ARGUMENTS + "price"),
    *(
        (LIMIT | {"price": text}, ARGUMENTS + "price")
        for text in ("+", "5+", "#-5", "+2%%", "50000%", "+2.00001%", "++5")
    ),
    (LIMIT | {"price": "-60000"}, "EOrder:Invalid price"),
    (LIMIT | {"price": "-100%"}, "EOrder:Invalid price"),
    (LIMIT | {"price": "-5.01"}, DECIMALS.format("XBT/USD", 1)),
    (STOP_LIMIT | {"price2": "5%"}, ARGUMENTS + "price2"),
    *(
        (TRAILING | {"price": text}, ARGUMENTS + "price")
        for text in ("", "500", "-500", "#500", "+0", "+0%")
    ),
    (TRAILING | {"price": "+100%"}, "EOrder:Invalid price"),
    (TRAILING | {"price": "+60000"}, "EOrder:Invalid price"),
    *((TRAILING_LIMIT | {"price2": text}, ARGUMENTS + "price2") for text in ("", "50000", "#5")),
    *(
        (ICEBERG | {"displayvol": text}, ARGUMENTS + "displayvol")
        for text in ("", "0", "0.0066", "0.11", "x")
    ),
    (SETTLE | {"leverage": "none"}, ARGUMENTS + "leverage"),
    (SETTLE, "EOrder:Unknown position"),
    (SETTLE | {"volume": "0"}, "EOrder:Unknown position"),
    (MARKET | {"volume": "0", "leverage": "5"}, "EOrder:Unknown position"),
    (STOP_LIMIT | {"price2": ""}, ARGUMENTS + "price2"),
    (LIMIT | {"price": "50000.01"}, DECIMALS.format("XBT/USD", 1)),
    (STOP_LIMIT | {"price2": "49000.01"}, DECIMALS.format("XBT/USD", 1)),
    (LIMIT | {"leverage": "99"}, ARGUMENTS + "leverage"),
    (LIMIT | {"leverage": "1"}, ARGUMENTS + "leverage"),
    (LIMIT | {"leverage": "five"}, ARGUMENTS + "leverage"),
    (LIMIT | {"timeinforce": "PO"}, ARGUMENTS + "timeinforce"),
    (MARKET | {"timeinforce": "FOK"}, ARGUMENTS + "timeinforce"),
    (STOP | {"timeinforce": "IOC"}, ARGUMENTS + "timeinforce"),
    (LIMIT | {"timeinforce": "IOC", "oflags": "post"}, ARGUMENTS + "timeinforce"),
    (LIMIT | {"timeinforce": "GTD"}, ARGUMENTS + "expiretm"),
    (LIMIT | {"timeinforce": "GTD", "expiretm": "+2"}, ARGUMENTS + "expiretm"),
    (LIMIT | {"timeinforce": "GTD", "expiretm": "+9999999"}, ARGUMENTS + "expiretm"),
    (LIMIT | {"expiretm": "soon"}, ARGUMENTS + "expiretm"),
    (MARKET | {"oflags": "viqc", "type": "sell"}, ARGUMENTS + "viqc"),
    (MARKET | {"oflags": "viqc", "leverage": "5"}, ARGUMENTS + "viqc"),
    (LIMIT | {"oflags": "viqc"}, ARGUMENTS + "viqc"),
    (MARKET | {"oflags": "viqc", "volume": "1.000001"}, ARGUMENTS + "volume"),
    (MARKET | {"oflags": "viqc", "volume": "2.99"}, ARGUMENTS + "volume minimum not met"),
    (MARKET | {"oflags": "viqc", "volume": "9920.7"}, "EOrder:Insufficient funds"),
    (MARKET | {"oflags": "nonsense"}, ARGUMENTS + "oflags"),
    (MARKET | {"oflags": "post"}, ARGUMENTS + "oflags"),
    (LIMIT | {"oflags": "fcib,fciq"}, ARGUMENTS + "oflags"),
    (LIMIT | {"oflags": "post", "price": "60000"}, "EOrder:Post only order"),
    (LIMIT | {"type": "sell", "oflags": "post", "price": "60000"}, "EOrder:Post only order"),
    *(
        (LIMIT | {"cl_ord_id": text}, ARGUMENTS + "cl_ord_id")
        for text in (
            "",
            "UPPER",
            "a" * 19,
            "with space",
            LONG_ID[:-1],
            LONG_ID.replace("-", "", 1),
            "\u00e9",
        )
    ),
    *(
        (LIMIT | {"deadline": text}, ARGUMENTS + "deadline")
        for text in (
            "",
            "soon",
            "2026-10-01T12:00:10",
            "2026-13-01T12:00:10Z",
            "20261001T120010Z",
            "1790856010",
        )
    ),
    (LIMIT | {"deadline": "2026-10-01T12:01:01Z"}, ARGUMENTS + "deadline"),
    (LIMIT | {"deadline": "2026-10-01T11:59:59.999Z"}, "EService:Deadline elapsed"),
    (LIMIT | {"deadline": "2026-10-01T13:59:59+02:00"}, "EService:Deadline elapsed"),
    (LIMIT | {"close[price]": "1"}, ARGUMENTS + "close"),
    (LIMIT | {"close[ordertype]": "market"}, ARGUMENTS + "close"),
    (LIMIT | {"close[ordertype]": "limit", "close[price]": "1x"}, ARGUMENTS + "close"),
    (LIMIT | {"close[ordertype]": "stop-loss-limit", "close[price]": "1"}, ARGUMENTS + "close"),
    (LIMIT | {"close[ordertype]": "trailing-stop", "close[price]": "1"}, ARGUMENTS + "close"),
    (LIMIT | {"close[ordertype]": "limit", "close[price]": "1.23"}, DECIMALS.format("XBT/USD", 1)),
    (LIMIT | {"trigger": "moon"}, ARGUMENTS + "trigger"),
    (LIMIT | {"displayvol": "1"}, ARGUMENTS + "displayvol"),
    (LIMIT | {"reduce_only": "true"}, ARGUMENTS + "reduce_only"),
    (LIMIT | {"reduce_only": "yes"}, ARGUMENTS + "reduce_only"),
    (MARKET | {"reduce_only": "true", "leverage": "5"}, "EOrder:Reduce only:No position exists"),
    (LIMIT | {"starttm": "later"}, ARGUMENTS + "starttm"),
    (MARKET | {"volume": "0.17"}, "EOrder:Insufficient funds"),
    (MARKET | {"type": "sell", "volume": "1.00000001"}, "EOrder:Insufficient funds"),
    (LIMIT | {"volume": "0.2"}, "EOrder:Insufficient funds"),
    (STOP | {"volume": "1.1"}, "EOrder:Insufficient funds"),
    (LIMIT | {"volume": "20", "leverage": "2"}, "EOrder:Insufficient initial margin"),
    (MARKET | {"volume": "9", "leverage": "2"}, "EOrder:Insufficient initial margin"),
    (STOP | {"volume": "20", "leverage": "3"}, "EOrder:Insufficient initial margin"),
    (MARKET | {"pair": "XBTUSD:BTNL"}, "EQuery:Unknown asset pair"),
]


@row_by_row
@pytest.mark.parametrize(("fields", "error"), REFUSALS)
def test_each_refusal_has_krakens_words_and_changes_nothing(fields, error):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    before = result(kraken, "BalanceEx")
    assert ask(kraken, "AddOrder", **fields) == {"error": [error]}
    assert kraken.orders() == []
    assert result(kraken, "BalanceEx") == before


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        MARKET,
        LIMIT,
        STOP,
        STOP_LIMIT,
        STOP_LIMIT | {"price": "-5%", "price2": "-5.5%"},
        TRAILING,
        TRAILING | {"type": "buy", "price": "+1.25%"},
        TRAILING_LIMIT,
        TRAILING_LIMIT | {"price2": "+0"},
        ICEBERG,
        LIMIT | {"price": "#2%", "trigger": "index"},
        LIMIT | {"starttm": "+60"},
        MARKET | {"oflags": "viqc", "volume": "100"},
        LIMIT | {"volume": "0.0100000000", "price": "50000.00"},
        LIMIT | {"pair": "XXBTZUSD"},
        LIMIT | {"pair": "xbtusd"},
        LIMIT | {"pair": "AAPLxUSD", "asset_class": "tokenized_asset", "price": "50.25"},
        LIMIT | {"leverage": "2:1"},
        LIMIT | {"leverage": "none"},
        LIMIT | {"oflags": "post,fciq,nompp"},
        LIMIT
        | {"stptype": "cancel-oldest", "trigger": "last", "reduce_only": "false", "starttm": "0"},
        LIMIT | {"cl_ord_id": LONG_ID.upper()},
        LIMIT | {"cl_ord_id": LONG_ID.replace("-", "")},
        LIMIT | {"cl_ord_id": "abc_12-x"},
        LIMIT | {"deadline": "2026-10-01T12:00:00Z"},
        LIMIT | {"deadline": "2026-10-01T12:01:00.000Z"},
        LIMIT | {"deadline": "2026-10-01T14:00:00.5+02:00"},
        LIMIT | {"timeinforce": "GTD", "expiretm": "+5"},
        LIMIT | {"timeinforce": "GTD", "expiretm": "1790856060"},
    ],
)
def test_what_stands_beside_the_refusals_is_taken(fields):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    assert order(kraken, **fields) == kraken.orders()[0]["txid"]


@pytest.mark.parametrize("ordertype", ["market", "limit", "stop-loss", "take-profit-limit"])
def test_a_pair_that_only_cancels_takes_no_order(ordertype):
    fields = {
        "pair": "ACAEUR",
        "ordertype": ordertype,
        "price": "1",
        "price2": "1",
        "volume": "12000",
        "type": "sell",
    }
    assert ask(paper(balances={"ACA": Decimal(99999)}), "AddOrder", **fields)["error"] == [
        "EService:Market in cancel_only mode"
    ]


@pytest.mark.parametrize(
    ("status", "fields", "errors"),
    [
        ("post_only", LIMIT, ["EService:Market in post_only mode"]),
        ("post_only", LIMIT | {"oflags": "post"}, []),
        ("limit_only", STOP, ["EService:Market in limit_only mode"]),
        ("limit_only", LIMIT, []),
        ("reduce_only", LIMIT, ["EService:Market in reduce_only mode"]),
    ],
)
def test_a_market_may_change_its_mode(status, fields, errors):
    kraken = paper()
    kraken.pairs["XXBTZUSD"]["status"] = status
    assert ask(kraken, "AddOrder", **fields)["error"] == errors


def test_a_rule_may_drift_under_a_running_account():
    kraken = paper()
    assert ask(kraken, "AddOrder", **LIMIT | {"price": "50000.1"})["error"] == []
    kraken.pairs["XXBTZUSD"]["tick_size"] = "0.5"
    assert ask(kraken, "AddOrder", **LIMIT | {"price": "50000.1"})["error"] == [
        "EOrder:Tick size check failed"
    ]
    assert ask(kraken, "AddOrder", **STOP_LIMIT | {"price2": "4.1"})["error"] == [
        "EOrder:Tick size check failed"
    ]
    kraken.pairs["XXBTZUSD"]["ordermin"] = "1"
    assert ask(kraken, "AddOrder", **LIMIT)["error"] == [ARGUMENTS + "volume minimum not met"]


def test_five_lot_decimals_are_five():
    rows = {"SHIBUSD": paper().pairs["SHIBUSD"]}
    kraken = paper(pairs=rows)
    fields = LIMIT | {"pair": "SHIBUSD", "volume": "800000.000001", "price": "0.00001"}
    assert ask(kraken, "AddOrder", **fields)["error"] == [ARGUMENTS + "volume"]
    assert ask(kraken, "AddOrder", **fields | {"volume": "800000.00001"})["error"] == []


def test_a_market_order_without_any_price_says_where_one_may_come_from():
    [error] = ask(paper(), "AddOrder", **MARKET)["error"]
    expected = (
        'price:paper knows no price of XBTUSD yet; send "price" in the alert or set '
        "PAPER_PRICES=kraken"
    )
    assert error == ARGUMENTS + expected


@pytest.mark.parametrize("value", ["true", "false", "0", ""])
def test_any_value_of_validate_only_validates_and_checks_no_funds(value):
    kraken = paper()
    taken = result(
        kraken, "AddOrder", **MARKET | {"volume": "1000", "leverage": "5", "validate": value}
    )
    assert taken == {"descr": {"order": "buy 1000.00000000 XBTUSD @ market with 5:1 leverage"}}
    assert kraken.orders() == []
    assert ask(kraken, "AddOrder", **LIMIT | {"validate": value, "price": ""})["error"] == [
        ARGUMENTS + "price"
    ]


@pytest.mark.parametrize("again", [LONG_ID, LONG_ID.upper(), LONG_ID.replace("-", "")])
def test_a_client_order_id_is_unique_among_open_orders_only(again):
    kraken = paper()
    first = order(kraken, **LIMIT | {"cl_ord_id": LONG_ID})
    sibling = {"pair": "ETHUSD", "volume": "0.1", "price": "10", "cl_ord_id": again}
    assert ask(kraken, "AddOrder", **LIMIT | sibling)["error"] == [
        ARGUMENTS + "cl_ord_id not unique"
    ]
    result(kraken, "CancelOrder", cl_ord_id=again)
    second = order(kraken, **LIMIT | sibling)
    assert [kept["txid"] for kept in kraken.orders()] == [first, second]


def test_open_orders_per_pair_have_a_limit():
    kraken = paper()
    tiny = LIMIT | {"volume": "0.00005", "price": "10000"}
    for _ in range(80):
        order(kraken, **tiny)
    assert ask(kraken, "AddOrder", **tiny)["error"] == ["EOrder:Orders limit exceeded"]
    assert ask(kraken, "AddOrder", **tiny | {"pair": "ETHUSD", "volume": "0.1"})["error"] == []


def test_a_refusal_keeps_its_string_apart_from_its_class():
    assert Refused("EOrder:Insufficient funds").error == "EOrder:Insufficient funds"


@pytest.mark.parametrize("held", ["buy", "sell"])
def test_an_order_that_only_reduces_and_would_increase_is_told_so(held):
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    order(kraken, volume="0.1", leverage="5", type=held)
    fields = {
        "pair": "XBTUSD",
        "ordertype": "market",
        "volume": "0.1",
        "leverage": "5",
        "reduce_only": "true",
    }
    assert ask(kraken, "AddOrder", **fields, type=held)["error"] == [
        "EOrder:Reduce only:Cannot increase position"
    ]
    kraken.mark_price("ETHUSD", Decimal(3000))
    other = fields | {"pair": "ETHUSD", "type": held}
    assert ask(kraken, "AddOrder", **other)["error"] == ["EOrder:Reduce only:No position exists"]
    assert ask(kraken, "AddOrder", **fields, type="sell" if held == "buy" else "buy")["error"] == []
