"""Whether an alert's amounts and prices go with its order type."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.errors import AlertMalformed
from webhook_core.trading import prices as prices_module
from webhook_core.trading.orders import OrderType, Relative, Side
from webhook_core.trading.prices import check_amount

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert


def check_amounts(alert: Alert, volume: Decimal) -> None:
    """Every amount lies where one can."""
    if alert.leverage is not None and alert.leverage < 1:
        raise AlertMalformed(
            "leverage must be a whole number from 1 up, or left out.", field="leverage"
        )
    check_amount("volume", volume)
    for name in ("price", "stop_price", "trail", "display_volume", *prices_module.FIELDS):
        check_amount(name, getattr(alert, name))
    if alert.trail_limit is not None and alert.trail_limit.amount:
        check_amount("trail_limit", alert.trail_limit)


def check_prices(alert: Alert) -> None:
    """Each order type has the prices that it needs, and none that it would ignore."""
    kind = alert.order_type
    if kind.takes_limit and alert.price is None:
        raise AlertMalformed(
            f"price is missing: {kind} needs it as its limit price.", field="price"
        )
    if kind.takes_trigger and alert.stop_price is None:
        raise AlertMalformed(
            f"stop_price is missing: {kind} needs it as its trigger price.", field="stop_price"
        )
    if isinstance(alert.price, Relative):
        _check_relative(kind, alert.price)
    trail = alert.trail
    if trail is not None and alert.side is Side.SELL and trail.percent and trail.amount >= 100:
        raise AlertMalformed(
            "trail must be below 100%: a sell's trigger lies that far below the market.",
            field="trail",
        )
    _check_trail(alert, "trail", needed=kind.trails, example="2% or 150")
    is_limited = kind is OrderType.TRAILING_STOP_LIMIT
    _check_trail(alert, "trail_limit", needed=is_limited, example="-50 or +0")


def _check_relative(kind: OrderType, price: Relative) -> None:
    if not kind.takes_limit:
        other = "send a limit order, or an absolute reference"
        hint = "send the distance as trail" if kind.trails else other
        raise AlertMalformed(
            f"price is relative, and a {kind} order has no limit: {hint}.", field="price"
        )
    if kind.takes_trigger and price.sign == "#":
        raise AlertMalformed(
            "price must begin with + or -: which of them # means for a limit behind a trigger is "
            "not certain.",
            field="price",
        )


def _check_trail(alert: Alert, name: str, *, needed: bool, example: str) -> None:
    sent, kind = getattr(alert, name) is not None, alert.order_type
    if needed and not sent:
        raise AlertMalformed(f"{name} is missing: {kind} needs it, such as {example}.", field=name)
    if sent and not needed:
        trailing = "trailing-stop-limit" if name == "trail_limit" else "trailing-stop"
        raise AlertMalformed(
            f"{name} belongs to {trailing} orders, and this is a {kind} order: set order_type, or "
            "remove it.",
            field=name,
        )
