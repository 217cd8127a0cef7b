"""The entries that reconcile looks at once more though they are settled: an order's fill, the legs
behind it. In Firestore each is a billed read, so a minute in which nothing came reads one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice, takewhile

from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import Document, Documents, Ledger
from webhook_core.ledger.entry import TERMINAL, LedgerEntry
from webhook_core.ledger.store import newest_first

PAGE = 25
MOST = 200
AT_FIRST = timedelta(hours=2)
"""How far back a run looks that knows of none before it."""
CLOCKS_DIFFER = timedelta(minutes=2)


class LastLook:
    """When a run looked last, kept in ``documents`` under ``name``; the next one goes on from
    there, however late it comes."""

    def __init__(self, documents: Documents, name: str) -> None:
        self._documents, self._name = documents, name
        self._kept: Document | None = None

    def since(self, now: datetime, fresh_for: timedelta) -> datetime:
        """Since when entries have to be looked at: those that were too young to be judged
        by the last run too."""
        self._kept = self._documents.read(self._name)
        return min(now, self._last() or now - AT_FIRST) - fresh_for - CLOCKS_DIFFER

    def is_first_of_day(self, now: datetime) -> bool:
        """Whether none before this run has looked today (UTC)."""
        last = self._last()
        return last is None or last.date() < now.date()

    def keep(self, now: datetime) -> None:
        """This run has looked. Where another one was faster, its moment stands."""
        try:
            self._documents.write(self._name, now.isoformat(), self._kept)
        except LedgerUnavailable as error:
            event(logging.WARNING, "reconcile.place_not_kept", reason=error.message)

    def _last(self) -> datetime | None:
        try:
            last = datetime.fromisoformat(self._kept.text) if self._kept else None
        except ValueError:
            return None
        return last if last is not None and last.tzinfo is not None else None


def settled_since(ledger: Ledger, since: datetime) -> Iterator[LedgerEntry]:
    """Those claimed since then, newest first, ``MOST`` of them at most.

    Raises LedgerUnavailable.
    """
    settled = newest_first(partial(ledger.entries, states=TERMINAL), PAGE, 1 + MOST // PAGE)
    return islice(takewhile(lambda entry: entry.claimed_at >= since, settled), MOST)
