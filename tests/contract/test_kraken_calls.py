"""How many calls of Kraken an alert costs, counted at the exchange: three at most,
whatever its size counts in, and a fourth of a margin reversal under a cost cap."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.paper import KEY, SECRET, order
from tests.walk.scene import scene
from webhook_core.bootstrap import build
from webhook_core.clock import SystemClock

MOST = 3
FIXED = {
    "base": ({"volume": "0.1"}, 2),
    "base, a limit buy": ({"volume": "0.1", "order_type": "limit"}, 1),
    "base, no price for the cap": ({"volume": "0.1", "price": None}, 2),
    "base, an exit with no price to hold it against": (
        {"volume": "0.1", "price": None, "stop_loss": "2000"},
        2,
    ),
    "base, an exit beside a price": ({"volume": "0.1", "stop_loss": "2000"}, 2),
    "quote, market, an exit": (
        {"quantity_type": "quote", "volume": "50", "price": None, "stop_loss": "2000"},
        2,
    ),
    "quote, market": ({"quantity_type": "quote", "volume": "50"}, 1),
    "quote, limit": (
        {"quantity_type": "quote", "volume": "50", "order_type": "limit", "price": "2400"},
        1,
    ),
    "quote, sell": ({"quantity_type": "quote", "volume": "50", "side": "sell"}, 2),
}
SHARES = {
    "percent_balance": {"quantity_type": "percent_balance", "volume": "10"},
    "percent_balance, no price": {"quantity_type": "percent_balance", "volume": "10",
        "price": None},
    "percent_balance, sell": {"quantity_type": "percent_balance", "volume": "10", "side": "sell"},
    "percent_balance, limit": {
        "quantity_type": "percent_balance", "volume": "10", "order_type": "limit", "price": "2400",
    },
    "percent_equity": {"quantity_type": "percent_equity", "volume": "10"},
    "percent_equity, sell": {"quantity_type": "percent_equity", "volume": "10", "side": "sell"},
    "percent_equity, margin": {"quantity_type": "percent_equity", "volume": "10", "leverage": "2"},
    "percent_position": {"quantity_type": "percent_position", "volume": "50", "side": "sell"},
    "percent_position, no price": {"quantity_type": "percent_position", "volume": "50",
        "side": "sell", "price": None},
    "risk_percent": {"quantity_type": "risk_percent", "volume": "1", "stop_loss": "2000"},
    "risk_percent, margin": {"quantity_type": "risk_percent", "volume": "1", "stop_loss": "2000",
        "leverage": "2"},
}  # fmt: skip
LONG = {"side": None, "volume": None, "action": "target", "market_position": "long"}
POSITIONS = {
    "close": {"side": None, "volume": None, "action": "close"},
    "reverse": {"side": None, "volume": None, "action": "reverse"},
    "target": LONG | {"market_position_size": "0.2"},
    "target, no price": LONG | {"market_position_size": "0.2", "price": None},
    "target, equity": LONG | {"volume": "5", "quantity_type": "percent_equity"},
    "target, equity, no price": LONG
    | {"volume": "5", "quantity_type": "percent_equity", "price": None},
    "target, margin": LONG | {"market_position_size": "0.2", "leverage": "2"},
    "target, margin, no price": LONG
    | {"market_position_size": "0.2", "price": None, "leverage": "2"},
}


@pytest.fixture
def kraken():
    account = {"USD": Decimal(10000), "BTC": Decimal(1), "ETH": Decimal(1)}
    with KrakenServer(balances=account, nonce_window=10**19, secret=SECRET) as server:
        server.engine.mark_price("ETHUSD", Decimal(2500))
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.fixture
def function(kraken):
    """On a ledger that knows of no order."""
    made = Function(
        env={
            "TRADING_MODE": "live", "KRAKEN_API_URL": kraken.url, "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET,
            "ALLOWED_SYMBOLS": "ETH/USD", "MAX_ORDER_COST": "100000 USD",
        },
        clock=SystemClock(),
    )  # fmt: skip
    made.application = build(made.settings())
    return made


def calls(kraken, function, fields):
    before = len(kraken.calls)
    answer = function.post(
        function.alert(id=uuid.uuid4().hex, symbol="ETHUSD", **{"price": "2500"} | fields)
    )
    assert (answer.status, answer["code"]) == (200, "accepted"), answer.document
    made = [call.endpoint for call in kraken.calls[before:]]
    assert made[-1] == "AddOrder"
    return made


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        (POSITIONS["close"], []),
        (LONG | {"market_position": "flat"}, []),
        (POSITIONS["reverse"], ["Ticker"]),
    ],
    ids=["close", "flat", "reverse, which the cost cap holds against the price"],
)
def test_an_exit_on_margin_reads_the_open_orders_since_stops_of_closed_lots_may_rest(
    fields, price, function, kraken
):
    order(kraken.engine, pair="ETHUSD", type="buy", volume="0.1", leverage="2")
    assert calls(kraken, function, fields | {"leverage": "2"}) == [
        "OpenPositions", "OpenOrders", *price, "AddOrder",
    ]  # fmt: skip


@pytest.mark.parametrize("what", FIXED)
def test_a_size_that_needs_nothing_of_the_account_costs_its_order_and_at_most_a_price(
    what, function, kraken
):
    fields, count = FIXED[what]
    assert len(calls(kraken, function, fields)) == count


@pytest.mark.parametrize("what", SHARES | POSITIONS)
def test_a_size_that_follows_from_the_account_costs_three_calls_at_most(what, function, kraken):
    assert len(calls(kraken, function, (SHARES | POSITIONS)[what])) <= MOST


@pytest.mark.parametrize(("margin", "figure"), [(False, "BalanceEx"), (True, "OpenPositions")])
@pytest.mark.parametrize(
    ("what", "asked", "behind"), [("close", [], ["CancelOrder"]), ("target", ["QueryOrders"], [])]
)
def test_beside_a_stop_list_and_price_are_read_and_itself_where_no_cancel_meets_its_fill(
    what, asked, behind, margin, figure
):
    with scene(margin=margin, balances={"USD": Decimal(10000)}) as there:
        there.send(side="buy", volume="0.1", stop_loss="2250")
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        before = len(there.kraken.calls)
        there.send(**{"order_type": None} | POSITIONS[what])
        made = [call.endpoint for call in there.kraken.calls[before:]]
        assert made == [figure, "OpenOrders", *asked, "Ticker", *behind, "AddOrder"]


@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize(("what", "asked"), [("target", 2), ("half", 3)])
def test_the_entries_of_all_exits_at_a_distance_are_asked_for_at_once(what, asked, margin):
    """One by one they would take the calls that Kraken allows, and the alert's time. For the stop
    that an exit of a part puts back its own is asked for again."""
    wants = POSITIONS | {"half": POSITIONS["close"] | {"percent": "50"}}
    with scene(margin=margin, balances={"USD": Decimal(10000)}) as there:
        for _ in range(5):
            there.send(side="buy", volume="0.1", stop_loss="-10%")
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        before = len(there.kraken.calls)
        assert there.send(**{"order_type": None} | wants[what])["status"] == 200
        made = [call.endpoint for call in there.kraken.calls[before:]]
        assert made.count("QueryOrders") == asked, made


@pytest.mark.parametrize("what", ["close", "target"])
def test_the_last_prices_of_all_pairs_in_which_orders_rest_are_read_at_once(what):
    """One by one they would take the time of an exit."""
    with scene(balances={"USD": Decimal(100_000)}) as there:
        there.send(side="buy", volume="0.1")
        for pair in ("SOLUSD", "XRPUSD", "ADAUSD", "LTCUSD"):
            there.kraken.move(pair, Decimal(100))
            limit = {"type": "buy", "ordertype": "limit", "price": "50", "volume": "30"}
            there.kraken.by_hand("AddOrder", pair=pair, **limit)
        there.clock.sleep(100)
        before = len(there.kraken.calls)
        assert there.send(**{"order_type": None} | POSITIONS[what])["status"] == 200
        asked = [call.params for call in there.kraken.calls[before:] if call.endpoint == "Ticker"]
        assert len(asked) == {"close": 1, "target": 2}[what], asked
