"""What may hold a claim back in SQLite, and what it takes with it: the pauses and the counts, read
and written inside the claim's own transaction."""

from __future__ import annotations

import sqlite3

from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.risk.gates import held_back, pauses_of

_TEXT = "SELECT text FROM documents WHERE name = ?"
_TAKEN = (
    "INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET text = "
    "excluded.text, version = version + 1"
)
_PAUSES = "SELECT name, text FROM documents WHERE name IN (?, ?)"


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
