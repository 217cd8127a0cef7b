"""How a write to the SQLite ledger is committed: in one step with the look at its line and at what
may hold it back, with what it takes along, and waiting for the disk or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.risk.gates import held_back, pauses_of

_TEXT = "SELECT text FROM documents WHERE name = ?"
_TAKEN = (
    "INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET text = "
    "excluded.text, version = version + 1"
)
_PAUSES = "SELECT name, text FROM documents WHERE name IN (?, ?)"


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


def hold(db: sqlite3.Connection, entry: LedgerEntry) -> HeldBack | None:
    """For an entry that this transaction has written: where it is held back, nothing was written.
    Raises WebhookError where it may not take what it wants; then nothing is written either."""
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
