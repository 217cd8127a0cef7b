"""Paper at Kraken's prices: where Kraken can't be asked nothing trades, at no price of before."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from webhook_core.bootstrap import open_venue

D = Decimal


@dataclass
class Paper(Function):
    """A function on paper at Kraken's own prices."""

    def __post_init__(self) -> None:
        self.venue = open_venue(self.settings(), self.store, self.clock)
        super().__post_init__()

    def buy(self, **fields: Any) -> dict[str, Any]:
        return self.alert(**{"id": uuid.uuid4().hex, "price": None} | fields)

    def open_orders(self) -> dict[str, Any]:
        return self.operate("GET", "/account").document["open_orders"]


def paper(url: str, **env: str) -> Paper:
    prices = {"PAPER_PRICES": "kraken", "KRAKEN_API_URL": url}
    return Paper(prices | {"PAPER_BALANCES": "USD=1000000"} | env)


@pytest.fixture
def kraken():
    with KrakenServer() as server:
        server.engine.mark_price("XBTUSD", D(50000))
        yield server


KINDS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("a market order", {}, {}),
    ("one with a price of its own", {"price": "49000"}, {}),
    ("a limit", {"order_type": "limit", "price": "49000"}, {}),
    ("a stop", {"order_type": "stop-loss", "stop_price": "51000"}, {}),
    ("a share of the equity", {"volume": "1", "quantity_type": "percent_equity"}, {}),
    ("one under a cap", {}, {"MAX_ORDER_COST": "1000 USD"}),
    ("one under a collar", {"price": "50000"}, {"PRICE_COLLAR": "2%"}),
]  # fmt: skip
OUTAGES: list[tuple[str, Callable[[], faults.Fault]]] = [
    ("a reset", faults.reset_before),
    ("a 502", lambda: faults.status(502)),
    ("no JSON", lambda: faults.raw(b"<html>")),
    ("an error of the service",
        lambda: faults.raw(json.dumps({"error": ["EService:Unavailable"]}).encode())),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "env"), [row[1:] for row in KINDS], ids=[k[0] for k in KINDS])
@pytest.mark.parametrize("outage", [row[1] for row in OUTAGES], ids=[row[0] for row in OUTAGES])
def test_nothing_trades_at_a_price_of_before(kraken, caplog, outage, fields, env):
    function = paper(kraken.url, **env)
    assert function.post(function.buy())["code"] == "accepted"  # the book has a price from here on
    function.clock.sleep(61)  # what the instance has read itself is too old by then
    alert = function.buy(**fields)
    held = function.operate("GET", "/account").document["balances"]
    with caplog.at_level(logging.WARNING):
        kraken.script("Ticker", outage())
        answer = function.post(alert)
    assert (answer.status, answer["code"] in ("venue_unavailable", "not_sent")) == (503, True)
    assert "paper.no_price" in caplog.text
    assert function.operate("GET", "/account").document["balances"] == held
    assert function.open_orders() == {}
    function.clock.sleep(5)
    resent = function.post(alert)
    assert (resent.status, resent["code"]) == (200, "accepted"), resent.document


def test_with_a_kraken_that_is_gone_an_alert_is_not_sent():
    with KrakenServer() as server:
        url = server.url
    function = paper(url)
    answer = function.post(function.buy())
    assert (answer.status, answer["code"]) == (503, "not_sent"), answer.document


def test_the_price_of_an_alert_moves_no_market_but_where_it_is_the_market(kraken):
    """A stop that rests is not fired by what some chart shows."""
    function = paper(kraken.url)
    function.post(function.buy(volume="1"))
    stop = {"side": "sell", "order_type": "stop-loss", "stop_price": "40000", "volume": "0.5"}
    function.post(function.buy(**stop))
    function.post(function.buy(price="30000"))
    assert len(function.open_orders()) == 1
    kraken.engine.mark_price("XBTUSD", D(39999))
    function.post(function.buy())
    assert function.open_orders() == {}


CAPS: dict[str, dict[str, str]] = {
    "no cap": {},
    "a cap of an order": {"MAX_ORDER_COST": "1000000 USD"},
    "a collar": {"PRICE_COLLAR": "90%"},
    "a cap of a day": {"MAX_DAILY_COST": "1000000 USD"},
}
AT_REST: dict[str, dict[str, Any]] = {
    "a stop": {"side": "sell", "order_type": "stop-loss", "stop_price": "40000"},
    "a stop with a limit": {
        "side": "sell",
        "order_type": "stop-loss-limit",
        "stop_price": "40000",
        "price": "39900",
    },
    "a take profit": {"side": "sell", "order_type": "take-profit", "stop_price": "70000"},
    "a take profit with a limit": {
        "side": "sell",
        "order_type": "take-profit-limit",
        "stop_price": "70000",
        "price": "69900",
    },
    "a limit sell": {"side": "sell", "order_type": "limit", "price": "70000"},
    "a limit buy": {"order_type": "limit", "price": "40000"},
    "a stop that buys": {"order_type": "stop-loss", "stop_price": "70000"},
    "a stop in quote": {
        "order_type": "stop-loss",
        "stop_price": "70000",
        "volume": "50",
        "quantity_type": "quote",
    },
}


@pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS)
@pytest.mark.parametrize("fields", AT_REST.values(), ids=AT_REST)
def test_a_price_at_which_an_order_waits_is_not_the_market(fields, cap):
    """With a cap its cost is counted at that price, where an alert's price is the only one."""
    function = Paper({"PAPER_PRICES": "alert", "PAPER_BALANCES": "USD=1000000,BTC=9"} | cap)
    assert function.post(function.buy(price="60000"))["code"] == "accepted"
    other = function.buy(side="sell", order_type="stop-loss", stop_price="50000", price="60000")
    assert function.post(other)["code"] == "accepted"
    answer = function.post(function.buy(**fields))
    assert answer["code"] == "accepted", answer.document
    assert len(function.open_orders()) == 2


@pytest.mark.parametrize("cap", CAPS.values(), ids=CAPS)
def test_a_stop_of_a_pair_without_a_price_waits_for_one(cap):
    function = Paper({"PAPER_PRICES": "alert", "PAPER_BALANCES": "USD=1000000,BTC=9"} | cap)
    answer = function.post(function.buy(**AT_REST["a stop"]))
    assert answer["code"] == "accepted", answer.document
    assert len(function.open_orders()) == 1
