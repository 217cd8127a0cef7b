"""Which order types have a limit, a trigger, a trail."""

from __future__ import annotations

from decimal import Decimal

from webhook_core.kraken.paper.book import Order

TRAILING = frozenset({"trailing-stop", "trailing-stop-limit"})


TRIGGERS = (
    frozenset({"stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"}) | TRAILING
)


LIMITS = frozenset({"limit", "iceberg"})


def limit_of(order: Order) -> Decimal | None:
    """The price that the order won't go beyond; None for one that takes any."""
    if order.ordertype in LIMITS:
        return order.price
    return order.price2 if order.ordertype.endswith("-limit") else None


def rising(order: Order) -> bool:
    """Whether the order waits for a price above the last one."""
    if order.ordertype in LIMITS:
        return order.side == "sell"
    return (order.side == "buy") != order.ordertype.startswith("take-profit")
