"""What speaks of an order is refused, by its name or by its value, and what does
not is only warned of."""

from __future__ import annotations

import json

import pytest

from tests.support.intake import TOKEN, verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.intake.nets import passed
from webhook_core.intake.parse import parse

BUY = {"symbol": "BTC/USD", "side": "buy", "quantity": "0.1"}
RUN, CLOSE = 'TRADING_MODE decides it for every alert; "validate": true', '"action": "close"'
COUNTS, TYPE = (
    "send quantity_type: base, quote, percent_balance",
    "send order_type, such as limit, and price",
)

_LIKE_AN_ORDER = """
qty_mode qtyMode quantity_mode size_mode sizing_mode sizing_method amount_type amountPerTradeType
amount_per_trade unit units qty_unit size_usd usdAmount usd_amount amount_usdt trade_amount
tradeSize order_size orderQty order_quantity position_size_usd position_value pos_size lot lots
lotSize lot_type contract_size num_contracts shares share_size baseQty quote_qty quoteOrderQty
notional notional_value cost cash cash_amount funds budget investment stake_amount capital_percent
equity_pct balancePct wallet_percent percent_of_balance pct portfolio_percent allocation portion
risk risk_pct riskPercent risk_usd risk_per_trade max_risk risk_reward rr_ratio entry entry_type
entryType entry_price entry_limit exec_type execution_mode ord_type ordertypes orderKind order_mode
order_class type kind trade_type limit limitPx lmt_price limit_order limit_offset stop stop_pips
stopPx stop_level stop_limit stop_limit_price2 stop_percent sl_pips slPips SLpips sl_points sl_pct
sl_ticks sl_type sl_distance slTriggerBy slOrderType stoplosspips stoploss_pct stopLossPercent
hard_stop initial_stop move_stop breakeven be_trigger trailing trail_stop trailStop trailing_percent
trail_pips trailtrig activation_price callbackRate tp_pips tpPct tp_points tp_mode tp_level
take_profit_pct takeProfitPercent takeprofitpips profit profit_target profitTarget target
target_price targetPercent targets exit exit_type exitPrice exit_qty exit_all isExit exiting
close_position closePosition close_pct close_percent closeall closeAll close_long closelong
closeshort closelongvol isClose is_closed close_side closetrade closed_by flatten flat go_flat
liquidate cancel cancel_all cancelAll cancel_pending cancelling reverse reverse_position reversal
flip amend modify edit replace reduce reduce_position only_reduce reduceonlymode trade_side
tradeside posSide position_mode positionIdx position_type positions direction trade_direction
triggerDirection sentiment market_sentiment intent position_intent command cmd signal signal_type
signal_side signal_price instruction action_type message_type event_type buy sell is_long isShort
go_long long short long_qty buy_qty sell_price sell_limit buy_stop lev leverage_value leverageLong
lever lvg margin margin_mode marginMode isolated is_isolated initial_margin tdMode tpslMode hedge
hedge_mode oco bracket run_mode runMode trading_mode account_mode bot_mode mode paper paper_trading
papertrading is_paper test test_mode isTest testing testnet use_testnet sandbox sandboxMode demo
demo_account simulate simulated simulation sim_mode dry dry_run dryRun practice live live_mode
is_live livemode enabled is_enabled trading_enabled enable active isActive real backtest mock
virtual_trade disabled paused pause skip skip_trade ignore ignore_signal suspended expiry_time
expire_in expiration_seconds ttl timeout_seconds delay delay_seconds valid_until good_till gtc ioc
fok tif_mode makerOnly taker slippage max_slippage icebergQty hidden dca grid pips pip_distance
multiplier size_multiplier fraction userref subaccount account legs order auxPrice lmtPrice max_loss
max_price min_price max_cost exposure weight futures perp invert inverse opposite remove delete kill
undo half add cross safety_order r_multiple validate_order shadow cover unwind max_entry_count
close_after_bars exit_bars close_trades preview noop no_trade do_not_trade alertOnly readOnly
scale_in price_offset qty% % $ amount$ action2 side_2 second_side exitOnly closeonly
orderQuantityMode posSizePct tpInPips stoploss_in_percent hedgeMode tradeMode backtesting schedule
strategy.order.action strategy.order.contracts strategy.position_size totalQuantity displaySize
whatIf allOrNone minQty optionType newOrderRespType goodTillDate takeProfits tp1 tp2_price sl2
"""
"""From the alerts of 3Commas, Alertatron, Autoview, WunderTrading, TradersPost, PineConnector,
Finandy, Bybit, OKX, Binance, Alpaca, Interactive Brokers, MetaTrader and their neighbours."""

_HARMLESS = """
rsi ema ema_fast ema_200 sma50 atr atr_14 vwap score note notes chart_url bot_id signal_id deal_id
user_id session_id account_id uuid trend regime momentum macd macd_hist macd_signal signal_line
stoch_k adx di_plus cci mfi obv bb_upper bb_width donchian_high pivot r1 s2 support resistance
volatility std_dev zscore slope angle rank percentile change_pct percent_change price_change_percent
prev_close bar_close last_close daily_close close_prev closing_price ha_close real_close prev_high
bar_high avg_volume volume_ma volume_sma relative_volume delta spread funding_rate open_interest
win_rate profit_factor net_profit drawdown trades_today total_trades wins streak source color emoji
icon title label tag author channel telegram_chat webhook_url url image timezone tz locale lang
created_at sent_at server_time candle_time mintick precision sector country exit_comment close_note
entry_name signal_name signal_text alert_text exit_id trade_id order_no order_ref order_number chart
tv_exchange tv_instrument max_lag api_version schema revision hash nonce seq counter heartbeat model
model_name confidence probability prediction forecast sentiment_note ml_score news headline
base_asset resolution period length lookback window fast slow ema_long ema_short long_ma live_price
real_volume htf mtf bias_score tsi hma kama supertrend kijun senkou_a inside_bar outside_bar pattern
candle divergence session london killzone weekday hour inputs extra meta data payload info debug
trace_id hostname region magic pine_version script owner group team remark remarks memo context log
latency %b %K percent_b pct_b percent_change_24h crossover ema_cross golden_cross notif shared x y z
"""
LIKE_AN_ORDER, HARMLESS = _LIKE_AN_ORDER.split(), _HARMLESS.split()


ON = frozenset(
    ("live", "is_live", "enabled", "is_enabled", "trading_enabled", "enable", "active", "isActive")
)
"""Switches that change nothing by being on."""


def read(fields):
    return parse(verified({**BUY, **fields}))


def refused(fields):
    with pytest.raises((AlertMalformed, OrderDenied)) as caught:
        read(fields)
    return caught.value


@row_by_row
@pytest.mark.parametrize("name", LIKE_AN_ORDER)
@pytest.mark.parametrize("value", ["5", 5, "x", True, "percent"], ids=repr)
def test_a_name_that_speaks_of_an_order_is_refused_at_the_top_and_in_a_leg(name, value):
    if value is True and name in ON:
        assert read({name: value}).side == "buy"
        return
    assert refused({name: value}).status in (400, 422)
    leg = {"side": "buy", "quantity": "0.1", name: value}
    with pytest.raises((AlertMalformed, OrderDenied)) as caught:
        parse(verified({"symbol": "BTC/USD", "orders": [{"side": "buy", "quantity": "0.1"}, leg]}))
    assert caught.value.field.startswith("orders[1].")


@row_by_row
@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("value", ["71.5", 67000], ids=repr)
def test_a_name_that_does_not_is_only_warned_of(name, value):
    alert = read({name: value})
    assert [warning.split(":")[0] for warning in alert.warnings] == (
        []
        if name in ("note", "candle_time") and not alert.warnings
        else ["Ignored, because no such field is known"]
    )


def test_the_lists_are_as_long_as_the_leak_was():
    assert len(set(LIKE_AN_ORDER)) > 250
    assert len(set(HARMLESS)) > 150


@row_by_row
@pytest.mark.parametrize(
    ("fields", "instead"),
    [
        ({"qty_mode": "percent"}, COUNTS), ({"sizeMode": "usd"}, COUNTS),
        ({"amount_type": "quote"}, COUNTS),
        ({"entry_type": "limit"}, TYPE), ({"entry_price": 60000}, TYPE),
        ({"orderKind": "limit"}, TYPE),
        ({"sl_pips": "50"}, "send stop_loss"), ({"stop_distance": 50}, "send stop_loss"),
        ({"tp_pips": "50"}, "send take_profit"), ({"target_price": 7}, "send take_profit"),
        ({"trailStop": 5}, "order_type trailing-stop and trail"),
        ({"risk_usd": 5}, "quantity_type risk_percent"),
        ({"usd_amount": 5}, "quantity_type quote"), ({"lots": 1}, "send volume"),
        ({"pct": 5}, "percent_balance"),
        ({"run_mode": "paper"}, RUN), ({"live": False}, RUN), ({"enabled": False}, RUN),
        ({"testnet": True}, RUN),
        ({"active": 0}, RUN), ({"isReal": "no"}, RUN), ({"live": "off"}, RUN),
        ({"is_live": 0}, RUN), ({"trade": False}, RUN),
        ({"environment": "test"}, RUN), ({"mode": "paper"}, RUN), ({"env": "Dry-Run"}, RUN),
        ({"disabled": True}, RUN),
        ({"sentiment": "flat"}, '"action": "target" with market_position flat'),
        ({"sentiment": "bearish"}, "market_position"),
        ({"direction": "short"}, '"action": "target" with market_position'),
        ({"margin_mode": "cross"}, "send leverage"),
        ({"signal_price": 5}, "send price"), ({"command": "x"}, "send action"),
        ({"ttl": 5}, "expires"),
    ],
)  # fmt: skip
def test_what_is_refused_says_what_to_write_instead(fields, instead):
    error = refused(fields)
    assert instead in error.message
    assert error.field == next(iter(fields))
    assert "custom_fields" in error.message


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "close"}, {"direction": "EXIT"}, {"isClose": True}, {"is_close": "true"},
        {"intent": "close"},
        {"close": True}, {"close": "50%"}, {"type": "close"}, {"signal": "flat"},
        {"event": "exit_long"}, {"cmd": "Close All"},
        {"side": "close"}, {"side": "exit-long"}, {"side": "sell to close"},
        {"action": "exit_short"}, {"action": "closeLong"},
        {"order_action": "flat"}, {"position": "closed"}, {"status": "close"}, {"exit": True},
        {"position_size": "close"},
    ],
)  # fmt: skip
def test_what_means_to_close_is_told_the_action_and_never_a_side(fields):
    with pytest.raises(AlertMalformed) as caught:
        parse(verified({"symbol": "BTC/USD", **fields}))
    assert CLOSE in caught.value.message
    assert "send side" not in caught.value.message.lower()
    assert '"side"' not in caught.value.message


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        *(
            "flat",
            "exit",
            "Close",
            "LIMIT",
            "percent",
            "paper",
            "short",
            "long",
            "buy",
            "SELL",
            "market",
            "stop-loss",
        ),
        *(
            "take profit",
            "trailing_stop",
            "reduceOnly",
            "exit long",
            "close_position",
            "sell to close",
            "percent of equity",
        ),
        *(
            "SL hit",
            "Stopped out",
            "Strong Sell",
            "MKT",
            "BUY_LIMIT",
            "LONG \U0001f680",
            "50% of equity",
            "# exit",
        ),
        *(
            "cancel all",
            "isolated",
            "futures",
            "hedge",
            "ioc",
            "hold",
            "dryRun",
            "go short",
            "stopmarket",
            "closelong",
        ),
    ],
)
@pytest.mark.parametrize(
    "name", ["regime", "status", "what", "currency", "version", "interval", "plot_0", "exchange"]
)
def test_a_value_that_is_an_order_is_refused_under_any_name(name, value):
    assert refused({name: value}).field == name


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        *(
            "KRAKEN",
            "BINANCE",
            "60",
            "4h",
            "D",
            "USD",
            "na",
            "{{close}}",
            "Long entry at the support",
            "up",
            "x" * 50,
        ),
        *(
            "market structure broke",
            "stop hunting",
            "limited",
            "bullish engulfing",
            "closer",
            "shortly",
            "71%",
            "2.5 %",
            5,
            True,
            None,
        ),
    ],
)
@pytest.mark.parametrize("name", ["bias", "status", "what", "currency", "description", "interval"])
def test_any_other_value_is_none(name, value):
    assert read({name: value}).quantity_type is None


@row_by_row
@pytest.mark.parametrize(
    "name", ["order_comment", "signalName", "exit note", "close_text", "deal-id", "signalid"]
)
@pytest.mark.parametrize("value", ["exit", "Close Position", "paper", 5])
def test_what_ends_like_a_remark_is_one(name, value):
    assert read({name: value}).side == "buy"


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        "0.00",
        "0%",
        "",
        " ",
        None,
        False,
        "false",
        "none",
        "None",
        "no",
        "off",
        "NaN",
        [],
        {},
    ],
)
@pytest.mark.parametrize(
    "name",
    ["sl_pips", "paper", "close_position", "tp2", "qty_mode", "targets", "isTest", "disabled"],
)
def test_a_refused_name_that_is_off_asks_for_nothing(name, value):
    assert read({name: value}).stop_loss is None


@pytest.mark.parametrize("value", [None, ""])
def test_a_switch_that_is_empty_says_nothing(value):
    assert read({"live": value, "enabled": value}).warnings == ()


NESTED = [
    {"order": {"type": "limit"}}, {"meta": {"orderType": "limit"}}, {"data": [{"side": "sell"}]},
    {"tags": ["close"]},
    {"extra": {"a": {"b": {"sl_pips": 5}}}}, {"open": {"enabled": True}},
    {"bar": {"close": 5, "action": "exit"}},
    {"strategyInfo": {"market_position": "flat"}}, {"note": {"leverage": 5}},
    {"x": {"y": ["exit long"]}},
]  # fmt: skip


@row_by_row
@pytest.mark.parametrize("fields", NESTED)
def test_an_order_inside_an_object_or_a_list_is_refused(fields):
    error = refused(fields)
    assert isinstance(error, AlertMalformed)
    assert next(iter(fields)) in error.message


@pytest.mark.parametrize(
    "fields",
    [
        {"bar": {"time": "2026-02-18T14:00:00Z", "open": 1, "high": 2, "low": 1, "close": "1,5",
                "volume": 12.3}},
        {"meta": {"rsi": 71, "levels": [65000, 70000], "note": "exit", "price": 5, "close": 5}},
        {"tags": ["a", "b"]},
    ],
)  # fmt: skip
def test_an_object_without_an_order_passes(fields):
    assert read(fields).side == "buy"


def test_all_that_is_caught_is_named_at_once_in_the_legs_too():
    leg = {"side": "buy", "quantity": 1}
    legs = [{**leg, "qty_mode": "x"}, leg, {**leg, "status": "exit", "isTest": True}]
    with pytest.raises(AlertMalformed) as caught:
        parse(verified({"symbol": "BTC/USD", "orders": legs, "trail_by": 5, "stop_prce": 5}))
    named = (
        "'trail_by'",
        "'stop_prce'",
        "orders[0].'qty_mode'",
        "orders[2].'status'",
        "orders[2].'isTest'",
    )
    assert [name for name in named if name not in caught.value.message] == []


def test_a_hundred_caught_fields_are_counted_and_not_all_shown():
    message = refused({f"x_{number}_pips": number for number in range(1, 90)}).message
    assert "and 64 more" in message
    assert len(message) < 1000


@row_by_row
@pytest.mark.parametrize(
    "name", ["qty_mode", "status", "bias", "position", "close", "open", "x", "sl_pips", "tp2"]
)
def test_a_token_in_a_caught_field_is_not_repeated(name):
    for value in (TOKEN, {TOKEN: "exit"}, [TOKEN, "exit"], f"exit {TOKEN}"):
        try:
            shown = " ".join(read({name: value}).warnings)
        except (AlertMalformed, OrderDenied) as error:
            shown = f"{error} {error.field}"
        assert TOKEN not in shown


def test_a_token_as_a_caught_name_is_not_repeated():
    error = refused({"close-" + TOKEN: True, "5f0c1de2a7b94c38-exit-0123": 1})
    assert TOKEN not in f"{error} {error.field}"
    assert "5f0c1de2a7b94c38" not in f"{error} {error.field}"


def test_custom_fields_hold_whatever_they_like():
    remark = {"sentiment": "flat", "sl_pips": 5, "run_mode": "paper"}
    assert json.dumps(read({"custom_fields": remark}).custom_fields, default=str)


def test_an_alert_of_our_own_fields_and_tradingviews_needs_no_net(monkeypatch):
    monkeypatch.setattr("webhook_core.intake.nets.passed", passed_never)
    context = {
        "exchange": "KRAKEN",
        "interval": "60",
        "close": "67000.5",
        "high": 5,
        "order_comment": "exit",
        "open": "",
    }
    assert read({**context, "order_id": "exit"}).warnings == ()


def passed_never(fields):
    raise AssertionError(passed, fields)


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        {"strategy_id": "a1"}, {"strategyId": 7}, {"symbol_id": "x"}, {"volume_note": "thin"},
        {"side_text": "sell"},
        {"price_comment": "limit"}, {"stop_loss_id": "exit"}, {"stop_loss_hit": False},
        {"stop_loss_hit": "false"},
        {"take_profit_hit": "no"}, {"stop_loss_hit": 0}, {"stop_loss_hit": None}, {"tp_hit": False},
        {"quantty": ""},
    ],
    ids=str,
)  # fmt: skip
def test_a_remark_and_what_is_off_are_never_a_slip_of_the_pen(fields):
    assert read(fields).side == "buy"


@pytest.mark.parametrize(
    "fields",
    [{"quantty": 0}, {"stop_loss_hit": 5}, {"stop_prce": 5}, {"strategy_nam": "x"}],
    ids=str,
)
def test_a_slip_of_the_pen_that_says_something_is_still_told(fields):
    assert "did you mean" in refused(fields).message


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        {"bars_since_entry": 5}, {"barsSinceEntry": "12"}, {"bars_since_exit": 0},
        {"entry_bar": 12}, {"entry_bar": 1},
        {"closed_trades": 12}, {"closedTrades": "1"}, {"entry_count": 3}, {"long_trades": 1},
        {"signal_count": 1},
        {"qty_precision": 8}, {"size_precision": "3"}, {"price_precision": 1},
        {"amount_decimals": 2},
        {"buy_signal_strength": 3}, {"sell_strength": "0.7"}, {"signal_score": 1},
        {"entry_quality": 5}, {"long_confidence": 80},
        {"market_type": "spot"}, {"exchange_type": "Crypto"}, {"product_type": "SPOT"},
        {"securityType": "crypto"},
        {"asset_type": "cryptocurrency"}, {"parse_mode": "HTML"}, {"parse_mode": "MarkdownV2"},
        {"description": "exit"},
        {"description": "Long entry"}, {"trade_description": "close"}, {"sentiment": "bullish"},
        {"sentiment": "Long"},
        {"direction": "long"}, {"trade_direction": "buy"}, {"bias": "long"},
        {"market_sentiment": "bullish"},
        {"live": True}, {"enabled": "true"}, {"is_active": True}, {"bot_enabled": True},
    ],
    ids=str,
)  # fmt: skip
def test_plain_data_beside_an_order_passes(fields):
    assert read(fields).side == "buy"


@row_by_row
@pytest.mark.parametrize("word", ["short", "bearish", "sell"])
@pytest.mark.parametrize("name", ["sentiment", "direction", "bias", "tradeDirection"])
def test_a_view_passes_only_beside_the_side_that_it_agrees_with(name, word):
    assert read({"side": "sell", name: word}).side == "sell"
    assert read({"side": None, "action": "SELL", name: word}).side == "sell"
    if (name, word) != ("bias", "bearish"):  # neither speaks of an order
        assert refused({name: word}).field == name
    for other in ("flat", "long", "close"):
        assert refused({"side": "sell", name: other}).field == name


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        {"entry_bar": "limit"}, {"closed_trades": "all"}, {"qty_precision": "half"},
        {"buy_signal_strength": "exit"},
        {"market_type": "futures"}, {"market_type": "margin"}, {"asset_type": "spot margin"},
        {"parse_mode": "paper"},
        {"position_direction": "long"}, {"position_side": "long"}, {"long_active": True},
        {"stop_enabled": True},
        {"live": False}, {"enabled": 0}, {"exit_after_bars": 5}, {"max_entry_count": 3},
        {"type": "crypto"},
    ],
    ids=str,
)  # fmt: skip
def test_its_neighbours_that_could_mean_another_order_are_refused(fields):
    assert refused(fields).status == 400


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        *(
            "cover",
            "buy to cover",
            "5x",
            "10x leverage",
            "10X",
            "x5",
            "50 percent",
            "$100",
            "100 USD",
            "100usdt",
            "1,000 EUR",
        ),
        *(
            "partial",
            "scale out",
            "halt",
            "no trade",
            "do not trade",
            "don't trade",
            "Don\u2019t trade",
            "unwind",
        ),
        *(
            "square off",
            "take profits",
            "breakeven",
            "break even",
            "simulate",
            "testing",
            "half",
            "closes",
            "exits all",
        ),
        *("Halted", "covering", "reversing", "simulating", "half position", "partial close"),
    ],
)
@pytest.mark.parametrize("name", ["regime", "status", "what"])
def test_a_value_that_speaks_of_an_order_in_any_form_of_its_words_is_refused(name, value):
    assert refused({name: value}).field == name


@pytest.mark.parametrize("value", ["PAPER", "TESTNET", "DEMO", "Paper", "EXIT", "BINANCE FUTURES"])
def test_an_exchange_that_is_the_word_of_an_order_is_refused(value):
    if value == "BINANCE FUTURES":
        assert read({"exchange": value}).side == "buy"  # a name that holds more than such words
        return
    assert refused({"exchange": value}).field == "exchange"


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        "KRAKEN",
        "BINANCE",
        "COINBASE",
        "BITMEX",
        "HUOBI",
        "LMAX",
        "CRYPTO",
        "OANDA",
        "FOREXCOM",
        "CME_MINI",
        "BATS",
        "MEXC",
    ],
)
def test_a_real_exchange_passes(value):
    assert read({"exchange": value}).side == "buy"
