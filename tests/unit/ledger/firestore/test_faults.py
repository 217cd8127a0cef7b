"""A Firestore that refuses, loses answers, goes silent or away: one winner still, in time, and
nothing concluded from doubt."""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.cutting_proxy import CuttingProxy
from tests.support.firestore_client import official_client
from tests.support.firestore_emulator import FirestoreEmulator, new_emulator
from tests.support.firestore_faults import Fault, FaultyFirestore
from tests.support.ledger_entries import (
    LINE,
    NOON,
    Dated,
    in_turn,
    moved,
    nothing_to_do,
    submitting,
)
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, Outdated, Recorded, Superseded, Waiting
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore.codec import version_of
from webhook_core.ledger.firestore.entries import RETENTION
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.keys import unit_digest
from webhook_core.ledger.serial import to_text
from webhook_core.ledger.transitions import next_attempt
from webhook_core.ledger.turns import MOST_TIES

UNCLEAR = ["CANCELLED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN"]
REFUSALS = [
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
]


@functools.cache
def own_emulator() -> FirestoreEmulator:
    return new_emulator()


def official(ledger: FirestoreLedger):
    return official_client(ledger._channel.project, own_emulator())


@pytest.fixture(scope="module")
def emulator() -> Iterator[FirestoreEmulator]:
    """Our own: it is stopped and frozen here."""
    made = own_emulator()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def environment(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def new_ledger(**options) -> FirestoreLedger:
    return FirestoreLedger(
        f"test-{uuid.uuid4().hex[:12]}", **{"timeout_s": 10, "clock": Dated(), **options}
    )


@pytest.fixture
def faulty(emulator, environment):
    made = FaultyFirestore(emulator.port)
    environment.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{made.port}")
    yield made
    made.close()


@pytest.fixture
def proxy(emulator, environment):
    made = CuttingProxy(emulator.port)
    environment.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{made.port}")
    yield made
    made.close()


@pytest.fixture
def ledger(environment):
    made = new_ledger()
    yield made
    made.close()


def fault(faulty, method, status, **options) -> None:
    faulty.faults.append(Fault(method, status, **options))


def every_operation(ledger):
    entry = replace(submitting(), version="2026-01-01T00:00:00.000000Z")
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


# The common path


def test_a_claim_and_its_record_are_two_writes_and_no_read(faulty, ledger):
    result = ledger.claim(submitting())
    ledger.record(moved(result.entry, State.ACCEPTED))
    assert faulty.calls == ["Commit", "Commit"]


def test_a_redelivery_costs_one_write_and_one_read(faulty, ledger):
    ledger.claim(submitting())
    faulty.calls.clear()
    assert isinstance(ledger.claim(submitting()), Existing)
    assert faulty.calls == ["Commit", "BatchGetDocuments"]


# Answers that are lost, and calls that are refused


@pytest.mark.parametrize("status", UNCLEAR)
@pytest.mark.parametrize("done", [True, False])
def test_a_claim_whose_answer_is_lost_is_ours_whether_it_was_done_or_not(
    faulty, ledger, status, done
):
    fault(faulty, "Commit", status, done=done)
    result = ledger.claim(submitting())
    assert isinstance(result, Claimed)
    assert ledger.find(result.entry.unit) == result.entry
    assert ledger.claim(submitting()) == Existing(result.entry)
    assert isinstance(ledger.record(moved(result.entry, State.ACCEPTED)), Recorded)


@pytest.mark.parametrize("status", UNCLEAR)
def test_a_claim_without_an_answer_behind_another_is_not_ours(faulty, ledger, status):
    first = ledger.claim(submitting()).entry
    fault(faulty, "Commit", status)
    assert ledger.claim(submitting()) == Existing(first)


@pytest.mark.parametrize("status", UNCLEAR)
def test_a_claim_that_stays_unclear_is_no_claim_and_is_not_tried_for_ever(faulty, ledger, status):
    fault(faulty, "Commit", status, times=99)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting())
    assert faulty.calls == ["Commit", "BatchGetDocuments"] * 2


def test_a_claim_that_was_done_but_cannot_be_read_back_is_not_answered(faulty, ledger):
    fault(faulty, "Commit", "UNAVAILABLE", done=True)
    fault(faulty, "BatchGetDocuments", "UNAVAILABLE")
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting())
    assert isinstance(ledger.claim(submitting()), Existing)


def test_contention_is_not_taken_for_a_redelivery(faulty, ledger):
    fault(faulty, "Commit", "ABORTED")
    assert isinstance(ledger.claim(submitting()), Claimed)
    fault(faulty, "Commit", "ABORTED", times=99)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(submitting("another"))
    assert ledger.find(submitting("another").unit) is None
    assert faulty.calls.count("Commit") == 4


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refused_call_is_the_ledger_s_failure_whatever_it_was(faulty, ledger, status):
    for method in ("Commit", "BatchGetDocuments", "RunQuery"):
        fault(faulty, method, status, times=99)
    for name, operation in every_operation(ledger).items():
        if status == "NOT_FOUND" and name == "write":
            continue  # a document that is not there to be updated: write says False
        with pytest.raises(LedgerUnavailable) as caught:
            operation()
        assert "\n" not in caught.value.message, name
    assert faulty.calls.count("Commit") <= 3


@pytest.mark.parametrize("status", UNCLEAR)
@pytest.mark.parametrize("done", [True, False])
def test_a_record_whose_answer_is_lost_is_recorded_whether_it_was_done_or_not(
    faulty, ledger, status, done
):
    first = ledger.claim(submitting()).entry
    fault(faulty, "Commit", status, done=done)
    result = ledger.record(moved(first, State.ACCEPTED))
    assert isinstance(result, Recorded)
    assert ledger.find(first.unit) == result.entry


def test_a_record_without_an_answer_behind_another_is_not_recorded(faulty, ledger):
    first = ledger.claim(submitting()).entry
    accepted = ledger.record(moved(first, State.ACCEPTED)).entry
    fault(faulty, "Commit", "UNAVAILABLE")
    assert ledger.record(moved(first, State.REJECTED)) == Existing(accepted)


@pytest.mark.parametrize("status", ["UNAVAILABLE", "ABORTED"])
def test_a_record_that_stays_unclear_is_not_recorded(faulty, ledger, status):
    first = ledger.claim(submitting()).entry
    fault(faulty, "Commit", status, times=99)
    with pytest.raises(LedgerUnavailable):
        ledger.record(moved(first, State.ACCEPTED))
    assert ledger.find(first.unit) == first


# Turns


TURN = ["BatchGetDocuments", "Commit"]
"""On a line that nobody has used."""
LATER_TURN = ["BatchGetDocuments", "BatchGetDocuments", "Commit"]


def unsent_in_turn(ledger):
    return ledger.record(moved(ledger.claim(in_turn("first")).entry, State.NOT_SENT)).entry


def again(entry):
    return next_attempt(entry, entry.current.request, NOON, 10)


def test_what_a_turn_costs(faulty, ledger):
    first = ledger.claim(in_turn("first")).entry
    assert faulty.calls == TURN
    faulty.calls.clear()
    assert ledger.claim(in_turn("second", 1)) == Waiting(first)
    assert ledger.claim(in_turn("first")) == Existing(first)
    assert faulty.calls == ["BatchGetDocuments"] * 3
    faulty.calls.clear()
    ledger.record(moved(first, State.ACCEPTED))
    assert faulty.calls == ["Commit"]
    ledger.claim(in_turn("second", 1))
    assert faulty.calls == ["Commit", *LATER_TURN]


@pytest.mark.parametrize("status", [*UNCLEAR, "ABORTED"])
@pytest.mark.parametrize("done", [True, False])
def test_a_turn_whose_answer_is_lost_is_ours_whether_it_was_taken_or_not(
    faulty, ledger, status, done
):
    fault(faulty, "Commit", status, done=done)
    first = ledger.claim(in_turn("first"))
    assert isinstance(first, Claimed)
    assert ledger.find(first.entry.unit) == first.entry
    assert ledger.claim(in_turn("second", 1)) == Waiting(first.entry)
    assert isinstance(ledger.record(moved(first.entry, State.ACCEPTED)), Recorded)


@pytest.mark.parametrize("done", [True, False])
def test_a_next_turn_whose_answer_is_lost_is_ours_whether_it_was_taken_or_not(faulty, ledger, done):
    unsent = unsent_in_turn(ledger)
    fault(faulty, "Commit", "UNAVAILABLE", done=done)
    result = ledger.claim_next(again(unsent))
    assert isinstance(result, Claimed)
    assert ledger.find(unsent.unit) == result.entry
    assert ledger.claim_next(again(unsent)) == Existing(result.entry)


@pytest.mark.parametrize("status", ["UNAVAILABLE", "ABORTED"])
def test_a_turn_that_stays_unclear_is_not_taken_and_not_tried_for_ever(faulty, ledger, status):
    fault(faulty, "Commit", status, times=99)
    with pytest.raises(LedgerUnavailable):
        ledger.claim(in_turn("first"))
    assert faulty.calls == TURN * 6
    faulty.faults.clear()
    assert isinstance(ledger.claim(in_turn("second", 1)), Claimed)


@pytest.mark.parametrize("at", [1, 2])
def test_a_turn_that_another_takes_between_our_look_and_our_write_is_not_ours(
    faulty, environment, ledger, at
):
    """A new line, and one that has been used: whoever comes in between makes our write
    fail, and we look again."""
    if at == 2:
        ledger.record(moved(ledger.claim(in_turn("before")).entry, State.ACCEPTED))
    other = beside(ledger)
    looked, taken = faulty._next, []

    def another_is_faster(name):
        if name == "Commit" and not taken:
            taken.append(None)
            taken.append(other.claim(in_turn("another", 5)).entry)
        return looked(name)

    faulty._next = another_is_faster
    assert ledger.claim(in_turn("ours", 7)) == Waiting(taken[1])
    assert ledger.find(in_turn("ours").unit) is None
    assert ledger.claim(in_turn("older", 4)) == Superseded(taken[1])


def beside(ledger):
    """Another instance on the same database."""
    return FirestoreLedger(ledger._channel.project, timeout_s=10, clock=Dated())


def test_a_next_turn_that_another_takes_in_between_is_not_ours(faulty, environment, ledger):
    unsent = unsent_in_turn(ledger)
    other = beside(ledger)
    looked, taken = faulty._next, []

    def another_is_faster(name):
        if name == "Commit" and not taken:
            taken.append(None)
            taken.append(other.claim(in_turn("another")).entry)
        return looked(name)

    faulty._next = another_is_faster
    assert ledger.claim_next(again(unsent)) == Waiting(taken[1])
    assert ledger.find(unsent.unit) == unsent


@pytest.mark.parametrize("status", [*UNCLEAR, "ABORTED"])
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("end", [False, True])
def test_a_claim_under_a_mark_whose_answer_is_lost_is_ours_whether_it_was_done_or_not(
    faulty, ledger, status, done, end
):
    """It has moved the mark itself: looked at first, that would be somebody else's."""
    ledger.record(moved(ledger.claim(in_turn("before")).entry, State.ACCEPTED))
    entry = in_turn("first", 1, mark=ledger.mark(LINE))
    fault(faulty, "Commit", status, done=done)
    result = ledger.claim(nothing_to_do(entry) if end else entry)
    assert isinstance(result, Claimed)
    assert result.entry.turn.mark is None
    assert ledger.find(entry.unit) == result.entry
    assert ledger.mark(LINE) == result.entry.current.owner


@pytest.mark.parametrize("done", [True, False])
def test_a_next_attempt_under_a_mark_whose_answer_is_lost_is_ours_whether_it_was_done_or_not(
    faulty, ledger, done
):
    unsent = unsent_in_turn(ledger)
    entry = again(replace(unsent, turn=unsent.turn._replace(mark=ledger.mark(LINE))))
    fault(faulty, "Commit", "UNAVAILABLE", done=done)
    result = ledger.claim_next(entry)
    assert isinstance(result, Claimed)
    assert ledger.find(unsent.unit) == result.entry
    assert ledger.mark(LINE) == entry.current.owner


@pytest.mark.parametrize("before", [0, 1])
def test_a_claim_on_facts_that_another_changes_between_our_look_and_our_write_is_outdated(
    faulty, ledger, before
):
    for number in range(before):
        ledger.claim(nothing_to_do(in_turn(f"before-{number}")))
    other = beside(ledger)
    ours = in_turn("ours", 7, mark=ledger.mark(LINE))
    looked, taken = faulty._next, []

    def another_is_faster(name):
        if name == "Commit" and not taken:
            taken.append(None)
            taken.append(other.claim(nothing_to_do(in_turn("another", 5))))
        return looked(name)

    faulty._next = another_is_faster
    assert ledger.claim(ours) == Outdated()
    assert ledger.find(ours.unit) is None
    assert ledger.mark(LINE) == taken[1].entry.current.owner


def test_what_a_mark_costs(faulty, ledger):
    ledger.claim(nothing_to_do(in_turn("before")))
    faulty.calls.clear()
    entry = in_turn("first", 1, mark=ledger.mark(LINE))
    assert faulty.calls == ["BatchGetDocuments"]
    ledger.claim(entry)
    assert faulty.calls == ["BatchGetDocuments", *LATER_TURN]


def line_of(ledger):
    (found,) = official(ledger).collection("lines").stream()
    return found


def test_a_line_knows_the_last_that_were_fired_at_its_newest_time_and_no_more_than_count(ledger):
    for number in range(MOST_TIES + 2):
        ledger.claim(nothing_to_do(in_turn(f"alert-{number}", 1)))
    names = [
        unit_digest(in_turn(f"alert-{number}").unit).hex() for number in range(2, MOST_TIES + 2)
    ]
    assert line_of(ledger).get("tied") == names
    ledger.claim(nothing_to_do(in_turn("older", 0, in_order=False)))
    assert line_of(ledger).get("tied") == names
    ledger.claim(nothing_to_do(in_turn("newer", 2)))
    assert line_of(ledger).get("tied") == [unit_digest(in_turn("newer").unit).hex()]


def test_a_line_that_was_written_before_there_were_marks_and_ties_is_still_one(ledger):
    from google.cloud.firestore import DELETE_FIELD

    first = ledger.claim(in_turn("first", 1, moves=(0, -1))).entry
    line_of(ledger).reference.update({"owner": DELETE_FIELD, "tied": DELETE_FIELD})
    assert ledger.mark(LINE) == ""
    assert ledger.claim(in_turn("second", 2)) == Waiting(first)
    ledger.record(moved(first, State.ACCEPTED))
    assert isinstance(ledger.claim(in_turn("exit", 1, moves=(1, 0))), Superseded)
    second = ledger.claim(nothing_to_do(in_turn("second", 1, mark=""))).entry
    assert ledger.mark(LINE) == second.current.owner
    assert line_of(ledger).get("tied") == [
        unit_digest(entry.unit).hex() for entry in (first, second)
    ]


def test_an_entry_that_cannot_be_read_is_left_out_of_lists_and_logged_and_is_not_taken_for_absent(
    ledger, caplog
):
    first = ledger.claim(submitting("first")).entry
    broken = ledger.claim(submitting("broken", at=NOON + timedelta(seconds=1))).entry
    last = ledger.claim(submitting("last", at=NOON + timedelta(seconds=2))).entry
    name = unit_digest(broken.unit).hex()
    text = to_text(broken).replace("SUBMITTING", "LATER")
    official(ledger).collection("ledger").document(name).update({"document": text})
    assert ledger.entries().entries == [last, first]
    (logged,) = caplog.records
    assert (logged.levelname, logged.message, logged.facts["key"]) == (
        "WARNING",
        "ledger.entry_unreadable",
        name,
    )
    assert logged.facts["reason"] == "'LATER' is not a valid State"
    page = ledger.entries(limit=2)
    assert page.entries == [last]
    assert ledger.entries(limit=2, cursor=page.cursor).entries == [first]
    for operation in (ledger.find, ledger.newest_generation):
        with pytest.raises(LedgerUnavailable, match="can't be read"):
            operation(broken.unit)
    with pytest.raises(LedgerUnavailable, match="can't be read"):
        ledger.claim(submitting("broken"))


def test_an_expired_entry_is_in_nobodys_way(environment):
    clock = Dated()
    ledger = new_ledger(clock=clock)
    ledger.record(moved(ledger.claim(in_turn("later", 10)).entry, State.ACCEPTED))
    assert isinstance(ledger.claim(in_turn("older")), Superseded)
    clock.date = NOON + RETENTION
    first = ledger.claim(in_turn("older")).entry
    assert ledger.claim(in_turn("newer", 11)) == Waiting(first)
    ledger.record(moved(first, State.NOT_SENT))
    assert isinstance(ledger.claim(in_turn("later", 10)), Claimed), (
        "its own place can be taken again"
    )
    ledger.close()


def test_a_list_that_breaks_off_is_no_list(faulty, ledger):
    ledger.claim(submitting("one"))
    ledger.claim(submitting("two"))
    fault(faulty, "RunQuery", "UNAVAILABLE", done=True)
    with pytest.raises(LedgerUnavailable):
        ledger.entries()
    assert len(ledger.entries().entries) == 2


def test_a_text_whose_answer_is_lost_is_written_if_it_is_there(faulty, ledger):
    fault(faulty, "Commit", "UNAVAILABLE", done=True)
    assert ledger.write("book", "one", None) is True
    fault(faulty, "Commit", "UNAVAILABLE")
    with pytest.raises(LedgerUnavailable):
        ledger.write("book", "two", ledger.read("book"))
    assert ledger.read("book").text == "one"


def test_a_text_that_another_wrote_too_is_not_taken_for_ours(faulty, ledger):
    """The same words by chance: two that count from 1 to 2 must end at 3."""
    assert ledger.write("counter", "2", None)
    fault(faulty, "Commit", "UNAVAILABLE")
    with pytest.raises(LedgerUnavailable):
        ledger.write("counter", "2", None)


# Connections


def test_an_answer_that_is_lost_with_its_connection_is_looked_up_on_a_new_one(proxy):
    ledger = new_ledger()
    ledger.claim(submitting("warm-up"))
    proxy.cut_next_request()
    result = ledger.claim(submitting())
    assert isinstance(result, Claimed)
    assert (proxy.cuts, proxy.connections) == (1, 2)
    assert ledger.claim(submitting()) == Existing(result.entry)
    ledger.close()


def test_a_connection_that_died_in_silence_is_replaced_within_the_same_claim(proxy):
    """As after an instance was frozen: the old connection says nothing, a new one works."""
    ledger = new_ledger(timeout_s=0.8)
    ledger.claim(submitting("warm-up"))
    for number in range(2):
        proxy.silence()
        with within(1.2):
            assert isinstance(ledger.claim(submitting(f"alert-{number}")), Claimed)
    assert proxy.connections == 3
    ledger.close()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """With what a busy machine may add."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + 0.6


def test_a_frozen_firestore_is_reported_in_time_and_a_thawed_one_is_used_again(
    emulator, environment
):
    ledger = new_ledger(timeout_s=0.4)
    ledger.claim(submitting("warm-up"))
    emulator.freeze()
    try:
        for operation in every_operation(ledger).values():
            with within(0.6), pytest.raises(LedgerUnavailable):
                operation()
    finally:
        emulator.thaw()
    patient = new_ledger()
    assert isinstance(patient.claim(submitting()), Claimed)
    patient.close()
    assert isinstance(ledger.claim(submitting("later")), Claimed)
    ledger.close()


def test_all_calls_of_a_claim_together_take_one_and_a_half_time_outs(emulator, environment):
    """Two full ones would leave nothing of TradingView's three seconds."""
    ledger = new_ledger(timeout_s=1.5)
    ledger.claim(submitting("warm-up"))
    emulator.freeze()
    try:
        with within(2.25), pytest.raises(LedgerUnavailable):
            ledger.claim(submitting())
    finally:
        emulator.thaw()
    ledger.close()


def test_a_firestore_that_went_away_is_reported_in_time_and_used_as_soon_as_it_is_back(
    emulator, environment
):
    ledger = new_ledger(timeout_s=0.8)
    ledger.claim(submitting("warm-up"))
    emulator.stop()
    try:
        for _ in range(3):
            for operation in every_operation(ledger).values():
                with within(1.2), pytest.raises(LedgerUnavailable):
                    operation()
    finally:
        emulator.start()
    patient = new_ledger()
    patient.claim(submitting())  # a fresh JVM is slow at its first commit
    patient.close()
    assert isinstance(ledger.claim(submitting()), Claimed)
    ledger.close()


# Expiry


def test_only_a_terminal_entry_has_an_end(ledger):
    first = ledger.claim(submitting()).entry
    assert stored_fields(ledger)["expireAt"] is None
    ledger.record(moved(first, State.ACCEPTED))
    assert stored_fields(ledger)["expireAt"] == NOON + RETENTION == NOON + timedelta(days=90)


def test_one_that_was_seen_open_long_after_its_claim_ends_later(ledger):
    entry = ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED)).entry
    ledger.record(replace(entry, open_at=NOON + timedelta(days=31)))
    assert stored_fields(ledger)["expireAt"] == NOON + timedelta(days=121)


def test_old_entries_that_stay_are_read_once_a_day_by_an_instance(environment):
    clock = Dated()
    ledger = new_ledger(clock=clock)
    entry = ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED)).entry
    ledger.record(replace(entry, open_at=NOON + timedelta(days=80)))
    counted = [ledger.purge(NOON + timedelta(days=1), 10)]
    late = [NOON + timedelta(days=81), NOON + timedelta(days=82)]
    for hours, before in zip((23, 25), late, strict=True):
        clock.date = NOON + timedelta(hours=hours)
        counted.append(ledger.purge(before, 10))
    assert counted == [0, 0, 1]
    ledger.close()


def stored_fields(ledger) -> dict:
    (snapshot,) = official(ledger).collection("ledger").stream()
    return snapshot.to_dict()


def test_an_expired_entry_that_is_still_there_counts_as_absent(environment):
    clock = Dated()
    ledger = new_ledger(clock=clock)
    old = ledger.record(moved(ledger.claim(submitting()).entry, State.ACCEPTED)).entry
    clock.date = NOON + RETENTION - timedelta(microseconds=1)
    assert (
        ledger.find(old.unit)
        == ledger.newest_generation(old.unit)
        == ledger.entries().entries[0]
        == old
    )
    assert ledger.claim(submitting(at=clock.date)) == Existing(old)

    clock.date = NOON + RETENTION
    assert ledger.find(old.unit) is None
    assert ledger.newest_generation(old.unit) is None
    assert ledger.entries().entries == []
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(ledger.claim, [submitting(at=clock.date) for _ in range(8)]))
    winners = [result.entry for result in results if isinstance(result, Claimed)]
    assert len(winners) == 1
    assert ledger.find(old.unit) == winners[0]
    assert stored_fields(ledger)["expireAt"] is None
    ledger.close()


@pytest.mark.parametrize("state", [State.SUBMITTING, State.NOT_SENT])
def test_an_entry_whose_order_may_still_be_decided_never_expires(environment, state):
    clock = Dated()
    ledger = new_ledger(clock=clock)
    old = ledger.record(moved(ledger.claim(submitting()).entry, state)).entry
    clock.date = NOON + timedelta(days=4000)
    assert ledger.find(old.unit) == old
    assert ledger.claim(submitting(at=clock.date)) == Existing(old)
    ledger.close()


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_over_an_expired_entry_leaves_one_winner(faulty, environment, done):
    clock = Dated()
    ledger = new_ledger(clock=clock)
    ledger.record(moved(ledger.claim(submitting()).entry, State.REJECTED))
    clock.date = NOON + RETENTION
    # First the create, which finds the old entry, and then the compare-and-set,
    # whose answer is lost.
    original, calls = faulty._next, []

    def second_commit_fails(name):
        found = original(name)
        calls.append(name)
        if calls.count("Commit") == 2 and name == "Commit" and not faulty.faults:
            fault(faulty, "Commit", "UNAVAILABLE", done=done)
            return original(name)
        return found

    faulty._next = second_commit_fails
    result = ledger.claim(submitting(at=clock.date))
    assert isinstance(result, Claimed)
    assert ledger.find(result.entry.unit) == result.entry
    ledger.close()


# The rest


def test_our_own_claim_that_is_there_already_is_ours(ledger):
    entry = submitting()
    first = ledger.claim(entry)
    assert ledger.claim(entry) == first
    ledger.record(moved(first.entry, State.ACCEPTED))
    assert isinstance(ledger.claim(entry), Existing)


def test_a_text_too_large_for_firestore_is_refused_with_the_numbers(ledger):
    with pytest.raises(
        LedgerUnavailable, match="book is too large for Firestore: 900002 bytes, at most 900000"
    ):
        ledger.write("book", "é" * 450_001, None)
    assert ledger.write("book", "é" * 450_000, None)
    assert len(ledger.read("book").text) == 450_000


@pytest.mark.parametrize("fraction", ["000000", "123456", "123456789", "5"])
def test_a_version_keeps_every_nanosecond(fraction):
    version = f"2026-03-01T12:00:00.{fraction}Z"
    assert version_of(version) == f"2026-03-01T12:00:00.{fraction.ljust(9, '0')}Z"


def test_without_credentials_the_ledger_is_unavailable(monkeypatch, tmp_path):
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(LedgerUnavailable, match="DefaultCredentialsError"):
        FirestoreLedger("some-project").claim(submitting())
