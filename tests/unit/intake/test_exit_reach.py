"""An exit so far from the entry that percent or points were written as a price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.instruments import AS_OF, BTC_USD
from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from tests.support.trading_rules import intent
from webhook_core.errors import AlertMalformed
from webhook_core.intake.parse import parse
from webhook_core.trading.from_alert import intents
from webhook_core.trading.planner import appraise, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import TradingRules

BUY = {"symbol": "BTCUSD", "side": "buy", "quantity": "1"}
SELL = {**BUY, "side": "sell"}
AT = {"price": "67000"}
LIMIT = {"order_type": "limit", "price": "67000"}
TRIGGER = {"order_type": "stop-loss", "stop_price": "67000"}


def exit_of(fields):
    (order,) = intents(parse(verified(fields)), None)
    return order.close


@row_by_row
@pytest.mark.parametrize("entry", [AT, LIMIT, TRIGGER], ids=["reference", "limit", "trigger"])
@pytest.mark.parametrize(
    ("base", "exits", "field"),
    [
        (BUY, {"stopLoss": 50}, "stop_loss"),
        (BUY, {"stop_loss": "2"}, "stop_loss"),
        (BUY, {"sl": "33499.99"}, "stop_loss"),
        (BUY, {"sl_price": 0.05}, "stop_loss"),
        (BUY, {"stop_loss": "-33501"}, "stop_loss"),
        (BUY, {"sl": "66000", "sl_limit": "60"}, "stop_loss_limit"),
        (BUY, {"sl": "2%", "stopLossLimit": "60"}, "stop_loss_limit"),
        (SELL, {"stop_loss": "100501"}, "stop_loss"),
        (SELL, {"sl": "66", "leverage": 2}, "stop_loss"),
        (SELL, {"sl": "+40000"}, "stop_loss"),
        (BUY, {"take_profit": "670001"}, "take_profit"),
        (BUY, {"tp": 50}, "take_profit"),
        (BUY, {"tp_price": "+700000"}, "take_profit"),
        (BUY, {"tp": "70000", "tp_limit": "7"}, "take_profit_limit"),
        (SELL, {"takeProfit": "6699"}, "take_profit"),
        (SELL, {"tp": "2"}, "take_profit"),
    ],
)
def test_an_exit_out_of_reach_is_refused_with_the_ways_to_write_percent_and_points(
    base, exits, field, entry
):
    for fields in (base | entry | exits, {"symbol": "BTCUSD", "orders": [base | entry | exits]}):
        with pytest.raises(AlertMalformed) as caught:
            exit_of(fields)
        assert caught.value.field in (field, f"orders[0].{field}")
        assert '"2%"' in caught.value.message
        assert '"-50"' in caught.value.message


@row_by_row
@pytest.mark.parametrize("entry", [AT, LIMIT, TRIGGER], ids=["reference", "limit", "trigger"])
@pytest.mark.parametrize(
    ("base", "exits"),
    [
        (BUY, {"sl": "33500"}),
        (BUY, {"sl": "66950"}),
        (BUY, {"sl": "2%"}),
        (BUY, {"sl": "60%"}),
        (BUY, {"sl": "-50"}),
        (BUY, {"tp": "670000"}),
        (BUY, {"tp": "2%"}),
        (BUY, {"tp": "2000%"}),
        (BUY, {"tp": "+500"}),
        (SELL, {"sl": "100500"}),
        (SELL, {"tp": "6700"}),
        (SELL, {"tp": "-500"}),
        (BUY, {"sl": "60000", "sl_limit": "59000"}),
        (BUY, {"sl": "60000", "sl_limit": "-9000"}),
    ],
)
def test_an_exit_in_reach_goes_as_it_is(base, exits, entry):
    assert exit_of(base | entry | exits) is not None


@pytest.mark.parametrize(
    "exits", [{"stop_loss": "2"}, {"tp": "999999"}, {"stop_loss": "60000", "sl_limit": "60"}]
)
def test_without_a_price_of_its_own_the_market_s_price_decides(exits):
    order = intent(parse(verified(BUY | exits)), TradingRules())
    denied = plan(order, BTC_USD, TradingRules(), AS_OF, Decimal(67000))
    assert isinstance(denied, Denied)
    assert denied.rule == "EXIT_REACH"
    assert '"2%"' in denied.message
    assert isinstance(plan(order, BTC_USD, TradingRules(), AS_OF), Plan)  # nobody knows a price


def test_an_appraisal_says_what_became_of_the_check():
    order = intent(parse(verified(BUY | {"stop_loss": "60000"})), TradingRules())
    for market, verdict in ((None, "not_checked"), (Decimal(67000), "passed")):
        planned = appraise(order, BTC_USD, TradingRules(), AS_OF, market)
        assert isinstance(planned, Plan)
        assert [
            check.verdict for check in planned.appraisals[0].checks if check.rule == "EXIT_REACH"
        ] == [verdict]


def test_a_limit_far_from_the_market_is_held_against_itself_only():
    order = intent(
        parse(verified(BUY | {"order_type": "limit", "price": "20000", "stop_loss": "18000"})),
        TradingRules(),
    )
    assert isinstance(plan(order, BTC_USD, TradingRules(), AS_OF, Decimal(67000)), Plan)


def test_a_stop_that_is_really_that_far_off_is_told_how_to_say_so():
    with pytest.raises(AlertMalformed) as caught:
        exit_of(BUY | AT | {"stop_loss": "26800"})
    assert '"-60%"' in caught.value.message
    assert exit_of(BUY | AT | {"stop_loss": "-60%"}) is not None
