"""How a write to the SQLite ledger is committed: in one step with the look at its line, which it
takes, and at what may hold it back, with what goes along, and waiting for the disk or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry, Turn
from webhook_core.ledger.keys import digest, microseconds
from webhook_core.ledger.sqlite.entries import entry_in
from webhook_core.risk.gates import held_back, pauses_of

if TYPE_CHECKING:
    from webhook_core.ledger.turns import Refusal

_TEXT = "SELECT text FROM documents WHERE name = ?"
_TAKEN = (
    "INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET text = "
    "excluded.text, version = version + 1"
)
_PAUSES = "SELECT name, text FROM documents WHERE name IN (?, ?)"
_LINE = (
    "SELECT * FROM (SELECT document, version FROM entries WHERE line = :line ORDER BY fired_at "
    "DESC LIMIT 2)"
    " UNION ALL SELECT * FROM (SELECT document, version FROM entries WHERE line = :line AND "
    "fired_at = :fired_at"
    " ORDER BY id DESC LIMIT :ties)"
    " UNION ALL SELECT document, version FROM entries INDEXED BY entries_submitting"
    " WHERE line = :line AND state = 'SUBMITTING'"
)
"""Of a line: who was fired last, and who was fired when the entry was, each with one more in case
that is the entry itself; and who is SUBMITTING."""
_MARK = "SELECT owner FROM lines WHERE line = ?"
_TURN_TAKEN = (
    "INSERT INTO lines VALUES (?, ?) ON CONFLICT (line) DO UPDATE SET owner = excluded.owner"
)


@contextmanager
def durable(db: sqlite3.Connection, *, waits: bool) -> Iterator[None]:
    """NORMAL leaves a commit in the write-ahead log without waiting for the disk (sqlite.org,
    pragma synchronous)."""
    if waits:
        yield
        return
    db.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        db.execute("PRAGMA synchronous = FULL")


@contextmanager
def in_one_step(db: sqlite3.Connection, entry: LedgerEntry) -> Iterator[None]:
    """The write and the look at its line and at what may hold it back, without anybody in between.

    Where there is nothing to look at, the one statement is a step already.
    """
    if entry.turn is None and not entry.takes and not pauses_of(entry):
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


def undone_if_refused(db: sqlite3.Connection, entry: LedgerEntry) -> Refusal | HeldBack | None:
    """For an entry that this transaction has written: what refuses it, and then nothing was
    written. Raises WebhookError where it may not take what it wants; then nothing is either."""
    held = _hold(db, entry)
    return held if held is not None or entry.turn is None else _take_turn(db, entry, entry.turn)


def _hold(db: sqlite3.Connection, entry: LedgerEntry) -> HeldBack | None:
    names = pauses_of(entry)
    held = held_back(entry, dict(db.execute(_PAUSES, names).fetchall())) if names else None
    if held is not None:
        db.rollback()
        return held
    for take in entry.takes:
        row = db.execute(_TEXT, (take.name,)).fetchone()
        text = take.after(None if row is None else row[0])
        if text is not None:
            db.execute(_TAKEN, (take.name, text))
    return None


def mark_of(db: sqlite3.Connection, line: bytes) -> str:
    row = db.execute(_MARK, (line,)).fetchone()
    return "" if row is None else str(row[0])


def _take_turn(db: sqlite3.Connection, entry: LedgerEntry, turn: Turn) -> Refusal | None:
    """For an entry that this transaction has written: the line is its own now, or else
    nothing was written."""
    from webhook_core.ledger.turns import MOST_TIES, refusal  # few orders depend on others

    line = digest(turn.line)
    look = {"line": line, "fired_at": microseconds(turn.fired_at), "ties": MOST_TIES + 1}
    refused = refusal(entry, [entry_in(*row) for row in db.execute(_LINE, look)], mark_of(db, line))
    if refused is None:
        db.execute(_TURN_TAKEN, (line, entry.current.owner))
    else:
        db.rollback()
    return refused
