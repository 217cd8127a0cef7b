"""ccxt's kraken, which we didn't write, trades on the paper venue over a real socket."""

from __future__ import annotations

import importlib
import warnings
from decimal import Decimal

import pytest

from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.kraken.paper.desk import MarketRules

# Importing it compiles some hundred files where nothing is cached yet.
pytestmark = pytest.mark.timeout(180)
SYMBOL = "BTC/USD"


@pytest.fixture(scope="module")
def ccxt():
    """Imported where it is used: each worker collects this file, and one plays it."""
    with warnings.catch_warnings():
        # Of its dependencies, while they are imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("ccxt")


@pytest.fixture
def server():
    with KrakenServer(
        nonce_window=10_000
    ) as running:  # its nonces are milliseconds, and two calls may share one
        running.engine.mark_price("XBTUSD", Decimal(60000))
        yield running


@pytest.fixture
def client(ccxt, server):
    made = ccxt.kraken({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    made.urls["api"] = dict.fromkeys(made.urls["api"], server.url)
    made.session.trust_env = False
    made.has["fetchCurrencies"] = False  # Assets, which paper has not
    yield made
    made.session.close()


def test_it_reads_the_markets_and_their_rules(client):
    market = client.load_markets()[SYMBOL]
    assert (market["id"], market["altname"], market["active"], market["margin"]) == (
        "XXBTZUSD",
        "XBTUSD",
        True,
        True,
    )
    assert (market["precision"]["price"], market["limits"]["amount"]["min"]) == (0.1, 0.00005)
    assert client.fetch_ticker(SYMBOL)["last"] == 60000
    assert client.fetch_trading_fee(SYMBOL)["taker"] == pytest.approx(0.008)


def test_a_market_order_is_created_filled_and_fetched(client, server):
    placed = client.create_order(SYMBOL, "market", "buy", 0.01)
    fetched = client.fetch_order(placed["id"], SYMBOL)
    assert (fetched["status"], fetched["filled"], fetched["average"]) == ("closed", 0.01, 60000)
    assert (Decimal(fetched["fee"]["cost"]), fetched["fee"]["currency"]) == (Decimal("4.8"), "USD")
    assert [trade["order"] for trade in client.fetch_my_trades(SYMBOL)] == [placed["id"]]
    assert [order["id"] for order in client.fetch_closed_orders(SYMBOL)] == [placed["id"]]
    held = client.fetch_balance()
    assert (held["BTC"]["total"], held["USD"]["total"]) == (1.01, 9395.2)
    assert server.orders()[0]["oflags"] == "fciq"


def test_a_resting_order_holds_is_seen_and_is_canceled(ccxt, client):
    ours = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
    placed = client.create_order(
        SYMBOL, "limit", "buy", 0.1, 50000, {"postOnly": True, "clientOrderId": ours}
    )
    [resting] = client.fetch_open_orders(SYMBOL)
    assert (resting["id"], resting["clientOrderId"], resting["status"]) == (
        placed["id"],
        ours,
        "open",
    )
    assert (resting["price"], resting["remaining"], resting["postOnly"]) == (50000, 0.1, True)
    assert client.fetch_balance()["USD"] == {"free": 4960, "used": 5040, "total": 10000}
    client.cancel_order(placed["id"], SYMBOL)
    assert client.fetch_order(placed["id"], SYMBOL)["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order(placed["id"], SYMBOL)


def test_a_part_that_filled_is_seen_as_a_part(client, server):
    server.engine.market = MarketRules(fill=(Decimal("0.25"),))
    placed = client.create_order(SYMBOL, "limit", "buy", 0.1, 60000)
    seen = client.fetch_order(placed["id"], SYMBOL)
    assert (seen["status"], seen["filled"], seen["remaining"]) == ("open", 0.025, 0.075)


@pytest.mark.parametrize(
    ("kind", "params", "what"),
    [
        ("market", {"stopLossPrice": 55000}, "stop loss 55000.0"),
        ("limit", {"stopLossPrice": 55000}, "stop loss 55000.0 -> limit 54000.0"),
        ("market", {"takeProfitPrice": 65000}, "take profit 65000.0"),
        ("market", {"trailingAmount": "500"}, "trailing stop +500.0"),
        (
            "market",
            {"trailingAmount": "500", "trailingLimitAmount": "10"},
            "trailing stop +500.0 -> limit -10.0",
        ),
    ],
)
def test_trigger_orders_say_what_they_are(client, server, kind, params, what):
    placed = client.create_order(SYMBOL, kind, "sell", 0.1, 54000, params)
    [kept] = server.orders()
    assert (kept["txid"], kept["descr"]["order"]) == (
        placed["id"],
        f"sell 0.10000000 XBTUSD @ {what}",
    )


def test_a_conditional_close_comes_with_its_order(client, server):
    client.create_order(
        SYMBOL, "market", "buy", 0.01, None, {"close": {"ordertype": "limit", "price": 70000}}
    )
    parent, child = server.orders()
    assert (child["refid"], child["descr"]["order"]) == (
        parent["txid"],
        "sell 0.01000000 XBTUSD @ limit 70000.0",
    )


def test_a_quote_amount_buys(client):
    placed = client.create_market_buy_order_with_cost(SYMBOL, 120)
    assert client.fetch_order(placed["id"], SYMBOL)["cost"] == 120
    assert client.fetch_balance()["BTC"]["total"] == 1.002


def test_orders_are_amended_in_place_and_canceled_together(client):
    first, second, third = (
        client.create_order(SYMBOL, "limit", "buy", 0.01, 50000 + n) for n in range(3)
    )
    client.edit_order(first["id"], SYMBOL, "limit", "buy", 0.02, 51000)
    assert client.fetch_order(first["id"], SYMBOL)["price"] == 51000
    for order in (first, second):
        client.cancel_order(order["id"])
    assert [order["id"] for order in client.fetch_open_orders(SYMBOL)] == [third["id"]]
    client.cancel_all_orders()
    assert client.fetch_open_orders(SYMBOL) == []


@pytest.mark.parametrize(
    ("order", "raised"),
    [
        (("market", "buy", 10), "InsufficientFunds"),
        (("limit", "buy", 0.00005, 5000), "ExchangeError"),
        (("limit", "buy", 0.01, 50000, {"timeInForce": "PO"}), "BaseError"),
    ],
)
def test_its_errors_are_the_ones_it_knows_of_kraken(ccxt, client, server, order, raised):
    with pytest.raises(getattr(ccxt, raised)):
        client.create_order(SYMBOL, *order)
    assert server.orders() == []


def test_a_margin_position_is_opened_and_seen(client):
    client.create_order(SYMBOL, "market", "buy", 0.1, None, {"leverage": 5})
    [held] = client.private_post_openpositions()["result"].values()
    assert (held["pair"], held["vol"], held["margin"]) == ("XXBTZUSD", "0.10000000", "1200.00000")
    client.create_order(SYMBOL, "market", "sell", 0.1, None, {"leverage": 5, "reduceOnly": True})
    assert client.private_post_openpositions()["result"] == {}
