"""What a validation tells of an order: every check with its verdict, the roundings, and
what it would cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.instruments import AS_OF, BTC_USD, btc_usd
from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from tests.support.trading_rules import intent, trading_rules
from webhook_core.intake.parse import parse
from webhook_core.trading.appraisal import Estimate
from webhook_core.trading.planner import appraise, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import Fees, TradingRules

D = Decimal
FREE = TradingRules()
MARKET = D(60000)
BASE = {"symbol": "BTC/USD", "side": "buy", "volume": "0.01"}
SOLD = {"side": "sell"}
ICEBERG = {"order_type": "iceberg", "display_volume": "0.001"}
TRAIL = {"order_type": "trailing-stop", "trail": "1%"}
STOP_LIMIT = {"order_type": "stop-loss-limit", "stop_price": "61000", "price": "61500"}


def appraised(*, rules=FREE, instrument=BTC_USD, now=AS_OF, ticker=None, **fields):
    wanted = intent(parse(verified(BASE | fields)), rules)
    return wanted, appraise(wanted, instrument, rules, now, ticker)


def estimate(**context):
    _, result = appraised(**context)
    assert isinstance(result, Plan), result
    (appraisal,) = result.appraisals
    return appraisal.estimate


def verdicts(result):
    (appraisal,) = (result.plan if isinstance(result, Denied) else result).appraisals
    return [(check.rule, check.verdict) for check in appraisal.checks]


# -- what it would cost


@row_by_row
@pytest.mark.parametrize(
    ("fields", "ticker", "price"),
    [
        ({"order_type": "limit", "price": "50000"}, None, 50000),
        ({"order_type": "limit", "price": "50000.09"}, None, "50000"),
        ({**ICEBERG, "price": "50000"}, MARKET, 50000),
        ({"order_type": "stop-loss", "stop_price": "61000"}, MARKET, 61000),
        ({"order_type": "take-profit", "stop_price": "55000", "price": "60000"}, None, 55000),
        (STOP_LIMIT, MARKET, 61500),
        ({}, None, None),
        ({}, MARKET, 60000),
        ({"price": "59000"}, None, 59000),
        ({"price": "59000"}, MARKET, 60000),
        ({"order_type": "settle-position", "leverage": "2", **SOLD}, MARKET, 60000),
        ({"order_type": "limit", "price": "+5"}, None, None),
        ({"order_type": "limit", "price": "+5"}, MARKET, 60005),
        ({"order_type": "limit", "price": "-2%"}, MARKET, 58800),
        ({"order_type": "limit", "price": "#2%"}, MARKET, 58800),
        ({"order_type": "limit", "price": "#2%", **SOLD}, MARKET, 61200),
        ({"order_type": "stop-loss", "stop_price": "#2%"}, MARKET, 61200),
        ({"order_type": "stop-loss", "stop_price": "#2%", **SOLD}, MARKET, 58800),
        (TRAIL, None, None),
        (TRAIL, MARKET, 60600),
        (TRAIL | SOLD, MARKET, 59400),
        (
            {**TRAIL, **SOLD, "order_type": "trailing-stop-limit", "trail_limit": "-50"},
            MARKET,
            59350,
        ),
        ({**TRAIL, "order_type": "trailing-stop-limit", "trail_limit": "+50"}, MARKET, 60650),
        ({**TRAIL, "order_type": "trailing-stop-limit", "trail_limit": "+50"}, None, None),
    ],
)
def test_the_price_is_the_limit_else_the_trigger_else_the_markets(fields, ticker, price):
    found = estimate(ticker=ticker, **fields)
    if price is None:
        assert found == Estimate(None, None, None, "USD")
    else:
        cost = D(price) / 100
        assert found == Estimate(D(price), cost, cost * D("0.008"), "USD")


@pytest.mark.parametrize(
    ("fees", "fields", "fee"),
    [
        (Fees(), {}, "4"),
        (Fees(), {"post_only": True}, "2"),
        (Fees(D("0.25"), D("0.5")), {}, "2.5"),
        (Fees(D("0.25"), D("0.5")), {"post_only": True}, "1.25"),
        (Fees(D(0), D(0)), {}, "0"),
        (Fees(), {"leverage": "3"}, "4"),
    ],
)
def test_the_fee_is_the_takers_unless_the_order_can_only_make(fees, fields, fee):
    found = estimate(rules=TradingRules(fees=fees), order_type="limit", price="50000", **fields)
    assert (found.cost, found.fee) == (D(500), D(fee))


def test_the_cost_is_that_of_what_is_sent_and_exact():
    found = estimate(order_type="limit", price="60000.19", volume="1.234567899")
    assert found.price == D("60000.1")
    assert found.cost == D("1.23456789") * D("60000.1")
    assert found.fee == found.cost * D("0.008")


def test_an_order_that_leaves_no_price_has_no_cost():
    _, result = appraised(order_type="limit", price="-60001", ticker=MARKET)
    assert result.rule == "PRICE_BELOW_ZERO"
    assert result.plan.appraisals[0].estimate.cost is None


# -- what was checked


def test_a_plan_that_passes_tells_of_every_check_with_its_numbers():
    rules = trading_rules(allow_lists=(("BTC/USD",),), caps=({"USD": D(500)},))
    _, result = appraised(rules=rules, order_type="limit", price="50000.09", volume="0.00999999999")
    (appraisal,) = result.appraisals
    assert [(check.rule, check.verdict, dict(check.numbers)) for check in appraisal.checks] == [
        ("ALLOWED_SYMBOLS", "passed", {"symbol": "BTC/USD"}),
        ("PRICE_ZERO", "passed", {"price": "50000.09"}),
        ("PAIR_STATUS", "passed", {"status": "online"}),
        ("VOLUME_ZERO", "passed", {"volume": "0.00999999"}),
        ("ORDER_MINIMUM", "passed", {"volume": "0.00999999", "minimum": "0.00005"}),
        (
            "MAX_ORDER_COST",
            "passed",
            {
                "cost": "499.9995",
                "max": "500",
                "volume": "0.00999999",
                "price": "50000",
                "currency": "USD",
            },
        ),
        (
            "COST_MINIMUM",
            "passed",
            {"cost": "499.9995", "minimum": "0.5", "volume": "0.00999999", "price": "50000"},
        ),
    ]
    assert appraisal.rounding == (
        "volume 0.00999999999 was rounded down to 0.00999999",
        "price 50000.09 was rounded to 50000",
    )
    assert result.notes == appraisal.rounding


@pytest.mark.parametrize(
    ("leverage", "made"), [(None, []), ("1", []), ("3", ["passed"]), ("9", ["denied"])]
)
def test_a_leverage_is_checked_where_there_is_one(leverage, made):
    _, result = appraised(price="60000", **({"leverage": leverage} if leverage else {}))
    assert [verdict for rule, verdict in verdicts(result) if rule == "LEVERAGE"] == made


def test_what_else_is_to_be_said_is_no_rounding():
    _, result = appraised(side="sell", price="60000", stop_loss="65000")
    (note,) = result.notes
    assert "buys back what is sold" in note
    assert result.appraisals[0].rounding == ()


def test_a_refused_plan_tells_of_every_check_and_of_what_would_have_been_sent():
    rules = trading_rules(allow_lists=(("ETH/USD",),), caps=({"USD": D(100)},))
    wanted, result = appraised(rules=rules, price="60000", leverage="9")
    bare = plan(wanted, BTC_USD, rules, AS_OF)
    assert isinstance(result, Denied)
    assert (result.rule, result.message, result.numbers) == (bare.rule, bare.message, bare.numbers)
    assert result.rule == "ALLOWED_SYMBOLS"
    assert bare.plan == Plan(())
    assert dict(verdicts(result)) == {
        "ALLOWED_SYMBOLS": "denied",
        "VOLUME_ZERO": "passed",
        "MAX_ORDER_COST": "denied",
        "PAIR_STATUS": "passed",
        "LEVERAGE": "denied",
        "ORDER_MINIMUM": "passed",
        "COST_MINIMUM": "passed",
    }
    (request,) = result.plan.requests
    assert request.parameters == {
        "pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01", "leverage": "9",
    }  # fmt: skip
    assert result.plan.appraisals[0].estimate == Estimate(MARKET, D(600), D("4.8"), "USD")


PAIR_RULES = ("LEVERAGE", "ORDER_MINIMUM", "COST_MINIMUM", "CLOSE_COST_MINIMUM")
CLOSING = {"price": "60000", "leverage": "2", "stop_loss": "55000"}


@pytest.mark.parametrize(
    ("age", "old"),
    [
        (timedelta(0), set()),
        (timedelta(minutes=2), {"PAIR_STATUS"}),
        (timedelta(hours=25), {"PAIR_STATUS", *PAIR_RULES}),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_rules_that_are_too_old_to_deny_are_shown_as_not_checked(age, old, strict):
    rules = (
        {"status": "cancel_only", "leverage_buy": (), "ordermin": D(1), "costmin": D(10**6)}
        if strict
        else {}
    )
    _, result = appraised(instrument=btc_usd(**rules), now=AS_OF + age, **CLOSING)
    made = dict(verdicts(result))
    assert {rule for rule, verdict in made.items() if verdict == "not_checked"} == old
    judged = {"PAIR_STATUS", *PAIR_RULES} - old
    assert {rule for rule in judged if made[rule] == "denied"} == (judged if strict else set())
    assert isinstance(result, Denied) is bool(strict and judged)


def test_rules_that_kraken_has_not_stated_are_shown_as_not_checked():
    bare = btc_usd(status=None, leverage_buy=None, ordermin=None, costmin=None)
    _, result = appraised(instrument=bare, **CLOSING)
    assert {rule for rule, verdict in verdicts(result) if verdict == "not_checked"} == {
        "PAIR_STATUS",
        *PAIR_RULES,
    }


def test_an_offset_from_a_market_that_is_not_known_is_shown_as_not_checked():
    _, result = appraised(order_type="limit", price="-60001")
    assert ("PRICE_BELOW_ZERO", "not_checked") in verdicts(result)
    assert ("COST_MINIMUM", "not_checked") in verdicts(result)
