"""How a write to the SQLite ledger is committed: in one step with the look at its line, and waiting
for the disk or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from webhook_core.ledger.entry import LedgerEntry
from webhook_core.risk.gates import pauses_of


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
