"""What only margin orders can: close whatever is open (volume 0), and settle a position with the
account's own money.

Rules: docs.kraken.com/api/docs/rest-api/add-order.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Refused, invalid


def requisite(desk: Desk, order: Order) -> Decimal:
    """The volume of an order that came with 0: all that it can close.

    Raises Refused where nothing is open.
    """
    volume = margin.closable(desk, order)
    if not volume:
        raise Refused("EOrder:Unknown position")
    return volume


def settle(desk: Desk, pair: Pair, order: Order) -> None:
    """Take over what a position bought, or deliver what it sold, at the price it was opened at.

    Raises Refused.
    """
    if order.volume > requisite(desk, order):
        raise invalid("volume")
    parts = list(margin.parts(desk, order, order.volume))
    cost = sum((pair.rounded(held.cost * part / held.volume) for held, part in parts), Decimal(0))
    asset, amount = (pair.quote, cost) if order.side == "sell" else (pair.base, order.volume)
    if desk.available(asset) < amount:
        raise Refused("EOrder:Insufficient funds")
    sign = 1 if order.side == "sell" else -1
    desk.add(pair.base, sign * order.volume)
    desk.add(pair.quote, -sign * cost)
    for held, part in parts:
        held.closed += part
    margin.drop_closed(desk)
    order.txid, order.trade = desk.book.mint("O"), desk.book.mint("T")
    order.vol_exec, order.cost = order.volume, cost
    order.average = (cost / order.volume).quantize(Decimal(1).scaleb(-pair.pair_decimals))
    desk.finish(order, "closed")
