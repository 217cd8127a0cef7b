"""Asks the venue about an unknown order, and only asks: nothing here ever sends one.

Found in the open or the closed orders: accepted. Absent is harder to prove, since Kraken's reads
may lag its engine by a minute: after deadline + read lag the open orders lack it, and at least one
more read lag later a complete read of the closed orders lacks it too. The first read rules out an
order that still rests, the second one that had closed before the first. A read that fails or is cut
short proves nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import VenueUnavailable
from webhook_core.events import event, timed
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import Existing, Ledger
from webhook_core.ledger.entry import Attempt, LedgerEntry, OrderShown, State
from webhook_core.ledger.entry_report import facts, report, waiting_for
from webhook_core.trading.requests import Accepted, Rejected, VenueOrder
from webhook_core.venue import Venue

if TYPE_CHECKING:
    from webhook_core.trading.facts import RestingOrder

LOOK_UP_AFTER = timedelta(seconds=5)
UNKNOWN_TOO_LONG = timedelta(minutes=2)
KEPT = timedelta(days=90)
PURGED_AT_ONCE = 500
CLOCKS_DIFFER = timedelta(seconds=5)
"""The venue refuses an order by its own clock, which may be behind ours by a second or two."""
ANOTHER_BEFORE = timedelta(days=1)
"""One that was opened so long before its claim is another generation's, whatever the clocks."""
_OPEN = ("open", "pending")


@dataclass(slots=True, eq=False, repr=False)
class Reconciler:
    """``read_lag`` is how far Kraken's reads may lag its engine. ``mode`` and ``account``
    are those of this venue.

    Nothing is concluded about an order of another mode or account on the same ledger: our venue
    can't know it, and its silence would look like absence.
    """

    mode: str
    account: str
    ledger: Ledger
    venue: Venue
    clock: Clock
    read_lag: timedelta

    def look_up(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        """At most one look-up of a submitting entry; what the ledger says now.

        Raises VenueUnavailable, LedgerUnavailable.
        """
        if entry.state is not State.SUBMITTING or not self.is_ours(entry):
            return entry
        if self.clock.now() < entry.current.claimed_at + LOOK_UP_AFTER:
            return entry
        resolved = self._asked(entry, budget)
        if resolved is entry:
            return entry
        return self._record(resolved)

    @timed("look_up")
    def _asked(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        attempt = entry.current
        if attempt.request.method != "AddOrder":
            return self._changed(entry, budget)
        open_read_at = self.clock.now()
        order = self.venue.find_open(attempt.client_order_id, budget)
        closed_read_at = self.clock.now()
        if order is None or not may_be_of(attempt, order):
            order = self.venue.find_closed(attempt.client_order_id, attempt.claimed_at, budget)
        if order is not None and may_be_of(attempt, order):
            return transitions.found(entry, order, self.clock.now())
        if attempt.open_absent_at is not None:
            if closed_read_at >= attempt.open_absent_at + self.read_lag:
                return transitions.not_placed(entry, self.clock.now())
        elif open_read_at >= attempt.deadline + self.read_lag + CLOCKS_DIFFER:
            return transitions.open_orders_lack_it(entry, open_read_at)
        return entry

    def _changed(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        """A cancel or an amendment: the order itself shows whether it happened.

        A cancel of an order that is still open may be sent again: it means the same order, whenever
        it arrives. An amendment may not, but after deadline + read lag it does not happen any more.
        """
        # Few alerts change an order.
        from webhook_core.trading.cancel_and_amend import is_as_amended

        attempt, read_at = entry.current, self.clock.now()
        order = self._order_of(attempt, budget)
        if order is None:
            return entry
        if attempt.request.method == "AmendOrder":
            if is_as_amended(attempt.request, order):
                return transitions.settle(
                    entry, Accepted(order.order_id, "amended"), self.clock.now()
                )
            late = read_at >= attempt.deadline + self.read_lag
            return transitions.not_placed(entry, self.clock.now()) if late else entry
        if order.status in _OPEN:
            return transitions.shown(entry, OrderShown.STILL_OPEN, self.clock.now())
        if order.status == "closed":
            return transitions.shown(entry, OrderShown.HAD_FILLED, self.clock.now())
        from webhook_core.sending.gone_orders import canceled

        outcome = canceled(order, Rejected(attempt.errors))
        return transitions.settle(entry, outcome, self.clock.now())

    def _order_of(self, attempt: Attempt, budget: Budget) -> RestingOrder | None:
        if attempt.request.named is not None:
            return self.venue.order(attempt.request.named, budget)
        client_order_id = attempt.request.named_by_client or ""
        found = self.venue.find_open(client_order_id, budget)
        found = found or self.venue.find_closed(
            client_order_id, attempt.claimed_at - self.read_lag, budget
        )
        return None if found is None else self.venue.order(found.order_id, budget)

    @timed("record")
    def _record(self, entry: LedgerEntry) -> LedgerEntry:
        written = self.ledger.record(entry)
        if not isinstance(written, Existing):
            report(written.entry)
        return written.entry

    def is_ours(self, entry: LedgerEntry) -> bool:
        """Of this mode and account."""
        return (entry.unit.mode, entry.unit.account) == (self.mode, self.account)

    def run(self, budget: Budget, cursor: str | None = None) -> dict[str, Any]:
        """Every unresolved entry once, oldest first, as far as the budget goes, and a ``cursor``.

        Safe to run concurrently with itself and with deliveries: each change is a compare-and-set.
        Raises ValueError.
        """
        from webhook_core.sending.reconcile_walk import walk  # no alert walks

        walked = walk(self.ledger, self.look_at, budget, cursor)
        return {"looked_at": walked.looked_at, "cursor": walked.cursor}

    def look_at(self, entry: LedgerEntry, budget: Budget) -> list[dict[str, Any]]:
        """One entry of a run: its row, none for one of another mode or account."""
        return [self._one(entry, budget)] if self.is_ours(entry) else []

    def _one(self, entry: LedgerEntry, budget: Budget) -> dict[str, Any]:
        now = self.clock.now()
        unread = ""
        after = entry
        if entry.state in (State.NOT_SENT, State.MISSED):
            if now > entry.fresh_until:
                after = self._record(transitions.expired(entry, now))
        else:
            try:
                after = self.look_up(entry, budget)
            except VenueUnavailable as error:
                unread = error.message
        why = unread or waiting_for(after, self.read_lag)
        if after.state is State.SUBMITTING and now > after.current.claimed_at + UNKNOWN_TOO_LONG:
            event(logging.ERROR, "order.unknown_for_long", **facts(after), why=why)
        return {
            "alert_id": entry.alert_id,
            "client_order_id": entry.current.client_order_id,
            "claimed_at": entry.claimed_at,
            "before": entry.state,
            "after": after.state,
            "order_id": after.current.order_id,
            "why": why,
            "venue_unavailable": bool(unread),
        }

    def purge(self) -> int:
        """Entries past their 90 days go, a bounded number at a time; unresolved ones stay."""
        return self.ledger.purge(self.clock.now() - KEPT, PURGED_AT_ONCE)


def may_be_of(attempt: Attempt, order: VenueOrder) -> bool:
    """Whether an order with the attempt's client order id can be its own. A purged alert that is
    fired again has the id of its order of then, which may still rest, or have closed just now."""
    return order.opened_at is None or order.opened_at > attempt.claimed_at - ANOTHER_BEFORE
