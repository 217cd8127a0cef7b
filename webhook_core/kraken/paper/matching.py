"""How orders meet the price: there is one price per pair, the whole volume trades at it, and resting orders fill at their own.

Order kinds: docs.kraken.com/api/docs/rest-api/add-order.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Refused

TRIGGERS = frozenset({"stop-loss", "take-profit", "stop-loss-limit", "take-profit-limit"})


def limit_of(order: Order) -> Decimal | None:
    """The price that the order won't go beyond; None for one that takes any."""
    if order.ordertype == "limit":
        return order.price
    return order.price2 if order.ordertype.endswith("-limit") else None


def crosses(order: Order, market: Decimal) -> bool:
    """Whether the order, past its trigger, trades at this market price."""
    limit = limit_of(order)
    if limit is None:
        return True
    return limit >= market if order.side == "buy" else limit <= market


def place(desk: Desk, pair: Pair, order: Order) -> None:
    """Take an order that passed its checks into the book, and fill what fills at once."""
    order.txid = desk.book.mint("O")
    if not order.leverage:
        order.hold = needed(desk, pair, order, desk.book.prices.get(pair.key))
    desk.book.open[order.txid] = order
    market = desk.book.prices.get(pair.key)
    if market is not None:
        _meet(desk, pair, order, market, resting=False)
    if order.status == "open" and order.timeinforce in ("IOC", "FOK"):
        desk.finish(order, "canceled", "Not filled at once")


def needed(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> Decimal:
    """What a spot order must find free: quote with the fee for a buy, base for a sell."""
    if order.side == "sell":
        return order.volume
    cost = pair.rounded(order.volume * worth(order, market))
    return cost + desk.worst_fee(pair, cost)


def worth(order: Order, market: Decimal | None) -> Decimal:
    """The price at which an order is costed before it fills. Raises Refused for a market order without any."""
    price = limit_of(order) or order.price or market
    if not price:
        raise Refused("EGeneral:Invalid arguments:price")
    return price


def mark(desk: Desk, pair: Pair, price: Decimal) -> None:
    """The market moved to ``price``: everything of this pair that it crosses fills."""
    desk.book.prices[pair.key] = price
    for order in list(desk.book.open.values()):
        if order.pair == pair.key:
            _meet(desk, pair, order, price, resting=True)


def expire(desk: Desk) -> None:
    """Close what was good until a time that is over."""
    for order in list(desk.book.open.values()):
        if order.expiretm and order.expiretm <= desk.now:
            desk.finish(order, "expired", "Order expired")


def _meet(desk: Desk, pair: Pair, order: Order, market: Decimal, *, resting: bool) -> None:
    if order.ordertype in TRIGGERS and not order.triggered:
        if not _triggered(order, market):
            return
        order.triggered = True
        resting = False  # it comes to the market only now
    if crosses(order, market):
        limit = limit_of(order)
        _fill(desk, pair, order, limit if resting and limit is not None else market, maker=resting)


def _triggered(order: Order, market: Decimal) -> bool:
    rising = (order.side == "buy") == order.ordertype.startswith("stop-loss")
    return market >= order.price if rising else market <= order.price


def _fill(desk: Desk, pair: Pair, order: Order, price: Decimal, *, maker: bool) -> None:
    cost = pair.rounded(order.volume * price)
    fee = desk.fee(pair, cost, maker=maker)
    order.hold = Decimal(0)
    if not _affordable(desk, pair, order, cost, fee):
        desk.finish(order, "canceled", "Insufficient funds")  # a stop whose market ran past what was held for it
        return
    order.trade = desk.book.mint("T")
    order.vol_exec, order.average, order.cost, order.fee, order.maker = order.volume, price, cost, fee, maker
    desk.finish(order, "closed")
    if order.leverage:
        margin.trade(desk, pair, order)
    else:
        sign = 1 if order.side == "buy" else -1
        desk.add(pair.base, sign * order.volume)
        desk.add(pair.quote, -sign * cost - fee)


def _affordable(desk: Desk, pair: Pair, order: Order, cost: Decimal, fee: Decimal) -> bool:
    if order.leverage:
        return margin.affordable(desk, pair, order, cost / order.volume)
    if order.side == "sell":
        return desk.available(pair.base) >= order.volume
    return desk.available(pair.quote) >= cost + fee
