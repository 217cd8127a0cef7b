"""Entries past their days go, also where no TTL policy takes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from webhook_core.clock import Clock
from webhook_core.ledger.firestore.calls import FirestoreCalls
from webhook_core.ledger.firestore.entries import is_kept
from webhook_core.ledger.firestore.failures import Changed
from webhook_core.ledger.firestore.queries import oldest_terminal

_DELETED_AT_ONCE = 100
_READ_AGAIN_AFTER = timedelta(days=1)


class Purging:
    """Of one instance. Old entries that stay are read once a day, and not by every run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read_at: datetime | None = None
        self._read_until: datetime | None = None

    def run(
        self,
        operation: Callable[[], AbstractContextManager[FirestoreCalls]],
        kept_before: datetime,
        limit: int,
    ) -> int:
        """How many are gone; ``limit`` at most. As far as it gets: an entry that changes meanwhile,
        or is purged by another, ends it. Raises LedgerUnavailable."""
        deleted, after, stay = 0, self._after(), False
        while deleted < limit:
            wanted = min(limit - deleted, _DELETED_AT_ONCE)
            with operation() as calls:
                found = calls.query(oldest_terminal(kept_before, wanted, after))
                gone = [one for one in found if not is_kept(one, kept_before)]
                try:
                    calls.delete(gone)
                except Changed:
                    return deleted
            deleted, stay = deleted + len(gone), stay or len(gone) < len(found)
            if len(found) < wanted:
                if stay:  # up to there only entries are left that do
                    self._read_at = self._read_at or self._clock.now()
                    self._read_until = kept_before
                break
            after = found[-1].moment("claimedAt")
        return deleted

    def _after(self) -> datetime | None:
        read_at = self._read_at
        if read_at is None or self._clock.now() > read_at + _READ_AGAIN_AFTER:
            self._read_at = self._read_until = None
        return self._read_until
