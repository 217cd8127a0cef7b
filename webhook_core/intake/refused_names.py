"""The names that an alert may not use, because they would change the order in a way that we don't: refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping


def normalise(name: str) -> str:
    """stopPrice, Stop-Price and stop_price are one name."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


PERCENT_OF_WHAT = "quantity_type percent_balance, percent_equity or percent_position"
_IN_QUOTE = "send volume with quantity_type quote"
_CLOSE, _REVERSE, _CANCEL, _AMEND = (f"send action {word}" for word in ("close", "reverse", "cancel", "amend"))

HINTS: Mapping[str, str] = {
    "type": "it is the side at Kraken and the order type elsewhere: send side and order_type",
    "amount": "it may mean either currency: send volume, in the base currency, or with quantity_type quote",
    "limit": "send order_type limit and price",
    "stop": "send order_type stop-loss and stop_price",
    "price2": "stop_price is the trigger and price the limit; behind a trailing trigger it is trail_limit",
    "trailing_stop": "for an order that trails send order_type trailing-stop and trail",
    "trail_price": "send order_type trailing-stop and trail, a distance such as 2% or 150",
    "trail_offset": "it counts ticks in Pine: send order_type trailing-stop and trail, a distance such as 2% or 150",
    "trail_points": "it counts ticks in Pine: send order_type trailing-stop and trail, a distance such as 2% or 150",
    "trail_amount": "send order_type trailing-stop and trail, a distance such as 2% or 150",
    "take_profit": 'send take_profit, such as "65000", "+500" or "2%"',
    "stop_loss": 'send stop_loss, such as "55000", "-500" or "2%"',
    "close[ordertype]": "send take_profit or stop_loss",
    "viqc": "send quantity_type quote",
    "fcib": "send fee_currency base",
    "fciq": "send fee_currency quote",
    "nompp": "Kraken ignores it",
    "iceberg": "send order_type iceberg and display_volume",
    "hidden": "send order_type iceberg and display_volume",
    "deadline": "ORDER_DEADLINE_SECONDS sets it for every order",
    "asset_class": "the symbol decides it, such as AAPLx/USD",
    "order": "send flat fields: symbol, side, volume",
    "legs": "send orders, a list",
    "target": "send action target and market_position",
    "target_position": "send action target and market_position",
    "percent": f"send volume with {PERCENT_OF_WHAT}",
    "pct": f"send volume with {PERCENT_OF_WHAT}",
    "risk": "send volume with quantity_type risk_percent, and stop_loss",
    **dict.fromkeys(("notional", "cost", "cash", "funds", "quote_qty", "quote_quantity", "quote_amount"), _IN_QUOTE),
    **dict.fromkeys(("quote_volume", "quote_order_qty"), _IN_QUOTE),
    **dict.fromkeys(("volume_currency", "size_currency"), "send quantity_type base or quote"),
    **dict.fromkeys(("close_order", "close_position", "close_all", "close_only", "exit", "exit_position"), _CLOSE),
    **dict.fromkeys(("flatten", "flat"), _CLOSE),
    **dict.fromkeys(("reverse", "flip"), _REVERSE),
    **dict.fromkeys(("cancel", "cancel_all", "cancel_orders", "cancel_pending"), _CANCEL),
    **dict.fromkeys(("amend", "edit", "replace"), _AMEND),
    "test": "send validate",
    "dry_run": "send validate",
}
UNSUPPORTED = {
    normalise(name): name
    for name in (
        *HINTS,
        *("lots", "lot_size", "units", "shares", "vol", "order_size", "order_qty", "order_quantity", "order_volume"),
        *("delay", "userref", "account", "subaccount", "margin", "margin_mode"),
        *("trading_mode", "is_test", "dry", "is_paper", "lev"),
        *("reduce", "ioc", "fok", "gtc", "gtd", "stop_limit", "exec_type", "execution_type"),
        *("oco", "bracket", "sandbox", "simulate", "demo", "paper", "paper_trading"),
    )
    if name != "percent"  # a field of a close; the names that are like it are caught by pattern
}
_PATTERNS = (
    (r"takeprofit.*|tp(percent|pct|distance|offset|ticks|points)", "take_profit"),
    (r"stoploss.*|sl(percent|pct|distance|offset|ticks|points)", "stop_loss"),
    (r"trail.*", "trailing_stop"),
    (r"risk.*", "risk"),
    (r"close\[.*", "close[ordertype]"),
    (r"percent.*", "percent"),
    (
        r"(size|qty|quantity|volume|order|position|equity|balance|capital).*(percent|percentage|pct)",
        "percent",
    ),
)
_SEVERAL = r"(tp|sl|takeprofit|stoploss)(s|es|prices|targets|(price|target|limit)?\d+.*)"
"""One exit of several: Kraken takes one per order."""


def unsupported(key: str) -> str | None:
    """The name under which we refuse a normalised one, None if we don't."""
    if key in UNSUPPORTED:
        return UNSUPPORTED[key]
    return next((known for pattern, known in _PATTERNS if re.fullmatch(pattern, key)), None)


def is_one_exit_of_several(key: str) -> bool:
    """take_profit_1, tp2, stop_losses."""
    return re.fullmatch(_SEVERAL, key) is not None
