"""What an alert says, and what is refused rather than guessed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from decimal import Decimal

import pydantic
import pytest

from tests.support.intake import TOKEN, verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake import placeholder_slips
from webhook_core.intake.alert_key import alert_key, identity_warning
from webhook_core.intake.credentials import Scheme
from webhook_core.intake.parse import parse
from webhook_core.operations.placeholders import values_at
from webhook_core.trading.alert import Alert
from webhook_core.trading.orders import OrderType, Side

BASE = {"symbol": "BTC/USD", "side": "buy", "volume": "0.1"}


def alert(**fields):
    return parse(verified({**BASE, **fields}))


def beside_a_bar(**fields):
    """The same order with its size under a name that can't be the bar's volume."""
    return parse(verified({"symbol": "BTC/USD", "side": "buy", "quantity": "0.1", **fields}))


def fault(fields):
    with pytest.raises(AlertMalformed) as caught:
        parse(verified(fields))
    assert caught.value.status == 400
    assert caught.value.__context__ is None
    return caught.value


def base_fault(**fields):
    return fault({**BASE, **fields})


def told(fields):
    """All that a sender or a log may see of the reading: the error, or the warnings."""
    try:
        return " ".join(parse(verified(fields)).warnings)
    except AlertMalformed as error:
        return f"{error} {error!r} {error.field}"


def test_the_smallest_alert_is_a_market_order():
    assert alert() == Alert(
        symbol="BTC/USD", side=Side.BUY, order_type=OrderType.MARKET, volume=Decimal("0.1")
    )


def test_every_canonical_field_is_read():
    read = alert(
        side="SELL",
        order_type="stop-loss-limit",
        price="59000.5",
        stop_price=60000,
        leverage="3",
        strategy_name="trend",
        alert_message="trailing exit",
        custom_fields={"a": [1]},
        id="trend-42",
        fired_at="2026-02-18T14:30:01Z",
        bar_time="2026-02-18T14:00:00Z",
        validate=True,
    )
    assert read == Alert(
        symbol="BTC/USD",
        side=Side.SELL,
        order_type=OrderType.STOP_LOSS_LIMIT,
        volume=Decimal("0.1"),
        price=Decimal("59000.5"),
        stop_price=Decimal(60000),
        leverage=3,
        strategy_name="trend",
        alert_message="trailing exit",
        custom_fields={"a": [1]},
        id="trend-42",
        fired_at=datetime(2026, 2, 18, 14, 30, 1, tzinfo=UTC),
        bar_time="2026-02-18T14:00:00Z",
        validate_only=True,
    )


def test_the_documented_tradingview_template_is_read_without_a_warning():
    read = parse(
        verified(
            {
                "v": "1",
                "strategy": "my-strat",
                "symbol": "BTCUSD",
                "exchange": "KRAKEN",
                "action": "sell",
                "contracts": "15",
                "price": "67432.5",
                "position": "short",
                "position_size": "-5",
                "prev_position": "long",
                "prev_position_size": "10",
                "order_id": 'Close entry(s) order "Long" 🚀',
                "bar_time": "2026-02-18T14:00:00Z",
                "fired_at": "2026-02-18T14:30:01Z",
                "interval": "60",
            }
        )
    )
    assert (read.side, read.volume, read.price, read.strategy_name) == (
        "sell",
        15,
        Decimal("67432.5"),
        "my-strat",
    )
    assert (read.id, read.warnings) == (None, ())


# -- names


@pytest.mark.parametrize("name", ["symbol", "ticker", "pair", "instrument", "Symbol", "TICKER"])
def test_a_symbol_has_these_names(name):
    assert parse(verified({name: "ETHEUR", "side": "buy"})).symbol == "ETHEUR"


@pytest.mark.parametrize(
    "name", ["side", "action", "order_action", "orderAction", "order-action", "Order Action"]
)
def test_a_side_has_these_names(name):
    assert parse(verified({"symbol": "ETHEUR", name: "Sell"})).side is Side.SELL


@pytest.mark.parametrize(
    "name", ["volume", "quantity", "qty", "contracts", "order_contracts", "size"]
)
def test_a_volume_has_these_names(name):
    assert parse(verified({"symbol": "ETHEUR", "side": "buy", name: "2.50"})).volume == Decimal(
        "2.50"
    )


@row_by_row
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"order_type": "limit", "limit_price": "5"}, {"price": 5}),
        ({"ordertype": "limit", "price": "5"}, {"price": 5}),
        ({"orderType": "stop-loss", "triggerPrice": "5"}, {"stop_price": 5}),
        ({"order-type": "stop-loss", "stopPrice": "5"}, {"stop_price": 5}),
        ({"strategy": "trend"}, {"strategy_name": "trend"}),
        ({"message": "hello"}, {"alert_message": "hello"}),
        ({"message": "", "alert_message": "a", "comment": "b"}, {"alert_message": "a"}),
        ({"alert_id": "a-1"}, {"id": "a-1"}),
        ({"id": 42}, {"id": "42"}),
        ({"order_id": "long"}, {"id": None}),
        (
            {"time": "2026-02-18T14:00:00Z", "timenow": "2026-02-18T14:30:01Z"},
            {"fired_at": datetime(2026, 2, 18, 14, 30, 1, tzinfo=UTC)},
        ),
        ({"validate": "true"}, {"validate_only": True}),
        ({"validate": "False"}, {"validate_only": False}),
        ({"validate": ""}, {"validate_only": False}),
    ],
)
def test_other_fields_have_other_names_too(fields, expected):
    read = alert(**fields)
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"qty": "0.10", "contracts": 0.1},
        {"qty": "", "contracts": None},
        {"ticker": "BTC/USD"},
        {"action": "BUY"},
    ],
)
def test_two_names_of_one_field_may_say_the_same(fields):
    assert alert(**fields) == alert()


@pytest.mark.parametrize(
    ("fields", "field", "names"),
    [
        ({"qty": "0.2"}, "volume", ["volume", "qty"]),
        ({"ticker": "ETHUSD"}, "symbol", ["symbol", "ticker"]),
        ({"action": "sell"}, "side", ["side", "action"]),
        (
            {"order_type": "limit", "price": "1", "limit_price": "2"},
            "price",
            ["price", "limit_price"],
        ),
        (
            {"order_type": "stop-loss", "stop_price": "1", "stopPrice": "2"},
            "stop_price",
            ["stop_price", "stopPrice"],
        ),
        ({"id": "1", "alert_id": "2"}, "id", ["id", "alert_id"]),
        ({"leverage": "none", "Leverage": "3"}, "leverage", ["leverage", "Leverage"]),
    ],
)
def test_two_names_of_one_field_that_differ_are_both_named(fields, field, names):
    error = base_fault(**fields)
    assert error.field == field
    for name in names:
        assert repr(name) in error.message


@row_by_row
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stop_prce", "stop_price"),
        ("volumee", "volume"),
        ("sied", "side"),
        ("prise", "price"),
        ("symbl", "symbol"),
        ("levrage", "leverage"),
        ("qyt", "volume"),
        ("qauntity", "volume"),
        ("ordertpye", "order_type"),
        ("fired_att", "fired_at"),
        ("tiemnow", "fired_at"),
        ("validat", "validate"),
        ("reduce_onyl", "reduce_only"),
        ("time_in_forc", "time_in_force"),
    ],
)
def test_a_near_miss_of_an_order_field_is_refused(name, meant):
    error = base_fault(**{name: "5"})
    assert error.field == name
    assert f"did you mean {meant}?" in error.message
    assert name in error.message


def test_other_unknown_fields_are_named_in_a_warning():
    assert alert(rsi="71", bot="x").warnings == (
        "Ignored, because no such field is known: 'rsi', 'bot'.",
    )


@row_by_row
@pytest.mark.parametrize(
    "name",
    [
        *(
            "exchange",
            "interval",
            "open",
            "high",
            "low",
            "bar_volume",
            "plot_0",
            "plot_19",
            'plot("RSI")',
            "syminfo.currency",
        ),
        *(
            "syminfo_basecurrency",
            "market_position",
            "market_position_size",
            "prev_market_position",
            "prev_market_position_size",
        ),
        *(
            "position",
            "position_size",
            "prev_position",
            "prev_position_size",
            "order_price",
            "order_id",
            "order_comment",
            "comment",
        ),
        *("v", "version", "currency", "basecurrency", "bar_time", "openPrice", "Close-Price"),
    ],
)
def test_tradingviews_context_is_silent(name):
    value = "KRAKEN" if name == "exchange" else "17"
    read = beside_a_bar(**{name: value})
    assert read.warnings == ()
    assert (
        replace(read, bar_time=None, market_position_size=None, prev_market_position_size=None)
        == alert()
    )


def test_many_fields_are_too_many():
    assert "at most 100" in base_fault(**{f"note{i}": i for i in range(101)}).message


# -- refused by name


@row_by_row
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[
            (name, "5")
            for name in (
                "take_profit_percent",
                "takeProfitTicks",
                "tp_pct",
                "stopLossPercent",
                "trailing_stop",
                "trailing-offset",
                "trail_price",
                "trail_offset",
                "trail_points",
                "stop",
                "limit",
                "price2",
                "iceberg",
                "asset_class",
                "deadline",
            )
        ],
        *[
            (name, "5")
            for name in (
                "percentage",
                "percent_of_equity",
                "equity_percent",
                "qty_pct",
                "risk",
                "risk_usd",
                "amount",
                "cost",
            )
        ],
        *[
            (name, "x")
            for name in (
                "type",
                "userref",
                "viqc",
            )
        ],
        *[
            (name, True)
            for name in (
                "fcib",
                "nompp",
                "close_order",
                "cancel",
                "amend",
                "reverse",
                "close_position",
                "exit",
            )
        ],
        *[(name, "true") for name in ("test", "dry_run", "paper", "flatten", "cancel_all")],
        *[(name, [{"side": "buy"}]) for name in ("legs", "order", "bracket")],
        *[
            ("account", "main"),
            ("margin", "cross"),
            ("close[ordertype]", "limit"),
            ("close[price]", "5"),
        ],
    ],
)
def test_what_would_change_the_order_is_refused_by_name(name, value):
    error = base_fault(**{name: value})
    assert "not supported by this version" in error.message
    assert repr(name) in error.message or len(name) > 15
    assert error.field


@row_by_row
@pytest.mark.parametrize(
    "name",
    [
        "take_profit",
        "sl",
        "stop_loss_limit",
        "tp2",
        "reduce_only",
        "post",
        "orders",
        "type",
        "close",
    ],
)
@pytest.mark.parametrize("value", ["", None, " ", False, "false"])
def test_what_would_change_the_order_may_be_left_empty(name, value):
    assert alert(**{name: value}) == alert()


@row_by_row
@pytest.mark.parametrize(
    "name",
    [
        "rsi",
        "ema",
        "atr",
        "ticks",
        "source",
        "change_pct",
        "timezone",
        "macd_signal",
        "volume_ma",
        "percentile",
    ],
)
def test_a_name_that_only_looks_a_little_like_one_of_ours_is_merely_unknown(name):
    assert alert(**{name: "5"}).warnings == (f"Ignored, because no such field is known: {name!r}.",)


def test_type_is_refused_with_both_of_its_meanings():
    error = base_fault(type="limit")
    assert error.field == "type"
    assert "send side and order_type" in error.message


@row_by_row
@pytest.mark.parametrize("value", [67000, 67000.5, "67000.5", "1,234.5", "1e-7", "NaN", "na", ""])
def test_a_close_that_is_a_number_is_the_bars(value):
    assert beside_a_bar(close=value) == alert()


@row_by_row
@pytest.mark.parametrize("value", [True, "true", "yes", "50%", "all", "long", {"a": 1}, []])
def test_any_other_close_would_close_a_position_and_is_refused(value):
    error = base_fault(close=value)
    assert error.field == "close"
    assert 'to close a position send "action": "close"' in error.message


def test_a_nested_strategy_is_refused_with_the_fix():
    error = fault(
        {
            "ticker": "BTCUSD",
            "bar": {"volume": 5},
            "strategy": {"order_action": "buy", "order_contracts": 1},
        }
    )
    assert error.field == "strategy_name"
    assert '"side": "{{strategy.order.action}}"' in error.message


# -- numbers


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        "67432.5",
        "0.00012",
        "10000",
        "37774.433333333334",
        "0.30000000000000004",
        "1e-7",
        "1E-07",
        "+5",
        "1245.50",
        "007",
        "1e15",
        "1e-18",
        "1." + "1" * 39,
    ],
)
def test_a_number_is_read_exactly_as_it_is_written(text):
    volume = alert(volume=text).volume
    assert volume.as_tuple() == Decimal(text).as_tuple()


def test_a_json_number_keeps_its_digits():
    assert str(parse(verified({**BASE, "volume": Decimal("0.1000")})).volume) == "0.1000"


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        *(
            "1_000",
            "\uff11\uff12",
            "١٢",
            " 1 ",
            "\u00a05\n",
            "5\n",
            ".5",
            "5.",
            "0x10",
            "1e",
            "e5",
            "--1",
            "1e1000",
            "1e9999999999999999999",
        ),
        *(
            "nan123",
            "sNaN",
            "Infinity",
            "-Infinity",
            "inf",
            "²",
            "½",
            "10%",
            "5 USD",
            "$5",
            "abc",
            "9" * 5000,
            "0." + "1" * 100,
        ),
        *(
            "-0",
            "0",
            "0.0",
            "+0",
            "#0%",
            "+",
            "#",
            "5%",
            "+5%%",
            "+ 5",
            "+1,5",
            "+1e16",
            "-1e-19",
            "+NaN",
            "1e16",
            "1e-19",
            "1" + "0" * 20,
            "1." + "1" * 40,
        ),
        *(
            True,
            False,
            [],
            {},
            [1],
            {"a": 1},
            0,
            -1,
            Decimal("1e400"),
            Decimal("1e-400"),
            Decimal("-1e400"),
            Decimal("-0"),
        ),
    ],
)
@pytest.mark.parametrize("field", ["volume", "price", "stop_price"])
def test_a_number_of_another_form_or_size_is_refused(field, value):
    assert (
        base_fault(
            **{"order_type": "stop-loss-limit", "price": "1", "stop_price": "1", field: value}
        ).field
        == field
    )


@pytest.mark.parametrize("value", ["1,340,000.00", "1,234.5"])
def test_a_comma_is_refused_with_the_pine_function_to_use(value):
    error = base_fault(volume=value)
    assert error.field == "volume"
    assert "str.tostring(x) instead of str.format()" in error.message


@row_by_row
@pytest.mark.parametrize("value", ["NaN", "nan", "na", "NA", "n/a", "null", "None"])
@pytest.mark.parametrize(
    "field", ["symbol", "side", "volume", "price", "order_type", "id", "strategy_name", "fired_at"]
)
def test_no_value_of_the_script_is_named_as_such(field, value):
    error = base_fault(**{field: value})
    assert error.field == field
    assert f"is {value}: the script had no value there" in error.message


@row_by_row
@pytest.mark.parametrize("value", ["", None, " "])
@pytest.mark.parametrize(
    "field",
    [
        "volume",
        "price",
        "stop_price",
        "order_type",
        "leverage",
        "strategy_name",
        "alert_message",
        "id",
        "fired_at",
    ],
)
def test_an_empty_field_is_a_missing_one(field, value):
    assert parse(verified({"symbol": "BTC/USD", "side": "buy", field: value})) == Alert(
        symbol="BTC/USD", side=Side.BUY
    )


@row_by_row
@pytest.mark.parametrize(
    ("value", "placeholder"),
    [
        ("{{strategy.order.contracts}}", "{{strategy.order.contracts}}"),
        ("0.1{{close}}", "{{close}}"),
        ("{{syminfo.currency}}", "{{syminfo.currency}}"),
        ("{{plot_0}}", "{{plot_0}}"),
        ("{{a-name-that-may-be-anything}}", "a placeholder"),
        ("x}}", "a placeholder"),
        ("{{", "a placeholder"),
    ],
)
@pytest.mark.parametrize(
    "field",
    ["symbol", "side", "volume", "order_type", "leverage", "id", "strategy_name", "fired_at"],
)
def test_a_placeholder_left_in_an_order_field_is_named(field, value, placeholder):
    error = base_fault(**{field: value})
    assert error.field == field
    assert f"still holds {placeholder}: TradingView did not expand it" in error.message


BY_HAND = "and not where a message is sent by hand or by another tool."


@row_by_row
@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("{{timenow}}", BY_HAND),
        ("{{ticker}}", BY_HAND),
        ("{{ close }}", BY_HAND),
        ("{{plot_0}}", BY_HAND),
        ("{{syminfo.currency}}", BY_HAND),
        ("{{strategy.order.action}}", "in the alert of a strategy"),
        ("{{strategy.market_position}}", "in the alert of a strategy"),
        ("{{strategy.order.contract}}", "the nearest is {{strategy.order.contracts}}"),
        ("{{strategy.contracts}}", "the nearest is {{strategy.order.contracts}}"),
        ("{{Close}}", "the nearest is {{close}}"),
        ("{{timenov}}", "the nearest is {{timenow}}"),
        ("{{tiker}}", "the nearest is {{ticker}}"),
        ("{{foo}}", "TradingView has no placeholder of that name."),
        ("{{a-name-that-may-be-anything}}", "Check its spelling"),
        ("{{", "Check its spelling"),
    ],
)
def test_a_placeholder_left_in_an_order_field_is_told_why_it_was_left(value, hint):
    error = base_fault(side=value)
    assert hint in error.message
    assert error.message.endswith(".")
    assert "?." not in error.message
    assert ("Check its spelling" in error.message) == (hint == "Check its spelling")


def test_the_placeholders_that_are_suggested_are_those_of_a_firing():
    firing = values_at(datetime(2026, 2, 18, tzinfo=UTC), Decimal(60000), "entry")
    assert set(placeholder_slips.KNOWN) == set(firing)


def test_a_placeholder_left_in_the_context_is_a_warning():
    read = beside_a_bar(
        interval="{{interval}}", alert_message="{{strategy.order.alert_message}}", close="{{close}}"
    )
    assert read.warnings == (
        "TradingView did not expand the placeholder in: 'interval', 'close', 'alert_message'.",
    )


@row_by_row
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", 3),
        ("3:1", 3),
        (3, 3),
        (Decimal("3.0"), 3),
        ("none", None),
        ("None", None),
        ("1", None),
        (1, None),
        ("1:1", None),
        (100, 100),
        ("", None),
    ],
)
def test_leverage_is_a_whole_number_or_none(value, expected):
    assert alert(leverage=value).leverage == expected


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        "0",
        0,
        -1,
        101,
        "2.5",
        Decimal("2.5"),
        "3:2",
        "x3",
        True,
        False,
        "\uff13",
        "²",
        "1000",
        [],
        "3 ",
        "1e400",
    ],
)
def test_any_other_leverage_is_refused(value):
    assert base_fault(leverage=value).field == "leverage"


@pytest.mark.parametrize("value", [1, 0, "yes", "1", [], {}, "{{x}}"])
def test_validate_is_true_or_false(value):
    assert base_fault(validate=value).field == "validate"


# -- what the order needs


def test_symbol_and_side_are_required_and_volume_is_not():
    assert fault({"side": "buy"}).field == "symbol"
    assert fault({"symbol": "BTC/USD"}).field == "side"
    assert fault({"symbol": "", "side": "buy"}).field == "symbol"
    assert fault({}).field == "symbol"
    assert parse(verified({"symbol": "BTC/USD", "side": "buy"})).volume is None


@row_by_row
@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("long", "send buy, or action target with market_position long"),
        ("Short", "send sell to sell what is held, or action target"),
        ("exit", "send action close"),
        ("close", "send action close"),
        ("flat", "send action close"),
        ("cancel", "send action cancel"),
        ("b", "must be buy or sell"),
        ("buy ", "must be buy or sell"),
        ("BÜY", "must be buy or sell"),
        (True, "must be a text"),
        ([], "must be a text"),
    ],
)
def test_a_side_is_buy_or_sell(value, hint):
    error = base_fault(side=value)
    assert error.field == "side"
    assert hint in error.message


@row_by_row
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MARKET", OrderType.MARKET),
        ("Limit", OrderType.LIMIT),
        ("stop_loss", OrderType.STOP_LOSS),
        ("StopLoss", OrderType.STOP_LOSS),
        ("take profit", OrderType.TAKE_PROFIT),
        ("STOP_LOSS_LIMIT", OrderType.STOP_LOSS_LIMIT),
        ("take-profit_limit", OrderType.TAKE_PROFIT_LIMIT),
        ("Trailing Stop", OrderType.TRAILING_STOP),
        ("TRAILING_STOP_LIMIT", OrderType.TRAILING_STOP_LIMIT),
        ("iceberg", OrderType.ICEBERG),
        ("settlePosition", OrderType.SETTLE_POSITION),
    ],
)
def test_case_and_separators_of_an_order_type_do_not_matter(text, expected):
    needs = {"price": "1"} | ({"stop_price": "1"} if expected.takes_trigger else {})
    needs |= {"trail": "1"} if expected.trails else {}
    assert alert(order_type=text, **needs).order_type is expected


@row_by_row
@pytest.mark.parametrize(
    "value",
    ["stop", "stop-limit", "trailing", "trailing stop loss", "settle", "mkt", "marke", True, 5, []],
)
def test_any_other_order_type_is_refused(value):
    assert base_fault(order_type=value).field == "order_type"


@row_by_row
@pytest.mark.parametrize(
    ("order_type", "prices", "field"),
    [
        ("limit", {}, "price"),
        ("limit", {"price": ""}, "price"),
        ("limit", {"order_price": "5"}, "price"),
        ("limit", {"price": "5", "stop_price": "5"}, "stop_price"),
        ("market", {"stop_price": "5"}, "stop_price"),
        ("", {"trigger_price": "5"}, "stop_price"),
        ("", {"limit_price": "5"}, "price"),
        ("market", {"limit_price": "5", "price": "5"}, "price"),
        ("stop-loss", {"stop_price": "5", "limitPrice": "5"}, "price"),
        ("stop-loss", {}, "stop_price"),
        ("stop-loss", {"price": "5"}, "stop_price"),
        ("take-profit", {"price": "5"}, "stop_price"),
        ("stop-loss-limit", {"price": "5"}, "stop_price"),
        ("take-profit-limit", {"price": "5"}, "stop_price"),
        ("stop-loss-limit", {"stop_price": "5"}, "price"),
        ("take-profit-limit", {"stop_price": "5"}, "price"),
    ],
)
def test_a_price_that_is_missing_or_would_be_left_out_is_refused(order_type, prices, field):
    assert base_fault(order_type=order_type, **prices).field == field


@pytest.mark.parametrize("order_type", ["market", "stop-loss", "take-profit"])
def test_the_price_of_an_order_without_a_limit_is_a_reference(order_type):
    trigger = {} if order_type == "market" else {"stop_price": "4"}
    assert alert(order_type=order_type, price="5", **trigger).price == 5


# -- texts


@row_by_row
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x" * 129),
        ("id", "a\nb"),
        ("id", "a\x7f"),
        ("id", "a\x85"),
        ("id", "a\u2028"),
        ("id", True),
        ("id", ["a"]),
        ("symbol", "B" * 65),
        ("symbol", "BTC\tUSD"),
        ("symbol", {"a": 1}),
        ("strategy_name", "x" * 129),
        ("strategy_name", "a\rb"),
        ("alert_message", "x" * 4097),
        ("alert_message", {"a": 1}),
        ("custom_fields", "x"),
        ("custom_fields", []),
        ("bar_time", "x" * 129),
    ],
)
def test_a_text_of_another_kind_or_too_long_is_refused(field, value):
    assert base_fault(**{field: value}).field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x" * 128),
        ("id", "é🚀 %:/"),
        ("alert_message", "x" * 4096),
        ("alert_message", "a\nb"),
        ("custom_fields", {}),
    ],
)
def test_texts_within_their_bounds_are_kept(field, value):
    assert getattr(alert(**{field: value}), field) == value


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"exchange": "BINANCE"}, "exchange is 'BINANCE'"),
        ({"exchange": 5}, "exchange is '5'"),
    ],
)
def test_what_looks_odd_is_a_warning(fields, says):
    (warning,) = alert(**fields).warnings
    assert says in warning


def test_a_strategy_name_beside_a_bound_credential_is_ignored_with_a_warning():
    (warning,) = parse(verified({**BASE, "strategy": "mean"}, strategy="trend")).warnings
    assert "'trend'" in warning
    assert parse(verified({**BASE, "strategy": "trend"}, strategy="trend")).warnings == ()


# -- what is never told

FIELDS = [
    "symbol",
    "side",
    "volume",
    "price",
    "stop_price",
    "order_type",
    "leverage",
    "validate",
    "fired_at",
    "exchange",
    "close",
    "custom_fields",
]


@row_by_row
@pytest.mark.parametrize("field", [*FIELDS, "take_profit", "type", "amount"])
def test_a_token_in_the_wrong_field_is_not_repeated(field):
    assert TOKEN not in told({**BASE, field: TOKEN})


def test_a_token_as_a_fields_name_is_not_repeated():
    (warning,) = alert(**{TOKEN: 1}).warnings
    assert TOKEN not in warning
    assert "'tok-'… (20 characters)" in warning


def test_free_text_is_in_no_repr():
    read = alert(alert_message=TOKEN, custom_fields={"token": TOKEN})
    assert TOKEN not in f"{read!r} {read}"
    assert TOKEN not in repr(verified({"nested": {"token": TOKEN}}))


def test_a_short_wrong_value_is_shown_and_the_senders_name_with_it():
    error = base_fault(order_action="b")
    assert error.message == "side (sent as 'order_action') must be buy or sell, not 'b'."


def test_an_alert_can_not_be_changed():
    with pytest.raises(FrozenInstanceError):
        alert().volume = Decimal(5)


@row_by_row
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", b"BTCUSD"),
        ("action", "exit"),
        ("quantity_type", "contracts"),
        ("percent", "50"),
        ("market_position", "LONG"),
        ("market_position_size", 5),
        ("scope", "everything"),
        ("order_id", 5),
        ("confirm_fill", None),
        ("orders", [BASE]),
        ("orders", (BASE,)),
        ("side", "buy"),
        ("order_type", "market"),
        ("volume", 0.1),
        ("volume", "0.1"),
        ("volume", Decimal("NaN")),
        ("price", 60000),
        ("leverage", "5"),
        ("stop_price", "+5"),
        ("trail", Decimal(5)),
        ("trail", ("+", Decimal(5), False)),
        ("trigger_by", "market"),
        ("time_in_force", "gtc"),
        ("fee_currency", "fcib"),
        ("self_trade", "cancel"),
        ("expires", 3600),
        ("post_only", "true"),
        ("leverage", Decimal(5)),
        ("custom_fields", []),
        ("fired_at", "2026-02-18T14:30:01Z"),
        ("fired_at", 1771425001),
        ("validate_only", 1),
        ("warnings", ["a list"]),
        ("warnings", (1,)),
    ],
)
def test_an_alert_holds_exactly_the_types_that_it_says(field, value):
    with pytest.raises(pydantic.ValidationError) as raised:
        replace(alert(), **{field: value})
    assert {error["loc"][0] for error in raised.value.errors()} == {field}


def test_a_value_of_a_wrong_type_is_in_no_error():
    with pytest.raises(pydantic.ValidationError) as raised:
        replace(alert(), alert_message=TOKEN.encode())
    assert TOKEN not in str(raised.value)


# -- what makes two alerts the same


def keys(fields, **changes):
    body = verified({**BASE, **fields}, **changes)
    read = parse(body)
    return alert_key(body, read), identity_warning(body, read)


def digest(strategy, body):
    return "sha256:" + hashlib.sha256(strategy.encode() + b"\x00" + body.body).hexdigest()


FIRED = {"fired_at": "2026-02-18T14:30:01Z"}


@pytest.mark.parametrize("scheme", [Scheme.TOKEN, Scheme.NONE, Scheme.X_SIGNATURE])
def test_an_id_is_the_key_within_the_bound_strategy(scheme):
    assert keys({"id": "a-1"}, scheme=scheme) == (("id::a-1", "a-1", False), None)
    assert keys({"id": "a-1"}, scheme=scheme, strategy="trend") == (
        ("id:trend:a-1", "a-1", False),
        None,
    )
    assert keys({"id": "a-1", "strategy": "mine"}, scheme=scheme)[0].key == "id::a-1"


def test_an_id_stands_before_the_webhook_id():
    changes = {"scheme": Scheme.STANDARD_WEBHOOKS, "webhook_id": "msg_1"}
    assert keys({"id": "a-1"}, **changes)[0] == ("id::a-1", "a-1", False)
    assert keys({}, **changes) == (("webhook-id::msg_1", "msg_1", False), None)
    assert keys({}, **changes, strategy="trend")[0].key == "webhook-id:trend:msg_1"


def test_no_strategy_can_make_the_key_of_another():
    assert keys({"id": "b:c"}, strategy="a")[0].key != keys({"id": "c"}, strategy="a:b")[0].key
    assert keys({"id": "x"}, strategy="a%3A")[0].key != keys({"id": "x"}, strategy="a:")[0].key


@pytest.mark.parametrize(
    ("fields", "changes", "strategy"),
    [
        ({}, {}, "default"),
        ({"strategy": "mean"}, {}, "mean"),
        ({"strategy": "mean"}, {"strategy": "trend"}, "trend"),
    ],
)
def test_without_an_id_the_key_is_of_strategy_and_body(fields, changes, strategy):
    body = verified({**BASE, **FIRED, **fields}, **changes)
    expected = digest(strategy, body)
    assert alert_key(body, parse(body)) == (expected, expected, False)


@row_by_row
@pytest.mark.parametrize(
    ("scheme", "fields", "open_ended", "says"),
    [
        (Scheme.TOKEN, {}, True, r"for a short while.*\{\{timenow\}\}"),
        (Scheme.NONE, {}, True, r"for a short while.*\{\{timenow\}\}"),
        (Scheme.TOKEN, {"order_id": "long", "bar_time": "x"}, True, "for a short while"),
        (Scheme.X_SIGNATURE, {}, False, "for ever"),
        (Scheme.TOKEN, FIRED, False, None),
        (Scheme.NONE, FIRED, False, None),
        (Scheme.X_SIGNATURE, FIRED, False, None),
        (Scheme.TOKEN, {"time": "2026-02-18T14:30:01Z"}, False, None),
    ],
)
def test_only_an_unsigned_body_without_id_and_time_is_open_ended(scheme, fields, open_ended, says):
    key, warning = keys(fields, scheme=scheme)
    assert key.open_ended is open_ended
    assert (warning is None) == (says is None)
    if says:
        assert re.search(says, warning)


BAR = [
    "open",
    "high",
    "low",
    "close",
    "Open",
    "closePrice",
    "ohlc4",
    "OHLC",
    "bar",
    "bar_close",
    "hlc3",
    "candle",
]


@row_by_row
@pytest.mark.parametrize("name", BAR)
def test_a_volume_beside_one_value_of_the_bar_is_refused_as_probably_the_bar_s(name):
    value = {"open": 1, "volume": 5} if name in ("bar", "candle") else "67000"
    error = base_fault(**{name: value})
    assert error.field == "volume"
    assert "say quantity" in error.message
    assert "bar_volume" in error.message


@row_by_row
@pytest.mark.parametrize("name", BAR)
@pytest.mark.parametrize("size", ["quantity", "qty", "contracts", "size"])
def test_a_size_under_another_name_goes_beside_the_bar(name, size):
    value = {"open": 1, "volume": 5} if name in ("bar", "candle") else "67000"
    read = parse(
        verified(
            {"symbol": "BTC/USD", "side": "buy", size: "0.1", name: value, "bar_volume": "812.5"}
        )
    )
    assert read.volume == Decimal("0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bar_time", "2026-02-18T14:00:00Z"),
        ("bar_volume", 5),
        ("bar_index", 5),
        ("close", ""),
        ("open", None),
    ],
)
def test_a_volume_goes_beside_what_is_no_value_of_the_bar(name, value):
    assert alert(**{name: value}).volume == Decimal("0.1")
