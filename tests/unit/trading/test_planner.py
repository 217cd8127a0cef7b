"""From an alert's fields to exactly the strings that Kraken gets, or to the rule
that forbids them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

import pytest

from tests.support.instruments import AS_OF, BTC_USD, btc_usd, pair
from tests.support.row_by_row import row_by_row
from tests.support.trading_rules import intent, trading_rules
from webhook_core.errors import AlertMalformed
from webhook_core.trading import alert as alerts
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.planner import needs_ticker, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import TradingRules
from webhook_core.value import replace

D = Decimal
FREE = TradingRules()
CAPPED = trading_rules(caps=(MappingProxyType({"USD": D(500)}),))
VOLUME = D("0.01")
STALE = AS_OF + timedelta(hours=25)


class UncheckedAlert(alerts.Alert):
    def __post_init__(self) -> None:
        """Not checked: what comes through all the same is refused here too."""


def Alert(**fields):  # noqa: N802  as the class that it makes one of
    return UncheckedAlert(**{"symbol": "BTCUSD", "side": Side.BUY, "volume": VOLUME, **fields})


def planned(alert, instrument=BTC_USD, rules=FREE, now=AS_OF, ticker=None):
    return plan(intent(alert, rules), instrument, rules, now, ticker)


def sent(alert, **kwargs):
    result = planned(alert, **kwargs)
    assert isinstance(result, Plan), result
    (request,) = result.requests
    return request


def refused(alert, **kwargs):
    result = planned(alert, **kwargs)
    assert isinstance(result, Denied), result
    return result.rule


@row_by_row
@pytest.mark.parametrize(
    ("order_type", "prices"),
    [
        (OrderType.MARKET, {}),
        (OrderType.LIMIT, {"price": "50000.1"}),
        (OrderType.STOP_LOSS, {"price": "49000.5"}),
        (OrderType.TAKE_PROFIT, {"price": "49000.5"}),
        (OrderType.STOP_LOSS_LIMIT, {"price": "49000.5", "price2": "50000.1"}),
        (OrderType.TAKE_PROFIT_LIMIT, {"price": "49000.5", "price2": "50000.1"}),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_trigger_and_limit_go_to_kraken_the_right_way_round(order_type, prices, side):
    alert = Alert(side=side, order_type=order_type, price=D("50000.1"), stop_price=D("49000.5"))
    expected = {
        "pair": "XXBTZUSD",
        "type": side.value,
        "ordertype": order_type.value,
        "volume": "0.01",
        **prices,
    }
    request = sent(alert)
    assert list(request.parameters.items()) == list(expected.items())
    assert all(type(value) is str for value in request.parameters.values())
    assert request.reference_price == (None if order_type.takes_limit else D("50000.1"))
    assert request.symbol == "BTC/USD"


@pytest.mark.parametrize(
    ("order_type", "field"),
    [
        (OrderType.LIMIT, "price"),
        (OrderType.STOP_LOSS_LIMIT, "price"),
        (OrderType.TAKE_PROFIT_LIMIT, "price"),
        (OrderType.STOP_LOSS, "stop_price"),
        (OrderType.TAKE_PROFIT, "stop_price"),
        (OrderType.STOP_LOSS_LIMIT, "stop_price"),
        (OrderType.TAKE_PROFIT_LIMIT, "stop_price"),
    ],
)
def test_a_price_that_the_type_needs_is_asked_for_by_name(order_type, field):
    alert = replace(Alert(order_type=order_type, price=D(1), stop_price=D(1)), **{field: None})
    with pytest.raises(
        AlertMalformed, match=f"{field} is missing: {order_type} needs it"
    ) as caught:
        intent(alert, FREE)
    assert caught.value.field == field


def test_a_volume_comes_from_the_alert_else_from_the_settings():
    rules = TradingRules(volume=D("0.5"))
    assert intent(Alert(volume=D("0.02")), rules).volume == D("0.02")
    assert intent(Alert(volume=None), rules).volume == D("0.5")
    with pytest.raises(AlertMalformed, match="volume is missing") as caught:
        intent(Alert(volume=None), FREE)
    assert caught.value.field == "volume"


@row_by_row
@pytest.mark.parametrize("field", ["volume", "price", "stop_price"])
@pytest.mark.parametrize(
    "value", ["0", "-1", "NaN", "Infinity", "1E+18", "1E-19", "1E+999999", "0." + "1" * 80]
)
def test_a_senseless_amount_is_refused_by_name(field, value):
    alert = replace(
        Alert(order_type=OrderType.STOP_LOSS_LIMIT, price=D(1), stop_price=D(1)),
        **{field: D(value)},
    )
    with pytest.raises(AlertMalformed) as caught:
        intent(alert, FREE)
    assert caught.value.field == field
    assert len(caught.value.message) < 100


def test_a_leverage_below_one_is_refused_by_name():
    with pytest.raises(AlertMalformed) as caught:
        intent(Alert(leverage=0), FREE)
    assert caught.value.field == "leverage"


@pytest.mark.parametrize(("leverage", "written"), [(None, None), (1, None), (2, "2"), (5, "5")])
def test_leverage_is_sent_only_for_margin(leverage, written):
    assert sent(Alert(leverage=leverage)).parameters.get("leverage") == written


def test_an_xstock_names_its_asset_class():
    stock = pair("AAPLxUSD", "AAPLxUSD", "AAPLx/USD", "AAPLx", "ZUSD")._replace(
        tick_size=D("0.01"), pair_decimals=2
    )
    alert = Alert(order_type=OrderType.LIMIT, price=D("201.5"), volume=D(1), leverage=2)
    expected = ["AAPLxUSD", "buy", "limit", "1", "201.5", "2", "tokenized_asset"]
    assert list(sent(alert, instrument=stock).parameters.values()) == expected
    assert "asset_class" not in sent(Alert()).parameters


def test_what_is_sent_is_rounded_and_said():
    alert = Alert(
        side=Side.SELL,
        order_type=OrderType.STOP_LOSS_LIMIT,
        volume=D("0.123456789"),
        price=D("37774.433333333334"),
        stop_price=D("37800.00000000001"),
    )
    result = planned(alert)
    assert list(result.requests[0].parameters.values())[3:] == ["0.12345678", "37800", "37774.5"]
    assert result.notes == (
        "volume 0.123456789 was rounded down to 0.12345678",
        "stop_price 37800.00000000001 was rounded to 37800",
        "price 37774.433333333334 was rounded to 37774.5",
    )


def test_nothing_is_said_where_nothing_changed():
    assert (
        planned(Alert(order_type=OrderType.LIMIT, price=D("50000.10"), volume=D("0.0100"))).notes
        == ()
    )


@pytest.mark.parametrize("side", list(Side))
def test_an_equal_trigger_and_limit_stay_equal(side):
    price = D("100.04")
    parameters = sent(
        Alert(side=side, order_type=OrderType.STOP_LOSS_LIMIT, price=price, stop_price=price)
    ).parameters
    assert parameters["price"] == parameters["price2"]


def test_a_trigger_that_the_type_does_not_take_is_left_out_and_said():
    result = planned(Alert(stop_price=D(49000)))
    assert "price" not in result.requests[0].parameters
    assert result.notes == ("stop_price 49000 was not used: a market order has no trigger",)


def test_without_rules_the_numbers_go_as_they_are():
    bare = btc_usd(
        tick_size=None, pair_decimals=None, lot_decimals=None, ordermin=None, costmin=None
    )
    alert = Alert(order_type=OrderType.LIMIT, volume=D("1E-7"), price=D("37774.433333333334"))
    assert list(sent(alert, instrument=bare).parameters.values())[3:] == [
        "0.0000001",
        "37774.433333333334",
    ]


@pytest.mark.parametrize(
    ("rules", "alert", "needed"),
    [
        (CAPPED, Alert(), True),
        (CAPPED, Alert(price=D(50000)), True),
        (CAPPED, Alert(order_type=OrderType.LIMIT, price=D(50000)), False),
        (CAPPED, Alert(order_type=OrderType.STOP_LOSS, stop_price=D(50000)), True),
        (CAPPED, Alert(stop_price=D(50000)), True),
        (FREE, Alert(), False),
    ],
)
def test_the_ticker_is_needed_only_for_a_cap_that_the_order_does_not_keep_itself(
    rules, alert, needed
):
    assert needs_ticker(intent(alert, rules), rules) is needed


def test_the_ticker_prices_an_order_that_has_no_price_of_its_own():
    assert refused(Alert(volume=D("0.01")), rules=CAPPED, ticker=D("50000.01")) == "MAX_ORDER_COST"
    request = sent(Alert(volume=D("0.01")), rules=CAPPED, ticker=D(50000))
    assert (request.reference_price, request.trade_details()["price"]) == (D(50000), "50000")
    assert "price" not in request.parameters
    assert refused(Alert(), rules=CAPPED) == "MAX_ORDER_COST_PRICE"


@pytest.mark.parametrize(
    ("price", "stop_price", "ticker"),
    [("50001", "1", None), ("1", "50001", None), ("1", "1", "50001")],
)
def test_the_cost_is_taken_at_the_highest_price_known(price, stop_price, ticker):
    alert = Alert(
        side=Side.SELL,
        order_type=OrderType.STOP_LOSS_LIMIT,
        price=D(price),
        stop_price=D(stop_price),
    )
    assert refused(alert, rules=CAPPED, ticker=ticker and D(ticker)) == "MAX_ORDER_COST"


def test_the_cost_is_that_of_what_is_sent():
    alert = Alert(order_type=OrderType.LIMIT, volume=D("0.010000001"), price=D("50000.09"))
    assert sent(alert, rules=CAPPED).parameters["volume"] == "0.01"
    assert refused(replace(alert, side=Side.SELL), rules=CAPPED) == "MAX_ORDER_COST"


def test_every_list_and_every_cap_applies():
    wide, narrow = ("BTC/USD", "ETH/USD"), ("ETH/USD",)
    assert refused(Alert(), rules=trading_rules(allow_lists=(wide, narrow))) == "ALLOWED_SYMBOLS"
    assert sent(Alert(), rules=trading_rules(allow_lists=(wide, ("XBTUSD",))))
    priced = Alert(price=D(50000))
    assert (
        refused(priced, rules=trading_rules(caps=({"USD": D(1000)}, {"USD": D(100)})))
        == "MAX_ORDER_COST"
    )
    assert (
        refused(priced, rules=trading_rules(caps=({"USD": D(1000)}, {"EUR": D(1000)})))
        == "MAX_ORDER_COST_CURRENCY"
    )
    assert sent(priced, rules=trading_rules(caps=({"USD": D(1000)}, {"USD": D(500)})))


STRICT = btc_usd(status="cancel_only", leverage_buy=(), ordermin=D(1), costmin=D(10**6))


@row_by_row
@pytest.mark.parametrize(
    ("alert", "instrument", "rule"),
    [
        (Alert(), btc_usd(status="cancel_only"), "PAIR_STATUS"),
        (Alert(leverage=7), BTC_USD, "LEVERAGE"),
        (Alert(volume=D("0.000049999")), BTC_USD, "ORDER_MINIMUM"),
        (Alert(volume=D("0.000050009")), btc_usd(ordermin=D("0.000050005")), "ORDER_MINIMUM"),
        (Alert(price=D(40)), BTC_USD, "COST_MINIMUM"),
        (Alert(order_type=OrderType.LIMIT, price=D(40)), BTC_USD, "COST_MINIMUM"),
        (Alert(order_type=OrderType.STOP_LOSS, stop_price=D(40)), BTC_USD, "COST_MINIMUM"),
        (Alert(price=D(40), leverage=2), STRICT, "PAIR_STATUS"),
    ],
)
def test_krakens_rules_deny_while_they_are_fresh_and_never_when_stale(alert, instrument, rule):
    assert refused(alert, instrument=instrument) == rule
    assert sent(alert, instrument=instrument, now=STALE)


@row_by_row
@pytest.mark.parametrize("now", [AS_OF, STALE])
@pytest.mark.parametrize(
    ("alert", "rules", "rule"),
    [
        (Alert(volume=D("0.000000001")), FREE, "VOLUME_ZERO"),
        (Alert(order_type=OrderType.LIMIT, price=D("0.04")), FREE, "PRICE_ZERO"),
        (Alert(order_type=OrderType.STOP_LOSS, stop_price=D("0.04")), FREE, "PRICE_ZERO"),
        (Alert(), trading_rules(allow_lists=(("ETH/USD",),)), "ALLOWED_SYMBOLS"),
        (Alert(price=D(50001)), CAPPED, "MAX_ORDER_COST"),
        (Alert(price=D(1)), trading_rules(caps=({"EUR": D(1)},)), "MAX_ORDER_COST_CURRENCY"),
    ],
)
def test_our_own_limits_and_a_zero_deny_at_any_age(alert, rules, rule, now):
    assert refused(alert, rules=rules, now=now) == rule


def test_stale_rules_still_round():
    alert = Alert(order_type=OrderType.LIMIT, volume=D("0.123456789"), price=D("50000.19"))
    assert list(sent(alert, now=STALE).parameters.values())[3:] == ["0.12345678", "50000.1"]


def test_an_intent_keeps_what_the_alert_says():
    alert = Alert(
        side=Side.SELL, order_type=OrderType.TAKE_PROFIT, price=D(5), stop_price=D(6), leverage=3
    )
    assert intent(alert, FREE) == OrderIntent(
        "BTCUSD", Side.SELL, OrderType.TAKE_PROFIT, D("0.01"), None, D(6), 3, D(5)
    )
