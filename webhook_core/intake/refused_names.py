"""The words by which a name or a value speaks of an order, and what to write in their place.

Loaded only for an alert with a field that is neither ours nor plainly TradingView's. Words are in
lower case and without inflection, whole names as ``normalise`` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from webhook_core.intake.field_names import normalise, word_set

PERCENT_OF_WHAT = "quantity_type percent_balance, percent_equity or percent_position"
CLOSE = (
    'send action close: "action": "close", with percent for a part of the position, or "action": '
    '"target" with '
    "market_position flat"
)
_CANCEL, _REVERSE, _AMEND = (f"send action {word}" for word in ("cancel", "reverse", "amend"))
_RUN = 'TRADING_MODE decides it for every alert; "validate": true tries one without an order'
_TRAIL = (
    "for an order that trails send order_type trailing-stop and trail, a distance such as 2% or 150"
)
_PROFIT = 'send take_profit, such as "65000", "+500" or "2%"'
_STOP = (
    'send stop_loss, such as "55000", "-500" or "2%"; an order of its own has order_type '
    "stop-loss and stop_price"
)
_RISK = "send volume with quantity_type risk_percent, and stop_loss"
_COUNTS = (
    "send quantity_type: base, quote, percent_balance, percent_equity, percent_position or "
    "risk_percent"
)
_PERCENT = f"send volume with {PERCENT_OF_WHAT}"
_IN_QUOTE = "send volume with quantity_type quote"
_SIZE = "send volume, in the base asset or with quantity_type"
_TYPE = "send order_type, such as limit, and price"
_PRICE = (
    "send price, which is the limit of an order_type that has one and a mere reference elsewhere"
)
_LEGS = "send flat fields, or orders, a list of such"
_POSITION = 'send side, or "action": "target" with market_position long, short or flat and its size'
_ACTION = "send action: buy, sell, close, reverse, target, cancel or amend"
_KIND = "send order_type, quantity_type or action, whichever it means"

_GROUPS: tuple[tuple[str, str], ...] = (
    (CLOSE, "close exit flatten flat liquidate cover unwind squareoff scaleout"),
    (_CANCEL, "cancel canceling cancelling cancelled abort"),
    (_REVERSE, "reverse reversal flip invert inverse opposite"),
    (_AMEND, "amend modify edit replace"),
    (_RUN, "paper test testnet backtest demo sandbox sim simulate simulated simulation simulator"),
    (_RUN, "dry dryrun mock fake virtual practice live real enable active armed execute"),
    (_RUN, "disable pause skip ignore halt suspend notrade donottrade donttrade"),
    (_TRAIL, "trail breakeven"),
    (_PROFIT, "tp take profit target tgt"),
    (_STOP, "sl stop stopped stopping tpsl"),
    (_RISK, "risk reward rr"),
    (
        "send leverage, which makes it a margin order",
        "lever leverage lev lvg margin isolated collateral futures perp perpetual",
    ),
    ("send reduce_only, with leverage", "reduce reduceonly"),
    (
        _PERCENT,
        "percent percentage pct portion fraction allocation alloc multiplier exposure partial",
    ),
    (
        _IN_QUOTE,
        "usd usdt usdc eur euro gbp dollar fiat notional cash spend invest investment stake budget",
    ),
    (_SIZE, "qty quantity amount amt size sizing unit lot shares contract pip"),
    (
        "send time_in_force, expires or starts",
        "tif gtc gtd ioc fok expire expiry expiration ttl timeout delay until till schedule",
    ),
    ("send post_only", "postonly maker taker"),
    (_TYPE, "limit lmt iceberg slippage entry enter px"),
    (_LEGS, "leg oco bracket twap"),
    (
        _POSITION,
        "side sentiment position direction long short buy sell bullish bearish hedge hedged",
    ),
    (_ACTION, "action command cmd signal intent instruction operation"),
    (_KIND, "mode type kind"),
)
"""What to write -> the words that ask for it. Where a name has several of them the first group
speaks."""
_INSTEAD: Mapping[str, str] = {
    word: text for text, words in reversed(_GROUPS) for word in words.split()
}
_RANK: Mapping[str, int] = {text: rank for rank, (text, _) in reversed([*enumerate(_GROUPS)])}
WORDS = frozenset(_INSTEAD)
_SIZES = frozenset(
    word
    for text, words in _GROUPS
    if text in (_RISK, _PERCENT, _IN_QUOTE, _SIZE)
    for word in words.split()
)
_KINDS = frozenset(("mode", "type", "kind"))
_ENVIRONMENT = word_set(
    "run trade trading account exec execution bot env environment system wallet"
)
_NAMES: tuple[tuple[str, str], ...] = (
    ("it is the side at Kraken and the order type elsewhere: send side and order_type", "type"),
    (
        "it may mean either currency: send volume in the base asset, or with quantity_type quote",
        "amount",
    ),
    ("stop_price is the trigger and price the limit; behind a trail it is trail_limit", "price2"),
    (f"it counts ticks in Pine: {_TRAIL}", "trail_offset trail_points"),
    (_TRAIL, "callback_rate callback_ratio be_trigger be_offset"),
    ("send quantity_type quote", "viqc"),
    ("send quantity_type base or quote", "volume_currency size_currency tgt_ccy"),
    (_IN_QUOTE, "cost order_cost trade_cost funds money quote_volume quote_qty quote_quantity"),
    (_IN_QUOTE, "quote_amount quote_order_qty order_value trade_value"),
    (_SIZE, "weight half add r_multiple safety_order safety_orders"),
    (_TYPE, "max_price min_price"),
    ("MAX_ORDER_COST caps every order", "max_cost"),
    (_STOP, "max_loss max_daily_loss"),
    (_CANCEL, "remove delete kill kill_switch undo"),
    ("send leverage, which makes it a margin order", "cross"),
    (_RUN, "shadow validate_order"),
    (_SIZE, "vol q coins order_volume trade_volume share_count"),
    ("send fee_currency base", "fcib"),
    ("send fee_currency quote", "fciq"),
    ("Kraken ignores it", "nompp"),
    ("send order_type iceberg and display_volume", "iceberg hidden"),
    ("ORDER_DEADLINE_SECONDS sets it for every order", "deadline"),
    ("the symbol decides it, such as AAPLx/USD", "asset_class"),
    ("the key and KRAKEN_ACCOUNT decide it for every alert", "account subaccount"),
    ("Kraken has no use for it here", "userref aon all_or_none"),
    ("send flat fields: symbol, side, volume", "order strike"),
    ("send orders, a list", "legs"),
    (_LEGS, "dca grid martingale ladder scale_in scale_out"),
    ("send action target and market_position", "target target_position"),
    (_POSITION, "pos"),
    (_TYPE, "order_class order_style buy_price sell_price long_price short_price"),
    (_TYPE, "price_offset price_deviation"),
    ("send stop_price", "activation_price activate_price aux_price trigger_level"),
    (_RUN, "preview noop what_if no_trade do_not_trade dont_trade check_only read_only"),
    (_RUN, "alert_only notify_only log_only"),
)
"""What to write -> whole names, beside those with a word of the groups."""
_SWITCHES = "transmit trade trading can_trade do_trade should_trade allow_trade allow_trading"
SWITCHES = frozenset(normalise(name) for name in _SWITCHES.split())
"""Whole names whose off says not to trade, and whose on says nothing."""
_KNOWN: Mapping[str, str] = {
    normalise(name): hint for hint, names in (*_NAMES, (_RUN, _SWITCHES)) for name in names.split()
}
_PATTERNS = (
    (r"close\[.*", "send take_profit or stop_loss"),
    (r"trail.*", _TRAIL),
    (r"risk.*", _RISK),
)
_SEVERAL = r"(tp|sl|takeprofit|stoploss)(s|es|prices|targets|(price|target|limit)?\d+.*)"
"""One exit of several: Kraken takes one per order."""


def hint_of_name(key: str) -> str | None:
    """What to write instead of a whole name that we refuse, None if we don't by the whole of it."""
    if key in _KNOWN:
        return _KNOWN[key]
    return next((hint for pattern, hint in _PATTERNS if re.fullmatch(pattern, key)), None)


def is_one_exit_of_several(key: str) -> bool:
    """take_profit_1, tp2, stop_losses."""
    return re.fullmatch(_SEVERAL, key) is not None


def hint_of_words(name: Collection[str], value: Collection[str] = ()) -> str:
    """What to write instead of a name and a value with these words; at
    least one is of the groups."""
    said = {*name}
    kind = said & _KINDS
    if kind and said & _SIZES:
        return _COUNTS
    hint = min(
        (_INSTEAD[word] for word in (*name, *value) if word in _INSTEAD),
        key=_RANK.__getitem__,
        default=_KIND,
    )
    if "mode" in kind and said & _ENVIRONMENT and hint == _KIND:
        return _RUN
    if kind and "order" in said and hint == _KIND:
        return _TYPE
    return _PRICE if "price" in said and hint in (_ACTION, _POSITION) else hint


def overrides(value: Collection[str]) -> str | None:
    """The hint of a value that says more than any name: to close, cancel, reverse or amend, or not
    to trade for real."""
    ranks = [_RANK[_INSTEAD[word]] for word in value if word in _INSTEAD]
    first = min(ranks, default=len(_GROUPS))
    return _GROUPS[first][0] if first <= _RANK[_RUN] else None
