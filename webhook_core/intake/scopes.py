"""Alerts that are about a strategy or the account, by ``scope``: a close of all that was bought, a
pause, and its end."""

from __future__ import annotations

from typing import Any

from webhook_core.intake import field_values as values
from webhook_core.intake import market_position, order_values
from webhook_core.intake.field_names import Sorted, fault_on, is_missing, present, shown_names
from webhook_core.trading.orders import Action, CancelScope

_WHOLE = (
    *("symbol", "percent", "volume", "quantity_type", "leverage", "price", "order_type"),
    "confirm_fill",
)


def has_one(fields: Sorted) -> bool:
    """Whether the close says a scope."""
    return bool(present(fields.order, "scope"))


def read_close(fields: Sorted) -> dict[str, Any]:
    """The fields of a close with ``scope``, as ``Alert`` names them. Raises AlertMalformed."""
    scope = values.agreed(present(fields.order, "scope"), order_values.one_of(CancelScope))
    if scope == "symbol":
        raise fault_on(
            "scope",
            "is strategy or all with action close: without it the position of symbol is closed",
        )
    for name in _WHOLE:
        for sent in present(fields.order, name):
            raise sent.fault(
                f"does not go with scope {scope}, which closes every position as a whole, at the "
                "market: remove it, or scope"
            )
    return {"action": "close", "scope": scope, **market_position.read_leniently(fields)}


def read_switch(action: Action, fields: Sorted) -> dict[str, Any]:
    """The fields of a ``pause`` or ``resume``, as ``Alert`` names them. Raises AlertMalformed."""
    for sent in fields.order.get("scope", ()):
        if isinstance(sent.value, str) and is_missing(sent.value):
            raise sent.fault("is empty: send strategy or all, or remove the field")
    scope = values.agreed(present(fields.order, "scope"), order_values.one_of(CancelScope))
    if scope == "symbol":
        raise fault_on("scope", f"is strategy or all with action {action}: no pair is paused alone")
    if scope is None and fields.unknown:
        named = shown_names(sent.name for sent in fields.unknown)
        raise fault_on(
            "scope",
            f"is missing: {named} may be meant to say what action {action} is about. Send "
            "scope strategy or all, or remove what is no field of an alert",
        )
    return {"action": action, "scope": scope}
