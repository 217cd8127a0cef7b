"""One winner, and nothing forgotten, when several processes share a ledger."""

from __future__ import annotations

import os
import signal
import stat
import tempfile
from pathlib import Path

import pytest

from tests.support.ledger_entries import moved, submitting
from tests.support.ledger_workers import (
    acted,
    claim_and_die,
    in_a_fork,
    open_firestore,
    open_sqlite,
    take_turns,
    winners,
)
from webhook_core.ledger.contract import Claimed, Existing, Recorded
from webhook_core.ledger.entry import State
from webhook_core.ledger.sqlite.ledger import SqliteLedger

PROCESSES = 8
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@pytest.fixture
def path():
    """On a disk: whoever waits for it lets the others in."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield str(Path(folder, "state", "ledger.db"))


def test_eight_processes_that_claim_one_unit_fifty_times_win_it_once(path):
    """The file does not exist yet: they also race to create it."""
    assert winners(PROCESSES, open_sqlite, path, ["alert"] * 50) == ["alert"]


def test_eight_processes_that_race_for_many_units_win_each_once(path):
    keys = [f"alert-{number:02}" for number in range(50)]
    assert winners(PROCESSES, open_sqlite, path, keys) == keys
    ledger = SqliteLedger(path)
    assert len(ledger.entries(limit=100).entries) == 50
    ledger.close()


def test_eight_processes_on_firestore_win_each_unit_once(firestore_project):
    keys = [f"alert-{number}" for number in range(10)]
    assert winners(PROCESSES, open_firestore, firestore_project, keys) == keys


def test_eight_processes_take_turns_on_one_line(path):
    """The file does not exist yet. Whoever has a turn while another has one fails."""
    keys = [f"alert-{number:02}" for number in range(25)]
    assert take_turns(PROCESSES, open_sqlite, path, keys) == keys


def test_of_eight_processes_that_read_the_same_facts_one_acts_on_them(path):
    """The file does not exist yet. Thirty lines, so that they meet in some."""
    lines = [f"trend/{number:02}" for number in range(30)]
    assert acted(PROCESSES, open_sqlite, path, lines) == lines


def test_of_processes_that_read_the_same_facts_on_firestore_one_acts_on_them(firestore_project):
    lines = [f"trend/{number}" for number in range(5)]
    assert acted(4, open_firestore, firestore_project, lines) == lines


def test_a_claim_outlives_the_process_that_was_killed_right_after_it(path):
    assert claim_and_die(open_sqlite, path, "alert") == -signal.SIGKILL
    ledger = SqliteLedger(path)
    found = ledger.find(submitting("alert").unit)
    assert found.state is State.SUBMITTING
    assert ledger.claim(submitting("alert")) == Existing(found)
    ledger.close()


def test_a_claim_on_firestore_outlives_its_process_too(firestore_project):
    assert claim_and_die(open_firestore, firestore_project, "alert") == -signal.SIGKILL
    ledger = open_firestore(firestore_project)
    assert isinstance(ledger.claim(submitting("alert")), Existing)
    ledger.close()


@needs_fork
def test_a_ledger_that_is_open_works_on_both_sides_of_a_fork(path):
    ledger = SqliteLedger(path)
    before = ledger.claim(submitting("before")).entry

    def child() -> bool:
        seen = ledger.claim(submitting("before")) == Existing(before)
        won = isinstance(ledger.claim(submitting("in the child")), Claimed)
        return seen and won and isinstance(ledger.record(moved(before, State.ACCEPTED)), Recorded)

    assert in_a_fork(child)
    assert ledger.find(before.unit).state is State.ACCEPTED
    assert isinstance(ledger.claim(submitting("in the child")), Existing)
    assert isinstance(ledger.claim(submitting("after")), Claimed)
    ledger.close()


@needs_fork
def test_the_connection_is_not_carried_across_a_fork(path):
    """SQLite's own locks live in the process: a child that inherits an open file believes
    that it holds them."""
    ledger = SqliteLedger(path)
    ledger.claim(submitting())

    file = Path(path).stat()

    def is_open(descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), file)
        except OSError:
            return False

    def nothing_is_open() -> bool:
        return not any(is_open(descriptor) for descriptor in range(256))

    assert not nothing_is_open()
    assert in_a_fork(nothing_is_open)
    ledger.close()


def test_the_files_are_for_their_owner_only(tmp_path):
    ledger = SqliteLedger(tmp_path / "a" / "b" / "ledger.db")
    ledger.claim(submitting())
    modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in (tmp_path / "a").rglob("*")}
    assert modes == {
        "b": 0o700,
        "ledger.db": 0o600,
        "ledger.db.mark": 0o600,
        "ledger.db-wal": 0o600,
        "ledger.db-shm": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    ledger.close()
