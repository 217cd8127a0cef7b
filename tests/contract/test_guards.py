"""A price collar, the book's spread, trading hours, and what one alert may cost: over a socket."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Answer, Function
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.clock import SystemClock

D = Decimal
LIVE = {
    "TRADING_MODE": "live",
    "KRAKEN_API_KEY": KEY,
    "KRAKEN_API_SECRET": SECRET,
    "ALLOWED_SYMBOLS": "BTC/USD",
    "MAX_ORDER_COST": "none",
}
VALIDATE = "/webhook/tradingview/validate"
LIMIT = {"order_type": "limit"}
CLOSE: dict[str, Any] = {"action": "close", "side": None, "volume": None}
NOW = datetime.now(UTC)
CLOSED = f"{NOW + timedelta(hours=3):%H:%M}-{NOW + timedelta(hours=4):%H:%M} UTC"
OPEN = f"{NOW - timedelta(hours=3):%H:%M}-{NOW + timedelta(hours=4):%H:%M} UTC"


@pytest.fixture
def kraken() -> Iterator[KrakenServer]:
    with KrakenServer(balances={"USD": D(10**7), "BTC": D(20)}) as server:
        server.engine.mark_price("XBTUSD", D(50000))
        yield server


def function_at(kraken: KrakenServer, **env: str) -> Function:
    made = Function(env=LIVE | {"KRAKEN_API_URL": kraken.url} | env, clock=SystemClock())
    made.application = build(made.settings())
    return made


def of_strategy(kraken: KrakenServer, folder: Any, line: str) -> Function:
    path = folder / "strategies.toml"
    path.write_text(f"[careful]\n{line}\n[free]\n", "utf-8")
    return function_at(kraken, STRATEGIES_FILE=str(path))


def post(function: Function, path: str = "/webhook/tradingview", **fields: Any) -> Answer:
    alert = {"id": uuid.uuid4().hex, "volume": "0.01", "price": None} | fields
    return function.post(function.alert(**alert), path)


def outcome(answer: Answer) -> tuple[int, str]:
    return answer.status, answer["code"]


def asked(kraken: KrakenServer) -> list[str]:
    return [call.endpoint for call in kraken.calls]


def book(bid: str, ask: str, last: str = "50000.0") -> faults.Fault:
    row = {"a": [ask, "1", "1.000"], "b": [bid, "1", "1.000"], "c": [last, "0.1"]}
    return faults.raw(json.dumps({"error": [], "result": {"XXBTZUSD": row}}).encode())


# -- the collar


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"price": "50000"}, True),
        ({"price": "51000"}, True),  # exactly at the collar
        ({"price": "51000.1"}, False),
        ({"price": "48999.9"}, False),
        ({"price": "1900"}, False),  # a chart of another market
        ({}, True),  # no price of its own
        (LIMIT | {"price": "49500"}, True),
        (LIMIT | {"price": "40000"}, False),
        (LIMIT | {"price": "60000"}, False),
        (LIMIT | {"price": "-1%"}, True),
        (LIMIT | {"price": "-3%"}, False),
        (LIMIT | {"price": "+2000"}, False),
        ({"order_type": "stop-loss", "stop_price": "50900"}, True),
        ({"order_type": "stop-loss", "stop_price": "52000"}, False),
        ({"order_type": "stop-loss-limit", "stop_price": "50900", "price": "52000"}, False),
        ({"side": "sell", "leverage": "2", "price": "1"}, False),
        ({"side": "sell", "price": "1"}, True),  # an exit
        ({"side": "sell", "order_type": "stop-loss", "stop_price": "40000"}, True),
        (CLOSE | {"price": "1"}, True),
        ({"side": "sell", "price": "1", "stop_loss": "1.01"}, False),  # one that buys back is none
        (
            {"side": None, "volume": None, "action": "target", "price": "1"}
            | {"market_position": "long", "market_position_size": "21"},
            False,
        ),
    ],
)
def test_a_price_far_from_the_market_is_denied(kraken, fields, allowed):
    function = function_at(kraken, PRICE_COLLAR="2%")
    answer = post(function, **fields)
    if allowed:
        assert outcome(answer) == (200, "accepted"), answer.document
        return
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert answer["error"].startswith("PRICE_COLLAR: "), answer["error"]
    assert "50000" in answer["error"]
    assert "(the global PRICE_COLLAR)" in answer["error"]
    assert "AddOrder" not in asked(kraken)


def test_without_the_markets_price_nothing_with_a_price_of_its_own_is_sent(kraken):
    function = function_at(kraken, PRICE_COLLAR="2%")
    kraken.script("Ticker", *[faults.status(502)] * 2)
    assert outcome(post(function, price="50000")) == (503, "venue_unavailable")
    assert outcome(post(function, side="sell", price="1")) == (200, "accepted")


NO_MARKET = {"TRADING_MODE": "paper", "PRICE_COLLAR": "2%", "PAPER_BALANCES": "USD=10000000,BTC=5"}


@pytest.mark.parametrize(
    "fields",
    [
        {"price": "50000"},
        {"price": "100"},
        LIMIT | {"price": "40000"},
        {"order_type": "stop-loss-limit", "stop_price": "50900", "price": "60000"},
        {"order_type": "stop-loss", "stop_price": "52000", "price": "50000"},
        {"volume": "10", "quantity_type": "percent_balance", "price": "50000"},
    ],
)
@pytest.mark.parametrize("path", [VALIDATE, "/webhook/tradingview"])
def test_a_price_is_not_held_against_itself(kraken, fields, path):
    """On plain paper the alert's own price is the only one: that is said, and never "passed"."""
    function = function_at(kraken, **NO_MARKET)
    answer = post(function, path, **fields)
    assert answer.status == 200, answer.document
    assert any("price collar was not checked" in text for text in answer["warnings"])
    if path == VALIDATE:
        (order,) = answer["orders"]
        (check,) = [check for check in order["checks"] if check["rule"] == "PRICE_COLLAR"]
        assert check["verdict"] == "not_checked", check
        assert "PAPER_PRICES=alert" in check["message"]


@pytest.mark.parametrize(
    ("fields", "env"),
    [
        ({}, {}),  # no price that it could be about
        (CLOSE | {"price": "1"}, {}),  # an exit, which passes
        ({"price": "50000"}, {"PAPER_PRICES": "kraken"}),
        ({"price": "50000"}, {"TRADING_MODE": "live"}),
    ],
)
def test_where_it_was_held_against_the_market_nothing_is_warned_of(kraken, fields, env):
    function = function_at(kraken, **NO_MARKET | env)
    post(function, price="50000")
    answer = post(function, **fields)
    assert answer.status == 200, answer.document
    assert not any("collar" in text for text in answer.document.get("warnings", []))


def test_an_amendment_is_collared_by_what_it_changes(kraken, tmp_path):
    function = of_strategy(kraken, tmp_path, 'price_collar = "2%"')
    free = {"strategy_name": "free"}
    order_id = post(function, **LIMIT, price="40000", **free)["order_id"]
    change = {"action": "amend", "side": None, "volume": None, "order_id": order_id}
    mine = {"strategy_name": "careful"}
    assert outcome(post(function, **change | {"volume": "0.02"}, **mine)) == (200, "accepted")
    denied = post(function, **change | {"price": "41000"}, **mine)
    assert denied["error"].startswith("PRICE_COLLAR: price 41000 lies 18 % from the last price")
    assert "(strategy careful's price_collar)" in denied["error"]
    assert outcome(post(function, **change | {"price": "49500"}, **mine)) == (200, "accepted")


# -- the spread


@pytest.mark.parametrize(
    ("fields", "bid", "ask", "allowed"),
    [
        ({}, "49990.0", "50010.0", True),
        ({}, "49875.0", "50125.0", True),  # half a percent of the middle, exactly
        ({}, "49874.9", "50125.0", False),
        ({"side": "sell", "leverage": "2"}, "40000.0", "50010.0", False),
        ({"quantity_type": "quote", "volume": "100"}, "40000.0", "50010.0", False),
        ({"side": "sell"}, "40000.0", "50010.0", True),  # an exit
        (CLOSE, "40000.0", "50010.0", True),
        (LIMIT | {"price": "49000"}, "40000.0", "50010.0", True),
        ({"order_type": "stop-loss", "stop_price": "52000"}, "40000.0", "50010.0", True),
    ],
)
def test_a_market_order_waits_for_a_narrow_book(kraken, fields, bid, ask, allowed):
    function = function_at(kraken, MAX_SPREAD="0.5%")
    kraken.script("Ticker", book(bid, ask))
    answer = post(function, **fields)
    if allowed:
        assert outcome(answer) == (200, "accepted"), answer.document
        return
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert answer["error"].startswith("MAX_SPREAD: the spread is "), answer["error"]
    assert f"(bid {D(bid).normalize():f}, ask {D(ask).normalize():f})" in answer["error"]
    assert asked(kraken) == ["Ticker"]


def test_one_look_at_the_ticker_is_enough_for_cap_collar_and_spread(kraken):
    env = {"MAX_ORDER_COST": "1000 USD", "PRICE_COLLAR": "2%", "MAX_SPREAD": "0.5%"}
    function = function_at(kraken, **env)
    assert outcome(post(function, price="50000")) == (200, "accepted")
    assert asked(kraken) == ["Ticker", "AddOrder"]
    assert outcome(post(function, volume="10", quantity_type="percent_equity")) == (
        422,
        "order_denied",
    )
    assert asked(kraken).count("Ticker") == 2


def test_without_bid_and_ask_no_market_order_is_sent(kraken):
    function = function_at(kraken, MAX_SPREAD="0.5%")
    row = {"c": ["50000.0", "0.1"]}
    kraken.script(
        "Ticker", faults.raw(json.dumps({"error": [], "result": {"XXBTZUSD": row}}).encode())
    )
    assert outcome(post(function)) == (503, "venue_unavailable")


# -- hours


def test_outside_of_its_hours_only_exits_are_taken(kraken):
    function = function_at(kraken, TRADING_HOURS=CLOSED)
    for entry in ({}, LIMIT | {"price": "40000"}, {"side": "sell", "leverage": "2"}):
        answer = post(function, **entry)
        assert outcome(answer) == (422, "order_denied"), answer.document
        assert answer["error"].startswith(f"TRADING_HOURS: entries are taken {CLOSED}, and it is ")
    assert asked(kraken) == []
    for leaving in ({"side": "sell"}, CLOSE):
        assert outcome(post(function, **leaving)) == (200, "accepted")


def test_within_its_hours_everything_is_taken(kraken, tmp_path):
    function = of_strategy(kraken, tmp_path, f'trading_hours = ["{CLOSED}", "{OPEN}"]')
    assert outcome(post(function, strategy_name="careful")) == (200, "accepted")


def test_the_trader_may_hold_exits_too(kraken):
    function = function_at(kraken, TRADING_HOURS=CLOSED, EXITS_IGNORE_LIMITS="false")
    for leaving in ({"side": "sell"}, CLOSE):
        answer = post(function, **leaving)
        assert answer["error"].startswith("TRADING_HOURS: "), answer.document


# -- one alert


def legs(*volumes: str) -> dict[str, Any]:
    orders = [{"side": "buy", "volume": volume} for volume in volumes]
    return {"orders": orders, "side": None, "volume": None}


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        (legs("0.001", "0.001"), True),
        (legs("0.001", "0.0011"), False),
        ({"volume": "0.002"}, True),
        ({"volume": "0.0021"}, False),
        ({"quantity_type": "quote", "volume": "101"}, False),
        ({"side": "sell", "volume": "0.0021"}, False),  # a sale is no exit of this one either
        ({"side": "sell", "volume": "0.0016", "stop_loss": "60000"}, True),
        ({"side": "sell", "volume": "0.0019", "stop_loss": "60000"}, False),  # it buys back
        (CLOSE, True),
    ],
)
def test_the_legs_of_an_alert_count_together(kraken, fields, allowed):
    function = function_at(kraken, MAX_ALERT_COST="100 USD")
    answer = post(function, **fields)
    if allowed:
        assert outcome(answer) == (200, "accepted"), answer.document
        return
    assert outcome(answer) == (422, "order_denied"), answer.document
    assert answer["error"].startswith("MAX_ALERT_COST: "), answer["error"]
    assert "AddOrder" not in asked(kraken)


# -- shown, and not paid for where there is none


def test_a_validation_lists_the_verdict_of_each(kraken):
    env = {
        "MAX_ORDER_COST": "100 USD",
        "MAX_ALERT_COST": "100 USD",
        "PRICE_COLLAR": "2%",
        "MAX_SPREAD": "0.5%",
        "TRADING_HOURS": CLOSED,
    }
    answer = post(function_at(kraken, **env), VALIDATE, price="10", volume="1")
    (order,) = answer["orders"]
    found = {check["rule"]: check["verdict"] for check in order["checks"]}
    told = ("MAX_ORDER_COST", "PRICE_COLLAR", "MAX_SPREAD", "TRADING_HOURS")
    assert [found[rule] for rule in told] == ["denied", "denied", "passed", "denied"]
    exits = post(function_at(kraken, **env), VALIDATE, **CLOSE)
    found = {check["rule"]: check["verdict"] for check in exits["orders"][0]["checks"]}
    assert [found[rule] for rule in told] == ["passed"] * 4


def test_a_strategy_without_such_limits_reads_nothing_more(kraken, tmp_path):
    function = of_strategy(kraken, tmp_path, 'price_collar = "2%"\nmax_spread = "0.5%"')
    assert outcome(post(function, strategy_name="free", price="10")) == (200, "accepted")
    assert asked(kraken) == ["AddOrder"]
    answer = post(function, strategy_name="careful", price="10")
    assert "(strategy careful's price_collar)" in answer["error"]
