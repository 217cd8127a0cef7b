"""A plain order from its fields, and what contradicts itself in it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.intake import field_values as values
from webhook_core.intake import order_values
from webhook_core.intake.field_names import Order, Sent, Sorted, fault_on
from webhook_core.intake.order_values import read_terms
from webhook_core.intake.shared_fields import (
    check_bar_volume,
    no_limit,
    no_symbol,
    positions_around,
    says_position,
    symbol,
)
from webhook_core.trading.orders import OrderType, Side

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert


_OF_OTHER_KINDS = frozenset({"percent", "scope", "client_order_id", "of_alert"})


def read(fields: Sorted, default_symbol: str | None) -> dict[str, Any]:
    """The order's fields, as ``Alert`` names them.

    ``default_symbol`` is that of the alert whose leg this is.
    """
    order = fields.order
    named = symbol(order) or default_symbol
    side = _side(order)
    if named is None:
        raise no_symbol()
    if side is None:
        raise fault_on("side", 'is missing: send "side": "{{strategy.order.action}}", buy or sell')
    if not _OF_OTHER_KINDS.isdisjoint(order):
        from webhook_core.intake import actions

        actions.refuse_others("order", order)
    wanted = {
        "symbol": named,
        "side": side,
        "order_type": values.agreed(order.get("order_type", ()), order_values.order_type)
        or OrderType.MARKET,
        "leverage": values.agreed(order.get("leverage", ()), values.leverage),
        "confirm_fill": values.agreed(order.get("confirm_fill", ()), values.flag) or False,
        **_size(order),
        **read_terms(order),
    }
    return _with_positions(fields, wanted)


def _with_positions(fields: Sorted, wanted: dict[str, Any]) -> dict[str, Any]:
    around = positions_around(fields)
    if says_position(fields):
        from webhook_core.intake import market_position

        counted = wanted["volume"] if wanted.get("quantity_type") in (None, "base") else None
        around = market_position.with_words(fields, wanted["side"]) | around
        around |= market_position.with_signs(fields, wanted["side"], counted)
    return wanted | around


def check(alert: Alert, fields: Sorted) -> None:
    """No price is missing or would be quietly left out, and the size is not the bar's."""
    _check_prices(alert, fields.order)
    check_bar_volume(fields)


def _side(order: Order) -> Side | None:
    """``action`` is the side's name too, where it is buy or sell."""
    sides = [
        *order.get("side", ()),
        *(Sent("side", sent.name, sent.value) for sent in order.get("action", ())),
    ]
    return values.agreed(sides, order_values.side)


def _size(order: Order) -> dict[str, Decimal | str | None]:
    if "quantity_type" in order:
        from webhook_core.intake import quantities

        return quantities.read(order)
    return {"volume": values.agreed(order.get("volume", ()), values.number)}


def _check_prices(alert: Alert, order: Order) -> None:
    """Each order type has the prices that it needs, and no price is quietly left out."""
    kind = alert.order_type
    if kind.takes_trigger and alert.stop_price is None:
        raise fault_on("stop_price", f"is missing: it is the trigger of a {kind} order")
    if kind.takes_limit and alert.price is None:
        raise fault_on("price", f"is missing: it is the limit of a {kind} order")
    if not kind.takes_trigger and alert.stop_price is not None:
        raise fault_on(
            "stop_price",
            f"is the trigger of stop-loss and take-profit orders; a {kind} order has "
            "none. Set order_type, or remove it",
        )
    if not kind.takes_limit:
        no_limit(order, f"{kind} order")
