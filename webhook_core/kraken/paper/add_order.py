"""AddOrder: what the market and the account say to an order whose arguments are good."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper import margin, matching
from webhook_core.kraken.paper.arguments import read, same_id
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.public import no_price
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.views import description
from webhook_core.kraken.paper.wire import Refused, invalid

MAX_OPEN_PER_PAIR = 80  # Kraken's Intermediate tier


def add_order(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """Check and place one order. ``validate``, whatever its value, checks the arguments only, as Kraken does."""
    pair, order = read(desk.pairs, params, desk.now)
    _check_mode(pair, order)
    market = desk.book.prices.get(pair.key)
    _check_size(pair, order, market)
    answer: dict[str, Any] = {"descr": {"order": description(order, pair)}}
    if "validate" not in params:
        _check_book(desk, pair, order, market)
        matching.place(desk, pair, order)
        answer["txid"] = [order.txid]
    return answer


def _check_mode(pair: Pair, order: Order) -> None:
    allowed = {"online": True, "post_only": "post" in order.oflags, "limit_only": order.ordertype == "limit"}
    if not allowed.get(pair.status, False):
        raise Refused(f"EService:Market in {pair.status} mode")


def _check_size(pair: Pair, order: Order, market: Decimal | None) -> None:
    if order.volume < pair.ordermin:
        raise invalid("volume minimum not met")
    price = market if order.ordertype == "market" else matching.worth(order, market)
    if price is not None and order.volume * price < pair.costmin:
        raise Refused("EOrder:Cost minimum not met")


def _check_book(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> None:
    """What only the matching engine can refuse."""
    resting = [other for other in desk.book.open.values() if other.pair == pair.key]
    if any(same_id(other.cl_ord_id, order.cl_ord_id) for other in desk.book.open.values()):
        raise invalid("cl_ord_id not unique")
    if order.ordertype == "market" and market is None:
        raise no_price(pair, "price")
    if len(resting) >= MAX_OPEN_PER_PAIR:
        raise Refused("EOrder:Orders limit exceeded")
    if "post" in order.oflags and market is not None and matching.crosses(order, market):
        raise Refused("EOrder:Post only order")
    if order.leverage:
        enough = margin.affordable(desk, pair, order, matching.worth(order, market))
    else:
        spent = pair.quote if order.side == "buy" else pair.base
        enough = desk.available(spent) >= matching.needed(desk, pair, order, market)
    if not enough:
        raise Refused("EOrder:Insufficient funds")
