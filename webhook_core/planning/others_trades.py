"""Whether somebody else has traded since an order of ours that a figure seems to lack.

A figure that is what it was before our order lacks it, or somebody has traded as much the other way
since. The figure alone can't tell which; the list of the orders that were done can.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.own_changes import NEAR, InstrumentOf, position_key
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder


def check_nobody_else(
    sources: Sources,
    budget: Budget,
    instrument_of: InstrumentOf,
    corrected: Sequence[str],
    young: Sequence[LedgerEntry],
) -> None:
    """``corrected``: the figures that were set right, ``young`` the orders of ours that they may
    lack. Raises NotItsTurn where one of them was changed by another order since the oldest of
    these, VenueUnavailable, LedgerUnavailable."""
    since = min(
        (entry.current.claimed_at - NEAR for entry in young),
        default=sources.clock.now() - sources.margin,
    )
    traded = [
        order
        for order in sources.venue.orders_closed(since, budget)
        if _traded_since(order, since) and _changes(order, corrected, instrument_of)
    ]
    named = {order.order_id for order in traded} | {order.parent or "" for order in traded}
    own = {entry.current.order_id for entry in sources.own_orders.of_orders(named - {""})}
    for order in traded:
        if order.order_id not in own and order.parent not in own:
            raise NotItsTurn(
                f"The order {order.order_id} is none of ours and has traded while the figures of "
                "the account may lack one of ours. Nothing was sent; sending the same alert again "
                "soon is safe."
            )


def _traded_since(order: RestingOrder, since: datetime) -> bool:
    return bool(order.executed) and (order.closed_at is None or order.closed_at >= since)


def _changes(order: RestingOrder, figures: Sequence[str], instrument_of: InstrumentOf) -> bool:
    pair = instrument_of(order.pair)
    if pair is None:
        return False
    touched = {position_key(pair.key)} if order.margin else {pair.base, pair.quote}
    return not touched.isdisjoint(figures)
