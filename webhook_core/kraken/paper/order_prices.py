"""Which order types have a limit, a trigger, a trail; and their prices among AddOrder's arguments,
read and refused in Kraken's words. A conditional close is a template of those: it makes an order of
its own out of every fill of the primary one (docs.kraken.com, add-order; support.kraken.com,
360038640052)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import Pair

TRAILING = frozenset({"trailing-stop", "trailing-stop-limit"})
TRIGGERS = (
    frozenset({"stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"}) | TRAILING
)
LIMITS = frozenset({"limit", "iceberg"})
_MISSING = "EGeneral:Invalid arguments:price"
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


def read_close(params: Mapping[str, str], pair: Pair, order: Order) -> list[str]:
    """What an order keeps of its ``close[...]`` fields, checked. Raises Refused."""
    asked = [params.get(f"close[{name}]", "") for name in ("ordertype", "price", "price2")]
    if asked[0] not in LIMITS | TRIGGERS:
        raise invalid("close")
    order.close = asked
    try:
        child_of(pair, order, Decimal(0), None)
    except Refused as refusal:
        raise (invalid("close") if refusal.error.startswith(_MISSING) else refusal) from None
    return asked


def child_of(pair: Pair, parent: Order, volume: Decimal, last: Decimal | None) -> Order:
    """The order that closes ``volume``; without a last price its relative prices stay open."""
    kind, price, price2 = parent.close or ["", "", ""]
    child = Order(
        txid="",
        pair=pair.key,
        side="sell" if parent.side == "buy" else "buy",
        ordertype=kind,
        volume=volume,
        opentm=0,
        leverage=parent.leverage,
        trigger=parent.trigger,
        refid=parent.txid,
    )
    set_prices({"price": price, "price2": price2}, pair, child, last)
    return child
