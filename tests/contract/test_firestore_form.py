"""The stored form is Firestore's own: Google's client reads what our ledger wrote, and our ledger
reads what that client writes, as earlier versions of ours did with it."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from tests.support.firestore_client import official_client
from tests.support.firestore_emulator import shared_emulator
from tests.support.ledger_entries import LINE, NOON, Dated, in_turn, moved, submitting
from webhook_core.ledger.contract import Claimed, Document, Existing, Recorded, Waiting
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.firestore.entries import RETENTION, fields_of
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.keys import base_digest, digest, unit_digest
from webhook_core.ledger.serial import to_text
from webhook_core.ledger.unfinished import unfinished_place


@pytest.fixture
def ledger(firestore_project):
    with closing(FirestoreLedger(firestore_project, timeout_s=10, clock=Dated())) as made:
        yield made


@pytest.fixture
def official(firestore_project):
    client = official_client(firestore_project, shared_emulator())
    yield client
    client.close()


def expected_fields(entry: LedgerEntry, *, is_terminal: bool) -> dict:
    """As every version before wrote them."""
    return {
        "document": to_text(entry),
        "base": base_digest(entry.unit).hex(),
        "generation": entry.unit.generation,
        "state": entry.state.value,
        "strategy": entry.strategy,
        "unfinished": unfinished_place(entry),
        "orderId": entry.current.order_id,
        "claimedAt": entry.claimed_at,
        "expireAt": entry.claimed_at + RETENTION if is_terminal else None,
    }


def stored(official, entry: LedgerEntry):
    return official.collection("ledger").document(unit_digest(entry.unit).hex()).get()


@pytest.mark.parametrize(
    "at", [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(microseconds=999_999)]
)
def test_google_s_client_reads_what_our_ledger_wrote(at, ledger, official):
    entry = ledger.claim(submitting(at=at)).entry
    assert stored(official, entry).to_dict() == expected_fields(entry, is_terminal=False)
    recorded = ledger.record(moved(entry, State.ACCEPTED)).entry
    found = stored(official, entry)
    assert found.to_dict() == expected_fields(recorded, is_terminal=True)
    assert found.update_time.rfc3339().rstrip("Z").rstrip("0") == recorded.version.rstrip(
        "Z"
    ).rstrip("0")


def test_our_ledger_goes_on_with_what_google_s_client_wrote(ledger, official):
    entry = submitting()
    reference = official.collection("ledger").document(unit_digest(entry.unit).hex())
    reference.create(fields_of(entry))
    found = ledger.find(entry.unit)
    assert to_text(found) == to_text(entry)
    assert ledger.claim(submitting()) == Existing(found)
    assert ledger.entries().entries == [found]
    recorded = ledger.record(moved(found, State.ACCEPTED))
    assert isinstance(recorded, Recorded)
    assert reference.get().to_dict()["state"] == "ACCEPTED"


def test_a_change_by_google_s_client_makes_our_record_see_it(ledger, official):
    entry = ledger.claim(submitting()).entry
    other = moved(entry, State.REJECTED)
    reference = official.collection("ledger").document(unit_digest(entry.unit).hex())
    reference.update(fields_of(other))
    assert ledger.record(moved(entry, State.ACCEPTED)).entry.state is State.REJECTED


def test_a_field_that_a_person_added_is_kept_and_hurts_nobody(ledger, official):
    entry = ledger.claim(submitting()).entry
    reference = official.collection("ledger").document(unit_digest(entry.unit).hex())
    reference.update({"note": {"size": 1.5, "raw": b"x", "list": [1, None]}})
    found = ledger.find(entry.unit)
    ledger.record(moved(found, State.ACCEPTED))
    assert reference.get().to_dict()["note"] == {"size": 1.5, "raw": b"x", "list": [1, None]}


def test_a_line_that_google_s_client_wrote_is_held(ledger, official):
    holder = in_turn("first")
    name = unit_digest(holder.unit).hex()
    official.collection("ledger").document(name).create(fields_of(holder))
    line = {
        "holder": name,
        "newest": name,
        "firedAt": holder.turn.fired_at,
        "tied": [name],
        "owner": holder.current.owner,
    }
    official.collection("lines").document(digest(LINE).hex()).create(line)
    assert ledger.mark(LINE) == holder.current.owner
    found = ledger.find(holder.unit)
    assert ledger.claim(in_turn("second", 1)) == Waiting(found)
    ledger.record(moved(found, State.ACCEPTED))
    second = ledger.claim(in_turn("second", 1))
    assert isinstance(second, Claimed)
    after = official.collection("lines").document(digest(LINE).hex()).get().to_dict()
    newest = unit_digest(second.entry.unit).hex()
    assert after == {
        "holder": newest, "newest": newest, "tied": [newest],
        "firedAt": second.entry.turn.fired_at, "owner": second.entry.current.owner,
    }  # fmt: skip


def test_a_document_goes_both_ways(ledger, official):
    assert ledger.write("book", "1", None)
    (found,) = official.collection("documents").stream()
    assert {key: found.get(key) for key in ("name", "text")} == {"name": "book", "text": "1"}
    found.reference.update({"text": "2"})
    assert ledger.read("book").text == "2"
    assert not ledger.write("book", "3", Document("1", "2026-01-01T00:00:00Z"))


def test_a_time_to_the_nanosecond_that_google_s_client_wrote_is_read(ledger, official):
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    entry = submitting()
    moment = DatetimeWithNanoseconds.from_rfc3339("2026-03-01T12:00:00.123456789Z")
    fields = fields_of(entry) | {"claimedAt": moment}
    official.collection("ledger").document(unit_digest(entry.unit).hex()).create(fields)
    ledger.claim(submitting("another", at=NOON - timedelta(days=9)))
    page = ledger.entries(limit=1)
    assert [one.alert_id for one in page.entries] == [entry.alert_id]
    assert len(ledger.entries(limit=1, cursor=page.cursor).entries) == 1
