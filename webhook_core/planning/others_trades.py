"""Whether somebody else has traded since a figure that one of now is held against.

A figure that is what it was before our order lacks it, or somebody has traded as much the other way
since. The figure alone can't tell which; the list of the orders that were done can. Somebody else
is, on spot, a conditional close of ours too, for no plan counts it; a position names its orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.planning.own_changes import NEAR, InstrumentOf, position_key
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder

MOST_OF_NOW = 200
"""So many are read at most (``kraken.order_reads``): the list may not reach back that far."""


def check_nobody_else(
    sources: Sources,
    budget: Budget,
    instrument_of: InstrumentOf,
    corrected: Sequence[str],
    moment: datetime | None,
) -> None:
    """``corrected``: the figures that were set right; ``moment``: when the oldest figure was true
    that it was done by, or the oldest order of ours claimed that they may lack. Raises NotItsTurn
    where one of them was changed by another order since, VenueUnavailable, LedgerUnavailable."""
    since = sources.clock.now() - sources.read_lag if moment is None else moment - NEAR
    closed = sources.venue.orders_closed(since, budget)
    if len(closed) >= MOST_OF_NOW:
        raise NotItsTurn(
            "So many orders were done since Kraken's figures were certain last that what is held "
            "is not certain. Nothing was sent; sending the same alert again soon is safe."
        )
    traded = [
        order
        for order in closed
        if traded_since(order, since) and _changes(order, corrected, instrument_of)
    ]
    named = {order.order_id for order in traded} | {order.parent or "" for order in traded}
    own = {entry.current.order_id for entry in sources.own_orders.of_orders(named - {""})}
    for order in traded:
        is_own_exit = order.margin and order.parent in own
        if order.order_id not in own and not is_own_exit:
            raise NotItsTurn(
                f"The order {order.order_id} has traded while the figures of the account may lack "
                "one of ours. Nothing was sent; sending the same alert again soon is safe."
            )


def traded_since(order: RestingOrder, since: datetime) -> bool:
    """Whether an order that is done may have."""
    return bool(order.executed) and (order.closed_at is None or order.closed_at >= since)


def _changes(order: RestingOrder, figures: Sequence[str], instrument_of: InstrumentOf) -> bool:
    pair = instrument_of(order.pair)
    if pair is None:
        return False
    touched = {position_key(pair.key)} if order.margin else {pair.base, pair.quote}
    return not touched.isdisjoint(figures)
