"""The ledger in one SQLite file, the default: durable before it answers, one winner of all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claim, Claimed, Existing, Page, Recorded
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.keys import (
    base_digest,
    cursor_text,
    line_digest,
    microseconds,
    moment,
    read_cursor,
)
from webhook_core.ledger.serial import to_text, unmarked
from webhook_core.ledger.sqlite.commits import durable, hold, in_one_step
from webhook_core.ledger.sqlite.documents import SqliteDocuments
from webhook_core.ledger.sqlite.entries import (
    entry_in,
    entry_to_show,
    key_of,
    listing,
    listing_unfinished,
    of_orders,
    place_of,
    purge_settled,
    version_number,
)
from webhook_core.ledger.sqlite.errors import is_locked
from webhook_core.ledger.sqlite.file import SqliteFile
from webhook_core.ledger.sqlite.mark import highest_entry
from webhook_core.ledger.sqlite.notes import SqliteNotes
from webhook_core.ledger.unfinished import Unfinished, has_placed, places_of, unfinished_place
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.ledger.contract import HeldBack
    from webhook_core.ledger.turns import Refusal

T = TypeVar("T")
_CLAIM = (
    "INSERT INTO entries (base, generation, strategy, state, claimed_at, line, fired_at, "
    "document, version)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING"
)
_RECORD = (
    "UPDATE entries SET state = ?, unfinished = ?, document = ?, version = version + 1"
    " WHERE base = ? AND generation = ? AND version = ?"
)
# A first attempt may take the place of none, and only with it the entry stands in its line.
_CLAIM_NEXT = _RECORD.replace("SET", "SET claimed_at = ?, line = ?, fired_at = ?,")
# Writes what is there already: its commit is the proof that our own text, seen after a failed
# commit, is durable.
_CONFIRM = (
    "UPDATE entries SET document = document WHERE base = ? AND generation = ? AND document = "
    "? AND version = ?"
)
_FIND = "SELECT document, version FROM entries WHERE base = ? AND generation = ?"
_NEWEST = "SELECT document, version FROM entries WHERE base = ? ORDER BY generation DESC LIMIT 1"


class SqliteLedger(SqliteDocuments, SqliteNotes):
    """Ledger, Documents and Notes. ``timeout_s`` bounds each wait for a lock; ``ledger_id`` is the
    id that the ledger must have."""

    def __init__(
        self, path: str | Path, *, timeout_s: float = 1.0, ledger_id: str | None = None
    ) -> None:
        super().__init__(SqliteFile(path, timeout_s, ledger_id))

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is there as the ledger from now on: its id, and whether it was not before.
        Raises LedgerUnavailable."""
        return self._file.begin_anew()

    def close(self) -> None:
        """Give the file back. The next use opens it again."""
        self._file.close()

    def claim(self, entry: LedgerEntry) -> Claim:
        document = to_text(entry)
        where = key_of(entry.unit)
        row = (
            *where,
            entry.strategy,
            entry.state,
            microseconds(entry.claimed_at),
            *place_of(entry),
            document,
        )
        claimed = Claimed(replace(unmarked(entry), version="1"))
        try:
            for _ in range(2):  # twice: the entry in our way may be purged before we have read it
                with self._file.connection() as db, in_one_step(db, entry):
                    written = db.execute(_CLAIM, row)
                    refused = _undone_if_refused(db, entry) if written.rowcount == 1 else None
                    stored = None if written.rowcount == 1 else _first(db, _FIND, where)
                if refused is not None:
                    return refused
                if written.rowcount == 1:
                    self._file.must_hold(written.lastrowid or 0)
                    return claimed
                if stored is not None:
                    return Existing(stored)
        except LedgerUnavailable as failure:
            if not self._is_stored(entry, document, 1, failure):
                raise
            return claimed
        raise LedgerUnavailable("The ledger is not available: an entry comes and goes.")

    def claim_next(self, entry: LedgerEntry) -> Claim:
        place = (microseconds(entry.claimed_at), *place_of(entry))
        written: Recorded | Claim = self._compare_and_set(entry, _undone_if_refused, place)
        return Claimed(written.entry) if isinstance(written, Recorded) else written

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        """That an order was accepted does not wait for the disk: lost with the machine's power it
        is SUBMITTING again, and a look-up finds it at the venue. All else is durable, and so is
        that with the next write that waits."""
        return self._compare_and_set(entry, lambda _db, _entry: None, None)

    def _compare_and_set(
        self,
        entry: LedgerEntry,
        refusal_of: Callable[[sqlite3.Connection, LedgerEntry], T | None],
        place: tuple[int | bytes | None, ...] | None,
    ) -> Recorded | Existing | T:
        """``place`` in the lists, of a claim. Only a claim stays in budget:
        what was sent is kept."""
        document = to_text(entry)
        where = key_of(entry.unit)
        version = version_number(entry.version)
        changed = Recorded(replace(unmarked(entry), version=str(version + 1)))
        statement = _RECORD if place is None else _CLAIM_NEXT
        values = (*(place or ()), entry.state, unfinished_place(entry), document, *where, version)
        try:
            waits = place is not None or entry.state is not State.ACCEPTED
            with (
                self._file.connection(in_budget=place is not None) as db,
                durable(db, waits=waits),
                in_one_step(db, entry),
            ):
                if db.execute(statement, values).rowcount == 1:
                    return refusal_of(db, entry) or changed
                stored = _first(db, _FIND, where)
        except LedgerUnavailable as failure:
            if not self._is_stored(entry, document, version + 1, failure):
                raise
            return changed
        if stored is None:
            raise LedgerUnavailable("The ledger holds no such entry any more.")
        return Existing(stored)

    def mark(self, line: str) -> str:
        from webhook_core.ledger.sqlite.turns import mark_of

        with self._file.connection() as db:
            return mark_of(db, line_digest(line))

    def find(self, unit: Unit) -> LedgerEntry | None:
        with self._file.connection() as db:
            return _first(db, _FIND, key_of(unit))

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        with self._file.connection() as db:
            return _first(db, _NEWEST, (base_digest(unit),))

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        if limit < 1:
            raise ValueError("limit: at least 1")
        wanted = sorted(set(State) if states is None else set(states))
        after = None if cursor is None else read_cursor(cursor, "[0-9]{1,18}")
        if not wanted:
            return Page([], None)
        query, values = listing(wanted, strategy, after, limit + 1, newest_first)
        with self._file.connection() as db:
            rows = db.execute(query, values).fetchall()
        page = [entry_to_show(*row[2:]) for row in rows[:limit]]
        claimed_at, tie = rows[limit - 1][:2] if len(rows) > limit else (0, None)
        following = None if tie is None else cursor_text(moment(claimed_at), str(tie))
        return Page([entry for entry in page if entry is not None], following)

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        query, values = listing_unfinished(places_of(mode, account, kinds), limit)
        with self._file.connection() as db:
            rows = db.execute(query, values).fetchall()
        found = (entry_to_show(*row) for row in rows)
        return [entry for entry in found if entry is not None]

    def of_orders(
        self, mode: str, account: str, order_ids: Collection[str]
    ) -> Sequence[LedgerEntry]:
        with self._file.connection() as db:
            found = of_orders(db, list(order_ids))
        return [entry for entry in found if has_placed(entry, mode, account)]

    def purge(self, kept_before: datetime, limit: int) -> int:
        with self._file.connection() as db:
            deleted = purge_settled(db, kept_before, limit)
            if deleted:
                self._file.must_hold(highest_entry(db), instead=True)
            return deleted

    def _is_stored(
        self, entry: LedgerEntry, document: str, version: int, failure: LedgerUnavailable
    ) -> bool:
        """A commit that failed may have happened: is our own write there, owner and all,
        and durable by now?"""
        if failure.__cause__ is None or is_locked(failure.__cause__):
            return False  # nothing was begun
        try:
            with self._file.connection(in_budget=False) as db:
                return db.execute(_CONFIRM, (*key_of(entry.unit), document, version)).rowcount == 1
        except LedgerUnavailable:
            return False


def _undone_if_refused(db: sqlite3.Connection, entry: LedgerEntry) -> Refusal | HeldBack | None:
    held = hold(db, entry)
    if held is not None or entry.turn is None:
        return held
    from webhook_core.ledger.sqlite.turns import take_turn

    return take_turn(db, entry, entry.turn)


def _first(
    db: sqlite3.Connection, query: str, values: tuple[bytes | int, ...]
) -> LedgerEntry | None:
    row = db.execute(query, values).fetchone()
    return None if row is None else entry_in(*row)
