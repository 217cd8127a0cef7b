"""The kinds of alert beside a plain order: what ``action`` calls them, and which
fields go with which.

Loaded for those alone, and to explain a field that a plain order can't have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from webhook_core.intake import field_values as values
from webhook_core.intake import refused_names, words
from webhook_core.intake.field_names import POSITIONS, Order, Sent, present, word_set
from webhook_core.intake.refused_names import PERCENT_OF_WHAT
from webhook_core.trading.orders import Action, Side

ACTION_NAMES: Mapping[str, Action | Side] = {
    "buy": Side.BUY,
    "sell": Side.SELL,
    **dict.fromkeys(("close", "exit", "flatten", "close_position"), "close"),
    **dict.fromkeys(("reverse", "flip"), "reverse"),
    "target": "target",
    "cancel": "cancel",
    **dict.fromkeys(("amend", "modify", "edit"), "amend"),
    "pause": "pause",
    **dict.fromkeys(("resume", "unpause"), "resume"),
}
_HINTS = {
    "long": "send buy, or target with market_position long",
    "short": "send sell to sell what is held, or target with market_position short",
    "flat": "send close",
    "close_all": "send close with scope strategy or all, or with symbol",
    **dict.fromkeys(
        ("cancel_all", "cancel_orders", "cancel_order"), "send cancel, with order_id or scope"
    ),
    **dict.fromkeys(("open", "entry", "enter", "order"), "send buy or sell"),
    "replace": "send amend",
}

# An order_id is the script's, unless the alert cancels or amends.
EVERYWHERE = frozenset(POSITIONS) | word_set(
    "strategy_name alert_message custom_fields id fired_at bar_time validate action order_id orders"
)
_WHICH_ORDER = word_set("order_id client_order_id of_alert")
_POSITION = word_set("symbol leverage price order_type volume quantity_type confirm_fill")
GOES_WITH: Mapping[Action, frozenset[str]] = {
    "close": _POSITION | {"percent", "scope"},
    "reverse": _POSITION,
    "target": _POSITION | {"side"},
    "cancel": _WHICH_ORDER | {"scope", "symbol", "side"},
    "amend": _WHICH_ORDER
    | word_set("symbol volume quantity_type price stop_price display_volume post_only"),
    "pause": frozenset({"scope"}),
    "resume": frozenset({"scope"}),
}
_WHICH = "it says which order is meant, for action cancel or amend"
NOT_WITH_AN_ORDER = {
    "percent": f"it is a part of a position, for action close. Send volume with {PERCENT_OF_WHAT}",
    "scope": "it says what action cancel cancels, close closes, or pause stops",
    "client_order_id": _WHICH,
    "of_alert": _WHICH,
}
_WHY: Mapping[Action, str] = {
    "close": (
        "it closes what is held, at the market. Send symbol, and percent for a part of the "
        "position, or scope for every position that the bridge bought"
    ),
    "reverse": (
        "it turns the position round, at the market. Send symbol, and volume for another size"
    ),
    "target": "it goes to market_position and market_position_size, at the market",
    "cancel": "send order_id, client_order_id or of_alert, or else scope, symbol and side",
    "amend": "it changes volume, price, stop_price, display_volume or post_only of one order",
    "pause": "it stops the alerts of its strategy, or with scope all of the account",
    "resume": "it ends a pause of its strategy, or with scope all that of the account",
}


def action_of(candidates: Sequence[Sent]) -> Action:
    """What ``action`` asks for; buy and sell are orders.

    Raises AlertMalformed for any other word.
    """
    said = values.agreed(candidates, _named)
    return "order" if said is None or isinstance(said, Side) else said


def _named(sent: Sent) -> Action | Side:
    text = values.order_text(sent).lower()
    key = text.replace("-", "_").replace(" ", "_")
    if key in ACTION_NAMES:
        return ACTION_NAMES[key]
    hint = _HINTS.get(key) or refused_names.overrides(words.of_value(text))
    said = f"{values.shown(text)} ({hint})" if hint else values.shown(text)
    raise sent.fault(
        f"must be buy, sell, close, reverse, target, cancel, amend, pause or resume, not {said}"
    )


def refuse_others(action: Action, order: Order) -> None:
    """Raises AlertMalformed for the first field that says something and
    does not go with ``action``."""
    for name in order:
        why = _why_not(action, name)
        for sent in present(order, name) if why else ():
            raise sent.fault(
                f"does not go with action {action}: {why}; remove it or leave it empty"
            )


def _why_not(action: Action, name: str) -> str | None:
    if action == "order":
        return NOT_WITH_AN_ORDER.get(name)
    return None if name in EVERYWHERE or name in GOES_WITH[action] else _WHY[action]
