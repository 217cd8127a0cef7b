"""A ledger file of an earlier program opens, with everything in it, and whoever opens it first brings it up to date."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.support.ledger_entries import in_turn, moved, submitting
from tests.support.ledger_workers import open_sqlite, winners
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger import sqlite_file
from webhook_core.ledger.entry import State
from webhook_core.ledger.serial import base_digest, microseconds, to_document
from webhook_core.ledger.sqlite import SqliteLedger
from webhook_core.ports import Existing, Recorded, Waiting

FIRST_SCHEMA = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, base BLOB NOT NULL, generation INTEGER NOT NULL, strategy TEXT NOT NULL, state TEXT NOT NULL,
    claimed_at INTEGER NOT NULL, document TEXT NOT NULL, version INTEGER NOT NULL, UNIQUE (base, generation));
CREATE INDEX entries_by_state ON entries (state, claimed_at);
CREATE INDEX entries_by_strategy ON entries (strategy, state, claimed_at);
CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


def write_with_the_first_schema(path, entry) -> None:
    """As the program wrote it before there were turns."""
    document = to_document(entry)
    del document["turn"]
    with closing(sqlite3.connect(path)) as other, other:
        other.executescript(FIRST_SCHEMA)
        row = (
            base_digest(entry.unit),
            0,
            entry.strategy,
            entry.state,
            microseconds(entry.claimed_at),
            json.dumps(document),
        )
        other.execute("INSERT INTO entries VALUES (1, ?, ?, ?, ?, ?, ?, 1)", row)
        other.execute("INSERT INTO documents VALUES ('book', 'one', 1)")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def test_a_file_of_the_first_schema_is_brought_up_to_date(path):
    ledger, old = SqliteLedger(path), submitting("old")
    write_with_the_first_schema(path, old)
    found = ledger.find(old.unit)
    assert replace(found, version="") == old
    assert ledger.claim(submitting("old")) == Existing(found)
    assert ledger.read("book").text == "one"
    assert isinstance(ledger.record(moved(found, State.ACCEPTED)), Recorded)
    first = ledger.claim(in_turn("first")).entry
    assert ledger.claim(in_turn("second", 1)) == Waiting(first)
    ledger.close()
    new = path.with_name("new.db")
    with closing(SqliteLedger(new)) as another:
        another.entries()
    assert schema_of(path) == schema_of(new)


def schema_of(path) -> list:
    with closing(sqlite3.connect(path)) as other:
        made = other.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        return [*((name, (sql or "").split()) for name, sql in made), *other.execute("PRAGMA user_version")]


def test_processes_that_bring_a_file_up_to_date_at_once_do_it_once(path):
    write_with_the_first_schema(path, submitting("old"))
    assert winners(8, open_sqlite, str(path), ["old", "new"]) == ["new"]


def test_a_file_that_could_not_be_brought_up_to_date_stays_as_it_was(path, monkeypatch):
    write_with_the_first_schema(path, submitting("old"))
    before = schema_of(path)
    broken = (*sqlite_file._SCHEMAS[1], "CREATE INDEX nonsense ON nowhere (nothing)")
    with monkeypatch.context() as patched:
        patched.setattr(sqlite_file, "_SCHEMAS", (sqlite_file._SCHEMAS[0], broken))
        with pytest.raises(LedgerUnavailable):
            SqliteLedger(path).claim(submitting())
    assert schema_of(path) == before
    ledger = SqliteLedger(path)
    assert isinstance(ledger.claim(submitting("old")), Existing)
    ledger.close()
