"""The ledger in one SQLite file: the embedded default. Durable before it answers, and one winner across processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State, Unit
from webhook_core.ledger.serial import (
    base_digest,
    cursor_text,
    from_text,
    line_digest,
    microseconds,
    read_cursor,
    to_text,
)
from webhook_core.ledger.sqlite_file import SqliteFile, is_locked
from webhook_core.ledger.turns import refusal
from webhook_core.ports import Claim, Claimed, Document, Existing, Page, Recorded, Superseded, Waiting

T = TypeVar("T")
_CLAIM = (
    "INSERT INTO entries (base, generation, strategy, state, claimed_at, line, fired_at, document, version)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING"
)
_RECORD = "UPDATE entries SET state = ?, document = ?, version = version + 1 WHERE base = ? AND generation = ? AND version = ?"
# Writes what is there already: its commit is the proof that our own text, seen after a failed commit, is durable.
_CONFIRM = "UPDATE entries SET document = document WHERE base = ? AND generation = ? AND document = ? AND version = ?"
_FIND = "SELECT document, version FROM entries WHERE base = ? AND generation = ?"
_NEWEST = "SELECT document, version FROM entries WHERE base = ? ORDER BY generation DESC LIMIT 1"
_LINE = (
    "SELECT * FROM (SELECT document, version FROM entries WHERE line = ? ORDER BY fired_at DESC LIMIT 2)"
    " UNION ALL SELECT document, version FROM entries INDEXED BY entries_submitting WHERE line = ? AND state = 'SUBMITTING'"
)
"""Of a line: who was fired last, and one more in case that is the entry itself; and who is SUBMITTING."""
_DAMAGED = "The ledger is not available: an entry in it can't be read."


class SqliteLedger:
    """Ledger and Documents. ``timeout_s`` bounds each wait for a lock."""

    def __init__(self, path: str | Path, *, timeout_s: float = 1.0) -> None:
        self._file = SqliteFile(path, timeout_s)

    def close(self) -> None:
        """Give the file back. The next use opens it again."""
        self._file.close()

    def claim(self, entry: LedgerEntry) -> Claim:
        document = to_text(entry)
        key = _key(entry.unit)
        row = (*key, entry.strategy, entry.state, microseconds(entry.claimed_at), *_place(entry), document)
        try:
            for _ in range(2):  # twice: the entry in our way may be purged before we have read it
                with self._file.connection() as db, _in_one_step(db, entry):
                    if db.execute(_CLAIM, row).rowcount == 1:
                        refused = _undone_if_refused(db, entry)
                        if refused is not None:
                            return refused
                        return Claimed(replace(entry, version="1"))
                    stored = _first(db, _FIND, key)
                if stored is not None:
                    return Existing(stored)
        except LedgerUnavailable as failure:
            if not self._is_stored(entry, document, 1, failure):
                raise
            return Claimed(replace(entry, version="1"))
        raise LedgerUnavailable("The ledger is not available: an entry comes and goes.")

    def claim_next(self, entry: LedgerEntry) -> Claim:
        written: Recorded | Claim = self._compare_and_set(entry, _undone_if_refused)
        if isinstance(written, Recorded):
            return Claimed(written.entry)
        return written

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        return self._compare_and_set(entry, lambda _db, _entry: None)

    def _compare_and_set(
        self, entry: LedgerEntry, refusal_of: Callable[[sqlite3.Connection, LedgerEntry], T | None]
    ) -> Recorded | Existing | T:
        document = to_text(entry)
        key = _key(entry.unit)
        version = _number(entry.version)
        changed = Recorded(replace(entry, version=str(version + 1)))
        try:
            with self._file.connection() as db, _in_one_step(db, entry):
                if db.execute(_RECORD, (entry.state, document, *key, version)).rowcount == 1:
                    return refusal_of(db, entry) or changed
                stored = _first(db, _FIND, key)
        except LedgerUnavailable as failure:
            if not self._is_stored(entry, document, version + 1, failure):
                raise
            return changed
        if stored is None:
            raise LedgerUnavailable("The ledger holds no such entry any more.")
        return Existing(stored)

    def find(self, unit: Unit) -> LedgerEntry | None:
        with self._file.connection() as db:
            return _first(db, _FIND, _key(unit))

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
        query, values = _listing(wanted, strategy, after, limit + 1, newest_first)
        with self._file.connection() as db:
            rows = db.execute(query, values).fetchall()
        page = [_entry(document, version) for _, _, document, version in rows[:limit]]
        following = cursor_text(page[-1].claimed_at, str(rows[limit - 1][1])) if len(rows) > limit else None
        return Page(page, following)

    def purge(self, claimed_before: datetime, limit: int) -> int:
        oldest = " UNION ALL ".join(
            "SELECT * FROM (SELECT id, claimed_at FROM entries WHERE state = ? AND claimed_at < ? ORDER BY claimed_at LIMIT ?)"
            for _ in TERMINAL
        )
        each = [value for state in TERMINAL for value in (state, microseconds(claimed_before), limit)]
        statement = f"DELETE FROM entries WHERE id IN (SELECT id FROM ({oldest}) ORDER BY claimed_at LIMIT ?)"  # noqa: S608  no value is in the text
        with self._file.connection() as db:
            return db.execute(statement, (*each, limit)).rowcount

    def read(self, name: str) -> Document | None:
        with self._file.connection() as db:
            row = db.execute("SELECT text, version FROM documents WHERE name = ?", (name,)).fetchone()
        return None if row is None else Document(row[0], str(row[1]))

    def write(self, name: str, text: str, version: str | None) -> bool:
        with self._file.connection() as db:
            if version is None:
                written = db.execute("INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT DO NOTHING", (name, text))
            else:
                written = db.execute(
                    "UPDATE documents SET text = ?, version = version + 1 WHERE name = ? AND version = ?",
                    (text, name, _number(version)),
                )
            return written.rowcount == 1

    def _is_stored(self, entry: LedgerEntry, document: str, version: int, failure: LedgerUnavailable) -> bool:
        """A commit that failed may have happened: is our own write there, owner and all, and durable by now?"""
        if failure.__cause__ is None or is_locked(failure.__cause__):
            return False  # nothing was begun
        try:
            with self._file.connection() as db:
                return db.execute(_CONFIRM, (*_key(entry.unit), document, version)).rowcount == 1
        except LedgerUnavailable:
            return False


def _key(unit: Unit) -> tuple[bytes, int]:
    return base_digest(unit), unit.generation


def _place(entry: LedgerEntry) -> tuple[bytes | None, int | None]:
    return (None, None) if entry.turn is None else (line_digest(entry.turn), microseconds(entry.turn.fired_at))


@contextmanager
def _in_one_step(db: sqlite3.Connection, entry: LedgerEntry) -> Iterator[None]:
    """The write and the look at its line, without anybody in between. Without a turn the one statement is a step already."""
    if entry.turn is None:
        yield
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    if db.in_transaction:  # nothing is left of one that was refused
        db.execute("COMMIT")


def _undone_if_refused(db: sqlite3.Connection, entry: LedgerEntry) -> Waiting | Superseded | None:
    if entry.turn is None:
        return None
    line = line_digest(entry.turn)
    refused = refusal(entry, [_entry(*row) for row in db.execute(_LINE, (line, line)).fetchall()])
    if refused is not None:
        db.rollback()
    return refused


def _number(version: str) -> int:
    """-1, which no row has, for a text that is no version of ours."""
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 19 else -1


def _first(db: sqlite3.Connection, query: str, values: tuple[bytes | int, ...]) -> LedgerEntry | None:
    row = db.execute(query, values).fetchone()
    return None if row is None else _entry(*row)


def _entry(document: str, version: int) -> LedgerEntry:
    try:
        return from_text(document, str(version))
    except ValueError as error:
        raise LedgerUnavailable(_DAMAGED) from error


def _listing(
    states: list[State], strategy: str | None, after: tuple[datetime, str] | None, limit: int, newest_first: bool
) -> tuple[str, list[str | int]]:
    """One short walk along an index for each state, merged: no number of entries makes it slow."""
    direction, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    where = "state = ?" if strategy is None else "strategy = ? AND state = ?"
    position: list[str | int] = []
    if after is not None:
        where += f" AND (claimed_at, id) {beyond} (?, ?)"
        position = [microseconds(after[0]), int(after[1])]
    order = f"ORDER BY claimed_at {direction}, id {direction} LIMIT ?"
    one = f"SELECT * FROM (SELECT claimed_at, id, document, version FROM entries WHERE {where} {order})"  # noqa: S608  only our own words
    values: list[str | int] = []
    for state in states:
        values += [*([] if strategy is None else [strategy]), state, *position, limit]
    return f"SELECT * FROM ({' UNION ALL '.join([one] * len(states))}) {order}", [*values, limit]  # noqa: S608  the same
