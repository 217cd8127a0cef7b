"""Alerts that name a position: close it, turn it round, or go to it.

At the market, and what is held says the side.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webhook_core.intake import field_values as values
from webhook_core.intake import market_position, order_values, quantities, shared_fields
from webhook_core.intake.field_names import Order, Sorted, fault_on, present
from webhook_core.intake.freshness import firing_time
from webhook_core.trading.orders import Action, OrderType, Relative


def read(action: Action, fields: Sorted, symbol: str | None) -> dict[str, Any]:
    """The fields of a ``close``, ``reverse`` or ``target``, as ``Alert`` names them.

    Raises AlertMalformed.
    """
    order = fields.order
    if action == "close" and "scope" in order:
        from webhook_core.intake import scopes  # few closes are of more than a pair

        if scopes.has_one(fields):
            return scopes.read_close(fields)
    if symbol is None:
        raise shared_fields.no_symbol()
    _check_order_type(action, order)
    wanted = {
        "action": action,
        "symbol": symbol,
        "price": _reference(action, order),
        "leverage": values.agreed(order.get("leverage", ()), values.leverage),
        "confirm_fill": values.agreed(order.get("confirm_fill", ()), values.flag) or False,
    }
    if action == "target":
        wanted |= _target(order)
        market_position.check_target(fields)
    else:
        wanted |= market_position.read_leniently(fields)
        wanted |= (
            {"percent": _percent(order)} if action == "close" else {"volume": _new_size(order)}
        )
    if wanted.get("volume") is not None or (action == "close" and present(order, "volume")):
        shared_fields.check_bar_volume(fields)
    return wanted


def _check_order_type(action: Action, order: Order) -> None:
    for sent in present(order, "order_type"):
        if order_values.order_type(sent) is not OrderType.MARKET:
            raise sent.fault(f"must be market with action {action}, or left out")


def _reference(action: Action, order: Order) -> Decimal | None:
    shared_fields.no_limit(order, f"{action} alert")
    price = values.agreed(order.get("price", ()), order_values.price)
    if isinstance(price, Relative):
        raise fault_on(
            "price",
            f"is relative, and a {action} alert has no limit: send a plain number as "
            "reference, or leave it out",
        )
    return price


def _percent(order: Order) -> Decimal | None:
    """How much of the position; None for all of it. A volume of percent_position says the same."""
    volumes = present(order, "volume")
    kind = quantities.kind_of(order)
    for sent in volumes:
        if kind != "percent_position":
            raise sent.fault(
                "does not go with action close: it closes what is held. Send percent for a part of "
                "the position, or leave volume out"
            )
        if present(order, "percent"):
            raise sent.fault(
                "does not go with action close: percent says how much; send one of the two"
            )
    if kind is not None and not volumes:
        raise fault_on(
            "quantity_type",
            "does not go with action close: send percent for a part of the "
            "position, or leave it out",
        )
    for sent in order.get("percent", ()):
        if isinstance(sent.value, str) and not sent.value.strip():
            raise sent.fault(
                "is empty, and without it all is closed: send 0 < percent <= 100, or leave it out"
            )
    return values.agreed(volumes or order.get("percent", ()), quantities.part)


def _new_size(order: Order) -> Decimal | None:
    """The size of the new position, in base."""
    if quantities.kind_of(order) not in (None, "base"):
        raise fault_on(
            "quantity_type",
            "must be base with action reverse: volume is the new position's "
            "size, in the base currency",
        )
    return values.agreed(order.get("volume", ()), values.number)


def _target(order: Order) -> dict[str, Any]:
    # TradingView's word for the order that led there.
    values.agreed(order.get("side", ()), order_values.side)
    around = _position_aimed_at(order)
    where = around["market_position"]
    in_percent = _percent_of_equity(order)
    if where != "flat" and around["market_position_size"] is None and not in_percent:
        raise fault_on(
            "market_position_size",
            'is missing: send "market_position_size": "{{strategy.market_position_size}}", or '
            "volume with quantity_type percent_equity",
        )
    if firing_time(order) is None:
        raise fault_on(
            "fired_at",
            "is missing: targets apply in the order in which they were fired. Send "
            '"fired_at": "{{timenow}}"',
        )
    if where == "flat":
        return around
    if in_percent:
        return {**around, **quantities.read(order)}
    unused = present(order, "volume")
    return {
        **around,
        "warnings": ("volume is not used: the target is market_position_size.",) if unused else (),
    }


def _position_aimed_at(order: Order) -> dict[str, Any]:
    around = market_position.read_strictly(order)
    if around["market_position"] is None:
        raise fault_on(
            "market_position",
            'is missing: send "market_position": "{{strategy.market_position}}", '
            "long, short or flat",
        )
    return around


def _percent_of_equity(order: Order) -> bool:
    kind = quantities.kind_of(order)
    if kind not in (None, "percent_equity"):
        raise fault_on(
            "quantity_type",
            "may only be percent_equity with action target, for a volume in percent; "
            "without it market_position_size is the target, in the base currency",
        )
    return kind is not None
