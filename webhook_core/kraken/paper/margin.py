"""Margin, simply: a fill opens a position, an opposite fill closes the oldest first, and the
difference goes to the balance. And what only margin orders can: close whatever is open (volume 0),
and settle a position with the account's own money (docs.kraken.com, add-order).

Figures of TradeBalance: docs.kraken.com/api/docs/rest-api/get-trade-balance. Rollover
fees are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from webhook_core.kraken.paper.book import Order, PaperTrade, Position
from webhook_core.kraken.paper.desk import HUNDRED, Desk
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import Pair
from webhook_core.value import NamedTuple

ZERO = Decimal(0)


def opposing(desk: Desk, order: Order) -> list[Position]:
    """The positions that this order closes, oldest first."""
    return [
        held for held in desk.book.positions if held.pair == order.pair and held.side != order.side
    ]


def closable(desk: Desk, order: Order) -> Decimal:
    """How much of an order closes positions."""
    return sum((held.volume - held.closed for held in opposing(desk, order)), ZERO)


def parts(desk: Desk, order: Order, volume: Decimal) -> Iterator[tuple[Position, Decimal]]:
    """The positions that a volume closes, oldest first, and how much of each."""
    for held in opposing(desk, order):
        part = min(volume, held.volume - held.closed)
        if part:
            yield held, part
            volume -= part


def drop_closed(desk: Desk) -> None:
    """Forget the positions of which nothing is open."""
    desk.book.positions = [held for held in desk.book.positions if held.closed < held.volume]


def _opened(desk: Desk, pair: Pair, order: Order, volume: Decimal, price: Decimal) -> Decimal:
    """The cost of the part of a fill that opens a position."""
    if order.reduce_only:
        return ZERO
    return pair.rounded(max(ZERO, volume - closable(desk, order)) * price)


def opening_fee(desk: Desk, pair: Pair, order: Order, volume: Decimal, price: Decimal) -> Decimal:
    """What a fill pays for the position it opens, beside the fee of the trade."""
    if not order.leverage:
        return ZERO
    return pair.rounded(
        _opened(desk, pair, order, volume, price) * desk.market.opening_fee / HUNDRED
    )


def affordable(
    desk: Desk, pair: Pair, order: Order, price: Decimal, volume: Decimal | None = None
) -> bool:
    """Whether the part that opens a position finds its margin and its fees free;
    closing needs nothing."""
    volume = order.left if volume is None else volume
    cost = _opened(desk, pair, order, volume, price)
    if not cost:
        return True
    wanted = (
        cost / order.leverage
        + desk.worst_fee(pair, cost)
        + opening_fee(desk, pair, order, volume, price)
    )
    return summary(desk, pair.quote).free >= wanted


def trade(desk: Desk, pair: Pair, order: Order, fill: PaperTrade) -> None:
    """Book a margin fill: the fee, the result of what it closes, and a position of what is left."""
    desk.add(pair.quote, -fill.fee)
    left = fill.volume
    for held, part in parts(desk, order, fill.volume):
        desk.add(pair.quote, pair.rounded(_gain(held, part, fill.price)))
        held.closed += part
        left -= part
    drop_closed(desk)
    if left:
        cost = pair.rounded(left * fill.price)
        desk.book.positions.append(
            Position(
                txid=fill.txid,
                ordertxid=order.txid,
                pair=order.pair,
                side=order.side,
                ordertype=order.ordertype,
                time=fill.time,
                cost=cost,
                fee=fill.fee,
                volume=left,
                margin=pair.rounded(cost / order.leverage),
            )
        )


def _gain(held: Position, volume: Decimal, price: Decimal) -> Decimal:
    paid = held.cost * volume / held.volume
    worth = volume * price
    return worth - paid if held.side == "buy" else paid - worth


def unrealized(desk: Desk, held: Position) -> Decimal:
    """The open part's gain at the last price, in the pair's quote."""
    price = desk.book.prices.get(held.pair)
    return ZERO if price is None else _gain(held, held.volume - held.closed, price)


def used(held: Position) -> Decimal:
    """The margin that the open part still ties up, in quote."""
    return held.margin * (held.volume - held.closed) / held.volume


class TradeBalance(NamedTuple):
    """TradeBalance in one asset; ``free`` leaves out what resting spot orders hold as well."""

    balance: Decimal
    used: Decimal
    unrealized: Decimal
    free: Decimal


def summary(desk: Desk, asset: str) -> TradeBalance:
    """Everything valued in ``asset`` at the last prices; an asset without a
    price counts nothing."""
    book, rates = desk.book, {asset: Decimal(1)}

    def total(amounts: Iterable[tuple[str, Decimal]]) -> Decimal:
        return sum((_rate(desk, rates, held, asset) * amount for held, amount in amounts), ZERO)

    balance = total(book.balances.items())
    rows = [(desk.pairs[held.pair].quote, held) for held in book.positions]
    tied = total((quote, used(held)) for quote, held in rows)
    gain = total((quote, unrealized(desk, held)) for quote, held in rows)
    return TradeBalance(
        balance=balance,
        used=tied,
        unrealized=gain,
        free=balance + gain - tied - total((held, desk.held(held)) for held in book.balances),
    )


def _rate(desk: Desk, rates: dict[str, Decimal], held: str, asset: str) -> Decimal:
    if held not in rates:
        rates[held] = _price_of(desk, held, asset)
    return rates[held]


def _price_of(desk: Desk, held: str, asset: str) -> Decimal:
    for key, price in desk.book.prices.items():
        pair = desk.pairs[key]
        if (pair.base, pair.quote) == (held, asset):
            return price
        if (pair.base, pair.quote) == (asset, held):
            return 1 / price
    return ZERO


def requisite(desk: Desk, order: Order) -> Decimal:
    """The volume of an order that came with 0: all that it can close.

    Raises Refused where nothing is open.
    """
    volume = closable(desk, order)
    if not volume:
        raise Refused("EOrder:Unknown position")
    return volume


def settle(desk: Desk, pair: Pair, order: Order) -> None:
    """Take over what a position bought, or deliver what it sold, at the price it was opened at.

    Raises Refused.
    """
    if order.volume > requisite(desk, order):
        raise invalid("volume")
    closed = list(parts(desk, order, order.volume))
    cost = sum((pair.rounded(held.cost * part / held.volume) for held, part in closed), Decimal(0))
    asset, amount = (pair.quote, cost) if order.side == "sell" else (pair.base, order.volume)
    if desk.available(asset) < amount:
        raise Refused("EOrder:Insufficient funds")
    sign = 1 if order.side == "sell" else -1
    desk.add(pair.base, sign * order.volume)
    desk.add(pair.quote, -sign * cost)
    for held, part in closed:
        held.closed += part
    drop_closed(desk)
    order.txid, order.trade = desk.book.mint("O"), desk.book.mint("T")
    order.vol_exec, order.cost = order.volume, cost
    order.average = (cost / order.volume).quantize(Decimal(1).scaleb(-pair.pair_decimals))
    desk.finish(order, "closed")
