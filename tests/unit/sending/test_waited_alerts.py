"""An alert that waited for its turn longer than its budget: nothing is sent for it, whatever it
asks for, and a resend is."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support import kraken_faults as faults
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

TOKEN = "token-of-the-tests-0123"
ORDER = {"side": "buy", "volume": "0.01", "price": "60000"}
CHANGES = {"AddOrder", "CancelOrder", "AmendOrder"}
ALERTS = {
    "a fixed size": ORDER,
    "a market order that MAX_ORDER_COST asks the ticker about": {"side": "buy", "volume": "0.001"},
    "a percentage of the balance": {
        "side": "buy",
        "volume": "10",
        "quantity_type": "percent_balance",
    },
    "a percentage of the equity": {
        "side": "buy",
        "volume": "10",
        "quantity_type": "percent_equity",
    },
    "a risk": {**ORDER, "volume": "1", "quantity_type": "risk_percent", "stop_loss": "59000"},
    "a quote size": {**ORDER, "volume": "100", "quantity_type": "quote"},
    "a close": {"action": "close"},
    "a target": {"action": "target", "market_position": "long", "market_position_size": "1.01"},
    "two legs": {"orders": [ORDER, {**ORDER, "side": "sell"}]},
    "a cancel": {"action": "cancel", "of_alert": "resting"},
    "an amendment": {"action": "amend", "of_alert": "resting", "price": "49000"},
    "a confirmed fill": {**ORDER, "confirm_fill": True},
}


@pytest.fixture
def kraken():
    with KrakenServer() as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.fixture
def application(kraken, tmp_path):
    return build(
        read_settings(
            {
                "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET,
                "ALLOWED_SYMBOLS": "*",
                "MAX_ORDER_COST": "1000000 USD", "KRAKEN_API_URL": kraken.url,
                "WEBHOOK_TOKEN": TOKEN,
                "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db", "LOG_LEVEL": "CRITICAL",
            },
            read_file=lambda _path: None,
        )
    )  # fmt: skip


def post(application, fields, waited_s=0.0):
    whole = {"token": TOKEN, "symbol": "BTCUSD", **fields}
    received_at = datetime.now(UTC) - timedelta(seconds=waited_s)
    request = HttpRequest(
        "POST", "/webhook/tradingview", {}, {}, json.dumps(whole).encode(), "127.0.0.1", received_at
    )
    response = application.handle(request)
    return response.status, json.loads(response.body)["code"]


def fired(name, fields):
    return {**fields, "id": name, "fired_at": datetime.now(UTC).isoformat(timespec="seconds")}


@pytest.mark.parametrize("name", ALERTS)
def test_nothing_is_sent_for_an_alert_that_waited_too_long_and_its_resend_is_sent(
    name, application, kraken
):
    resting = {**ORDER, "order_type": "limit", "price": "50000"}
    assert post(application, fired("resting", resting)) == (200, "accepted")
    before, alert = len(kraken.calls), fired(name, ALERTS[name])
    assert post(application, alert, waited_s=2.6) == (503, "not_sent")
    assert CHANGES & {call.endpoint for call in kraken.calls[before:]} == set()
    assert post(application, alert) == (200, "accepted")


@pytest.mark.parametrize(
    "name", ["a fixed size", "a percentage of the balance", "a close", "a cancel", "a target"]
)
def test_what_waits_in_the_line_to_kraken_until_its_budget_is_over_is_not_sent(
    name, application, kraken
):
    """Orders and reads alike: one call at a time, in the order in which Kraken wants the nonces of
    a key."""
    assert post(
        application, fired("resting", {**ORDER, "order_type": "limit", "price": "50000"})
    ) == (200, "accepted")
    answers = []
    slow = faults.hang()
    kraken.script("AddOrder", slow)
    first = threading.Thread(
        target=lambda: answers.append(post(application, fired("first", ORDER)))
    )
    first.start()
    assert slow.reached.wait(60)
    before, alert = len(kraken.calls), fired(name, ALERTS[name])
    assert post(application, alert) == (503, "not_sent")
    assert CHANGES & {call.endpoint for call in kraken.calls[before:]} == set()
    first.join()
    assert answers == [(503, "outcome_unknown")]
