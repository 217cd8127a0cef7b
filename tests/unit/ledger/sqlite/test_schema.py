"""A ledger file of an earlier program opens, with everything in it, and whoever opens it first
brings it up to date."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.support.ledger_entries import LINE, NOON, accepted_orders, in_turn, moved, submitting
from tests.support.ledger_workers import open_sqlite, winners
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Existing, Recorded, Waiting
from webhook_core.ledger.entry import State
from webhook_core.ledger.keys import base_digest, microseconds
from webhook_core.ledger.serial import to_document
from webhook_core.ledger.sqlite import schema
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.transitions import next_attempt
from webhook_core.ledger.unfinished import Unfinished

FIRST_SCHEMA = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, base BLOB NOT NULL, generation INTEGER NOT NULL,
    strategy TEXT NOT NULL, state TEXT NOT NULL,
    claimed_at INTEGER NOT NULL, document TEXT NOT NULL, version INTEGER NOT NULL,
    UNIQUE (base, generation));
CREATE INDEX entries_by_state ON entries (state, claimed_at);
CREATE INDEX entries_by_strategy ON entries (strategy, state, claimed_at);
CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT NULL)
    WITHOUT ROWID;
PRAGMA user_version = 1;
"""

SECOND_SCHEMA = """
ALTER TABLE entries ADD COLUMN line BLOB;
ALTER TABLE entries ADD COLUMN fired_at INTEGER;
CREATE INDEX entries_submitting ON entries (line) WHERE line IS NOT NULL AND state = 'SUBMITTING';
CREATE INDEX entries_by_line ON entries (line, fired_at) WHERE line IS NOT NULL;
PRAGMA user_version = 2;
"""
THIRD_SCHEMA = """
CREATE TABLE lines (line BLOB PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 3;
"""
EARLIER = (FIRST_SCHEMA, SECOND_SCHEMA, THIRD_SCHEMA)


def write_with_an_earlier_schema(path, entry, version=1) -> None:
    """As the program wrote it before there were turns (1), marks of lines (2), or an index of
    unfinished orders (3)."""
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
        for schema in EARLIER[1:version]:
            other.executescript(schema)


EARLIER_VERSIONS = pytest.mark.parametrize("version", range(1, len(EARLIER) + 1))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@EARLIER_VERSIONS
def test_a_file_of_an_earlier_schema_is_brought_up_to_date(path, version):
    ledger, old = SqliteLedger(path), submitting("old")
    write_with_an_earlier_schema(path, old, version)
    found = ledger.find(old.unit)
    assert replace(found, version="") == old
    assert ledger.claim(submitting("old")) == Existing(found)
    assert ledger.read("book").text == "one"
    assert isinstance(ledger.record(moved(found, State.ACCEPTED)), Recorded)
    assert ledger.mark(LINE) == ""
    first = ledger.claim(in_turn("first", mark="")).entry
    assert ledger.mark(LINE) == first.current.owner
    assert ledger.claim(in_turn("second", 1)) == Waiting(first)
    ledger.close()
    new = path.with_name("new.db")
    with closing(SqliteLedger(new)) as another:
        another.entries()
    assert schema_of(path) == schema_of(new)


def schema_of(path) -> list:
    with closing(sqlite3.connect(path)) as other:
        made = other.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        return [
            *((name, (sql or "").split()) for name, sql in made),
            *other.execute("PRAGMA user_version"),
        ]


@EARLIER_VERSIONS
def test_processes_that_bring_a_file_up_to_date_at_once_do_it_once(path, version):
    write_with_an_earlier_schema(path, submitting("old"), version)
    assert winners(8, open_sqlite, str(path), ["old", "new"]) == ["new"]


@EARLIER_VERSIONS
def test_a_file_that_could_not_be_brought_up_to_date_stays_as_it_was(path, monkeypatch, version):
    write_with_an_earlier_schema(path, submitting("old"), version)
    before = schema_of(path)
    broken = (*schema._SCHEMAS[-1], "CREATE INDEX nonsense ON nowhere (nothing)")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_SCHEMAS", (*schema._SCHEMAS[:-1], broken))
        with pytest.raises(LedgerUnavailable):
            SqliteLedger(path).claim(submitting())
    assert schema_of(path) == before
    ledger = SqliteLedger(path)
    assert isinstance(ledger.claim(submitting("old")), Existing)
    ledger.close()


def test_a_turn_of_the_second_schema_is_still_one(path):
    """Taken before there were marks: it keeps others waiting, and its next attempt is the
    first to set the mark."""
    ledger = SqliteLedger(path)
    first = ledger.claim(in_turn("first")).entry
    ledger.close()
    with closing(sqlite3.connect(path)) as other, other:
        other.executescript(
            "DROP TABLE notes; DROP TABLE lines; DROP INDEX entries_by_order; DROP INDEX "
            "entries_unfinished;"
            "ALTER TABLE entries DROP COLUMN unfinished; PRAGMA user_version = 2;"
        )
    assert ledger.claim(in_turn("second", 1)) == Waiting(first)
    assert ledger.mark(LINE) == ""
    unsent = ledger.record(moved(first, State.NOT_SENT)).entry
    again = ledger.claim_next(next_attempt(unsent, unsent.current.request, NOON, 10)).entry
    assert ledger.mark(LINE) == again.current.owner
    ledger.close()


def test_an_order_of_an_earlier_schema_that_may_still_trade_is_found_as_such(path):
    """By the rule that holds for new ones; what is not JSON is left as it is."""
    ledger = SqliteLedger(path)
    for name, entry in accepted_orders().items():
        stored = ledger.claim(replace(submitting(name), attempts=entry.attempts[:1])).entry
        ledger.record(replace(entry, unit=stored.unit, version=stored.version))
    before = {entry.unit for entry in ledger.unfinished("paper", "main", tuple(Unfinished), 50)}
    assert {unit.alert_key for unit in before} == {
        "asked at market",
        "never asked",
        "resting",
        "in parts",
        "canceling",
    }
    ledger.close()
    with closing(sqlite3.connect(path)) as other, other:
        other.executescript(
            "DROP TABLE notes; DROP INDEX entries_by_order; DROP INDEX entries_unfinished;"
            "ALTER TABLE entries DROP COLUMN unfinished; PRAGMA user_version = 3;"
            "INSERT INTO entries (base, generation, strategy, state, claimed_at, document, version)"
            " VALUES (x'00', 0, 's', 'ACCEPTED', 1, 'no JSON', 1), (x'01', 0, 's', 'ACCEPTED', 1, "
            "'[]', 1);"
        )
    assert {
        entry.unit for entry in ledger.unfinished("paper", "main", tuple(Unfinished), 50)
    } == before
    found = ledger.of_orders("paper", "main", ["Oresting", "Odone", "Onobody"])
    assert {entry.unit.alert_key for entry in found} == {"resting", "done"}
    assert {entry.unit.alert_key for entry in ledger.unfinished("paper", "main",
            (Unfinished.RESTING,), 50)} == {
        "resting", "in parts", "canceling"
    }  # fmt: skip
    ledger.close()
