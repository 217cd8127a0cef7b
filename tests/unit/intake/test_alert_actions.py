"""What an alert asks for beside a plain order, which fields go with it, and every other
one refused by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.intake import TOKEN, verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake.alert_key import alert_key
from webhook_core.intake.caught import field_named
from webhook_core.intake.parse import parse
from webhook_core.trading.alert import Alert
from webhook_core.trading.orders import Relative, Side

D = Decimal
FIRED = {"fired_at": "2026-02-18T14:30:01Z"}
ORDER = {"symbol": "BTC/USD", "side": "buy", "volume": "0.1"}
CLOSE = {"symbol": "BTC/USD", "action": "close"}
REVERSE = {"symbol": "BTC/USD", "action": "reverse"}
TARGET = {
    "symbol": "BTC/USD",
    "action": "target",
    "market_position": "long",
    "market_position_size": "0.5",
    **FIRED,
}
CANCEL = {"symbol": "BTC/USD", "action": "cancel"}
ORDER_ID = "OUF4EM-FRGI2-MQMWZD"
AMEND = {"action": "amend", "order_id": ORDER_ID, "price": "50000"}
BASES = {
    "order": ORDER,
    "close": CLOSE,
    "reverse": REVERSE,
    "target": TARGET,
    "cancel": CANCEL,
    "amend": AMEND,
}
UUID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"


def read(base, **fields):
    return parse(verified({**base, **fields}))


def without(base, *names):
    return {name: value for name, value in base.items() if name not in names}


def fault(base, **fields):
    with pytest.raises(AlertMalformed) as caught:
        read(base, **fields)
    assert caught.value.status == 400
    assert caught.value.__context__ is None
    return caught.value


# -- which action


@row_by_row
@pytest.mark.parametrize(
    ("word", "base", "action"),
    [
        *[
            (word, CLOSE, "close")
            for word in ("close", "CLOSE", "exit", "Flatten", "close_position", "Close-Position")
        ],
        *[(word, REVERSE, "reverse") for word in ("reverse", "Flip")],
        ("Target", TARGET, "target"),
        ("CANCEL", CANCEL, "cancel"),
        *[(word, AMEND, "amend") for word in ("amend", "modify", "Edit")],
        ("Buy", without(ORDER, "side"), "order"),
    ],
)
def test_an_action_has_these_words(word, base, action):
    assert read(base, action=word).action == action


@row_by_row
@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("long", "send buy, or target with market_position long"),
        ("short", "or target with market_position short"),
        ("flat", "send close"),
        ("close_all", "scope strategy or all"),
        ("cancel_all", "send cancel, with order_id or scope"),
        ("b", "must be buy, sell, close, reverse, target, cancel, amend, pause or resume, not 'b'"),
        ("buy ", "must be buy, sell"),
        ("close ", "must be buy, sell"),
        ("{{strategy.order.action}}", "TradingView did not expand it"),
        ("NaN", "the script had no value there"),
        (True, "must be a text"),
        (["close"], "must be a text"),
        (TOKEN, "not a value of 20 characters"),
    ],
)
def test_any_other_action_is_refused_with_what_to_send(word, hint):
    error = fault(without(ORDER, "side"), action=word)
    assert error.field == "action"
    assert hint in error.message


@pytest.mark.parametrize("second", ["sell", "close"])
def test_two_actions_that_differ_are_refused(second):
    error = fault(without(ORDER, "side"), action="buy", Action=second)
    assert "'action' and 'Action' both mean" in error.message


def test_a_side_beside_the_action_that_is_its_other_name_has_to_agree():
    assert read(ORDER, action="BUY") == read(ORDER)
    assert fault(ORDER, action="sell").field == "side"


@pytest.mark.parametrize("action", ["", None, " "])
def test_an_empty_action_beside_a_side_is_an_order(action):
    assert read(ORDER, action=action, market_position="long").action == "order"


def test_a_market_position_without_side_and_action_is_a_target():
    assert read(without(TARGET, "action")) == read(TARGET)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": ""},
        {"action": None},
        {"side": ""},
        {"order_action": None},
        {"action": "", "side": ""},
    ],
)
def test_an_empty_side_never_turns_an_order_into_a_target(fields):
    error = fault(without(TARGET, "action"), **fields)
    assert error.field == "side"
    assert "side is missing" in error.message


@pytest.mark.parametrize("position", ["", None, " "])
def test_an_empty_market_position_is_no_target(position):
    assert fault(without(TARGET, "action"), market_position=position).field == "side"


# -- which fields go with which action

OTHERS = {
    "volume": "0.1", "price": "50000", "stop_price": "49000", "order_type": "limit", "trail": "2%",
    "trail_limit": "-5",
    "leverage": "2", "reduce_only": True, "display_volume": "0.01", "trigger_by": "last",
    "time_in_force": "IOC",
    "post_only": True, "expires": "+60", "starts": "+60", "fee_currency": "base",
    "self_trade": "cancel-both",
    "take_profit": "2%", "take_profit_limit": "2%", "stop_loss": "2%", "stop_loss_limit": "2%",
    "oflags": "post",
    "side": "buy", "percent": "50", "client_order_id": "mine-1", "of_alert": "a-1",
    "scope": "symbol",
    "quantity_type": "base", "confirm_fill": True,
}  # fmt: skip
TAKEN = {
    "close": {"price", "leverage", "percent", "confirm_fill"},
    "reverse": {"price", "leverage", "volume", "quantity_type", "confirm_fill"},
    "target": {"price", "leverage", "volume", "side", "confirm_fill"},
    "cancel": {"side", "scope", "client_order_id", "of_alert"},
    "amend": {"price", "stop_price", "display_volume", "post_only", "volume", "quantity_type"},
}
OTHERWISE = {  # fields that go with the action, if not with this value or beside these others
    *(
        ("close", "order_type"),
        ("reverse", "order_type"),
        ("target", "order_type"),
        ("target", "quantity_type"),
    ),
    *(("amend", "client_order_id"), ("amend", "of_alert"), ("close", "scope")),
}
NOT_ORDERS = {"percent", "client_order_id", "of_alert", "scope"}


@row_by_row
@pytest.mark.parametrize("field", OTHERS)
@pytest.mark.parametrize("action", TAKEN)
def test_a_field_goes_with_the_action_or_is_refused_by_name(action, field):
    base = BASES[action]
    if field in TAKEN[action]:
        assert read(base, **{field: OTHERS[field]}).action == action
        return
    error = fault(base, **{field: OTHERS[field]})
    assert error.field == field
    if (action, field) not in OTHERWISE:
        assert error.message.startswith(f"{field} does not go with action {action}: ")


SCOPE = {"action": "close", "scope": "strategy", "symbol": None}


@pytest.mark.parametrize("scope", ["strategy", "all", "ALL"])
def test_a_close_of_a_scope_needs_no_symbol(scope):
    alert = read(SCOPE, scope=scope)
    assert (alert.action, alert.scope, alert.symbol) == ("close", scope.lower(), None)


@row_by_row
@pytest.mark.parametrize("field", sorted({*OTHERS, "symbol"} - {"scope"}))
def test_whatever_narrows_a_close_of_a_scope_is_refused_by_name(field):
    error = fault(SCOPE, **{field: {**OTHERS, "symbol": "BTCUSD"}[field]})
    assert error.field == field


@pytest.mark.parametrize("field", sorted(NOT_ORDERS))
def test_a_field_of_another_action_is_refused_in_an_order(field):
    error = fault(ORDER, **{field: OTHERS[field]})
    assert error.field == field
    assert error.message.startswith(f"{field} does not go with action order: ")


@row_by_row
@pytest.mark.parametrize("off", ["", None, False, "false"])
@pytest.mark.parametrize("action", BASES)
def test_a_field_that_does_not_go_with_the_action_may_be_left_empty(action, off):
    taken = TAKEN.get(action, set(OTHERS) - NOT_ORDERS)
    idle = dict.fromkeys(
        set(OTHERS) - taken - {name for kind, name in OTHERWISE if kind == action}, off
    )
    assert read(BASES[action], **idle) == read(BASES[action])


@pytest.mark.parametrize("action", ["close", "reverse", "cancel", "amend", "order"])
def test_tradingviews_context_goes_with_every_action(action):
    context = {
        "exchange": "KRAKEN",
        "interval": "60",
        "order_comment": "x",
        "close": "67000",
        "market_position": "?",
    }
    context |= (
        {"order_id": 'Close entry(s) order "Long"'} if action not in ("cancel", "amend") else {}
    )
    base = BASES[action] if action != "order" else {**without(ORDER, "volume"), "qty": "0.1"}
    assert read(base, **context) == read(BASES[action])


@pytest.mark.parametrize("action", BASES)
def test_an_alert_of_any_action_has_its_texts_and_its_key(action):
    body = verified(
        {
            **BASES[action],
            "id": "a-1",
            "strategy": "trend",
            "message": "hi",
            "validate": True,
            **FIRED,
        }
    )
    alert = parse(body)
    assert (alert.id, alert.strategy_name, alert.alert_message, alert.validate_only) == (
        "a-1",
        "trend",
        "hi",
        True,
    )
    assert alert_key(body, alert).key == "id::a-1"


@pytest.mark.parametrize("action", ["order", "close", "reverse", "target"])
def test_a_fill_may_be_confirmed(action):
    assert read(BASES[action], confirm_fill="true").confirm_fill is True
    assert fault(BASES[action], confirm_fill="yes").field == "confirm_fill"


@pytest.mark.parametrize("action", ["close", "reverse", "target", "cancel", "amend"])
def test_what_is_refused_by_name_is_refused_in_every_action(action):
    assert fault(BASES[action], notional="5").field == "notional"
    assert fault(BASES[action], close="half").field == "close"


# -- what volume counts


@row_by_row
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[
            (kind, kind)
            for kind in ("base", "quote", "percent_balance", "percent_equity", "percent_position")
        ],
        *[("Base", "base"), ("contracts", "base"), ("UNITS", "base"), ("cash", "quote")],
        *[("percent_of_equity", "percent_equity"), ("Percent Of Balance", "percent_balance")],
        ("percent-of-position", "percent_position"),
    ],
)
def test_a_quantity_type_has_these_words(text, kind):
    alert = read(ORDER, quantity_type=text, volume="10")
    assert (alert.quantity_type, alert.volume) == (kind, D(10))


@pytest.mark.parametrize("text", ["risk_percent", "Risk"])
def test_a_risk_is_measured_by_its_stop_loss(text):
    assert (
        read(ORDER, quantity_type=text, volume="1%", stop_loss="2%").quantity_type == "risk_percent"
    )
    error = fault(ORDER, quantity_type=text, volume="1%")
    assert error.field == "stop_loss"


@pytest.mark.parametrize(
    "name", ["quantity_type", "qty_type", "sizeType", "volume_type", "order_size_type"]
)
def test_a_quantity_type_has_these_names(name):
    assert read(ORDER, **{name: "quote"}).quantity_type == "quote"


def test_without_a_word_the_quantity_type_is_not_said():
    assert read(ORDER).quantity_type is None
    assert read(ORDER, quantity_type="").quantity_type is None


@row_by_row
@pytest.mark.parametrize("value", ["percent", "lots", "%", TOKEN, 5, True, [], "{{x}}", "nan"])
def test_any_other_quantity_type_is_refused(value):
    assert fault(ORDER, quantity_type=value).field == "quantity_type"


def test_a_quantity_type_without_a_volume_would_change_what_a_configured_size_means():
    error = fault(without(ORDER, "volume"), quantity_type="percent_equity")
    assert error.field == "volume"
    assert "volume is missing" in error.message


@pytest.mark.parametrize("value", ["50%", "50", 50])
def test_a_percentage_may_have_its_sign(value):
    assert read(ORDER, quantity_type="percent_balance", volume=value).volume == D(50)


@pytest.mark.parametrize("kind", ["base", "quote", ""])
def test_a_percentage_of_nothing_is_refused_with_what_to_send(kind):
    error = fault(ORDER, quantity_type=kind, volume="50%")
    assert error.field == "volume"
    assert "a percentage needs quantity_type" in error.message


@row_by_row
@pytest.mark.parametrize("value", ["0%", "-5%", "%", "50%%", "5 %", "nan%", "1e400%", "{{x}}%"])
def test_a_percentage_of_another_form_is_refused(value):
    assert fault(ORDER, quantity_type="percent_balance", volume=value).field == "volume"


@row_by_row
@pytest.mark.parametrize(
    ("kind", "fields", "bounded"),
    [
        ("percent_balance", {}, True),
        ("percent_balance", {"leverage": 2}, True),
        ("percent_position", {"side": "sell"}, True),
        ("percent_position", {}, False),
        ("risk_percent", {"stop_loss": "2%"}, True),
        ("percent_equity", {}, True),
        ("percent_equity", {"leverage": 1}, True),
        ("percent_equity", {"leverage": 2}, False),
        ("quote", {}, False),
        ("base", {}, False),
    ],
)
def test_a_percentage_is_of_no_more_than_there_is(kind, fields, bounded):
    assert read(ORDER, quantity_type=kind, volume="100", **fields).volume == 100
    if bounded:
        assert fault(ORDER, quantity_type=kind, volume="100.01", **fields).field == "volume"
    else:
        assert read(ORDER, quantity_type=kind, volume="100.01", **fields).volume == D("100.01")


@row_by_row
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        *[
            (name, "send volume with quantity_type quote")
            for name in ("notional", "cost", "cash", "funds", "quoteQty")
        ],
        *[
            (name, "quantity_type percent_balance, percent_equity or")
            for name in ("pct", "percentage", "equity_percent")
        ],
        *[(name, "quantity_type risk_percent") for name in ("risk", "risk_percent", "risk_usd")],
        *[
            (name, "send action close")
            for name in ("close_position", "close_order", "exit", "flat", "flatten")
        ],
        *[(name, "send action cancel") for name in ("cancel", "cancel_all", "cancel_orders")],
        *[(name, "send action reverse") for name in ("reverse", "flip")],
        *[(name, "send action amend") for name in ("amend", "edit")],
        *[
            ("viqc", "send quantity_type quote"),
            ("legs", "send orders"),
            ("target", "send action target"),
        ],
        *[("volume_currency", "quantity_type base or quote"), ("amount", "quantity_type quote")],
    ],
)
def test_a_name_that_is_refused_says_what_to_send_for_it(name, hint):
    assert hint in fault(ORDER, **{name: "5"}).message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("quantity_tpye", "quantity_type"),
        ("qantity_type", "quantity_type"),
        ("qty_tpye", "quantity_type"),
        ("confirm_fil", "confirm_fill"),
        ("acton", "action"),
        ("percnet", "percent"),
    ],
)
def test_a_near_miss_of_an_order_s_field_is_refused(name, meant):
    error = fault(ORDER, **{name: "5"})
    assert (error.field, f"did you mean {meant}?" in error.message) == (name, True)


@row_by_row
@pytest.mark.parametrize(
    ("base", "name", "meant"),
    [
        (CANCEL, "scpoe", "scope"),
        (CANCEL, "scop", "scope"),
        (CANCEL, "ordr_id", "order_id"),
        (CANCEL, "client_ordr_id", "client_order_id"),
        (CANCEL, "of_alret", "of_alert"),
        (CLOSE, "prcent", "percent"),
        (TARGET, "prev_market_positon", "prev_market_position"),
        ({"symbol": "BTC/USD"}, "market_postion", "market_position"),
        ({"symbol": "BTC/USD"}, "oders", "orders"),
    ],
)
def test_a_near_miss_of_what_another_action_reads_is_refused_there(base, name, meant):
    error = fault(base, **{name: "5"})
    assert (error.field, f"did you mean {meant}?" in error.message) == (field_named(name), True)


@row_by_row
@pytest.mark.parametrize(
    "name",
    [
        *("score", "slope", "scopes", "order_no", "border", "order_1", "client", "client_id"),
        *("confirmed", "confirmation", "prev_close", "session_id", "account_id"),
    ],
)
def test_a_name_that_only_looks_a_little_like_a_new_one_is_merely_unknown(name):
    assert (
        read(ORDER, **{name: "5"}).warnings[0].startswith("Ignored, because no such field is known")
    )


# -- an order's context


def test_an_order_has_the_positions_around_it_as_far_as_they_can_be_read():
    alert = read(
        ORDER,
        market_position="Long",
        market_position_size="0.5",
        prev_market_position="flat",
        prev_market_position_size=0,
    )
    assert (alert.market_position, alert.market_position_size) == ("long", D("0.5"))
    assert (alert.prev_market_position, alert.prev_market_position_size) == ("flat", D(0))


@row_by_row
@pytest.mark.parametrize(
    "value", ["", None, "NaN", "x", "-5", "1,5", True, [], {"a": 1}, TOKEN, "{{x}}"]
)
@pytest.mark.parametrize("base", [ORDER, CLOSE, REVERSE, CANCEL, AMEND])
def test_a_position_that_is_only_context_is_never_an_error(base, value):
    names = (
        "market_position",
        "market_position_size",
        "prev_market_position",
        "prev_market_position_size",
    )
    alert = read(base, **dict.fromkeys(names, value))
    assert [getattr(alert, name) for name in names] == [None] * 4
    assert bool(alert.warnings) is (value == "{{x}}")


def test_two_positions_that_differ_are_no_error_in_an_order():
    assert read(ORDER, market_position="long", marketPosition="short").market_position is None


# -- close


def test_a_close_needs_its_symbol_only():
    assert read(CLOSE) == Alert(action="close", symbol="BTC/USD")
    assert fault(without(CLOSE, "symbol")).field == "symbol"


def test_every_field_of_a_close_is_read():
    assert read(
        CLOSE, percent="25", leverage=3, price="50000", order_type="Market", confirm_fill=True
    ) == Alert(
        action="close",
        symbol="BTC/USD",
        percent=D(25),
        leverage=3,
        price=D(50000),
        confirm_fill=True,
    )


@pytest.mark.parametrize("value", ["50", "50%", 50, Decimal("50.0"), "5e1"])
def test_a_part_of_the_position_may_be_closed(value):
    assert read(CLOSE, percent=value).percent == 50
    assert read(CLOSE, quantity_type="percent_of_position", volume=value) == Alert(
        action="close", symbol="BTC/USD", percent=D(50)
    )


@row_by_row
@pytest.mark.parametrize(
    "value", [0, "0%", "-1", "100.1", "101%", "half", True, False, [], "NaN", "{{x}}", "", " ", "%"]
)
def test_any_other_part_is_refused(value):
    assert fault(CLOSE, percent=value).field == "percent"


def test_a_part_that_is_null_is_left_out():
    assert read(CLOSE, percent=None).percent is None


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"volume": "1"}, "volume"),
        ({"contracts": "1"}, "volume"),
        ({"volume": "1", "quantity_type": "base"}, "volume"),
        ({"volume": "1", "quantity_type": "percent_equity"}, "volume"),
        ({"volume": "50", "quantity_type": "percent_position", "percent": "50"}, "volume"),
        ({"volume": "101", "quantity_type": "percent_position"}, "volume"),
        ({"quantity_type": "percent_position"}, "quantity_type"),
        ({"quantity_type": "base"}, "quantity_type"),
    ],
)
def test_a_close_takes_no_other_size(fields, field):
    assert fault(CLOSE, **fields).field == field


def test_a_tradingview_template_with_a_close_is_told_which_field_to_remove():
    template = {**CLOSE, "contracts": "0.5", "order_id": "Long", "market_position": "flat", **FIRED}
    assert fault(template).message.startswith(
        "volume (sent as 'contracts') does not go with action close: "
    )
    assert fault(CLOSE, volume="0.5").message.startswith("volume does not go with action close: ")
    assert fault(CLOSE, side="sell").message.startswith("side does not go with action close: ")
    assert read(without(template, "contracts")).action == "close"


def test_a_percentage_of_the_position_beside_the_bar_s_prices_could_be_the_bar_s_volume():
    bar = {"open": 1, "high": 1, "low": 1, "close": 1}
    assert (
        "bar_volume" in fault(CLOSE, quantity_type="percent_position", volume="50", **bar).message
    )
    assert read(CLOSE, percent="50", **bar).percent == 50


@row_by_row
@pytest.mark.parametrize("base", [CLOSE, REVERSE, TARGET])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"price": "-2%"}, "price"),
        ({"price": "+5"}, "price"),
        ({"limit_price": "50000"}, "price"),
        ({"order_type": "limit"}, "order_type"),
        ({"order_type": "mkt"}, "order_type"),
        ({"leverage": "x"}, "leverage"),
    ],
)
def test_a_position_is_traded_at_the_market_only(base, fields, field):
    assert fault(base, **fields).field == field


# -- reverse


def test_every_field_of_a_reverse_is_read():
    assert read(REVERSE) == Alert(action="reverse", symbol="BTC/USD")
    assert read(
        REVERSE, volume="0.5", quantity_type="base", leverage=2, price="5", confirm_fill=True
    ) == Alert(
        action="reverse",
        symbol="BTC/USD",
        volume=D("0.5"),
        leverage=2,
        price=D(5),
        confirm_fill=True,
    )


@pytest.mark.parametrize("kind", ["quote", "percent_equity", "percent_position", "risk_percent"])
def test_the_size_of_a_reverse_is_base(kind):
    assert fault(REVERSE, volume="50", quantity_type=kind).field == "quantity_type"


# -- target


def test_every_field_of_a_target_is_read():
    alert = read(
        TARGET,
        side="buy",
        leverage=2,
        price="50000",
        prev_market_position="short",
        prev_market_position_size="0.25",
        confirm_fill=True,
    )
    assert (alert.action, alert.side, alert.market_position, alert.market_position_size) == (
        "target",
        None,
        "long",
        D("0.5"),
    )
    assert (alert.prev_market_position, alert.prev_market_position_size) == ("short", D("0.25"))
    assert (alert.leverage, alert.price, alert.confirm_fill, alert.warnings) == (
        2,
        D(50000),
        True,
        (),
    )


@pytest.mark.parametrize("position", ["long", "SHORT"])
def test_a_target_needs_its_size(position):
    assert read(TARGET, market_position=position).market_position == position.lower()
    assert (
        fault(without(TARGET, "market_position_size"), market_position=position).field
        == "market_position_size"
    )


def test_a_flat_target_needs_no_size():
    assert (
        read(without(TARGET, "market_position_size"), market_position="flat").market_position_size
        is None
    )
    assert (
        read(TARGET, market_position="flat", market_position_size="0.0").market_position_size == 0
    )


@pytest.mark.parametrize("name", ["market_position", "prev_market_position"])
@pytest.mark.parametrize(("position", "size"), [("flat", "0.5"), ("long", "0"), ("short", 0)])
def test_a_position_that_contradicts_its_size_is_refused(name, position, size):
    error = fault(TARGET, **{name: position, f"{name}_size": size})
    assert error.field == f"{name}_size"


@row_by_row
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[
            ("market_position", value)
            for value in ("", None, "up", "{{strategy.market_position}}", "NaN", True, [], 1)
        ],
        *[
            ("market_position_size", value)
            for value in ("", "-0.5", "x", "NaN", "{{x}}", "1,5", True, "1e400", "50%")
        ],
        *[("prev_market_position", value) for value in ("up", "{{x}}", "NaN", True)],
        *[("prev_market_position_size", value) for value in ("-0.5", "x", "NaN", "{{x}}")],
        *[("side", value) for value in ("long", "{{x}}", "close")],
        *[
            ("quantity_type", value)
            for value in ("base", "quote", "percent_balance", "risk_percent", "x")
        ],
        ("fired_at", "yesterday"),
    ],
)
def test_a_target_is_read_strictly(field, value):
    assert fault(TARGET, **{field: value}).field == field


@pytest.mark.parametrize("value", ["", None])
def test_a_target_needs_its_firing_time(value):
    assert fault(TARGET, fired_at=value).field == "fired_at"
    error = fault(without(TARGET, "fired_at"))
    assert '"fired_at": "{{timenow}}"' in error.message


def test_a_volume_beside_a_target_is_not_used_and_a_warning_says_so():
    alert = read(TARGET, contracts="15")
    assert alert.volume is None
    assert alert.warnings == ("volume is not used: the target is market_position_size.",)
    assert read(TARGET, volume="").warnings == ()


def test_a_target_may_be_a_percentage_of_the_equity():
    alert = read(
        without(TARGET, "market_position_size"), quantity_type="percent_of_equity", volume="50%"
    )
    assert (alert.quantity_type, alert.volume, alert.market_position_size, alert.warnings) == (
        "percent_equity",
        D(50),
        None,
        (),
    )
    assert fault(TARGET, quantity_type="percent_equity").field == "volume"
    assert fault(TARGET, quantity_type="percent_equity", volume="101").field == "volume"
    assert read(TARGET, quantity_type="percent_equity", volume="101", leverage=2).volume == 101


def test_a_flat_target_has_no_use_for_a_percentage():
    alert = read(
        TARGET,
        market_position="flat",
        market_position_size="0",
        quantity_type="percent_equity",
        volume="50",
    )
    assert (alert.quantity_type, alert.volume, alert.market_position_size) == (None, None, 0)


# -- cancel


@row_by_row
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"order_id": ORDER_ID}, {"order_id": ORDER_ID}),
        ({"txid": ORDER_ID}, {"order_id": ORDER_ID}),
        ({"client_order_id": UUID}, {"client_order_id": UUID}),
        ({"cl_ord_id": UUID.replace("-", "")}, {"client_order_id": UUID.replace("-", "")}),
        ({"cl_ord_id": "arb-20240509_00010"}, {"client_order_id": "arb-20240509_00010"}),
        ({"of_alert": "trend 42"}, {"of_alert": "trend 42"}),
        ({"of_alert_id": 42}, {"of_alert": "42"}),
        ({"orig_alert_id": "a"}, {"of_alert": "a"}),
        ({"scope": "Strategy"}, {"scope": "strategy"}),
        ({"scope": "all"}, {"scope": "all"}),
        ({"symbol": "BTC/USD"}, {"scope": "symbol", "symbol": "BTC/USD"}),
        (
            {"symbol": "BTC/USD", "scope": "", "side": "Sell"},
            {"scope": "symbol", "symbol": "BTC/USD", "side": Side.SELL},
        ),
        ({"symbol": "BTC/USD", "scope": "strategy"}, {"scope": "strategy", "symbol": "BTC/USD"}),
        ({"scope": "strategy", "order_side": "buy"}, {"scope": "strategy", "side": Side.BUY}),
        ({"symbol": "BTC/USD", "order_id": ORDER_ID}, {"symbol": "BTC/USD", "order_id": ORDER_ID}),
        ({"symbol": "BTC/USD", "order_id": None}, {"scope": "symbol", "symbol": "BTC/USD"}),
    ],
)
def test_a_cancel_says_what_is_canceled(fields, expected):
    assert read({"action": "cancel"}, **fields) == Alert(action="cancel", **expected)


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({}, "scope", "scope is missing"),
        ({"side": "buy"}, "scope", "scope is missing"),
        ({"scope": "symbol"}, "symbol", "symbol is missing"),
        ({"scope": "everything"}, "scope", "must be one of symbol, strategy, all"),
        ({"scope": "all", "symbol": "BTC/USD"}, "symbol", "scope all cancels every order"),
        ({"scope": "all", "side": "buy"}, "side", "scope all cancels every order"),
        ({"scope": "symbol", "symbol": "BTC/USD", "side": "long"}, "side", "must be buy or sell"),
        ({"order_id": "Long"}, "order_id", "{{strategy.order.id}} names an order of the script"),
        ({"order_id": ORDER_ID.lower()}, "order_id", "must be Kraken's id"),
        ({"order_id": "{{strategy.order.id}}"}, "order_id", "did not expand"),
        ({"order_id": TOKEN}, "order_id", "not a value of 20 characters"),
        ({"client_order_id": "x" * 19}, "client_order_id", "must be a UUID"),
        ({"client_order_id": "Mine"}, "client_order_id", "in lower case"),
        ({"client_order_id": UUID.upper()}, "client_order_id", "in lower case"),
        ({"client_order_id": "mine\n"}, "client_order_id", "line break"),
        ({"of_alert": "x" * 129}, "of_alert", "at most 128"),
        ({"of_alert": True}, "of_alert", "must be a text"),
        ({"order_id": ORDER_ID, "cl_ord_id": "mine"}, "client_order_id", "send one of them"),
        ({"cl_ord_id": "mine", "of_alert": "a"}, "of_alert", "send one of them"),
        ({"order_id": ORDER_ID, "scope": "all"}, "scope", "does not go with order_id"),
        ({"of_alert": "a", "side": "buy"}, "side", "does not go with of_alert"),
        ({"symbol": "BTC/USD", "order_id": ""}, "order_id", "is empty"),
        ({"symbol": "BTC/USD", "of_alert": " "}, "of_alert", "is empty"),
        ({"symbol": "BTC/USD", "side": ""}, "side", "is empty"),
        ({"scope": "strategy", "symbol": ""}, "symbol", "is empty"),
        (
            {"symbol": "BTC/USD", "order_no": "5"},
            "scope",
            "'order_no' may be meant to say what is canceled",
        ),
    ],
)
def test_nothing_that_would_widen_a_cancel_is_guessed(fields, field, says):
    error = fault({"action": "cancel"}, **fields)
    assert error.field == field
    assert says in error.message


def test_an_unknown_field_beside_a_scope_is_merely_unknown():
    assert "'rsi'" in read({"action": "cancel", "scope": "all"}, rsi="5").warnings[0]


# -- amend


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"order_id": ORDER_ID, "volume": "0.2"}, {"order_id": ORDER_ID, "volume": D("0.2")}),
        (
            {"cl_ord_id": "mine", "volume": 1, "quantity_type": "base"},
            {"client_order_id": "mine", "volume": D(1)},
        ),
        ({"of_alert": "a", "limit_price": "5"}, {"of_alert": "a", "price": D(5)}),
        (
            {"of_alert": "a", "price": "-2%"},
            {"of_alert": "a", "price": Relative("-", D(2), percent=True)},
        ),
        (
            {"of_alert": "a", "trigger_price": "+5"},
            {"of_alert": "a", "stop_price": Relative("+", D(5))},
        ),
        ({"of_alert": "a", "display_qty": "0.1"}, {"of_alert": "a", "display_volume": D("0.1")}),
        (
            {"symbol": "BTC/USD", "of_alert": "a", "post": "true"},
            {"of_alert": "a", "symbol": "BTC/USD", "post_only": True},
        ),
    ],
)
def test_an_amend_says_which_order_and_what_changes(fields, expected):
    assert read({"action": "amend"}, **fields) == Alert(action="amend", **expected)


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"price": "5"}, "order_id"),
        ({"symbol": "BTC/USD", "price": "5"}, "order_id"),
        ({"order_id": "", "price": "5"}, "order_id"),
        ({"order_id": "Long", "price": "5"}, "order_id"),
        ({"order_id": ORDER_ID, "of_alert": "a", "price": "5"}, "of_alert"),
        ({"order_id": ORDER_ID}, "volume"),
        ({"order_id": ORDER_ID, "post_only": False}, "volume"),
        ({"order_id": ORDER_ID, "volume": "5", "quantity_type": "quote"}, "quantity_type"),
        ({"order_id": ORDER_ID, "volume": "50%"}, "volume"),
        ({"order_id": ORDER_ID, "price": "2%"}, "price"),
        (
            {"order_id": ORDER_ID, "volume": "5", "open": 1, "high": 1, "low": 1, "close": 1},
            "volume",
        ),
    ],
)
def test_an_amend_without_an_order_or_a_change_is_refused(fields, field):
    assert fault({"action": "amend"}, **fields).field == field


@pytest.mark.parametrize(
    "context", [{"position": "flat"}, {"position_size": "-0.5"}, {"pos": "short"}, {"position": -1}]
)
def test_a_target_beside_which_another_position_stands_is_refused(context):
    assert fault(TARGET, **context).field == "market_position"
    assert read(TARGET, position="long", position_size="0.5") == read(TARGET)
