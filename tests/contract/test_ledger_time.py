"""Waits for the ledger end with the request that waits, but what was sent is recorded however long
that takes."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest

from tests.support.firestore_emulator import new_emulator
from tests.support.ledger_entries import LINE, moved, submitting
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Recorded
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.time_left import seconds_at_most, within

BUDGET_S = 0.4
LONG_S = 20.0


@contextmanager
def a_request(seconds=BUDGET_S):
    """All that happens in it ends long before one of the ledger's own time-outs would."""
    began = time.monotonic()
    with within(Budget.start(SystemClock(), seconds)):
        yield
    assert time.monotonic() - began < LONG_S / 4


def before_a_claim(ledger, entry):
    return (
        lambda: ledger.newest_generation(entry.unit),
        lambda: ledger.mark(LINE),
        lambda: ledger.find(entry.unit),
        lambda: ledger.read("pair-rules"),
        lambda: ledger.claim(entry),
    )


def test_outside_of_a_request_a_wait_takes_as_long_as_it_takes():
    assert seconds_at_most(3.0) == 3.0
    with a_request():
        assert seconds_at_most(3.0) <= BUDGET_S
        assert seconds_at_most(0.1) == 0.1
    assert seconds_at_most(3.0) == 3.0


def test_reads_that_wait_for_other_threads_end_together_with_the_request(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db", timeout_s=LONG_S)
    ledger.entries()
    with ledger._file.connection(), a_request():
        for operation in before_a_claim(ledger, submitting()):
            with pytest.raises(LedgerUnavailable):
                operation()
    ledger.close()


def test_a_claim_that_waits_for_another_process_ends_with_the_request(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db", timeout_s=LONG_S)
    ledger.entries()
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with a_request():
            for _ in range(3):
                with pytest.raises(LedgerUnavailable):
                    ledger.claim(submitting())
        other.execute("ROLLBACK")
    assert ledger.find(submitting().unit) is None
    ledger.close()


def test_a_record_waits_for_another_process_beyond_the_request(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db", timeout_s=LONG_S)
    claimed = ledger.claim(submitting()).entry
    with closing(
        sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        timer.start()
        with a_request(0.0):
            assert isinstance(ledger.record(moved(claimed, State.ACCEPTED)), Recorded)
        timer.join()
    ledger.close()


def test_reads_of_a_firestore_that_is_silent_end_together_with_the_request(monkeypatch):
    emulator = new_emulator()
    emulator.start()
    try:
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        ledger = FirestoreLedger("test-silent", timeout_s=LONG_S)
        ledger.entries()
        emulator.freeze()
        with a_request():
            for operation in before_a_claim(ledger, submitting()):
                with pytest.raises(LedgerUnavailable):
                    operation()
        emulator.thaw()
        ledger.close()
    finally:
        emulator.stop()
