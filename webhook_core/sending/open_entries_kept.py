"""What is open at Kraken is not forgotten: an order that rests for longer than a store keeps its
entry, and a take profit or stop loss that one has left, are its strategy's as long as they rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from webhook_core.clock import Budget
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.unfinished import kept_since
from webhook_core.sending.reconcile import Reconciler
from webhook_core.value import replace

WRITTEN_AFTER = timedelta(days=30)
"""So seldom is it written of one entry: a store keeps it for three times as long."""


def keep_open_entries(reconciler: Reconciler, budget: Budget) -> None:
    """Say of each that is old, and of the legs before it, that it is open. One that changes
    meanwhile is left to the next day. Raises VenueUnavailable, LedgerUnavailable."""
    ledger, now = reconciler.ledger, reconciler.clock.now()
    listed = reconciler.venue.open_orders(budget)
    names = {name for order in listed for name in (order.order_id, order.parent) if name}
    of_account = (reconciler.mode, reconciler.account)
    entries = ledger.of_orders(*of_account, names) if names else ()
    found = {one.unit: one for entry in entries for one in _with_those_before(ledger, entry)}
    for entry in found.values():
        if kept_since(entry) < now - WRITTEN_AFTER:
            ledger.record(replace(entry, open_at=now))


def _with_those_before(ledger: Ledger, entry: LedgerEntry) -> Iterator[LedgerEntry]:
    """By leg 0 an alert is found, and by each the ones behind it."""
    yield entry
    for number in range(entry.unit.leg):
        leg = ledger.find(entry.unit.with_leg(number))
        if leg is not None:
            yield leg
