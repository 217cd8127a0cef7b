"""From a body's order fields to the strings that Kraken gets; and every contradiction,
refused with its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from tests.support.instruments import AS_OF, BTC_USD, btc_usd
from tests.support.intake import verified
from tests.support.paper import ask, paper
from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row
from tests.support.trading_rules import intent, trading_rules
from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.intake.field_names import ALIASES
from webhook_core.intake.parse import parse
from webhook_core.trading.orders import OrderType, Relative
from webhook_core.trading.planner import needs_ticker, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.rules import TradingRules

D = Decimal
EXAMPLES = ROOT / "examples"
FIXED = {"volume"}, {"action", "quantity_type", "orders", "market_position"}
"""What an example of an order of fixed size has, and what it has not."""
ORDERS = [
    path
    for path in sorted(EXAMPLES.glob("*.json"))
    if "tradingview" not in path.stem
    and FIXED[0] <= (names := set(json.loads(path.read_text("utf-8"))))
    and not FIXED[1] & names
]
FREE = TradingRules()
CAPPED = trading_rules(caps=({"USD": D(500)},))
BASE = {"symbol": "BTC/USD", "side": "buy", "volume": "0.01"}
LIMIT = {"order_type": "limit", "price": "50000"}
ICEBERG = {"order_type": "iceberg", "price": "50000", "display_volume": "0.001"}
TRAIL = {"order_type": "trailing-stop", "trail": "2%"}
TRAIL_LIMIT = {"order_type": "trailing-stop-limit", "trail": "2%", "trail_limit": "-50"}
STOP_LIMIT = {"order_type": "stop-loss-limit", "price": "50000", "stop_price": "49000"}
SETTLE = {"order_type": "settle-position", "leverage": 2}


def read(**fields):
    return parse(verified({**BASE, **fields}))


def planned(fields, *, rules=FREE, instrument=BTC_USD, ticker=None):
    return plan(intent(read(**fields), rules), instrument, rules, AS_OF, ticker)


def sent(**fields):
    """All that is sent beside pair, type, ordertype and volume."""
    result = planned(fields)
    assert isinstance(result, Plan), result
    return list(result.requests[0].parameters.items())[4:]


def refused(fields, **context):
    result = planned(fields, **context)
    assert isinstance(result, Denied), result
    return result


def contradiction(**fields):
    with pytest.raises(AlertMalformed) as caught:
        intent(read(**fields), FREE)
    return caught.value


# -- every field and every alias


@row_by_row
@pytest.mark.parametrize(
    ("names", "needs", "value", "expected"),
    [
        ("price", {"order_type": "limit"}, "+5.5", Relative("+", D("5.5"))),
        ("price", {"order_type": "limit"}, "-2%", Relative("-", D(2), percent=True)),
        ("price", {"order_type": "limit"}, "#1.5%", Relative("#", D("1.5"), percent=True)),
        ("price", {"order_type": "limit"}, "-1e1", Relative("-", D("1e1"))),
        ("stop_price", {"order_type": "stop-loss"}, "#150", Relative("#", D(150))),
        ("trail", TRAIL, "150", Relative("+", D(150))),
        ("trail", TRAIL, "+150", Relative("+", D(150))),
        ("trail", TRAIL, 150, Relative("+", D(150))),
        ("trail", TRAIL, "+2.5%", Relative("+", D("2.5"), percent=True)),
        ("trail_limit", TRAIL_LIMIT, "-50", Relative("-", D(50))),
        ("trail_limit", TRAIL_LIMIT, "+0", Relative("+", D(0))),
        ("trail_limit", TRAIL_LIMIT, "+0.5%", Relative("+", D("0.5"), percent=True)),
        ("reduce_only", {}, True, True),
        ("reduce_only", {}, "TRUE", True),
        ("reduce_only", {}, "false", False),
        ("display_volume", ICEBERG, "0.002", D("0.002")),
        ("trigger_by", {}, "Index", "index"),
        ("trigger_by", {}, "last", "last"),
        ("time_in_force", {}, "ioc", "IOC"),
        ("time_in_force", {}, "GTD", "GTD"),
        ("post_only", {}, "true", True),
        ("expires", {}, "+3600", timedelta(hours=1)),
        ("expires", {}, "2026-10-01T00:00:00Z", datetime(2026, 10, 1, tzinfo=UTC)),
        ("expires", {}, "1790812800", datetime(2026, 10, 1, tzinfo=UTC)),
        ("expires", {}, "1790812800000", datetime(2026, 10, 1, tzinfo=UTC)),
        ("expires", {}, 0, None),
        ("starts", {}, "+60", timedelta(minutes=1)),
        ("starts", {}, "0", None),
        ("quantity_type", {}, "Percent_Of-Equity", "percent_equity"),
        ("confirm_fill", {}, "true", True),
        ("fee_currency", {}, "base", "base"),
        ("fee_currency", {}, "fciq", "quote"),
        ("self_trade", {}, "cancel_oldest", "cancel-oldest"),
        ("self_trade", {}, "Cancel-Both", "cancel-both"),
        ("take_profit", {}, "65000", D(65000)),
        ("take_profit", {}, "+500", Relative("+", D(500))),
        ("take_profit", {}, "2%", Relative("#", D(2), percent=True)),
        ("take_profit_limit", {}, "64900", D(64900)),
        ("stop_loss", {}, 55000, D(55000)),
        ("stop_loss", {}, "-2%", Relative("-", D(2), percent=True)),
        ("stop_loss_limit", {}, "#2.5%", Relative("#", D("2.5"), percent=True)),
    ],
)
def test_every_name_of_a_field_reads_the_same(names, needs, value, expected):
    for name in ALIASES[names]:
        alert = read(**{key: text for key, text in needs.items() if key != names}, **{name: value})
        assert getattr(alert, names) == expected
        assert alert.warnings == ()


@row_by_row
@pytest.mark.parametrize(
    ("canonical", "krakens"),
    [
        ("display_volume", "displayvol"), ("time_in_force", "timeinforce"),
        ("trigger_by", "trigger"), ("expires", "expiretm"),
        ("starts", "starttm"), ("self_trade", "stptype"), ("reduce_only", "reduce_only"),
        ("leverage", "leverage"),
    ],
)  # fmt: skip
def test_krakens_own_name_of_a_field_is_one_of_its_names(canonical, krakens):
    assert krakens.replace("_", "") in {name.replace("_", "") for name in ALIASES[canonical]}


@pytest.mark.parametrize(
    ("oflags", "post_only", "fee_currency"),
    [
        ("post", True, None),
        ("fcib", False, "base"),
        ("post,fciq", True, "quote"),
        (" FCIQ , post ", True, "quote"),
        ("", False, None),
    ],
)
def test_krakens_oflags_are_read(oflags, post_only, fee_currency):
    alert = read(oflags=oflags)
    assert (alert.post_only, alert.fee_currency) == (post_only, fee_currency)


@row_by_row
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("price", "2%", "needs a sign before its percentage: +2%, -2% or #2%"),
        ("trail", "-2%", "is a distance, which has no direction"),
        ("trail", "#150", "is a distance, which has no direction"),
        ("trail", "0", "must be greater than zero"),
        ("trail", "0%", "must be greater than zero"),
        ("trail", True, "must be a number"),
        ("trail_limit", "50", "needs a sign, as a text"),
        ("trail_limit", -50, "needs a sign, as a text"),
        ("trail_limit", "#50", "needs a sign, as a text"),
        ("trail_limit", "+x", "must be an offset"),
        ("trigger_by", "50000", "send stop_price for the trigger's price"),
        ("trigger_by", 50000, "send stop_price for the trigger's price"),
        ("trigger_by", "mark", "must be one of last, index, not 'mark'"),
        ("time_in_force", "PO", "must be one of GTC, IOC, GTD, FOK, not 'PO'; send post_only"),
        ("time_in_force", "day", "send GTD and expires"),
        ("reduce_only", "yes", "must be true or false"),
        ("reduce_only", 1, "must be true or false"),
        ("post_only", "1", "must be true or false"),
        ("expires", "3600", "must be a time"),
        ("expires", "+1.5", "must be + and whole seconds"),
        ("expires", "+1h", "must be + and whole seconds"),
        ("starts", "tomorrow", "must be a time"),
        ("fee_currency", "USD", "must be one of base, quote"),
        ("self_trade", "cancel", "must be one of cancel-newest, cancel-oldest, cancel-both"),
        ("display_volume", "0", "must be greater than zero"),
        ("take_profit", "0", "must be greater than zero"),
        ("take_profit", "-500.5.5", "must be an offset"),
        ("stop_loss", True, "must be a number"),
        ("stop_loss", {"price": 1}, "must be a number"),
        ("oflags", "viqc", "send volume with quantity_type quote"),
        ("oflags", "fcib,fciq", "exclude each other"),
        ("oflags", "post,nompp", "may hold post and one of fcib and fciq, not 'nompp'"),
        ("oflags", "post,", "may hold post"),
        ("oflags", True, "must be a text"),
    ],
)  # fmt: skip
def test_a_value_of_another_form_is_refused_with_what_to_send(field, value, says):
    with pytest.raises(AlertMalformed) as caught:
        read(**{field: value})
    assert caught.value.field == field
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"oflags": "post", "post_only": False}, "post_only"),
        ({"oflags": "fcib", "fee_currency": "quote"}, "fee_currency"),
        ({"tp": "65000", "take_profit": "66000"}, "take_profit"),
        ({"expires": "+60", "expiretm": "+61"}, "expires"),
        ({"time_in_force": "GTC", "tif": "IOC"}, "time_in_force"),
    ],
)
def test_two_names_that_differ_are_refused(fields, field):
    with pytest.raises(AlertMalformed, match="differ: send one") as caught:
        read(**fields)
    assert caught.value.field == field


# -- what Kraken gets


@row_by_row
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"price": "50000"}, []),
        ({**LIMIT, "price": "+5.07"}, [("price", "+5")]),
        ({**LIMIT, "price": "+5.07", "side": "sell"}, [("price", "+5.1")]),
        ({**LIMIT, "price": "-5.03"}, [("price", "-5.1")]),
        ({**LIMIT, "price": "-5.03", "side": "sell"}, [("price", "-5")]),
        ({**LIMIT, "price": "-2.00001%"}, [("price", "-2.0001%")]),
        ({**LIMIT, "price": "#5.03"}, [("price", "#5.1")]),
        ({**LIMIT, "price": "#5.03", "side": "sell"}, [("price", "#5.1")]),
        ({"order_type": "stop-loss", "stop_price": "#5.07"}, [("price", "#5")]),
        ({"order_type": "stop-loss", "stop_price": "#5.07", "side": "sell"}, [("price", "#5")]),
        ({"order_type": "take-profit", "stop_price": "#5.03"}, [("price", "#5.1")]),
        ({**STOP_LIMIT, "stop_price": "+2%", "price": "+3%"},
            [("price", "+2%"), ("price2", "+3%")]),
        (TRAIL, [("price", "+2%")]),
        ({**TRAIL, "trail": "150.19"}, [("price", "+150.1")]),
        ({**TRAIL, "price": "50000"}, [("price", "+2%")]),
        (TRAIL_LIMIT, [("price", "+2%"), ("price2", "-50")]),
        ({**TRAIL_LIMIT, "trail_limit": "-50.04", "side": "sell"},
            [("price", "+2%"), ("price2", "-50")]),
        ({**TRAIL_LIMIT, "trail_limit": "-0.04", "side": "sell"},
            [("price", "+2%"), ("price2", "+0")]),
        ({**TRAIL_LIMIT, "trail_limit": "+0%"}, [("price", "+2%"), ("price2", "+0%")]),
        (ICEBERG, [("displayvol", "0.001"), ("price", "50000")]),
        ({**ICEBERG, "display_volume": "0.0012345678"},
            [("displayvol", "0.00123456"), ("price", "50000")]),
        (SETTLE, [("leverage", "2")]),
        ({**TRAIL, "trigger_by": "index"}, [("price", "+2%"), ("trigger", "index")]),
        ({"leverage": 3, "reduce_only": True}, [("leverage", "3"), ("reduce_only", "true")]),
        ({"stptype": "cancel-newest"}, [("stptype", "cancel-newest")]),
        ({"fee_currency": "base"}, [("oflags", "fcib")]),
        ({**LIMIT, "post": True, "fee_currency": "quote"},
            [("price", "50000"), ("oflags", "fciq,post")]),
        ({"tif": "IOC"}, [("timeinforce", "IOC")]),
        ({**LIMIT, "tif": "fok"}, [("price", "50000"), ("timeinforce", "FOK")]),
        ({**LIMIT, "tif": "GTC"}, [("price", "50000"), ("timeinforce", "GTC")]),
        ({**LIMIT, "expires": "+3600"},
            [("price", "50000"), ("timeinforce", "GTD"), ("expiretm", "+3600")]),
        (
            {**LIMIT, "expiretm": "2026-09-25T13:00:00Z", "tif": "GTD", "starttm": "+60"},
            [("price", "50000"), ("timeinforce", "GTD"), ("starttm", "+60"),
                ("expiretm", "1790341200")],
        ),
        ({"starts": "2026-09-25T12:00:00.9Z"}, [("starttm", "1790337600")]),
        ({"take_profit": "65000.04"},
            [("close[ordertype]", "take-profit"), ("close[price]", "65000.1")]),
        ({"take_profit": "45000.09", "side": "sell"},
            [("close[ordertype]", "take-profit"), ("close[price]", "45000")]),
        ({"stop_loss": "2%"}, [("close[ordertype]", "stop-loss"), ("close[price]", "-2%")]),
        ({"stop_loss": "2%", "side": "sell"},
            [("close[ordertype]", "stop-loss"), ("close[price]", "+2%")]),
        ({"stop_loss": "-500.09"}, [("close[ordertype]", "stop-loss"), ("close[price]", "-500")]),
        ({"take_profit": "#500"}, [("close[ordertype]", "take-profit"), ("close[price]", "+500")]),
        (
            {"take_profit": "150%", "take_profit_limit": "+149%"},
            [("close[ordertype]", "take-profit-limit"), ("close[price]", "+150%"),
                ("close[price2]", "+149%")],
        ),
        (
            {**LIMIT, "stop_loss": "49000", "stop_loss_limit": "48900", "trigger": "index"},
            [
                ("price", "50000"), ("trigger", "index"), ("close[ordertype]", "stop-loss-limit"),
                ("close[price]", "49000"), ("close[price2]", "48900"),
            ],
        ),
    ],
)  # fmt: skip
def test_kraken_gets_exactly_these_strings_in_this_order(fields, expected):
    assert sent(**fields) == expected


def test_everything_at_once_keeps_its_order():
    fields = {
        **STOP_LIMIT, "trigger_by": "last", "leverage": 2, "stptype": "cancel-both",
        "fee_currency": "quote", "tif": "GTD",
        "starts": "+5", "expires": "+99", "take_profit": "60000", "take_profit_limit": "59990",
    }  # fmt: skip
    assert [name for name, _ in sent(**fields)] == [
        "price", "price2", "trigger", "leverage", "stptype", "oflags", "timeinforce", "starttm",
        "expiretm",
        "close[ordertype]", "close[price]", "close[price2]",
    ]  # fmt: skip


def test_what_was_rounded_is_said():
    assert planned({**ICEBERG, "display_volume": "0.0012345678"}).notes == (
        "display_volume 0.0012345678 was rounded down to 0.00123456",
    )
    assert planned({"stop_loss": "-2.55555%"}).notes == (
        "stop_loss -2.55555% was rounded to -2.5555%",
    )
    assert planned({**TRAIL, "trail": "150.19"}).notes == ("trail +150.19 was rounded to +150.1",)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"side": "sell", "stop_loss": "2%"},
            "stop_loss of a sell without leverage buys back what is sold",
        ),
        (
            {"take_profit": "2%", "fee_currency": "base"},
            "fee_currency base takes the fee out of that",
        ),
    ],
)
def test_a_close_that_may_surprise_is_said(fields, says):
    (note,) = planned(fields).notes
    assert says in note
    assert planned({**fields, "leverage": 2}).notes == ()


# -- contradictions are the alert's fault


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"order_type": "trailing-stop"}, "trail"),
        ({"order_type": "trailing-stop-limit", "trail": "1%"}, "trail_limit"),
        ({"order_type": "trailing-stop-limit", "trail_limit": "+1"}, "trail"),
        ({"trail": "1%"}, "trail"),
        ({**LIMIT, "trail": "1%"}, "trail"),
        ({**TRAIL, "trail_limit": "+1"}, "trail_limit"),
        ({**TRAIL, "stop_price": "5"}, "stop_price"),
        ({**TRAIL, "limit_price": "5"}, "price"),
        ({**TRAIL, "trail": "100%", "side": "sell"}, "trail"),
        ({**SETTLE, "stop_price": "5"}, "stop_price"),
        ({"price": "+5"}, "price"),
        ({**TRAIL, "price": "+2%"}, "price"),
        ({"order_type": "stop-loss", "stop_price": "5", "price": "-2%"}, "price"),
        ({**STOP_LIMIT, "price": "#5"}, "price"),
        ({**LIMIT, "price": "-100%"}, "price"),
        ({**LIMIT, "price": "#100%"}, "price"),
        ({"order_type": "iceberg", "display_volume": "0.001"}, "price"),
        ({"order_type": "iceberg", "price": "5"}, "display_volume"),
        ({**LIMIT, "display_volume": "0.001"}, "display_volume"),
        ({"order_type": "settle-position"}, "leverage"),
        ({**SETTLE, "leverage": "1"}, "leverage"),
        ({"reduce_only": True}, "reduce_only"),
        ({"reduce_only": True, "leverage": "1"}, "reduce_only"),
        ({"trigger_by": "index"}, "trigger_by"),
        ({**LIMIT, "trigger_by": "last"}, "trigger_by"),
        ({"post_only": True}, "post_only"),
        ({**ICEBERG, "post_only": True}, "post_only"),
        ({**STOP_LIMIT, "post_only": True}, "post_only"),
        ({**LIMIT, "post_only": True, "tif": "IOC"}, "post_only"),
        ({**LIMIT, "post_only": True, "tif": "FOK"}, "post_only"),
        ({"tif": "FOK"}, "time_in_force"),
        ({**STOP_LIMIT, "tif": "IOC"}, "time_in_force"),
        ({**ICEBERG, "tif": "IOC"}, "time_in_force"),
        ({**TRAIL, "tif": "FOK"}, "time_in_force"),
        ({**LIMIT, "tif": "GTD"}, "expires"),
        ({**LIMIT, "tif": "GTC", "expires": "+60"}, "expires"),
        ({**LIMIT, "tif": "IOC", "expires": "+60"}, "expires"),
        ({"expires": "+60"}, "expires"),
        ({**SETTLE, "expires": "+60"}, "expires"),
        ({"take_profit_limit": "5"}, "take_profit_limit"),
        ({"stop_loss_limit": "5"}, "stop_loss_limit"),
        ({"stop_loss": "5", "take_profit_limit": "5"}, "take_profit_limit"),
        ({**SETTLE, "take_profit": "5"}, "take_profit"),
        ({"leverage": 2, "reduce_only": True, "stop_loss": "5"}, "stop_loss"),
        ({"stop_loss": "100%"}, "stop_loss"),
        ({"stop_loss": "1%", "stop_loss_limit": "-100%"}, "stop_loss_limit"),
    ],
)
def test_a_contradiction_is_refused_with_the_field_at_fault(fields, field):
    assert contradiction(**fields).field == field


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(
    ("entry", "at"),
    [
        (LIMIT, 50000),
        ({"price": "50000"}, 50000),
        ({"order_type": "stop-loss", "stop_price": "50000"}, 50000),
        (STOP_LIMIT, 50000),
    ],
)
@pytest.mark.parametrize(("field", "above"), [("take_profit", True), ("stop_loss", False)])
def test_a_close_lies_on_its_side_of_the_entry(side, entry, at, field, above):
    up = above == (side == "buy")
    wrong, right = (at - 100, at + 100) if up else (at + 100, at - 100)
    for price in (wrong, at):
        error = contradiction(**entry, side=side, **{field: str(price)})
        assert error.field == field
        assert f"must lie {'above' if up else 'below'} the entry's {at}" in error.message
    assert sent(**entry, side=side, **{field: str(right)})[-1] == ("close[price]", str(right))
    error = contradiction(**entry, side=side, **{field: "-5" if up else "+5"})
    assert "mind the sign" in error.message


# -- one close per order


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"take_profit": "60000", "stop_loss": "40000"}, "take_profit"),
        ({"tp": "2%", "sl": "1%"}, "take_profit"),
        ({"tp1": "60000"}, "take_profit"),
        ({"take_profit_2": "60000"}, "take_profit"),
        ({"takeProfits": [1]}, "take_profit"),
        ({"tp2_price": "60000"}, "take_profit"),
        ({"take_profit": [60000, 61000]}, "take_profit"),
        ({"sl1": "40000"}, "stop_loss"),
        ({"stop_losses": "40000"}, "stop_loss"),
        ({"stop_loss": [40000]}, "stop_loss"),
    ],
)
def test_a_second_exit_is_denied_with_the_reason(fields, field):
    with pytest.raises(
        OrderDenied, match=r"ONE_CLOSE: .*no one-cancels-other.*could sell other holdings"
    ) as caught:
        intent(read(**fields), FREE)
    assert (caught.value.field, caught.value.status) == (field, 422)


@pytest.mark.parametrize("off", ["", None, False, "false"])
def test_an_exit_that_is_left_empty_is_none(off):
    assert sent(take_profit=off, stop_loss=off, tp2=off) == []
    assert sent(take_profit="60000", stop_loss=off)[0] == ("close[ordertype]", "take-profit")


# -- what the market's rules forbid


@row_by_row
@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({**ICEBERG, "display_volume": "0.0006"}, "DISPLAY_VOLUME"),
        ({**ICEBERG, "display_volume": "0.01"}, "DISPLAY_VOLUME"),
        ({**LIMIT, "expires": "+4"}, "EXPIRY"),
        ({**LIMIT, "expires": "+2592001"}, "EXPIRY"),
        ({**LIMIT, "expires": "2026-09-25T12:00:04Z"}, "EXPIRY"),
        ({**LIMIT, "expires": "+60", "starts": "+60"}, "EXPIRY"),
        ({"starts": "2026-09-25T12:00:00Z"}, "START_TIME"),
        ({"starts": "+0"}, "START_TIME"),
        ({**SETTLE, "leverage": 7}, "LEVERAGE"),
        ({**LIMIT, "price": "+0.04"}, "PRICE_ZERO"),
        ({**TRAIL, "trail": "0.04"}, "PRICE_ZERO"),
        ({"order_type": "take-profit", "stop_price": "+0.04"}, "PRICE_ZERO"),
        ({"take_profit": "0.00001%", "side": "sell"}, None),
        ({"stop_loss": "0.00001%"}, "PRICE_ZERO"),
        ({"volume": "0.00005", "stop_loss": "9000", "price": "17000"}, "CLOSE_COST_MINIMUM"),
        ({"volume": "0.00005", "stop_loss": "90%", "price": "50000"}, "CLOSE_COST_MINIMUM"),
    ],
)
def test_a_rule_of_the_market_denies_with_its_name(fields, rule):
    if rule is None:
        assert sent(**fields)
    else:
        denied = refused(fields)
        assert denied.rule == rule
        assert denied.numbers


@row_by_row
@pytest.mark.parametrize(
    ("status", "fields", "allowed"),
    [
        ("post_only", LIMIT, False),
        ("post_only", {**LIMIT, "post_only": True}, True),
        ("limit_only", ICEBERG, True),
        ("limit_only", TRAIL, False),
        ("cancel_only", {**LIMIT, "post_only": True}, False),
        ("reduce_only", LIMIT, False),
        ("reduce_only", {"leverage": 2, "reduce_only": True}, True),
        ("reduce_only", SETTLE, True),
    ],
)
def test_the_pairs_status_decides(status, fields, allowed):
    result = planned(fields, instrument=btc_usd(status=status))
    assert isinstance(result, Plan) is allowed
    if not allowed:
        assert result.rule == "PAIR_STATUS"


# -- costs of relative prices


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        ({**LIMIT, "price": "-2%"}, True),
        (TRAIL, True),
        ({**TRAIL, "price": "50000"}, True),
        ({**STOP_LIMIT, "stop_price": "+5"}, True),
        (LIMIT, False),
        ({**LIMIT, "stop_loss": "2%"}, False),
        ({"price": "50000", "stop_loss": "2%"}, True),
    ],
)
def test_a_relative_price_under_a_cap_needs_the_ticker(fields, needed):
    assert needs_ticker(intent(read(**fields), CAPPED), CAPPED) is needed
    assert not needs_ticker(intent(read(**fields), FREE), FREE)


@pytest.mark.parametrize(
    ("fields", "ticker", "cost"),
    [
        ({**LIMIT, "price": "+2%"}, "49020", "500.004"),
        ({**LIMIT, "price": "-2%"}, "50001", "500.01"),
        ({**LIMIT, "price": "#10"}, "49990.1", "500.001"),
        ({**TRAIL, "trail": "10"}, "49990.1", "500.001"),
        ({**TRAIL_LIMIT, "trail": "10", "trail_limit": "+10"}, "49980.1", "500.001"),
        ({**TRAIL, "price": "50001"}, "40000", "500.01"),
    ],
)
def test_the_cost_of_a_relative_price_is_taken_at_the_highest_that_it_can_mean(
    fields, ticker, cost
):
    denied = refused(fields, rules=CAPPED, ticker=D(ticker))
    assert (denied.rule, denied.numbers["cost"]) == ("MAX_ORDER_COST", cost)
    assert isinstance(planned(fields | {"volume": "0.009"}, rules=CAPPED, ticker=D(ticker)), Plan)


@pytest.mark.parametrize(
    ("fields", "denied"),
    [
        ({**LIMIT, "price": "-300"}, True),
        ({**LIMIT, "price": "#300"}, True),
        ({**LIMIT, "price": "+300"}, False),
        ({**TRAIL, "trail": "300", "side": "sell"}, True),
        ({**TRAIL, "trail": "300"}, False),
        ({**LIMIT, "price": "-299.9"}, False),
        ({"stop_loss": "-300"}, True),
    ],
)
def test_an_offset_of_the_whole_market_leaves_no_price(fields, denied):
    result = planned({**fields, "volume": "1"}, ticker=D(300))
    assert isinstance(result, Denied) is denied
    if denied:
        assert result.rule == "PRICE_BELOW_ZERO"
        assert result.numbers["market"] == "300"


def test_without_a_ticker_a_relative_price_has_no_cost_and_the_cap_denies():
    assert refused({**LIMIT, "price": "-2%"}, rules=CAPPED).rule == "MAX_ORDER_COST_PRICE"


def test_a_tokenised_asset_comes_last():
    stock = btc_usd(key="AAPLxUSD", altname="AAPLxUSD", wsname="AAPLx/USD", base="AAPLx")
    result = planned({"symbol": "AAPLx/USD", "take_profit": "2%"}, instrument=stock)
    assert list(result.requests[0].parameters.items())[-1] == ("asset_class", "tokenized_asset")


@row_by_row
@pytest.mark.parametrize("kind", list(OrderType))
def test_an_order_type_is_in_one_family_at_most(kind):
    assert [kind.takes_trigger, kind.trails].count(True) <= 1
    assert not (kind.trails and kind.takes_limit)


# -- as a sender sees it


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({**LIMIT, "tif": "FOK", "post_only": True}, 400, "alert_malformed", "post_only"),
        ({"take_profit": "65000", "stop_loss": "55000"}, 422, "order_denied", "take_profit"),
        ({**ICEBERG, "display_volume": "0.01"}, 422, "order_denied", "display_volume"),
        (
            {"order_type": "limit", "price": "-2%", "stop_loss": "1%", "expires": "+3600"},
            200,
            "accepted",
            None,
        ),
    ],
)
def test_a_sender_is_told_in_the_usual_answer(fields, status, code, field):
    answer = Function().post(Function().alert(**fields))
    assert (answer.status, answer["code"], answer["field"]) == (status, code, field)


def test_a_redelivery_of_a_relative_order_under_a_cap_gets_its_stored_answer():
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    alert = function.alert(**TRAIL, take_profit="", price=None)
    first, again = function.post(alert), function.post(alert)
    assert (first["code"], again["code"], again["replayed"]) == ("accepted", "accepted", True)
    assert first["trade_details"]["price"] == "+2%"
    assert [order["request"]["price"] for order in again["orders"]] == ["+2%"]


@row_by_row
@pytest.mark.parametrize("path", ORDERS, ids=lambda path: path.stem)
def test_every_example_order_is_taken_by_the_paper_kraken(path):
    body = json.loads(path.read_text("utf-8"))
    result = plan(intent(parse(verified(body)), FREE), BTC_USD, FREE, AS_OF)
    kraken = paper()
    kraken.mark_price("XXBTZUSD", D(60000))
    sent_to_paper = dict(result.requests[0].parameters)
    answer = ask(
        kraken,
        "AddOrder",
        **sent_to_paper,
        **({"validate": "true"} if path.stem == "settle_position" else {}),
    )
    assert answer["error"] == []
    assert ("close" in answer["result"]["descr"]) is path.stem.endswith("_on_entry")
