"""The ledger in one SQLite file, the default: durable before it answers, one winner of all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claim, Claimed, Existing, Page, Recorded
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.keys import base_digest, cursor_text, digest, moment, read_cursor
from webhook_core.ledger.serial import unmarked
from webhook_core.ledger.sqlite.commits import durable, in_one_step, mark_of, undone_if_refused
from webhook_core.ledger.sqlite.documents import SqliteDocuments
from webhook_core.ledger.sqlite.entries import (
    entry_in,
    key_of,
    listing,
    listing_unfinished,
    of_orders,
    purge_settled,
    row_of,
    shown,
)
from webhook_core.ledger.sqlite.errors import is_locked
from webhook_core.ledger.sqlite.file import SqliteFile
from webhook_core.ledger.sqlite.mark import highest_entry
from webhook_core.ledger.sqlite.notes import SqliteNotes
from webhook_core.ledger.unfinished import Unfinished, has_placed, places_of
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.ledger.contract import HeldBack
    from webhook_core.ledger.turns import Refusal

_GONE = "The ledger holds no such entry any more."
_CLAIM = (
    "INSERT INTO entries (base, generation, strategy, state, claimed_at, line, fired_at, document,"
    " version) VALUES (:base, :generation, :strategy, :state, :claimed_at, :line, :fired_at,"
    " :document, 1) ON CONFLICT DO NOTHING"
)
_RECORD = (
    "UPDATE entries SET state = :state, unfinished = :unfinished, document = :document,"
    " version = version + 1"
    " WHERE base = :base AND generation = :generation AND version = :version"
)
# A first attempt may take the place of none, and only with it the entry stands in its line.
_CLAIM_NEXT = _RECORD.replace(
    "SET", "SET claimed_at = :claimed_at, line = :line, fired_at = :fired_at,"
)
# Writes what is there already: its commit is the proof that our own text, seen after a failed
# commit, is durable.
_CONFIRM = (
    "UPDATE entries SET document = document WHERE base = :base AND generation = :generation"
    " AND document = :document AND version = :version + 1"
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
        for _ in range(2):  # twice: the entry in our way may be purged before we have read it
            written = self._written(replace(entry, version="0"), _CLAIM)
            if written is not None:
                return Claimed(written) if isinstance(written, LedgerEntry) else written
        raise LedgerUnavailable.because("an entry comes and goes")

    def claim_next(self, entry: LedgerEntry) -> Claim:
        written = self._written(entry, _CLAIM_NEXT)
        if written is None:
            raise LedgerUnavailable(_GONE)
        return Claimed(written) if isinstance(written, LedgerEntry) else written

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        """That an order was accepted does not wait for the disk: lost with the machine's power it
        is SUBMITTING again, and a look-up finds it at the venue. All else is durable, and so is
        that with the next write that waits."""
        written = self._written(entry, _RECORD)
        if isinstance(written, LedgerEntry):
            return Recorded(written)
        if isinstance(written, Existing):
            return written
        raise LedgerUnavailable(_GONE)  # nothing holds back what is only recorded

    def _written(
        self, entry: LedgerEntry, statement: str
    ) -> LedgerEntry | Existing | Refusal | HeldBack | None:
        """The entry as it stands there now, over its version; None where there is none. Only a
        claim stays in budget: what was sent is kept."""
        values, is_claim = row_of(entry), statement is not _RECORD
        changed = replace(unmarked(entry), version=str(values["version"] + 1))
        waits = is_claim or entry.state is not State.ACCEPTED
        try:
            with (
                self._file.connection(in_budget=is_claim) as db,
                durable(db, waits=waits),
                in_one_step(db, entry),
            ):
                written = db.execute(statement, values)
                is_written = written.rowcount == 1
                refused = undone_if_refused(db, entry) if is_written and is_claim else None
                stored = None if is_written else _first(db, _FIND, key_of(entry.unit))
        except LedgerUnavailable as failure:
            if not self._is_stored(values, failure):
                raise
            return changed
        if is_written and refused is None:
            self._file.must_hold(written.lastrowid or 0)
            return changed
        return refused if stored is None else Existing(stored)

    def mark(self, line: str) -> str:
        with self._file.connection() as db:
            return mark_of(db, digest(line))

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
        page = shown(row[2:] for row in rows[:limit])
        claimed_at, tie = rows[limit - 1][:2] if len(rows) > limit else (0, None)
        following = None if tie is None else cursor_text(moment(claimed_at), str(tie))
        return Page(page, following)

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        query, values = listing_unfinished(places_of(mode, account, kinds), limit)
        with self._file.connection() as db:
            return shown(db.execute(query, values))

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

    def _is_stored(self, values: Mapping[str, Any], failure: LedgerUnavailable) -> bool:
        """A commit that failed may have happened: is our own write there, owner and all,
        and durable by now?"""
        if failure.__cause__ is None or is_locked(failure.__cause__):
            return False  # nothing was begun
        try:
            with self._file.connection(in_budget=False) as db:
                return db.execute(_CONFIRM, values).rowcount == 1
        except LedgerUnavailable:
            return False


def _first(
    db: sqlite3.Connection, query: str, values: tuple[bytes | int, ...]
) -> LedgerEntry | None:
    row = db.execute(query, values).fetchone()
    return None if row is None else entry_in(*row)
