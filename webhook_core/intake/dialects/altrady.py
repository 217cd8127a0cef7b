"""Altrady's signal bot: ``api_key`` and ``api_secret``; a market is named exchange, quote and base.

support.altrady.com/en/article/webhook-signals-open-increase-reduce-close-or-reverse-a-position-p0ul1i
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import NO_BOT, NO_SHORTS, Names, framing, table, words
from webhook_core.intake.field_values import order_text

_EXITS = "exits as objects are not read: send one stop_loss or take_profit in our fields"
_ROWS = table(
    mapped="action symbol side test quote_amount signal_price order_type "
    "fired_at strategy_name validate",
    idle="exchange signal_id",
    refused={
        "dca_orders dca": "an order has one entry here: leave it out, and send each buy as an "
        "alert",
        "take_profit take_profits stop_loss": _EXITS,
        "leverage": "spot only: leave it out",
        "entry_expiration entry_condition price": "send a market order, or a limit in our fields",
        "quantity_percentage percentage amount": "send close for all of it, or our fields",
    },
)
_ACTIONS = words(
    "open increase close",
    {
        "reduce": "send close for all of it, or close with percent in our fields",
        "reverse": "spot has no short position to turn to: send close",
        "start_bot start_and_open stop_bot stop_and_close": NO_BOT,
    },
)
_SIDES = words("long", {"short": NO_SHORTS})
_TYPES = words("market", {"limit": "send a limit order in our fields"})


def _read(names: Names) -> dict[str, Any]:
    action = names.word("action", _ACTIONS) or "open"
    if names.word("side", _SIDES) is None and action != "close":
        raise names.missing("side", "send long")
    names.word("order_type", _TYPES)
    about = {"symbol": _symbol(names), **framing(names), **names.ours(price="signal_price")}
    if names.flag("test"):
        about["validate"] = True
    if action == "close":
        names.refuse("does not go with action close: leave it out", "quote_amount")
        return {**about, "action": "close"}
    size = names.unless_off(volume="quote_amount")
    return {**about, "action": "buy", **size, "quantity_type": "quote" if size else None}


def _symbol(names: Names) -> str:
    """KRKN_USD_BTC is BTC/USD, where KRKN is the exchange; a ticker stays."""
    if not names.has("symbol"):
        raise names.missing("symbol", 'send "{{ticker}}", or a market such as KRKN_USD_BTC')
    text = order_text(names.sent("symbol")).strip()
    names.came_from["symbol"] = "symbol"
    parts = text.split("_")
    if len(parts) == 3 and all(parts):
        return f"{parts[2]}/{parts[1]}"
    return text


_SECRETS = ("api_key", "api_secret")
DIALECT = Dialect("Altrady's signal bot", has_all(*_SECRETS), _SECRETS, _ROWS, _read)
