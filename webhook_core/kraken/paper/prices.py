"""Which order types have a limit, a trigger, a trail; and their prices among AddOrder's arguments,
read and refused in Kraken's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Refused, invalid

TRAILING = frozenset({"trailing-stop", "trailing-stop-limit"})
TRIGGERS = (
    frozenset({"stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"}) | TRAILING
)
LIMITS = frozenset({"limit", "iceberg"})
# Texts, which re compiles when they are first used: a cold start needs few of them.
AMOUNT = r"(?a)[0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20}"


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


def set_prices(texts: Mapping[str, str], pair: Pair, order: Order, last: Decimal | None) -> None:
    """``price`` and ``price2``, absolute or relative to the last price; without one those
    stay 0. Raises Refused."""
    if order.ordertype in TRAILING:
        from webhook_core.kraken.paper import relative

        relative.read_trailing(texts, pair, order, last)
    elif order.ordertype in LIMITS | TRIGGERS:
        order.price, order.said = _price(texts, "price", pair, order, last)
        if order.ordertype.endswith("-limit"):
            order.price2, order.said2 = _price(texts, "price2", pair, order, last)


def amount(params: Mapping[str, str], field: str) -> Decimal:
    text = params.get(field, "")
    if not re.fullmatch(AMOUNT, text) or not Decimal(text):
        raise invalid(field)
    return Decimal(text)


def digits(value: Decimal) -> int:
    """Decimals that matter: trailing zeros don't."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def _price(
    texts: Mapping[str, str], field: str, pair: Pair, order: Order, last: Decimal | None
) -> tuple[Decimal, str]:
    """The price, and how a relative one is shown."""
    text = texts.get(field, "")
    if text[:1] in ("+", "-", "#"):
        from webhook_core.kraken.paper import relative

        offset = relative.parse(field, text, pair, rising=rising(order))
        if last is None:
            return Decimal(0), offset.shown(pair)
        if offset.beside(last) <= 0:
            raise Refused("EOrder:Invalid price")
        return relative.on_tick(pair, offset.beside(last)), offset.shown(pair)
    price = amount(texts, field)
    if digits(price) > pair.pair_decimals:
        raise pair.too_fine()
    if price % pair.tick_size:
        raise Refused("EOrder:Tick size check failed")
    return price, ""
