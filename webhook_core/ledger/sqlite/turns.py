"""A claim in SQLite that depends on others: inside its transaction, what its line says, and the
line once it is claimed."""

from __future__ import annotations

import sqlite3

from webhook_core.ledger.entry import LedgerEntry, Turn
from webhook_core.ledger.keys import line_digest, microseconds
from webhook_core.ledger.sqlite.entries import entry_in
from webhook_core.ledger.turns import MOST_TIES, Refusal, refusal

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
_TAKEN = "INSERT INTO lines VALUES (?, ?) ON CONFLICT (line) DO UPDATE SET owner = excluded.owner"


def mark_of(db: sqlite3.Connection, line: bytes) -> str:
    row = db.execute(_MARK, (line,)).fetchone()
    return "" if row is None else str(row[0])


def take_turn(db: sqlite3.Connection, entry: LedgerEntry, turn: Turn) -> Refusal | None:
    """For an entry that this transaction has written: the line is its own now, or else
    nothing was written."""
    line = line_digest(turn.line)
    look = {"line": line, "fired_at": microseconds(turn.fired_at), "ties": MOST_TIES + 1}
    refused = refusal(entry, [entry_in(*row) for row in db.execute(_LINE, look)], mark_of(db, line))
    if refused is None:
        db.execute(_TAKEN, (line, entry.current.owner))
    else:
        db.rollback()
    return refused
