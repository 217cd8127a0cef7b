"""What an accepted order has traded: asked for in the same request where the alert wants to know,
else by reconcile."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from webhook_core.clock import Budget, Clock
from webhook_core.errors import VenueUnavailable
from webhook_core.events import event, timed
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.fill_records import keep_fill
from webhook_core.ledger.unfinished import unfinished
from webhook_core.trading.requests import Fill
from webhook_core.venue import Venue

PAUSES_S = (0.0, 0.2, 0.3, 0.45, 0.65, 0.9, 1.2)
"""Before each question: Kraken's list may need a second or two to show an order as closed, and a
key has few calls."""
KEPT_FOR_THE_ANSWER_S = 0.1
KEPT_FOR_A_READ_S = 0.2
MOST_ASKED = 200
"""By one reconcile: four QueryOrders."""


@dataclass(slots=True, eq=False, repr=False)
class Fills:
    """Nothing here changes what an order came to; a read or a write that fails leaves it for the
    next reconcile. ``read_lag`` is how far Kraken's reads may lag its engine."""

    ledger: Ledger
    venue: Venue
    clock: Clock
    read_lag: timedelta

    @timed("confirm")
    def confirmed(self, entries: Sequence[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        """The entries with what they have filled, as far as the budget lets Kraken show it."""
        found = list(entries)
        for pause in PAUSES_S:
            left = budget.remaining() - KEPT_FOR_THE_ANSWER_S - (KEPT_FOR_A_READ_S if pause else 0)
            if not any(map(_is_awaited, found)) or left <= 0:
                break
            self.clock.sleep(min(pause, left))
            found = self._asked(found, budget.less(KEPT_FOR_THE_ANSWER_S))
        return found

    def fill_in(self, entries: Sequence[LedgerEntry], budget: Budget) -> int:
        """What those have filled that are not known to be done; how many of them Kraken told
        something new of. Raises VenueUnavailable."""
        wanted = [entry for entry in entries if unfinished(entry)][:MOST_ASKED]
        after = self.asked(wanted, budget) if wanted else []
        return sum(one is not two for one, two in zip(wanted, after, strict=True))

    def asked(self, entries: Sequence[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        """The same entries, the unfinished ones with what they have filled by now.

        Raises VenueUnavailable.
        """
        ids = [entry.current.order_id or "" for entry in entries if unfinished(entry)]
        fills = self.venue.fills(ids, budget)
        return [self._with(entry, fills) for entry in entries]

    def _asked(self, entries: list[LedgerEntry], budget: Budget) -> list[LedgerEntry]:
        try:
            return self.asked(entries, budget)
        except VenueUnavailable as error:
            event(logging.WARNING, "fill.not_read", reason=error.message)
            return entries

    def _with(self, entry: LedgerEntry, fills: Mapping[str, Fill]) -> LedgerEntry:
        fill = fills.get(entry.current.order_id or "")
        if fill is None:
            return entry
        return keep_fill(self.ledger, entry, fill, self.clock.now(), self.read_lag)


def _is_awaited(entry: LedgerEntry) -> bool:
    return unfinished(entry) is not None and not entry.current.close_unseen
