"""Reconcile's read of what the account holds, kept for plans that come seconds behind an order that
balances may lack (``planning.seen_figures``).

A read is older than now by the read lag at most: all that was traded before is in it. An
asset that an order of ours may have changed since is left as it was seen before. What others have
traded since is asked for by whoever holds a figure against it. And which orders rest: one that is
listed no more can be asked for then (``planning.seen_resting``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.other_steps import MOST_OF_NOW
from webhook_core.planning.others_trades import traded_since
from webhook_core.planning.own_changes import NEAR
from webhook_core.planning.own_orders import MOST_UNKNOWN, OLDEST_ATTEMPT
from webhook_core.planning.seen_figures import Seen, SeenFigures, of_text
from webhook_core.planning.seen_resting import SeenResting
from webhook_core.planning.sources import Sources
from webhook_core.sending.recent_entries import MOST, settled_since
from webhook_core.trading.symbols import UnknownSymbol

EVERY = timedelta(minutes=5)
"""So old may a figure become; an asset that was in doubt is looked at by the next run."""


def see_figures(sources: Sources, budget: Budget) -> bool:
    """Whether it was time to, and they are written. Kraken is read before the ledger: what it shows
    of an order was claimed by then. Raises VenueUnavailable, LedgerUnavailable, NotItsTurn."""
    at = sources.clock.now() - sources.read_lag
    kept = SeenFigures(sources.documents, sources.mode, sources.account)
    stored = kept.stored()
    before = of_text(stored)
    if before and all(one is not None and at - one.at < EVERY for one in before.values()):
        return False
    shown = {name: balance.total for name, balance in sources.venue.balances(budget).items()}
    traded = _traded(sources, at, budget)
    changed = None if traded is None else _assets(sources, traded, budget)
    if changed is None:
        return False
    totals = {**dict.fromkeys(before, Decimal(0)), **shown}
    known = {
        name: before.get(name) if name in changed else Seen(total, at)
        for name, total in totals.items()
    }
    return kept.write(known, stored)


def see_resting(sources: Sources, budget: Budget) -> bool:
    """Whether other orders rest than did, and it is written. Raises VenueUnavailable,
    LedgerUnavailable."""
    listed, now = sources.venue.open_orders(budget), sources.clock.now()
    kept = SeenResting(sources.documents, sources.mode, sources.account)
    return kept.keep(listed, now, sources.read_lag)


def _traded(sources: Sources, at: datetime, budget: Budget) -> set[str] | None:
    """The pairs of all orders that may have traded since; None where there are too many to
    tell. One without an outcome comes first: it may get one meanwhile."""
    own = sources.own_orders
    closed = sources.venue.orders_closed(at, budget)
    unknown = own.ledger.entries(states=(State.SUBMITTING,), limit=MOST_UNKNOWN)
    settled = list(settled_since(own.ledger, at - OLDEST_ATTEMPT))
    if len(closed) >= MOST_OF_NOW or unknown.cursor is not None or len(settled) >= MOST:
        return None
    young = (entry for entry in settled if _may_have_traded(entry, at))
    resting = own.resting(None, lambda _: None)
    ours = filter(own.is_ours, (*unknown.entries, *young, *resting))
    pairs = {entry.current.request.pair for entry in ours}
    return pairs | {order.pair for order in closed if traded_since(order, at - NEAR)}


def _may_have_traded(entry: LedgerEntry, at: datetime) -> bool:
    attempt = entry.current
    if entry.state is not State.ACCEPTED or attempt.request.method != "AddOrder":
        return False
    return (attempt.settled_at or attempt.deadline) > at


def _assets(sources: Sources, pairs: Iterable[str], budget: Budget) -> set[str] | None:
    """None where one of them is not known."""
    try:
        found = [sources.instrument(pair, budget) for pair in pairs if pair]
    except UnknownSymbol:
        return None
    return {asset for pair in found for asset in (pair.base, pair.quote)}
