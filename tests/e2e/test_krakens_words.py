"""What Kraken's words prove, end to end: what is settled blocks nothing, and what was never
processed may be sent again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.resent_positions import position, target
from tests.support.served_function import check

NONCE_WINDOW = 10**10
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
MARGIN = {"symbol": "BTCUSD", "leverage": "3"}
ON_BTNL = {"symbol": "KRAKEN:XBTUSD:BTNL", "leverage": "20"}
RULES_ON_BTNL = {
    "altname": "XBTUSD:BTNL", "wsname": "XBT/USD:BTNL", "base": "XXBT", "quote": "ZUSD",
    "pair_decimals": 1,
    "lot_decimals": 8, "cost_decimals": 5, "tick_size": "0.1", "ordermin": "0.00005",
    "costmin": "0.5",
    "leverage_buy": [2, 20], "leverage_sell": [2, 20], "status": "online",
}  # fmt: skip


@pytest.fixture(scope="module")
def exchange(make_kraken):
    kraken = make_kraken(NONCE_WINDOW).start()
    kraken.rules("XBTUSD:BTNL", **RULES_ON_BTNL)
    kraken.mark("XBTUSD", "60000")
    return kraken


@pytest.fixture(scope="module")
def function(make_live, exchange):
    allowed = "BTC/USD,BTC/USD:BTNL,AAPLx/USD"
    limits = {
        "ALLOWED_SYMBOLS": allowed,
        "MAX_ORDER_COST": "1000000 USD",
        "ALERT_MAX_AGE_SECONDS": "600",
    }
    return make_live(exchange, **limits).start()


@pytest.fixture(autouse=True)
def _every_fault_was_met(request):
    yield
    if "exchange" in request.fixturenames:
        assert request.getfixturevalue("exchange").faults_left() == {}


def refuse(exchange, string, endpoint="AddOrder"):
    exchange.script(endpoint, {"fault": "errors", "strings": [string]})


def change(function, action, **fields):
    return function.post(function.alert(action=action, **NO_ORDER | {"symbol": None} | fields))


# -- a refusal is settled at once ------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "EOrder:Insufficient initial margin",
        "EOrder:Reduce only:Non-ECP",
        "EOrder:Reduce only:One-sided margin",
        "EOrder:Reduce only:Cannot increase position",
        "EGeneral:Unknown Method",
    ],
)
def test_an_entry_that_kraken_refuses_for_its_margin_blocks_no_exit_behind_it(
    words, function, exchange
):
    """Alerts of one strategy and pair go one at a time: were the refusal in doubt, the exit would
    wait for two minutes."""
    check(function.post(target(function, "0.01", **MARGIN)), 200, "accepted")
    refuse(exchange, words)
    answer = check(function.post(target(function, "0.05", **MARGIN)), 422, "order_rejected")
    assert words in answer["error"]
    check(function.post(position(function, "close", **MARGIN)), 200, "accepted")
    assert exchange.position("XXBTZUSD") == 0


def test_margin_that_is_really_missing_blocks_no_exit_either(function, exchange):
    check(function.post(target(function, "0.01", **MARGIN)), 200, "accepted")
    answer = check(function.post(target(function, "9", **MARGIN)), 422, "order_rejected")
    assert "EOrder:Insufficient initial margin" in answer["error"]
    check(function.post(position(function, "close", **MARGIN)), 200, "accepted")
    assert exchange.position("XXBTZUSD") == 0


# -- what was never processed ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "EOrder:Invalid arguments:deadline",
        "EGeneral:Invalid arguments:deadline",
        "EGeneral:Temporary lockout",
    ],
)
def test_what_proves_that_nothing_was_placed_is_sent_again_by_a_resend(words, function, exchange):
    alert = function.alert()
    refuse(exchange, words)
    first = check(function.post(alert), 503, "not_sent")
    assert words in first["error"]
    assert exchange.orders(first["client_order_id"]) == []
    second = check(function.post(alert), 200, "accepted")
    assert second["client_order_id"] != first["client_order_id"]
    assert [len(exchange.orders(one["client_order_id"])) for one in (first, second)] == [0, 1]
    if "deadline" in words:
        assert "clock" in first["error"]
        assert "clock.off" in function.log()


def test_a_clock_that_is_ahead_of_krakens_is_said_and_costs_no_alert_that_is_sent_in_time(
    make_kraken, make_live
):
    """The deadline of 60 s is 65 s ahead for Kraken, which takes 60 s at most."""
    kraken = make_kraken(NONCE_WINDOW).start()
    kraken.clock_ahead(-5)
    function = make_live(kraken, ORDER_DEADLINE_SECONDS="60").start()
    alert = function.alert()
    answer = check(function.post(alert), 503, "not_sent")
    assert "EGeneral:Invalid arguments:deadline" in answer["error"]
    said = [line for line in function.log().splitlines() if "clock.off" in line]
    assert said
    assert all("ERROR" in line and "NTP" in line for line in said)
    kraken.clock_ahead(0)
    check(function.post(alert), 200, "accepted")
    assert len(kraken.orders()) == 1


# -- amendments ------------------------------------------------------------------------------------


def test_an_order_that_is_as_the_amendment_wants_it_is_nothing_to_do(function, exchange):
    laid = check(function.post(function.alert(order_type="limit", price="50000")), 200, "accepted")
    alert = function.alert(
        action="amend",
        **NO_ORDER | {"symbol": None, "order_id": laid["order_id"], "price": "50000"},
    )
    for replayed in (False, True):
        answer = check(function.post(alert), 200, "no_action")
        assert (answer["replayed"], "already" in answer["message"]) == (replayed, True)
    assert len(exchange.calls("AmendOrder")) == 1
    check(change(function, "amend", order_id=laid["order_id"], price="50001"), 200, "accepted")
    check(change(function, "cancel", order_id=laid["order_id"]), 200, "accepted")


def test_an_order_in_a_tokenised_asset_is_amended_by_its_pair(function, exchange):
    exchange.mark("AAPLxUSD", "200")
    stock = {"symbol": "AAPLx/USD", "order_type": "limit", "price": "150", "volume": "1"}
    laid = check(function.post(function.alert(**stock)), 200, "accepted")
    check(change(function, "amend", order_id=laid["order_id"], price="151"), 200, "accepted")
    assert exchange.calls("AmendOrder")[-1]["params"]["pair"] == "AAPLxUSD"
    check(change(function, "cancel", order_id=laid["order_id"]), 200, "accepted")
    assert exchange.open_orders() == []


# -- a pair of Kraken's other venue ----------------------------------------------------------------


def test_a_position_on_the_other_venue_is_opened_seen_and_closed(function, exchange):
    opened = check(function.post(target(function, "0.01", **ON_BTNL, price=None)), 200, "accepted")
    assert opened["trade_details"]["symbol"] == "BTC/USD:BTNL"
    asked = opened["orders"][0]["request"]
    assert (asked["pair"], asked["leverage"]) == ("XBTUSD:BTNL", "20")
    assert exchange.position("XBTUSD:BTNL") == Decimal("0.01")
    assert exchange.position("XXBTZUSD") == 0
    again = function.post(target(function, "0.01", **{**ON_BTNL, "symbol": "btc/usd:btnl"}))
    check(again, 200, "no_action")
    check(
        function.post(position(function, "close", **{**ON_BTNL, "symbol": "XBTUSD:BTNL"})),
        200,
        "accepted",
    )
    assert exchange.position("XBTUSD:BTNL") == 0
    check(function.post(position(function, "close", **ON_BTNL)), 200, "no_action")


def test_the_pair_without_the_suffix_stays_another_one(function, exchange):
    check(function.post(target(function, "0.01", **MARGIN)), 200, "accepted")
    check(function.post(position(function, "close", **ON_BTNL)), 200, "no_action")
    assert exchange.position("XXBTZUSD") == Decimal("0.01")
    check(function.post(position(function, "close", **MARGIN)), 200, "accepted")


def test_only_what_is_allowed_by_its_own_name_is_traded(make_live, exchange):
    function = make_live(exchange, ALLOWED_SYMBOLS="BTC/USD").start()
    answer = check(
        function.post(function.alert(symbol="XBTUSD:BTNL", leverage="20")),
        422,
        "order_denied",
        "symbol",
    )
    assert "ALLOWED_SYMBOLS" in answer["error"]
    for symbol in ("BINANCE:XBTUSD:BTNL", "XBTUSD.P:BTNL", "XBTUSD:CME"):
        check(function.post(function.alert(symbol=symbol)), 400, "alert_malformed", "symbol")


# -- the account's own fees ------------------------------------------------------------------------


def test_what_a_buy_keeps_back_is_the_fee_that_reconcile_has_read(make_kraken, make_live):
    kraken = make_kraken(NONCE_WINDOW).start()
    kraken.fees(maker="0.10", taker="0.25")
    kraken.mark("XBTUSD", "50000")
    function = make_live(kraken, MAX_ORDER_COST="20000 USD").start()
    everything = {"volume": "100", "quantity_type": "percent_balance", "price": "50000"}
    before = check(
        function.post(function.alert(**everything), "/webhook/tradingview/validate"),
        200,
        "validated",
    )
    # 0.80 % of what leaves room for them.
    assert before["orders"][0]["estimate"]["fee"] == "79.36507856"
    assert [function.operate("POST", "/reconcile")["fees_read"] for _ in range(2)] == [True, False]
    known = make_live(kraken, **function.env).start()  # an instance that comes later
    answer = check(known.post(known.alert(**everything)), 200, "accepted")
    assert answer["orders"][0]["request"]["volume"] == "9975.06224"
    assert any("0.25 %" in warning for warning in answer["warnings"])
    assert len(kraken.calls("TradeVolume")) == 1
    assert kraken.balance("ZUSD") < Decimal("0.001")
