"""Conditional closes: a template that makes an order of its own out of every fill
of the primary one.

Rules: docs.kraken.com/api/docs/rest-api/add-order, support.kraken.com 360038640052.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webhook_core.kraken.paper import prices
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.prices import set_prices
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Refused, invalid

KINDS = prices.TRIGGERS | prices.LIMITS
_MISSING = "EGeneral:Invalid arguments:price"


def read(params: Mapping[str, str], pair: Pair, order: Order) -> list[str]:
    """What an order keeps of its ``close[...]`` fields, checked. Raises Refused."""
    asked = [params.get(f"close[{name}]", "") for name in ("ordertype", "price", "price2")]
    if asked[0] not in KINDS:
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
