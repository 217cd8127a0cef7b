"""The tables of a ledger in SQLite, and how a file of an earlier program gets them."""

from __future__ import annotations

import sqlite3

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.sqlite.mark import given_id

_SCHEMA_1 = (
    # One index says "once" and finds the newest generation; its keys are digests, so it grows with
    # entries and not with the length of what senders call them. The two others hold every list that
    # we give, in order.
    "CREATE TABLE entries (\n"
    "        id INTEGER PRIMARY KEY, base BLOB NOT NULL, generation INTEGER NOT NULL,"
    " strategy TEXT NOT NULL, state TEXT NOT NULL,\n"
    "        claimed_at INTEGER NOT NULL, document TEXT NOT NULL, version INTEGER NOT NULL,"
    " UNIQUE (base, generation))",
    "CREATE INDEX entries_by_state ON entries (state, claimed_at)",
    "CREATE INDEX entries_by_strategy ON entries (strategy, state, claimed_at)",
    (
        "CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT "
        "NULL) WITHOUT ROWID"
    ),
)
_SCHEMA_2 = (
    # Whose turn it is, and what was fired last. An entry without a turn stands in neither index.
    "ALTER TABLE entries ADD COLUMN line BLOB",
    "ALTER TABLE entries ADD COLUMN fired_at INTEGER",
    (
        "CREATE INDEX entries_submitting ON entries (line) WHERE line IS NOT NULL AND state = "
        "'SUBMITTING'"
    ),
    "CREATE INDEX entries_by_line ON entries (line, fired_at) WHERE line IS NOT NULL",
)
_SCHEMA_3 = (
    # Who claimed last in a line: a plan that rests on what was held before then is out of date.
    "CREATE TABLE lines (line BLOB PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID",
)
_SCHEMA_4 = (
    # Accepted orders that may still trade: a plan asks for them however long ago they were placed.
    # ledger.unfinished says which; an entry of before is judged here by the same rule, and one that
    # is not JSON is none.
    "ALTER TABLE entries ADD COLUMN unfinished TEXT",
    "UPDATE entries SET unfinished = json_extract(document, '$.unit.mode') || '/' ||"
    " json_extract(document,\n"
    "        '$.unit.account') || CASE"
    " json_extract(document, '$.attempts[#-1].request.parameters.ordertype')\n"
    "        WHEN 'market' THEN '/market' ELSE '/resting' END\n"
    "        WHERE state = 'ACCEPTED' AND CASE WHEN json_valid(document) THEN\n"
    "        json_extract(document, '$.attempts[#-1].request.method') IS NULL\n"
    "        AND json_extract(document, '$.attempts[#-1].order_id') <> ''\n"
    "        AND ifnull(json_extract(document, '$.attempts[#-1].fill.status'), 'open')"
    " IN ('open', 'pending') END",
    "CREATE INDEX entries_unfinished ON entries (unfinished) WHERE unfinished IS NOT NULL",
)
ORDER_ID = (
    "CASE WHEN json_valid(document) THEN json_extract(document, '$.attempts[#-1].order_id') END"
)
"""What an entry's last attempt came to at the venue."""
_SCHEMA_5 = (
    # Whose an open order is, however old: found by its id at the venue. Entries of before
    # stand in it as well.
    f"CREATE INDEX entries_by_order ON entries ({ORDER_ID}) WHERE state = 'ACCEPTED'",
)
_SCHEMA_6 = (
    # What is kept of alerts without an entry, in the order of time.
    """CREATE TABLE notes (key TEXT PRIMARY KEY, at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        strategy TEXT NOT NULL, text TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX notes_by_time ON notes (at)",
    "CREATE INDEX notes_by_strategy ON notes (strategy, at)",
)
_SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4, _SCHEMA_5, _SCHEMA_6)
"""Each brings a file from the schema before it to its own; a new file goes through all of them."""
SCHEMA_VERSION = len(_SCHEMAS)


def prepare(db: sqlite3.Connection) -> None:
    """The connection as we want it, and the tables up to date. Raises LedgerUnavailable."""
    # In WAL the weaker NORMAL may lose the last commits with the power.
    db.execute("PRAGMA synchronous = FULL")
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise LedgerUnavailable.because("its file system can't keep a write-ahead log")
    bring_up_to_date(db)


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """The tables, whichever version made them. Raises LedgerUnavailable."""
    if _schema_version(db) == SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    version = _schema_version(db)
    if version > SCHEMA_VERSION:
        raise LedgerUnavailable.because(f"its file has schema {version}, newer than this program")
    for statement in [statement for schema in _SCHEMAS[version:] for statement in schema]:
        db.execute(statement)
    if not version:
        given_id(db)  # in the same commit: the first alert on a new file waits for one fewer
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _schema_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
