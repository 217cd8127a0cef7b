"""Every limit at the deployed function, each of a strategy of its own: what is just within it is
taken, what is just beyond it is refused by the rule's stable name with its numbers, and exits
pass."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.e2e.test_held_limits import ALERTS, at_once, entry
from tests.support.resent_positions import deliver, position
from tests.support.served_function import VALIDATE, check

SHUT = (datetime.now(UTC) + timedelta(hours=3)).strftime("%H:00")
OPEN = (datetime.now(UTC) - timedelta(hours=2)).strftime("%H:00")
LATER = (datetime.now(UTC) + timedelta(hours=4)).strftime("%H:00")
LIMITS = {
    "position": 'max_position = "0.4 SOL, 1 BTC, 1 ETH"',
    "worth": 'max_position = "20 USD"',
    "orders": "max_open_orders = 1",
    "pairs": "max_open_positions = 1",
    "entries": "max_entries = 1",
    "day": "orders_per_day = 1",
    "hour": "orders_per_hour = 1",
    "apart": 'cool_down = "1h"',
    "collar": 'price_collar = "2%"',
    "spread": 'max_spread = "0.5%"',
    "shut": f'trading_hours = "{SHUT}-{LATER} UTC"',
    "open": f'trading_hours = "{OPEN}-{LATER} UTC"',
    "alert": 'max_alert_cost = "30 USD"',
    "missed": 'on_missed_alert = "refuse"',
    "often": "alerts_per_3_minutes = 1",
}
PAIRS = "BTC/USD,ETH/USD,SOL/USD,ADA/USD,XRP/USD,LTC/USD"
KEYS = {"LTCUSD": "XLTCZUSD", "XRPUSD": "XXRPZUSD"}
SOL = {"symbol": "SOLUSD", "price": "150", "volume": "0.4"}
ADA = {"symbol": "ADAUSD", "price": "1", "volume": "20"}
ETH = {"symbol": "ETHUSD", "price": "2500", "volume": "0.004"}
REST = {"order_type": "limit", "price": "50000"}
STEP = {
    "prev_market_position": "long", "prev_market_position_size": "7", "market_position": "long",
    "market_position_size": "7.0001",
}  # fmt: skip
LEG = {"symbol": "BTCUSD", "side": "buy", "volume": "0.00025", "price": "60000"}
TWO = {"symbol": None, "side": None, "order_type": None, "volume": None, "price": None}
ROWS = {
    "position": (SOL, {**SOL, "volume": "0.02"}, "MAX_POSITION",
        "would become 0.42 SOL, above 0.4 SOL (held 0.4, open orders 0, this order 0.02)"),
    "worth": (ADA, ADA, "MAX_POSITION",
        "would become 40 USD, above 20 USD (held 20, open orders 0, this order 20)"),
    "orders": (REST, REST, "MAX_OPEN_ORDERS", "1 orders rest, and 1 is the most"),
    "pairs": (ETH, {}, "MAX_OPEN_POSITIONS",
        "1 other pairs are held or being entered, and 1 is the most"),
    "entries": (ETH, ETH, "MAX_ENTRIES",
        "the position has taken 1 entries since it was flat, and 1 is the most"),
    "day": ({}, {}, "ORDERS_PER_DAY", "1 of 1 entries were taken since midnight UTC"),
    "hour": ({}, {}, "ORDERS_PER_HOUR", "1 of 1 entries were taken in the last hour"),
    "apart": ({}, {}, "COOL_DOWN", "and entries are 3600 s apart"),
    "collar": ({"price": "61200"}, {"price": "61200.1"}, "PRICE_COLLAR",
        "price 61200.1 lies 2.0002 % from the last price 60000, and 2 % is the most"),
    "open": ({}, None, "", ""),
    "shut": (None, {}, "TRADING_HOURS", f"entries are taken {SHUT}-{LATER} UTC"),
    "alert": ({**TWO, "orders": [LEG, LEG]}, {**TWO, "orders": [LEG, {**LEG, "volume": "0.00026"}]},
        "MAX_ALERT_COST", "the 2 orders of the alert cost 30.6 USD, above 30 USD"),
    "missed": ({}, STEP, "MISSED_ALERT", ""),
    "often": ({}, {}, "ALERTS_PER_3_MINUTES", "1 alerts were taken in the last 3 minutes"),
}  # fmt: skip


@pytest.fixture(scope="module")
def exchange(make_kraken):
    kraken = make_kraken(10**10).start()
    for pair, price in (
        ("XBTUSD", "60000"),
        ("ETHUSD", "2500"),
        ("SOLUSD", "150"),
        ("ADAUSD", "1"),
    ):
        kraken.mark(pair, price)
    return kraken


@pytest.fixture(scope="module")
def function(make_live, exchange, tmp_path_factory):
    path = tmp_path_factory.mktemp("limits") / "strategies.toml"
    path.write_text("".join(f"[{name}]\n{text}\n" for name, text in LIMITS.items()), "utf-8")
    return make_live(
        exchange, MAX_ORDER_COST="1000 USD", STRATEGIES_FILE=str(path), ALLOWED_SYMBOLS=PAIRS
    ).start()


def send(function, strategy, fields, path="/webhook/tradingview"):
    return function.post(function.alert(strategy_name=strategy, **fields), path)


@pytest.mark.parametrize("strategy", ROWS)
def test_what_is_within_a_limit_is_taken_and_what_is_beyond_it_is_not(strategy, function, exchange):
    within, beyond, rule, numbers = ROWS[strategy]
    if within is not None:
        check(send(function, strategy, within), 200, "accepted")
    if beyond is None:
        return
    before = len(exchange.orders())
    for path in (VALIDATE, "/webhook/tradingview"):
        answer = send(function, strategy, beyond, path)
        limited = rule == "ALERTS_PER_3_MINUTES"
        check(answer, *((429, "rate_limited") if limited else (422, "order_denied")))
        assert answer["error"].removeprefix("orders[1]: ").startswith(f"{rule}: ")
        assert numbers in answer["error"]
        assert f"(strategy {strategy}'s " in answer["error"]
    assert len(exchange.orders()) == before


@pytest.mark.parametrize("strategy", [name for name in LIMITS if name not in ("alert", "missed")])
def test_an_exit_passes_each_of_them(strategy, function):
    sale = {"side": "sell", "volume": "0.0001", "price": "80000"}
    assert send(function, strategy, sale).status == 200


@pytest.mark.parametrize(
    ("pair", "ask", "says"),
    [("LTCUSD", "100.51", "MAX_SPREAD: the spread is 0.508"), ("XRPUSD", "100.50", None)],
)
def test_a_market_order_waits_for_a_narrow_book_and_a_limit_order_does_not(
    pair, ask, says, function, exchange
):
    """A row of its own for each: what was read is kept for 5 s."""
    exchange.mark(pair, "100")
    row = {"a": [ask, "1", "1"], "b": ["100.00", "1", "1"], "c": ["100.00", "1"]}
    body = json.dumps({"error": [], "result": {KEYS[pair]: row}}).encode()
    exchange.script("Ticker", {"fault": "raw", "body": base64.b64encode(body).decode()})
    order = {"symbol": pair, "price": "100", "volume": "2"}
    answer = send(function, "spread", order)
    if says is None:
        check(answer, 200, "accepted")
    else:
        check(answer, 422, "order_denied")
        assert answer["error"].startswith(says)
    resting = {**order, "order_type": "limit", "price": "90"}
    check(send(function, "spread", resting), 200, "accepted")


# -- two processes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fleet(make_live, make_kraken):
    exchange = make_kraken(10**10).start()
    limits = {"MAX_OPEN_POSITIONS": "1", "MAX_ENTRIES": "2", "MAX_ORDER_COST": "100000 USD"}
    exchange.mark("SOLUSD", "150")
    exchange.mark("ETHUSD", "2500")
    first = make_live(exchange, THREADS="8", **limits).start()
    functions = [first, make_live(exchange, **first.env).start()]
    yield functions, exchange
    for function in functions:
        function.stop()


def test_no_two_alerts_at_once_take_the_last_pair_or_the_last_entry(fleet):
    """Of two pairs one is held, with as many entries as a position may take."""
    functions, exchange = fleet
    pairs = ({}, {"symbol": "SOLUSD", "price": "150", "volume": "1"})
    many = [entry(functions[0], **pairs[number % 2]) for number in range(ALERTS)]
    answers = at_once(functions, many)
    codes = [answer["code"] for answer in answers]
    held = [abs(exchange.position(pair)) for pair in ("XETHZUSD", "SOLUSD")]
    assert sorted(bool(one) for one in held) == [False, True], codes
    assert 1 <= codes.count("accepted") <= 2, codes
    while (
        last := deliver(functions, entry(functions[0], **pairs[bool(held[1])]))[-1]
    ).status == 200:
        codes.append(last["code"])
    assert codes.count("accepted") == 2, codes
    assert (last.status, "MAX_ENTRIES: " in last["error"]) == (422, True), last.document
    other = deliver(functions, entry(functions[1], **pairs[not held[1]]))[-1]
    assert (other.status, "MAX_OPEN_POSITIONS: " in other["error"]) == (422, True), other.document
    symbol = "SOLUSD" if held[1] else "ETHUSD"
    closed = deliver(functions, position(functions[0], "close", symbol, leverage="2"))[-1]
    assert closed["code"] == "accepted", closed.document
    assert exchange.position("XETHZUSD") == exchange.position("SOLUSD") == Decimal(0)
    assert deliver(functions, entry(functions[1], **pairs[not held[1]]))[-1].status == 200
