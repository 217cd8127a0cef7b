"""What may hold a claim back in SQLite: the pauses, read inside the claim's own transaction."""

from __future__ import annotations

import sqlite3

from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.risk.gates import held_back, pauses_of

_PAUSES = "SELECT name, text FROM documents WHERE name IN (?, ?)"


def hold(db: sqlite3.Connection, entry: LedgerEntry) -> HeldBack | None:
    """For an entry that this transaction has written: where it is held back,
    nothing was written."""
    names = pauses_of(entry)
    if not names:
        return None
    held = held_back(entry, dict(db.execute(_PAUSES, names).fetchall()))
    if held is not None:
        db.rollback()
    return held
