"""Conditional closes: a template that makes an order of its own out of every fill of the primary one.

Rules: docs.kraken.com/api/docs/rest-api/add-order, support.kraken.com 360038640052.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webhook_core.kraken.paper import matching
from webhook_core.kraken.paper.arguments import set_prices
from webhook_core.kraken.paper.book import Fill, Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.views import what
from webhook_core.kraken.paper.wire import Refused, invalid

KINDS = matching.TRIGGERS | matching.LIMITS
_MISSING = "EGeneral:Invalid arguments:price"


def read(params: Mapping[str, str], pair: Pair, order: Order) -> list[str]:
    """What an order keeps of its ``close[...]`` fields, checked. Raises Refused."""
    asked = [params.get(f"close[{name}]", "") for name in ("ordertype", "price", "price2")]
    if asked[0] not in KINDS:
        raise invalid("close")
    order.close = asked
    try:
        _child(pair, order, Decimal(0), None)
    except Refused as refusal:
        raise (invalid("close") if refusal.error.startswith(_MISSING) else refusal) from None
    return asked


def description(order: Order, pair: Pair) -> str:
    """``close position @ stop loss 22000.0 -> limit 21000.0``."""
    return f"close position @ {what(_child(pair, order, Decimal(0), None), pair)}"


def _child(pair: Pair, parent: Order, volume: Decimal, last: Decimal | None) -> Order:
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


def spawn(desk: Desk, pair: Pair, parent: Order, fill: Fill) -> None:
    """The closing order of one fill. One that finds no money is canceled at once, as its primary has long traded."""
    try:
        child = _child(pair, parent, fill.volume, fill.price)
    except Refused:  # a distance that the price no longer allows
        return
    child.opentm = desk.now
    spent = pair.quote if child.side == "buy" else pair.base
    if child.leverage or desk.available(spent) >= matching.needed(desk, pair, child, fill.price):
        matching.place(desk, pair, child)
        return
    child.txid = desk.book.mint("O")
    desk.finish(child, "canceled", "Insufficient funds")
