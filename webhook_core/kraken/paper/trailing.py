"""Trailing stops: the trigger follows the best price of the market at a distance,
and never goes back.

Rules: docs.kraken.com/api/docs/rest-api/add-order. ``price`` and ``price2`` of the order are what
they are at the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from webhook_core.kraken.paper import relative
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Refused, invalid


def read(texts: Mapping[str, str], pair: Pair, order: Order, market: Decimal | None) -> None:
    """The distances of a trailing stop, and its first trigger where the market is known.

    Raises Refused.
    """
    distance = relative.parse("price", texts.get("price", ""), pair, signs="+")
    if not distance.amount:
        raise invalid("price")
    order.said = distance.shown(pair)
    if order.ordertype.endswith("-limit"):
        order.said2 = relative.parse("price2", texts.get("price2", ""), pair, signs="+-").shown(
            pair
        )
    if market is not None:
        if order.side == "sell" and distance.amount >= (100 if distance.percent else market):
            raise Refused("EOrder:Invalid price")
        follow(pair, order, market)


def follow(pair: Pair, order: Order, market: Decimal) -> None:
    """The market moved: a new peak (sell) or trough (buy) takes the trigger along,
    rounded to the tick towards it."""
    selling = order.side == "sell"
    if order.peak:
        market = max(order.peak, market) if selling else min(order.peak, market)
    if market == order.peak:
        return
    order.peak = market
    distance = relative.parse("price", order.said, pair)
    if selling:
        distance = relative.Offset(-distance.amount, distance.percent)
    order.price = relative.on_tick(
        pair, distance.beside(market), ROUND_CEILING if selling else ROUND_FLOOR
    )
    if order.said2:
        order.price2 = relative.on_tick(
            pair, relative.parse("price2", order.said2, pair).beside(order.price)
        )
