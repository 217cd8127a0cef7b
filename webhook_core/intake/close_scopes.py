"""A close of all that a strategy, or every one, has bought: one message for many pairs."""

from __future__ import annotations

from typing import Any

from webhook_core.intake import field_values as values
from webhook_core.intake import market_position, order_values
from webhook_core.intake.field_names import Sorted, fault_on, present
from webhook_core.trading.orders import CancelScope

_WHOLE = (
    *("symbol", "percent", "volume", "quantity_type", "leverage", "price", "order_type"),
    "confirm_fill",
)


def has_one(fields: Sorted) -> bool:
    """Whether the close says a scope."""
    return bool(present(fields.order, "scope"))


def read(fields: Sorted) -> dict[str, Any]:
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
