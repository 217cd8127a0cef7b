"""3Commas' DCA bot: ``message_type`` bot and ``email_token``; a pair is its quote and its base."""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import NO_BOT, Names, framing, table, words
from webhook_core.intake.field_values import order_text

_ROWS = table(
    mapped="pair action volume fired_at strategy_name validate",
    idle="bot_id message_type",
    refused={"delay_seconds": "an order can't wait here: write 0, or leave it out"},
)
_ACTIONS = words(
    "start_deal add_funds_in_quote close_at_market_price",
    {
        "add_funds": "send add_funds_in_quote, with volume in the quote currency",
        "close_at_market_price_all": "send close_at_market_price, once for each pair",
        "cancel": "a deal is not canceled here: send close_at_market_price to sell what it bought",
        "start_bot stop_bot start_bot_and_start_deal stop_bot_and_close_deals": NO_BOT,
    },
)


def _recognises(fields: Fields) -> bool:
    kind = fields.get("message_type")
    return isinstance(kind, str) and kind.strip().lower() == "bot" and "email_token" in fields


def _read(names: Names) -> dict[str, Any]:
    action = names.word("action", _ACTIONS)
    about = {"symbol": _symbol(names), **framing(names)}
    if action == "close_at_market_price":
        names.refuse("does not go with close_at_market_price: leave it out", "volume")
        return {**about, "action": "close"}
    if action == "add_funds_in_quote" and not names.has("volume"):
        raise names.missing("volume", "it is what may be spent, in the quote currency")
    size = names.ours(volume="volume")
    return {**about, "action": "buy", **size, "quantity_type": "quote" if size else None}


def _symbol(names: Names) -> str:
    """USD_BTC is BTC/USD."""
    if not names.has("pair"):
        raise names.missing(
            "pair", "send the pair as USD_BTC; the bot's settings are not known here"
        )
    quote, _, base = order_text(names.sent("pair")).partition("_")
    if not (quote and base) or "_" in base:
        raise names.fault("pair", "must be the quote and the base, as USD_BTC")
    names.came_from["symbol"] = "pair"
    return f"{base}/{quote}"


DIALECT = Dialect("3Commas' DCA bot", _recognises, ("email_token",), _ROWS, _read)
