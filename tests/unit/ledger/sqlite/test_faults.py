"""A SQLite ledger whose file, disk or neighbours fail says so in one
sentence, and loses nothing."""

from __future__ import annotations

import os
import resource
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.ledger_entries import LINE, NOON, in_turn, moved, submitting
from tests.support.ledger_workers import in_a_fork
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, Recorded, Waiting
from webhook_core.ledger.entry import State
from webhook_core.ledger.keys import base_digest
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.transitions import next_attempt

NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    made = SqliteLedger(path, timeout_s=0.1)
    yield made
    made.close()


def every_operation(ledger):
    """By name, so that a failing one is named."""
    entry = replace(submitting("another"), version="1")
    return {
        "claim": lambda: ledger.claim(entry),
        "record": lambda: ledger.record(moved(entry, State.ACCEPTED)),
        "find": lambda: ledger.find(entry.unit),
        "mark": lambda: ledger.mark(LINE),
        "newest_generation": lambda: ledger.newest_generation(entry.unit),
        "entries": ledger.entries,
        "purge": lambda: ledger.purge(NOON, 10),
        "read": lambda: ledger.read("book"),
        "write": lambda: ledger.write("book", "text", None),
    }


def refusals(ledger, names=None):
    """What each operation says; every one of them must fail."""
    said = {}
    for name, operation in every_operation(ledger).items():
        if names is None or name in names:
            with pytest.raises(LedgerUnavailable) as caught:
                operation()
            assert isinstance(caught.value.__cause__, sqlite3.Error | OSError)
            said[name] = caught.value.message
    return said


def test_a_file_that_is_no_database_is_refused_and_left_alone(ledger, path):
    path.write_bytes(b"my diary\n" * 1000)
    assert set(refusals(ledger).values()) == {
        "The ledger is not available: its file is damaged, or no ledger."
    }
    assert path.read_bytes() == b"my diary\n" * 1000


def test_a_damaged_file_is_refused(ledger, path):
    for number in range(50):
        ledger.claim(submitting(f"alert-{number}"))
    ledger.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert set(refusals(ledger).values()) == {"The ledger is not available: its file is damaged."}


def test_an_entry_that_cannot_be_read_is_not_taken_for_absent(ledger, path, caplog):
    entry = ledger.claim(submitting()).entry
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE entries SET document = '{\"unit\": 1}', version = 2")
    for operation in (
        lambda: ledger.claim(submitting()),
        lambda: ledger.record(moved(entry, State.ACCEPTED)),
        lambda: ledger.find(entry.unit),
        lambda: ledger.newest_generation(entry.unit),
    ):
        with pytest.raises(LedgerUnavailable, match="an entry in it can't be read"):
            operation()
    assert not caplog.records


def test_an_entry_that_cannot_be_read_is_left_out_of_lists_and_logged(ledger, path, caplog):
    """As a later version may write it; everything else can still be listed and reconciled."""
    entries = [ledger.claim(submitting(f"alert-{number}")).entry for number in range(4)]
    with closing(sqlite3.connect(path)) as other, other:
        for number in (1, 2):
            other.execute(
                (
                    "UPDATE entries SET document = replace(document, 'SUBMITTING', 'LATER') WHERE "
                    "base = ?"
                ),
                (base_digest(entries[number].unit),),
            )
    assert ledger.entries().entries == [entries[3], entries[0]]
    logged = [(record.levelname, record.message, record.facts["key"]) for record in caplog.records]
    keys = [base_digest(entries[number].unit).hex() for number in (2, 1)]
    assert logged == [("WARNING", "ledger.entry_unreadable", key) for key in keys]
    assert caplog.records[0].facts["reason"] == "'LATER' is not a valid State"
    one_by_one, cursor = [], None
    while cursor is not None or not one_by_one:
        page = ledger.entries(limit=1, cursor=cursor, newest_first=False)
        one_by_one += [page.entries]
        cursor = page.cursor
    assert one_by_one == [[entries[0]], [], [], [entries[3]]]


def test_a_file_of_a_newer_program_is_refused_and_left_alone(ledger, path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 7")
    with pytest.raises(LedgerUnavailable, match="schema 7, newer than this program"):
        ledger.claim(submitting())
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_lock_that_is_held_too_long_is_reported_in_time_and_forgotten_after_it(ledger, path):
    first = ledger.claim(submitting()).entry
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        said = refusals(ledger, {"claim", "record", "purge", "write"})
        assert time.monotonic() - began < 4 * 0.5
        assert set(said.values()) == {
            "The ledger is not available: somebody else holds its file locked."
        }
        assert ledger.find(first.unit) == first  # readers don't wait for writers
        other.execute("ROLLBACK")
    assert isinstance(ledger.claim(submitting("another")), Claimed)


def test_a_thread_that_waits_too_long_for_the_others_gives_up(ledger):
    ledger.claim(submitting())
    caught = []

    def claim() -> None:
        try:
            ledger.claim(submitting("another"))
        except LedgerUnavailable as error:
            caught.append(error.message)

    with ledger._file.connection():
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join(5)
    assert caught == ["The ledger is not available: too many requests wait for it."]
    assert ledger.find(submitting("another").unit) is None


def test_a_directory_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("in the way")
    ledger = SqliteLedger(tmp_path / "file" / "state" / "ledger.db")
    assert set(refusals(ledger).values()) == {
        "The ledger is not available: its file can't be used (Not a directory)."
    }


def test_a_directory_in_the_place_of_the_file_is_reported(tmp_path):
    assert set(refusals(SqliteLedger(tmp_path)).values()) == {
        "The ledger is not available: its file can't be opened."
    }


def test_a_file_that_may_only_be_read_takes_no_claim_and_keeps_what_it_has():
    with tempfile.TemporaryDirectory() as name:
        directory, path = Path(name), Path(name) / "ledger.db"
        ledger = SqliteLedger(path, timeout_s=0.1)
        first = ledger.claim(submitting()).entry
        ledger.close()
        path.chmod(0o444)
        directory.chmod(0o555)

        def says_so() -> bool:
            if os.geteuid() == 0:  # root may write everything
                os.setuid(NOBODY)
            said = refusals(ledger, {"claim", "record", "purge", "write"})
            return all("its file can't be" in sentence for sentence in said.values())

        try:
            assert in_a_fork(says_so)
        finally:
            directory.chmod(0o755)
            path.chmod(0o644)
        assert ledger.find(first.unit) == first
        assert ledger.find(submitting("another").unit) is None
        ledger.close()


def claim_until_it_fails(ledger) -> list[str]:
    """The keys whose claims were answered with Claimed."""
    won: list[str] = []
    try:
        for number in range(2000):
            assert isinstance(ledger.claim(submitting(f"alert-{number:04}")), Claimed)
            won.append(f"alert-{number:04}")
    except LedgerUnavailable as error:
        if "its disk" not in error.message:
            raise
        return won
    raise AssertionError("it never failed")


def keys(ledger) -> list[str]:
    return sorted(entry.unit.alert_key for entry in ledger.entries(limit=3000).entries)


def test_a_full_database_takes_no_claim_and_keeps_those_it_has(ledger):
    first = ledger.claim(submitting()).entry
    with ledger._file.connection() as connection:
        connection.execute("PRAGMA max_page_count = 30")
    won = claim_until_it_fails(ledger)
    assert len(won) > 10
    assert keys(ledger) == sorted(["alert-1", *won])
    assert isinstance(ledger.record(moved(first, State.ACCEPTED)), Recorded)  # there is space again
    assert isinstance(ledger.claim(submitting("later")), Claimed)


def test_a_disk_that_takes_no_more_bytes_loses_no_claim(ledger, path):
    """A real failure of write(2), in the middle of a commit: RLIMIT_FSIZE."""
    ledger.claim(submitting("first"))
    report = path.with_name("report")

    def write_to_the_limit() -> bool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        report.write_text(" ".join(claim_until_it_fails(ledger)))
        return True

    assert in_a_fork(write_to_the_limit)
    won = report.read_text().split()
    assert len(won) > 5
    assert set(keys(ledger)) >= {"first", *won}
    # The one that failed may be there or not; nobody was told that it was claimed, and
    # nobody wins it twice.
    assert len(keys(ledger)) <= len(won) + 2
    assert isinstance(ledger.claim(submitting("later")), Claimed)


class _FaultyConnection(sqlite3.Connection):
    """Runs a statement that begins like ``at``, as far as ``runs`` says, and then
    fails as a disk does."""

    at = ""
    runs = True
    times = 0

    def execute(self, sql, *arguments):
        cls = _FaultyConnection
        if cls.times and sql.startswith(cls.at):
            cls.times -= 1
            if cls.runs:
                super().execute(sql, *arguments)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql, *arguments)


@pytest.fixture
def fail(monkeypatch):
    """Arms the fault: the statement's beginning, whether it takes effect, and how often."""
    real = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **named: real(*args, **named, factory=_FaultyConnection)
    )

    def arm(at: str, *, runs: bool, times: int = 1) -> None:
        _FaultyConnection.at, _FaultyConnection.runs, _FaultyConnection.times = at, runs, times

    yield arm
    _FaultyConnection.times = 0


def test_a_claim_whose_commit_failed_but_happened_is_ours(fail, ledger):
    entry = submitting()
    ledger.claim(submitting("warm-up"))
    ledger.close()
    fail("COMMIT", runs=True)
    result = ledger.claim(entry)
    assert result == Claimed(replace(entry, version="1"))
    assert ledger.claim(submitting()) == Existing(result.entry)
    assert isinstance(ledger.record(moved(result.entry, State.ACCEPTED)), Recorded)


def test_a_claim_that_failed_and_did_not_happen_is_no_claim(fail, ledger):
    fail("INSERT INTO entries", runs=False)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting())
    assert isinstance(ledger.claim(submitting()), Claimed)


def test_a_claim_that_failed_over_the_entry_of_another_is_not_ours(fail, ledger):
    first = ledger.claim(submitting()).entry
    ledger.close()
    fail("INSERT INTO entries", runs=True)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting())
    assert ledger.find(first.unit) == first


def test_a_claim_that_cannot_be_confirmed_as_durable_is_not_answered(fail, ledger):
    fail("", runs=True, times=1000)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting())


def test_a_record_whose_commit_failed_but_happened_is_recorded(fail, ledger):
    first = ledger.claim(submitting()).entry
    ledger.close()
    fail("UPDATE entries SET state", runs=True)
    result = ledger.record(moved(first, State.ACCEPTED))
    assert isinstance(result, Recorded)
    assert ledger.find(first.unit) == result.entry


def test_a_record_that_did_not_happen_is_not_recorded(fail, ledger):
    first = ledger.claim(submitting()).entry
    ledger.close()
    fail("UPDATE entries SET state", runs=False)
    with pytest.raises(LedgerUnavailable):
        ledger.record(moved(first, State.ACCEPTED))
    assert ledger.find(first.unit) == first


@pytest.mark.parametrize("runs", [True, False])
def test_a_claim_in_turn_whose_commit_failed_is_ours_if_it_happened(fail, ledger, runs):
    ledger.claim(submitting("warm-up"))
    ledger.close()
    fail("COMMIT", runs=runs)
    if runs:
        first = ledger.claim(in_turn("first", mark=""))
        assert isinstance(first, Claimed)
        assert ledger.find(first.entry.unit) == first.entry
        assert ledger.mark(LINE) == first.entry.current.owner
        assert ledger.claim(in_turn("second", 1)) == Waiting(first.entry)
    else:
        with pytest.raises(LedgerUnavailable):
            ledger.claim(in_turn("first", mark=""))
        assert ledger.find(in_turn("first").unit) is None
        assert ledger.mark(LINE) == ""
        assert isinstance(ledger.claim(in_turn("second", 1, mark="")), Claimed)


@pytest.mark.parametrize("runs", [True, False])
def test_a_next_attempt_in_turn_whose_commit_failed_is_ours_if_it_happened(fail, ledger, runs):
    unsent = ledger.record(moved(ledger.claim(in_turn("first")).entry, State.NOT_SENT)).entry
    again = next_attempt(unsent, unsent.current.request, NOON, 10)
    ledger.close()
    fail("COMMIT", runs=runs)
    if runs:
        result = ledger.claim_next(again)
        assert isinstance(result, Claimed)
        assert ledger.find(unsent.unit) == result.entry
    else:
        with pytest.raises(LedgerUnavailable):
            ledger.claim_next(again)
        assert ledger.find(unsent.unit) == unsent


def test_an_entry_of_the_line_that_cannot_be_read_lets_nobody_claim_and_holds_no_lock(ledger, path):
    ledger.claim(in_turn("first"))
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE entries SET document = '{}'")
    with pytest.raises(LedgerUnavailable, match="an entry in it can't be read"):
        ledger.claim(in_turn("second", 1))
    with closing(sqlite3.connect(path, timeout=0.1)) as other, other:
        other.execute("BEGIN IMMEDIATE")
    assert ledger.find(in_turn("second").unit) is None
