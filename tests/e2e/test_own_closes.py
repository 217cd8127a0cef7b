"""Another tool's close over the served function: it sells what its strategy bought, and the bitcoin
that was there before stays."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.dialect_messages import BY_TITLE
from tests.support.project import ROOT
from tests.support.served_function import base_environment, check, utc

NONCE_WINDOW = 10**10
ENTRIES = (("BTCUSD", "0.001", "60000"), ("ETHUSD", "0.02", "2500"))


@pytest.fixture(scope="module")
def exchange(make_kraken):
    """One with 10000 USD and 1 BTC that nobody here has bought, for this file alone."""
    return make_kraken(NONCE_WINDOW).start()


@pytest.fixture(scope="module")
def function(make_live, exchange):
    return make_live(exchange, MAX_ORDER_COST="10000 USD", REQUEST_BUDGET_SECONDS="20").start()


def message(token, **changes):
    text = BY_TITLE["OKX signal bot"].filled(token, ticker="BTCUSD", close="60000", timenow=utc())
    fields = {**json.loads(text), "timestamp": utc(), **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def close(token):
    return message(token, action="EXIT_LONG", investmentType=None, amount=None)


def command(function, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "webhook_core", *arguments], check=True, timeout=60,
        cwd=ROOT, env=base_environment() | function.env, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_what_was_held_before_stays(function, exchange, evidence):
    strategy, everybody = evidence.secrets.strategy_token, evidence.secrets.token
    before = exchange.balance("XXBT")
    check(function.post(message(strategy, amount="90")), 200, "accepted")
    check(function.post(message(everybody, amount="60", id="other")), 200, "accepted")
    held = exchange.balance("XXBT")
    assert held > before
    body = close(strategy)
    answer = check(function.post(body), 200, "accepted")
    assert any("what this strategy bought" in warning for warning in answer["warnings"])
    check(function.post(body), 200, "accepted")
    assert function.operate("POST", "/reconcile").status == 200
    assert before < exchange.balance("XXBT") < held
    check(function.post(close(everybody)), 200, "accepted")
    assert exchange.balance("XXBT") == before
    nothing = check(
        function.post(
            message(strategy, action="EXIT_LONG", investmentType=None, amount=None, id="again")
        ),
        200,
        "no_action",
    )
    assert f"the account holds {before.normalize():f} BTC" in nothing["message"]


def test_one_message_closes_every_pair_and_a_resend_nothing_more(function, exchange, evidence):
    before = exchange.balance("XXBT"), exchange.balance("XETH")
    trend = {"token": evidence.secrets.strategy_token}
    for number, (symbol, volume, price) in enumerate(ENTRIES):
        size = {"symbol": symbol, "volume": volume, "price": price}
        entry = function.alert(stop_loss="2%", id=f"entry-{number}", **size)
        check(function.post(entry), 200, "accepted")
    bought = function.alert(volume="0.001", id="entry-of-trend-1", **trend)
    check(function.post(bought), 200, "accepted")
    flat = {**function.alert(), "action": "close", "scope": "all", "id": "flat-1"}
    flat = {name: flat[name] for name in ("token", "fired_at", "action", "scope", "id")}
    own = check(function.post({**flat, **trend}), 200, "accepted")
    assert [row["request"]["volume"] for row in own["orders"]] == ["0.001"]
    every = check(function.post(flat), 200, "accepted")
    assert [row["state"] for row in every["orders"]] == ["ACCEPTED"] * 4
    assert (exchange.balance("XXBT"), exchange.balance("XETH")) == before
    assert exchange.open_orders() == []
    sent = len(exchange.calls("AddOrder"))
    assert check(function.post(flat), 200, "accepted")["replayed"] is True
    assert len(exchange.calls("AddOrder")) == sent
    assert function.operate("POST", "/reconcile").status == 200
    rows = function.operate("GET", "/orders?alert=flat-1").document["orders"]
    assert {row["state"] for row in rows} == {"ACCEPTED", "NO_ACTION"}


def test_a_command_beside_the_server_closes_what_it_bought(function, exchange, evidence):
    before = exchange.balance("XXBT")
    bought = function.alert(volume="0.001", token=evidence.secrets.strategy_token, id="bought-1")
    check(function.post(bought), 200, "accepted")
    said = command(function, "pause", "trend", "--close", "--yes")
    assert "0.001" in said
    assert exchange.balance("XXBT") == before
    check(function.post({**bought, "id": "bought-2"}), 422, "paused")
    closed = function.operate("POST", "/pause?strategy=trend&close=true")["closed"]
    assert closed == {"positions": [], "complete": True}
    assert function.operate("POST", "/resume?strategy=trend").status == 200
