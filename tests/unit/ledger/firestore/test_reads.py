"""What a Firestore ledger that LEDGER_ID names asks Firestore for, call by call: each is time of an
alert, and a billed read."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import timedelta

import pytest

from tests.support.firestore_client import official_client
from tests.support.firestore_emulator import shared_emulator
from tests.support.firestore_faults import Fault, FaultyFirestore
from tests.support.instruments import btc_usd
from tests.support.ledger_entries import NOON, Dated, in_turn, moved, submitting
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, Recorded
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.transitions import next_attempt
from webhook_core.planning.own_orders import OwnOrders

READ, LIST, WRITE = "BatchGetDocuments", "RunQuery", "Commit"


@pytest.fixture
def faulty(monkeypatch):
    emulator = shared_emulator()
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    made = FaultyFirestore(emulator.port)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{made.port}")
    yield made
    made.close()


@pytest.fixture
def ledger(faulty):
    project = f"test-{uuid.uuid4().hex[:12]}"
    with closing(FirestoreLedger(project, timeout_s=10, clock=Dated())) as command:
        ledger_id, _ = command.begin_anew()
    with closing(
        FirestoreLedger(project, timeout_s=10, clock=Dated(), ledger_id=ledger_id)
    ) as named:
        named.entries()
        faulty.calls.clear()
        yield named


def fail_once(faulty, ledger):
    """As in another thread: the id is asked for anew by whatever comes next."""
    faulty.faults.append(Fault(READ, "RESOURCE_EXHAUSTED"))
    with pytest.raises(LedgerUnavailable):
        ledger.find(submitting("of another thread").unit)
    faulty.calls.clear()


def again(entry):
    return next_attempt(entry, entry.current.request, NOON, 10)


def test_an_order_that_was_sent_is_recorded_at_once_whatever_failed_beside_it(faulty, ledger):
    entry = ledger.claim(submitting()).entry
    fail_once(faulty, ledger)
    assert isinstance(ledger.record(moved(entry, State.ACCEPTED)), Recorded)
    assert faulty.calls == [WRITE]


@pytest.mark.parametrize(
    ("first", "calls"),
    [(submitting(), [WRITE]), (in_turn("first"), [READ, READ, WRITE])],
    ids=["free", "in turn"],
)
def test_a_next_attempt_asks_for_no_id_for_it_was_read_there(first, calls, faulty, ledger):
    unsent = ledger.record(moved(ledger.claim(first).entry, State.NOT_SENT)).entry
    fail_once(faulty, ledger)
    assert isinstance(ledger.claim_next(again(unsent)), Claimed)
    assert faulty.calls == calls


@pytest.mark.parametrize("entry", [submitting(), in_turn("first")], ids=["free", "in turn"])
def test_a_first_claim_after_a_failure_asks_for_the_id_once(entry, faulty, ledger):
    fail_once(faulty, ledger)
    ledger.claim(entry)
    assert faulty.calls[0] == READ
    faulty.calls.clear()
    assert isinstance(ledger.claim(submitting("another")), Claimed)
    assert faulty.calls == [WRITE]


def test_a_record_of_what_another_database_held_is_refused_and_the_id_asked_for_next(
    faulty, ledger
):
    entry = ledger.claim(submitting()).entry
    client = official_client(ledger._channel.project, shared_emulator())
    for collection in ("ledger", "documents"):
        for snapshot in client.collection(collection).stream():
            snapshot.reference.delete()
    with pytest.raises(LedgerUnavailable):
        ledger.record(moved(entry, State.ACCEPTED))
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting("another"))
    assert not list(client.collection("ledger").stream())


def test_what_a_sized_alert_reads_of_our_own_orders_is_the_lists_alone(faulty, ledger):
    for number in range(3):
        ledger.record(moved(ledger.claim(submitting(f"alert-{number}")).entry, State.ACCEPTED))
    faulty.calls.clear()
    unit = submitting().unit
    ours = OwnOrders(unit.mode, unit.account, ledger, Dated(), timedelta(seconds=60))
    ours.settled({}, lambda _: btc_usd())
    assert faulty.calls == [LIST]
    ours.of_strategy(None)
    ledger.entries(limit=1)
    assert faulty.calls == [LIST] * 3


def test_every_page_of_a_list_is_one_call_and_reconcile_alone_asks_for_the_id(faulty, ledger):
    for number in range(3):
        ledger.claim(submitting(f"alert-{number}"))
    faulty.calls.clear()
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        cursor, pages = ledger.entries(limit=1, cursor=cursor).cursor, pages + 1
    assert (pages, faulty.calls) == (3, [LIST] * 3)
    faulty.calls.clear()
    ledger.entries(newest_first=False)
    assert faulty.calls == [READ, LIST]
    assert isinstance(ledger.claim(submitting("alert-0")), Existing)
