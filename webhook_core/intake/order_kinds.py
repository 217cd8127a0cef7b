"""The side and the type of an order, from the words that senders use for them."""

from __future__ import annotations

from webhook_core.intake.field_names import Sent
from webhook_core.intake.field_values import order_text, shown
from webhook_core.trading.orders import OrderType, Side

_SIDE_HINTS = {
    "long": "send buy, or action target with market_position long",
    "short": "send sell to sell what is held, or action target with market_position short",
    "target": "send action target, without a side",
}
_ORDER_TYPES = {order_type.replace("-", ""): order_type for order_type in OrderType}
_ORDER_TYPE_HINTS = {
    "stop": "; for a stop at the market send stop-loss",
    "stopmarket": "; send stop-loss",
    "stoplimit": "; send stop-loss-limit",
    "trailing": "; send trailing-stop",
    "trailingstoploss": "; send trailing-stop",
    "settle": "; send settle-position",
}


def side(sent: Sent) -> Side:
    """buy or sell, in either case."""
    text = order_text(sent).lower()
    if text in ("buy", "sell"):
        return Side(text)
    hint = _SIDE_HINTS.get(text) or _hint_of_action(text)
    raise sent.fault(f"must be buy or sell, not {shown(text)}{hint and f' ({hint})'}")


def _hint_of_action(text: str) -> str:
    """close_long and "cancel all" are no side but an action."""
    # An alert with a side that can be read needs neither.
    from webhook_core.intake import refused_names, words

    hint = refused_names.overrides(words.of_value(text))
    return f"{hint}; without a side" if hint else ""


def order_type(sent: Sent) -> OrderType:
    """Kraken's name of it; case, ``_``, ``-`` and spaces don't matter."""
    text = order_text(sent)
    key = text.lower().replace("_", "").replace("-", "").replace(" ", "")
    if key in _ORDER_TYPES:
        return _ORDER_TYPES[key]
    raise sent.fault(
        f"must be one of {', '.join(OrderType)}, not {shown(text)}{_ORDER_TYPE_HINTS.get(key, '')}"
    )
