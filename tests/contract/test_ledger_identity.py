"""LEDGER_ID: the ledger that a deployment names is used, and no other one, whatever store keeps
it."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from tests.support.firestore_client import official_client
from tests.support.firestore_emulator import shared_emulator
from tests.support.ledger_entries import NOON, Dated, moved, submitting
from webhook_core.errors import LedgerLost, LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.ledger_id import DOCUMENT
from webhook_core.ledger.sqlite.ledger import SqliteLedger

ANOTHER_ID = "0123456789abcdef0123456789abcdef"
AFTER_RETENTION = NOON.replace(year=NOON.year + 1)


@pytest.fixture(params=["sqlite", "firestore"])
def reopened(request, tmp_path):
    """Opens one store again and again: ``reopened(ledger_id)``."""
    made = []
    project = request.getfixturevalue("firestore_project") if request.param == "firestore" else ""

    def open_again(ledger_id=None):
        if request.param == "sqlite":
            store = SqliteLedger(
                tmp_path / "state" / "ledger.db", timeout_s=10, ledger_id=ledger_id
            )
        else:
            store = FirestoreLedger(project, timeout_s=10, clock=Dated(), ledger_id=ledger_id)
        made.append(store)
        return store

    yield open_again
    for store in made:
        store.close()


def operations(ledger):
    entry = submitting("another")
    return (
        lambda: ledger.claim(entry),
        lambda: ledger.claim_next(moved(entry, State.NOT_SENT)),
        lambda: ledger.record(moved(entry, State.ACCEPTED)),
        lambda: ledger.find(entry.unit),
        lambda: ledger.newest_generation(entry.unit),
        lambda: ledger.mark("line"),
        ledger.entries,
        lambda: ledger.purge(NOON, 10),
        lambda: ledger.read("book"),
        lambda: ledger.write("book", "text", None),
    )


def assert_lost(ledger, caplog):
    caplog.clear()
    for operation in operations(ledger):
        with pytest.raises(LedgerLost):
            operation()
    assert {(record.levelname, record.message) for record in caplog.records} == {
        ("CRITICAL", "ledger.lost")
    }
    assert {"reason", "advice"} <= caplog.records[0].facts.keys()


def test_the_id_that_was_begun_names_the_ledger(reopened):
    ledger_id, is_new = reopened().begin_anew()
    assert is_new
    named = reopened(ledger_id)
    first = named.claim(submitting()).entry
    assert reopened(ledger_id).claim(submitting()) == Existing(first)
    assert reopened().claim(submitting()) == Existing(first)


def test_an_empty_ledger_is_not_the_one_that_is_named(reopened, caplog):
    assert_lost(reopened(ANOTHER_ID), caplog)


def test_a_ledger_of_another_id_is_not_the_one_that_is_named(reopened, caplog):
    reopened().begin_anew()
    first = reopened().claim(submitting()).entry
    assert_lost(reopened(ANOTHER_ID), caplog)
    assert reopened().find(first.unit) == first


def test_a_ledger_with_entries_and_without_an_id_is_taken_as_it_is_and_can_get_one(reopened):
    first = reopened().claim(submitting()).entry
    ledger_id, _ = reopened().begin_anew()
    assert reopened(ledger_id).claim(submitting()) == Existing(first)


def test_beginning_twice_changes_nothing(reopened):
    ledger_id, _ = reopened().begin_anew()
    first = reopened(ledger_id).claim(submitting()).entry
    assert reopened().begin_anew() == (ledger_id, False)
    assert reopened(ledger_id).find(first.unit) == first


def test_a_purge_of_every_entry_leaves_the_ledger_what_it_is(reopened):
    ledger_id, _ = reopened().begin_anew()
    ledger = reopened(ledger_id)
    ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED))
    assert ledger.purge(AFTER_RETENTION, 100) == 1
    assert ledger.entries().entries == []
    assert isinstance(reopened(ledger_id).claim(submitting()), Claimed)


def test_those_who_begin_at_once_begin_one_ledger(reopened):
    stores = [reopened() for _ in range(6)]
    begin, begun = threading.Barrier(len(stores)), []

    def work(store):
        begin.wait()
        begun.append(store.begin_anew()[0])

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == len(stores)
    assert len(set(begun)) == 1


# -- what is Firestore's alone ---------------------------------------------------------------------


def test_the_id_is_asked_for_once_and_not_for_each_alert(firestore_project, monkeypatch):
    with closing(FirestoreLedger(firestore_project, timeout_s=10, clock=Dated())) as command:
        ledger_id, _ = command.begin_anew()
    asked = []
    from webhook_core.ledger.firestore import documents

    real = documents.read_document
    monkeypatch.setattr(
        documents, "read_document", lambda name, calls: asked.append(name) or real(name, calls)
    )
    with closing(
        FirestoreLedger(firestore_project, timeout_s=10, clock=Dated(), ledger_id=ledger_id)
    ) as ledger:
        for number in range(5):
            ledger.record(moved(ledger.claim(submitting(f"alert-{number}")).entry, State.ACCEPTED))
    assert asked == [DOCUMENT]


def test_a_database_that_is_emptied_under_a_running_function_is_noticed_by_the_next_reconcile(
    firestore_project, caplog
):
    with closing(FirestoreLedger(firestore_project, timeout_s=10, clock=Dated())) as command:
        ledger_id, _ = command.begin_anew()
    with closing(
        FirestoreLedger(firestore_project, timeout_s=10, clock=Dated(), ledger_id=ledger_id)
    ) as ledger:
        ledger.claim(submitting())
        client = official_client(firestore_project, shared_emulator())
        for collection in ("ledger", "documents"):
            for snapshot in client.collection(collection).stream():
                snapshot.reference.delete()
        with pytest.raises(LedgerLost):
            ledger.entries(newest_first=False)  # as reconcile does
        assert_lost(ledger, caplog)


def test_a_database_that_does_not_answer_is_not_taken_for_another(monkeypatch, caplog):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    with closing(FirestoreLedger("test-nowhere", timeout_s=0.2, ledger_id=ANOTHER_ID)) as ledger:
        with pytest.raises(LedgerUnavailable) as caught:
            ledger.claim(submitting())
        assert not isinstance(caught.value, LedgerLost)
    assert not caplog.records
