"""An alert of several legs: each is read as an alert alone would be, and what is wrong
with it is named after it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.intake import TOKEN, verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.intake.alert_key import alert_key
from webhook_core.intake.parse import parse
from webhook_core.trading.alert import Alert
from webhook_core.trading.orders import OrderType, Side

D = Decimal
BUY = {"side": "buy", "volume": "0.1"}
LIMIT = {"action": "Sell", "qty": 1, "order_type": "limit", "price": "5"}


def read(*legs, **fields):
    return parse(verified({"symbol": "BTC/USD", "orders": list(legs), **fields}))


def fault(*legs, kind=AlertMalformed, **fields):
    with pytest.raises(kind) as caught:
        read(*legs, **fields)
    assert caught.value.__context__ is None
    return caught.value


def test_every_leg_is_an_alert_of_its_own():
    alert = read(
        BUY,
        {**LIMIT, "symbol": "ETH/USD", "message": "out", "quantity_type": "quote"},
        {"action": "close", "percent": 50},
        {"action": "cancel"},
        confirm_fill=True,
        id="a-1",
    )
    assert alert == Alert(
        symbol="BTC/USD",
        id="a-1",
        confirm_fill=True,
        orders=(
            Alert(symbol="BTC/USD", side=Side.BUY, volume=D("0.1")),
            Alert(
                symbol="ETH/USD",
                side=Side.SELL,
                volume=D(1),
                quantity_type="quote",
                order_type=OrderType.LIMIT,
                price=D(5),
                alert_message="out",
            ),
            Alert(action="close", symbol="BTC/USD", percent=D(50)),
            Alert(action="cancel", symbol="BTC/USD", scope="symbol"),
        ),
    )
    assert (alert.action, alert.side) == ("order", None)


@pytest.mark.parametrize(
    ("leg", "expected"),
    [
        ({"action": "cancel", "scope": "all"}, {"scope": "all"}),
        ({"action": "cancel", "scope": "strategy"}, {"scope": "strategy", "symbol": "BTC/USD"}),
        ({"action": "cancel", "of_alert": "a"}, {"of_alert": "a", "symbol": "BTC/USD"}),
        ({"action": "cancel", "symbol": "ETH/USD"}, {"scope": "symbol", "symbol": "ETH/USD"}),
    ],
)
def test_the_symbol_of_the_alert_is_its_cancels_too_unless_they_are_of_all(leg, expected):
    assert read(leg).orders == (Alert(action="cancel", **expected),)


def test_without_a_symbol_of_the_alert_each_leg_needs_its_own():
    alert = parse(verified({"orders": [{**BUY, "symbol": "BTC/USD"}]}))
    assert (alert.symbol, alert.orders[0].symbol) == (None, "BTC/USD")
    assert fault(BUY, symbol="").field == "orders[0].symbol"


@pytest.mark.parametrize("count", [1, 10])
def test_an_alert_has_one_to_ten_legs(count):
    assert len(read(*[BUY] * count).orders) == count


@row_by_row
@pytest.mark.parametrize("orders", [[], [BUY] * 11, {}, BUY, "x", "[]", 5, True, TOKEN, "{{x}}"])
def test_anything_but_a_list_of_one_to_ten_legs_is_refused(orders):
    error = fault(orders=orders)
    assert error.field == "orders"
    assert "1 to 10" in error.message


@pytest.mark.parametrize("off", ["", None, False, "false"])
def test_orders_that_are_left_empty_are_none(off):
    assert read(**BUY, orders=off) == Alert(symbol="BTC/USD", side=Side.BUY, volume=D("0.1"))


@pytest.mark.parametrize("leg", [None, "buy", 5, [BUY], True, TOKEN])
def test_a_leg_is_an_object(leg):
    error = fault(BUY, leg)
    assert error.field == "orders[1]"
    assert error.message.startswith("orders[1] must be a JSON object")


@row_by_row
@pytest.mark.parametrize(
    ("leg", "field"),
    [
        ({}, "side"),
        ({"side": "buy", "order_type": "limit"}, "price"),
        ({"side": "hold"}, "side"),
        ({"action": "hold"}, "action"),
        ({**BUY, "volume": "x"}, "volume"),
        ({**BUY, "notional": 5}, "notional"),
        ({**BUY, "stop_prce": 5}, "stop_prce"),
        ({**BUY, "percent": 5}, "percent"),
        ({"action": "close", "volume": 5}, "volume"),
        ({"market_position": "long", "market_position_size": 1}, "side"),
        ({"action": "target", "market_position": "flat"}, "action"),
        ({"action": "reverse"}, "action"),
        ({"action": "amend", "of_alert": "a", "price": 5}, "action"),
        ({**BUY, "close": 1}, "volume"),
        ({**BUY, "orders": [BUY]}, "orders"),
        ({"orders": [BUY]}, "orders"),
        ({**BUY, "id": "a"}, "id"),
        ({**BUY, "fired_at": "2026-02-18T14:30:01Z"}, "fired_at"),
        ({**BUY, "time": "2026-02-18T14:30:01Z"}, "fired_at"),
        ({**BUY, "validate": True}, "validate"),
        ({**BUY, "strategy": "trend"}, "strategy_name"),
        ({**BUY, "confirm_fill": True}, "confirm_fill"),
        ({**BUY, "token": TOKEN}, "token"),
        ({**BUY, "Secret": TOKEN}, "secret"),
        ({**BUY, "passphrase": TOKEN}, "passphrase"),
    ],
)
def test_what_is_wrong_with_a_leg_is_named_after_it(leg, field):
    error = fault(BUY, leg)
    assert error.field == f"orders[1].{field}"
    assert error.message.startswith("orders[1]: ")
    assert TOKEN not in error.message


@pytest.mark.parametrize(
    "name", ["id", "fired_at", "token", "validate", "strategy_name", "confirm_fill"]
)
def test_what_belongs_to_the_alert_is_said_to(name):
    assert "belongs to the alert, not to a leg" in fault({**BUY, name: "true"}).message
    assert read({**BUY, name: ""}).orders[0].side is Side.BUY


def test_a_second_exit_of_a_leg_is_denied_by_its_name():
    error = fault(BUY, {**BUY, "tp2": "5"}, kind=OrderDenied)
    assert (error.field, error.status) == ("orders[1].take_profit", 422)
    assert error.message.startswith("orders[1]: ONE_CLOSE: ")


def test_too_many_fields_of_a_leg_are_the_legs():
    assert fault({f"note{n}": n for n in range(101)}).field == "orders[0]"


@row_by_row
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("side", "buy"), ("action", "buy"), ("action", "close"), ("volume", "1"), ("price", "1"),
        ("order_type", "limit"),
        ("leverage", 2), ("stop_loss", "2%"), ("quantity_type", "quote"), ("percent", "5"),
        ("scope", "all"),
        ("cl_ord_id", "mine"), ("of_alert", "a"), ("oflags", "post"),
    ],
)  # fmt: skip
def test_beside_the_legs_stands_no_field_of_an_order_but_symbol(name, value):
    error = fault(BUY, **{name: value})
    assert "belongs into the legs" in error.message
    assert read(BUY, **{name: ""}) == read(BUY)


def test_tradingviews_context_may_stand_anywhere():
    context = {
        "exchange": "KRAKEN",
        "order_id": "Long",
        "interval": "60",
        "close": "5",
        "market_position": "long",
    }
    alert = read({"side": "buy", "qty": "0.1", **context}, **context)
    assert (alert.market_position, alert.orders[0].market_position, alert.warnings) == (
        "long",
        "long",
        (),
    )


def test_what_a_leg_warns_of_stands_beside_the_alerts_own_warnings():
    alert = read(BUY, {**BUY, "rsi": 5}, bot="x")
    assert alert.warnings == (
        "Ignored, because no such field is known: 'bot'.",
        "orders[1]: Ignored, because no such field is known: 'rsi'.",
    )
    assert [leg.warnings for leg in alert.orders] == [(), ()]


def test_an_alert_of_legs_has_the_key_of_any_other():
    body = verified({"symbol": "BTC/USD", "orders": [BUY], "id": "a-1"})
    assert alert_key(body, parse(body)).key == "id::a-1"


def test_free_text_of_a_leg_is_in_no_repr():
    assert TOKEN not in repr(read({**BUY, "message": TOKEN}))
