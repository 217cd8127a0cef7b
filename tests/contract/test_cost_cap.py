"""The cap of a cost holds whatever an alert says of its price: over a socket, with BTC at 50000."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import kraken_faults as faults
from tests.support.examples import examples
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.clock import SystemClock

D = Decimal
MARKET, CAP = D(50000), D(100)
LIVE = {
    "TRADING_MODE": "live",
    "KRAKEN_API_KEY": KEY,
    "KRAKEN_API_SECRET": SECRET,
    "ALLOWED_SYMBOLS": "BTC/USD",
    "MAX_ORDER_COST": "100 USD",
}
SELL: dict[str, Any] = {"side": "sell"}
FLAT: dict[str, Any] = {"side": None, "volume": None, "price": "1"}
TARGET = FLAT | {"action": "target"}
LONG = TARGET | {"market_position": "long"}
MARGIN = {"leverage": "2"}


def function_at(kraken: KrakenServer, **env: str) -> Function:
    made = Function(env=LIVE | {"KRAKEN_API_URL": kraken.url} | env, clock=SystemClock())
    made.application = build(made.settings())
    return made


@pytest.fixture
def kraken() -> Iterator[KrakenServer]:
    with KrakenServer(balances={"USD": D(10**7), "BTC": D(20)}) as server:
        server.engine.mark_price("XBTUSD", MARKET)
        yield server


@pytest.fixture
def function(kraken: KrakenServer) -> Function:
    return function_at(kraken)


def post(function: Function, path: str = "/webhook/tradingview", **fields: Any) -> Answer:
    alert = {"id": uuid.uuid4().hex, "volume": "9", "price": None} | fields
    return function.post(function.alert(**alert), path)


def asked(kraken: KrakenServer) -> list[str]:
    return [call.endpoint for call in kraken.calls]


LIES = {
    "a market buy with a low price": {"side": "buy", "volume": "10", "price": "10"},
    "a market buy without a price": {"side": "buy"},
    "a market sell": SELL | {"price": "1"},
    "a limit sell at 1, which trades at once": SELL | {"order_type": "limit", "price": "1"},
    "a limit sell far above": SELL | {"order_type": "limit", "price": "90000"},
    "a limit sell relative to the market": SELL | {"order_type": "limit", "price": "-90%"},
    "a post-only sell": SELL | {"order_type": "limit", "price": "1", "post_only": "true"},
    "a take-profit sell triggered at 2": SELL | {"order_type": "take-profit", "stop_price": "2"},
    "a stop-loss sell": SELL | {"order_type": "stop-loss", "stop_price": "1"},
    "a stop-loss-limit sell": SELL
    | {"order_type": "stop-loss-limit", "stop_price": "2", "price": "1"},
    "a take-profit-limit sell": SELL
    | {"order_type": "take-profit-limit", "stop_price": "2", "price": "1"},
    "a stop-loss buy triggered below the market": {
        "order_type": "stop-loss",
        "stop_price": "2",
    },
    "a take-profit buy": {"order_type": "take-profit", "stop_price": "2", "price": "1"},
    "a trailing stop sell": SELL | {"order_type": "trailing-stop", "trail": "99%"},
    "a trailing stop buy": {"order_type": "trailing-stop", "trail": "1"},
    "a trailing stop with a limit": SELL
    | {"order_type": "trailing-stop-limit", "trail": "99%", "trail_limit": "-1"},
    "an iceberg sell": SELL | {"order_type": "iceberg", "price": "1", "display_volume": "1"},
    "a settled position": MARGIN | {"order_type": "settle-position", "side": "buy", "price": "1"},
    "a market buy with leverage": MARGIN | {"side": "buy", "price": "1"},
    "a sell with leverage": MARGIN | SELL | {"price": "1"},
    "a limit sell with leverage": MARGIN | SELL | {"order_type": "limit", "price": "1"},
    "a size in money that a low trigger makes large": SELL
    | {"order_type": "take-profit", "stop_price": "2", "quantity_type": "quote", "volume": "90"},
    "a size in money that a low limit makes large": SELL
    | {"order_type": "limit", "price": "1", "quantity_type": "quote", "volume": "9"},
    "more money than the cap": {"quantity_type": "quote", "volume": "101", "price": "1"},
    "all of the money": {"quantity_type": "percent_balance", "volume": "100", "price": "1"},
    "a sell of half of it": SELL | {"quantity_type": "percent_position", "volume": "50"},
    "a limit buy above the cap": {"order_type": "limit", "price": "50000"},
    "a stop-loss-limit buy": {
        "order_type": "stop-loss-limit",
        "stop_price": "49000",
        "price": "60000",
    },
    "a target": LONG | {"market_position_size": "29"},
    "from flat to short": TARGET
    | MARGIN
    | {"market_position": "short", "market_position_size": "9"},
    "a sell that buys back dearly": SELL
    | {"volume": "0.0011", "stop_loss": "+90%", "price": "50000"},
}


@pytest.mark.parametrize("what", LIES)
def test_no_price_of_an_alert_lifts_the_cap(kraken, function, what):
    answer = post(function, **LIES[what])
    assert (answer.status, answer["code"]) == (422, "order_denied"), answer.document
    assert "MAX_ORDER_COST: cost" in answer["error"], answer["error"]
    assert "AddOrder" not in asked(kraken)


SMALL = {
    "a market buy": ({"volume": "0.0019"}, 1),
    "a market buy that names the price": ({"volume": "0.0019", "price": "50000"}, 1),
    "a market buy of money": ({"quantity_type": "quote", "volume": "100"}, 0),
    "a market sell": (SELL | {"volume": "0.0019", "price": "1"}, 1),
    "a limit buy below the market": ({"order_type": "limit", "price": "1", "volume": "100"}, 0),
    "an iceberg buy": (
        {"order_type": "iceberg", "price": "1", "volume": "100", "display_volume": "10"},
        0,
    ),
    "a limit sell": (SELL | {"order_type": "limit", "price": "51000", "volume": "0.0019"}, 1),
    "a stop": (SELL | {"order_type": "stop-loss", "stop_price": "40000", "volume": "0.0019"}, 1),
}


@pytest.mark.parametrize("what", SMALL)
def test_an_order_within_the_cap_passes_and_a_limit_buy_asks_for_no_price(kraken, function, what):
    fields, tickers = SMALL[what]
    answer = post(function, **fields)
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert asked(kraken) == ["Ticker"] * tickers + ["AddOrder"]


def test_a_price_is_asked_for_once_a_minute(kraken, function):
    for _ in range(3):
        assert post(function, side="sell", volume="0.001").status == 200
    assert asked(kraken).count("Ticker") == 1


EXITS = {
    "a close": FLAT | {"action": "close"},
    "half of it": FLAT | {"action": "close", "percent": "50"},
    "a target that is flat": TARGET | {"market_position": "flat"},
    "a target nearer to flat": LONG | {"market_position_size": "3"},
    "a short target, which is flat on spot": TARGET
    | {"market_position": "short", "market_position_size": "9"},
}


@pytest.mark.parametrize("what", EXITS)
def test_an_exit_passes_however_much_it_is_worth_and_whatever_the_ticker_says(
    kraken, function, what
):
    kraken.script("Ticker", *[faults.status(500)] * 5)
    answer = post(function, **EXITS[what])
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert "Ticker" not in asked(kraken)


def test_what_only_reduces_a_margin_position_passes(kraken):
    rich = function_at(kraken, MAX_ORDER_COST="none")
    assert post(rich, volume="1", **MARGIN).status == 200
    function = function_at(kraken)
    refused = post(function, **SELL, **MARGIN, volume="1")
    assert refused["error"].startswith("MAX_ORDER_COST: cost 50000 USD")
    answer = post(function, **SELL, **MARGIN, volume="1", reduce_only="true")
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert kraken.holdings()["positions"] == {}


@pytest.mark.parametrize("what", EXITS)
def test_exits_are_held_against_the_cap_where_the_trader_says_so(kraken, what):
    function = function_at(kraken, EXITS_IGNORE_MAX_ORDER_COST="false")
    answer = post(function, **EXITS[what])
    assert (answer.status, answer["code"]) == (422, "order_denied"), answer.document
    assert "MAX_ORDER_COST: cost" in answer["error"]


@pytest.mark.parametrize(
    "fault",
    [faults.status(502), faults.errors(["EService:Unavailable"]), faults.reset_before()],
)
@pytest.mark.parametrize("what", ["a market buy", "a market sell", "a limit sell", "a stop"])
def test_where_no_price_can_be_had_nothing_is_sent(kraken, function, fault, what):
    kraken.script("Ticker", *[fault] * 3)
    answer = post(function, **SMALL[what][0])
    assert (answer.status, answer["code"]) == (503, "venue_unavailable"), answer.document
    assert "AddOrder" not in asked(kraken)


def test_an_amendment_is_held_against_the_cap_at_the_markets_price(kraken, function):
    fields = SELL | {"order_type": "limit", "price": "52000", "volume": "0.0019"}
    order_id = post(function, **fields)["order_id"]
    for change in ({"volume": "9"}, {"price": "60000"}, {"volume": "0.00195", "price": "52000"}):
        amended = {"action": "amend", "side": None, "volume": None, "order_id": order_id} | change
        answer = post(function, **amended)
        assert answer["error"].startswith("MAX_ORDER_COST: cost "), answer.document
    lower = {"price": "1", "volume": "0.0021"}
    answer = post(function, action="amend", side=None, order_id=order_id, **lower)
    assert answer["error"].startswith("MAX_ORDER_COST: cost 105 USD"), answer.document
    assert "AmendOrder" not in asked(kraken)


@pytest.fixture(scope="module")
def validating() -> Iterator[Function]:
    with KrakenServer(balances={"USD": D(10**7), "BTC": D(20)}) as server:
        server.engine.mark_price("XBTUSD", MARKET)
        yield function_at(server, TRADING_MODE="validate")


PRICES = st.decimals("0.1", "200000", places=1).map(str)
ORDERS = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["buy", "sell"]),
        "volume": st.decimals("0.0001", "5", places=4).map(str),
        "order_type": st.sampled_from(
            ["market", "limit", "stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"]
        ),
        "price": PRICES,
        "stop_price": PRICES,
        "leverage": st.sampled_from([None, "2"]),
        "quantity_type": st.sampled_from([None, "quote"]),
    }
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=ORDERS)
def test_no_order_that_costs_more_than_the_cap_at_the_markets_price_passes(validating, fields):
    if fields["order_type"] in ("market", "limit"):
        fields = fields | {"stop_price": None}
    answer = post(validating, **fields)
    if answer.status != 200:
        assert answer["code"] in ("order_denied", "order_rejected"), answer.document
        return
    (order,) = answer["orders"]
    volume, own_limit = D(order["request"]["volume"]), fields["order_type"].endswith("limit")
    if fields["side"] == "buy" and own_limit:
        assert volume * D(fields["price"]) <= CAP
    elif "viqc" in order["request"].get("oflags", ""):
        assert volume <= CAP
    else:
        assert volume * MARKET <= CAP


@pytest.mark.parametrize(
    ("prices", "fields", "warns"),
    [
        ("alert", {"price": "50000"}, True),
        ("alert", SELL | {"order_type": "limit", "price": "51000"}, True),
        ("alert", {"order_type": "limit", "price": "50000"}, False),
        ("kraken", {"price": "50000"}, False),
    ],
)
def test_on_paper_the_answer_says_that_the_cap_counts_by_the_alert(kraken, prices, fields, warns):
    paper = {"TRADING_MODE": "paper", "PAPER_PRICES": prices, "MAX_ORDER_COST": "1000 USD"}
    answer = post(function_at(kraken, **paper), volume="0.001", **fields)
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    assert any("PAPER_PRICES=alert" in text for text in answer["warnings"]) is warns
