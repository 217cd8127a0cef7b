"""How orders meet the price: there is one price per pair, all that the market takes trades at it,
and resting orders fill at their own.

Order kinds: docs.kraken.com/api/docs/rest-api/add-order.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.book import Order, PaperTrade
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import Refused
from webhook_core.kraken.paper.order_prices import TRAILING, TRIGGERS, child_of, limit_of, rising
from webhook_core.kraken.paper.pairs import Pair

REDUCED = "Reduce only:Position is closed"


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
    if order.starttm > desk.now:
        order.status = "pending"
    else:
        _arrive(desk, pair, order)


def _arrive(desk: Desk, pair: Pair, order: Order) -> None:
    market = desk.book.prices.get(pair.key)
    if market is not None:
        meet(desk, pair, order, market, resting=False)
    if order.status == "open" and order.timeinforce in ("IOC", "FOK"):
        desk.finish(order, "canceled", "Not filled at once")


def needed(desk: Desk, pair: Pair, order: Order, market: Decimal | None) -> Decimal:
    """What the unfilled rest of a spot order must find free: quote with the fee for a
    buy, base for a sell."""
    if order.side == "sell":
        return order.left
    cost = order.left if order.in_quote else pair.rounded(order.left * worth(order, market))
    return cost + desk.worst_fee(pair, cost)


def worth(order: Order, market: Decimal | None) -> Decimal:
    """The price at which an order is costed before it fills.

    Raises Refused for a market order without any.
    """
    price = limit_of(order) or order.price or market
    if not price:
        raise Refused("EGeneral:Invalid arguments:price")
    return price


def mark(desk: Desk, pair: Pair, price: Decimal) -> None:
    """The market moved to ``price``: everything of this pair that it crosses fills."""
    desk.book.prices[pair.key] = price
    for order in list(desk.book.open.values()):
        if order.pair == pair.key and order.status == "open":
            meet(desk, pair, order, price, resting=True)


def expire(desk: Desk) -> None:
    """What the clock does: it closes what was good until a time that is over, and starts
    what was scheduled."""
    for order in list(desk.book.open.values()):
        if order.expiretm and order.expiretm <= desk.now:
            desk.finish(order, "expired", "Order expired")
        elif order.status == "pending" and order.starttm <= desk.now:
            _start(desk, desk.pairs[order.pair], order)


def _start(desk: Desk, pair: Pair, order: Order) -> None:
    order.status = "open"
    market = desk.book.prices.get(pair.key)
    if "post" in order.oflags and market is not None and crosses(order, market):
        desk.finish(order, "canceled", "Post only order")
    else:
        _arrive(desk, pair, order)


def meet(desk: Desk, pair: Pair, order: Order, market: Decimal, *, resting: bool) -> None:
    """Let an open order trade at this market price if it does; ``resting`` if it
    was in the book before."""
    if order.ordertype in TRIGGERS and not order.triggered:
        if order.ordertype in TRAILING:
            from webhook_core.kraken.paper import relative

            relative.follow(pair, order, market)
        if not (market >= order.price if rising(order) else market <= order.price):
            return
        order.triggered = True
        resting = False  # it comes to the market only now
    if crosses(order, market):
        limit = limit_of(order)
        rests = resting and limit is not None
        _fill(desk, pair, order, limit if rests and limit is not None else market, maker=rests)


def _fill(desk: Desk, pair: Pair, order: Order, price: Decimal, *, maker: bool) -> None:
    """Trade as much as the market takes now."""
    part = desk.part(pair, order)
    if order.timeinforce == "FOK" and part < order.volume:
        return
    if order.reduce_only:
        part = min(part, margin.closable(desk, order))
    volume = pair.lots(part / price) if order.in_quote else part
    if volume:
        cost = pair.rounded(volume * price)
        opening = margin.opening_fee(desk, pair, order, volume, price)
        fee = desk.fee(pair, cost, maker=maker) + opening
        order.hold = Decimal(0)
        if not _affordable(desk, pair, order, volume, cost, fee):
            # A stop whose market ran past what was held for it.
            desk.finish(order, "canceled", "Insufficient funds")
            return
        fill = PaperTrade(desk.book.mint("T"), desk.moment(order), price, volume, cost, fee, maker)
        order.spent += part if order.in_quote else 0
        _record(pair, order, fill)
        _settle(desk, pair, order, fill)
    if not order.left or not volume:
        ended = ("canceled", REDUCED) if order.reduce_only and order.left else ("closed", None)
        desk.finish(order, *ended)
    elif order.reduce_only and not margin.closable(desk, order):
        desk.finish(order, "canceled", REDUCED)
    elif not order.leverage:
        spent = pair.quote if order.side == "buy" else pair.base
        order.hold = min(needed(desk, pair, order, price), desk.available(spent))
    if volume and order.close:
        spawn(desk, pair, order, fill)


def _record(pair: Pair, order: Order, fill: PaperTrade) -> None:
    order.vol_exec += fill.volume
    order.cost += fill.cost
    order.fee += fill.fee
    if order.parts is None and fill.volume == order.volume and not order.in_quote:
        order.trade, order.maker, order.average = fill.txid, fill.maker, fill.price
        return
    amounts = [f"{amount:f}" for amount in fill[2:6]]
    order.parts = [*(order.parts or []), [fill.txid, fill.time, *amounts, fill.maker]]
    average = sum((each.price * each.volume for each in order.fills()), Decimal(0)) / order.vol_exec
    order.average = average.quantize(Decimal(1).scaleb(-pair.pair_decimals))


def _settle(desk: Desk, pair: Pair, order: Order, fill: PaperTrade) -> None:
    if order.leverage:
        margin.trade(desk, pair, order, fill)
        return
    sign = 1 if order.side == "buy" else -1
    desk.add(pair.base, sign * fill.volume)
    desk.add(pair.quote, -sign * fill.cost - fill.fee)


def _affordable(  # noqa: PLR0913, PLR0917 — a trade's figures
    desk: Desk, pair: Pair, order: Order, volume: Decimal, cost: Decimal, fee: Decimal
) -> bool:
    if order.leverage:
        return margin.affordable(desk, pair, order, cost / volume, volume)
    if order.side == "sell":
        return desk.available(pair.base) >= volume
    return desk.available(pair.quote) >= cost + fee


def spawn(desk: Desk, pair: Pair, parent: Order, fill: PaperTrade) -> None:
    """The closing order of one fill.

    One that finds no money is canceled at once, as its primary has long traded.
    """
    try:
        child = child_of(pair, parent, fill.volume, fill.price)
    except Refused:  # a distance that the price no longer allows
        return
    child.opentm = desk.now
    spent = pair.quote if child.side == "buy" else pair.base
    if child.leverage or desk.available(spent) >= needed(desk, pair, child, fill.price):
        place(desk, pair, child)
        return
    child.txid = desk.book.mint("O")
    desk.finish(child, "canceled", "Insufficient funds")
