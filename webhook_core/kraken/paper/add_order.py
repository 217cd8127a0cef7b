"""AddOrder: what the market and the account say to an order whose arguments are good."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper import margin, matching, order_prices
from webhook_core.kraken.paper.arguments import read, same_id
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import PartlyRefused, Refused, invalid
from webhook_core.kraken.paper.pairs import Pair
from webhook_core.kraken.paper.public import no_price
from webhook_core.kraken.paper.views import close_description, description

MAX_OPEN_PER_PAIR = 80  # Kraken's Intermediate tier


def add_order(desk: Desk, params: Mapping[str, str]) -> dict[str, Any]:
    """Check and place one order.

    ``validate``, whatever its value, checks the arguments only, as Kraken does.
    """
    pair, order = checked(desk, params)
    answer: dict[str, Any] = {"descr": described(order, pair)}
    if "validate" not in params:
        trade(desk, pair, order)
        answer["txid"] = [order.txid]
        if order.reason == matching.REDUCED:
            raise PartlyRefused(f"EOrder:{order.reason}")
    return answer


def checked(desk: Desk, params: Mapping[str, str]) -> tuple[Pair, Order]:
    """The order of these arguments, which break no rule of the pair. Raises Refused."""
    pair, order = read(desk, params)
    _check_mode(pair, order)
    if order.volume:
        check_size(pair, order, desk.book.prices.get(pair.key))
    else:
        order.volume = margin.requisite(desk, order)
    return pair, order


def described(order: Order, pair: Pair) -> dict[str, str]:
    """``descr`` of the answer: ``close`` only if there is one."""
    close = close_description(order, pair)
    return {"order": description(order, pair)} | ({"close": close} if close else {})


def trade(desk: Desk, pair: Pair, order: Order) -> None:
    """Give a checked order to the matching engine. Raises Refused with nothing changed."""
    if order.ordertype == "settle-position":
        margin.settle(desk, pair, order)
        return
    _check_book(desk, pair, order, desk.book.prices.get(pair.key))
    matching.place(desk, pair, order)


def _check_mode(pair: Pair, order: Order) -> None:
    allowed = {
        "online": True,
        "post_only": "post" in order.oflags,
        "limit_only": order.ordertype in order_prices.LIMITS,
        "reduce_only": order.reduce_only,
    }
    if not allowed.get(pair.status, False):
        raise Refused(f"EService:Market in {pair.status} mode")


def check_size(pair: Pair, order: Order, market: Decimal | None) -> None:
    """The least volume and cost that the pair takes. Raises Refused."""
    volume = order.volume
    if order.in_quote:
        volume = pair.lots(volume / market) if market else pair.ordermin
    if volume < pair.ordermin:
        raise invalid("volume minimum not met")
    cost = _cost(order, market)
    if cost is not None and cost < pair.costmin:
        raise Refused("EOrder:Cost minimum not met")


def _cost(order: Order, market: Decimal | None) -> Decimal | None:
    """None where no price is known yet."""
    if order.in_quote:
        return order.volume
    if order.ordertype in ("market", "settle-position"):
        price = market
    else:
        price = None if order.said and market is None else matching.worth(order, market)
    return None if price is None else order.volume * price


def _check_book(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> None:
    """What only the matching engine can refuse."""
    resting = [other for other in desk.book.open.values() if other.pair == pair.key]
    if any(same_id(other.cl_ord_id, order.cl_ord_id) for other in desk.book.open.values()):
        raise invalid("cl_ord_id not unique")
    if order.ordertype == "market" and market is None:
        raise no_price(pair, "price")
    if len(resting) >= MAX_OPEN_PER_PAIR:
        raise Refused("EOrder:Orders limit exceeded")
    if order.reduce_only and not margin.closable(desk, order):
        raise Refused(f"EOrder:Reduce only:{_why_not_reduced(desk, order)}")
    check_resting(desk, pair, order, market)


def _why_not_reduced(desk: Desk, order: Order) -> str:
    same_side = any(held.pair == order.pair for held in desk.book.positions)
    return "Cannot increase position" if same_side else "No position exists"


def check_resting(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> None:
    """Whether an order may stand in the book at its price, and the account can pay for it.

    Raises Refused.
    """
    if "post" in order.oflags and market is not None and matching.crosses(order, market):
        raise Refused("EOrder:Post only order")
    if order.leverage:
        if not margin.affordable(desk, pair, order, matching.worth(order, market)):
            raise Refused("EOrder:Insufficient initial margin")
        return
    spent = pair.quote if order.side == "buy" else pair.base
    if desk.available(spent) < matching.needed(desk, pair, order, market):
        raise Refused("EOrder:Insufficient funds")
