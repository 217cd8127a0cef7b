"""Notes in Firestore: the collection ``history``, one document a note, with the
time-to-live field ``expireAt``.

A list of one strategy needs the composite index strategy + at of examples/firestore.indexes.json.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.firestore.calls import HISTORY, FirestoreCalls, Stored, Write
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed

if TYPE_CHECKING:
    from webhook_core.clock import Clock
    from webhook_core.ledger.store import Note, NotePage

_DELETED_AT_ONCE = 100


class FirestoreNotes:
    """The notes of a ledger, which says how an operation of its own is made."""

    _clock: Clock

    def _operation(self, *, in_budget: bool = True) -> AbstractContextManager[FirestoreCalls]:
        raise NotImplementedError

    def add_note(self, note: Note) -> None:
        fields = {
            "at": note.at,
            "expireAt": note.expires_at,
            "strategy": note.strategy,
            "document": note.text,
        }
        with self._operation() as calls:
            try:
                calls.write_all([Write(HISTORY, note.key, fields)])
            except AlreadyThere:
                return

    def notes(
        self,
        *,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> NotePage:
        """A page may hold fewer before the last: time-to-live may be a day late, and what has
        expired is left out."""
        from webhook_core.ledger.firestore import queries
        from webhook_core.ledger.keys import cursor_text, read_cursor
        from webhook_core.ledger.store import NotePage

        if limit < 1:
            raise ValueError("limit: at least 1")
        after = None if cursor is None else read_cursor(cursor, "[0-9a-f]{32}")
        with self._operation() as calls:
            begin = None if after is None else (after[0], calls.path_of(HISTORY, after[1]))
            found = calls.query(
                queries.notes(strategy, begin, limit + 1, newest_first=newest_first)
            )
        page = [_note(stored) for stored in found[:limit]]
        following = cursor_text(page[-1].at, page[-1].key) if len(found) > limit else None
        now = self._clock.now()
        return NotePage([note for note in page if note.expires_at > now], following)

    def purge_notes(self, before: datetime, limit: int) -> int:
        """As far as it gets: one that changes meanwhile, or another that purges, ends it."""
        from webhook_core.ledger.firestore.queries import oldest_notes

        deleted = 0
        while deleted < limit:
            wanted = min(limit - deleted, _DELETED_AT_ONCE)
            with self._operation() as calls:
                found = calls.query(oldest_notes(before, wanted))
                try:
                    calls.delete(found)
                except Changed:
                    return deleted
            deleted += len(found)
            if len(found) < wanted:
                break
        return deleted


def _note(stored: Stored) -> Note:
    from webhook_core.ledger.store import Note

    at, expires_at = stored.moment("at"), stored.moment("expireAt")
    strategy, text = stored.text("strategy"), stored.text("document")
    if at is None or expires_at is None or strategy is None or text is None:
        raise LedgerUnavailable.because("a note in it can't be read")
    return Note(stored.id, at, expires_at, strategy, text)
