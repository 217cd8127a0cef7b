"""Entries are counted with their claims, in every store: never more than the limit, a place for
every claim that was made and none for one that was not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.counted_claims import (
    BUY,
    LARGER,
    NAME,
    NO_LARGER,
    RULES,
    claim,
    counted,
    places,
)
from tests.support.ledger_entries import NOON, Dated, in_turn, moved, submitting
from tests.support.ledger_workers import count_all, open_firestore, open_sqlite
from webhook_core.errors import LedgerUnavailable, OrderDenied
from webhook_core.ledger.contract import Claimed, Existing, HeldBack, Outdated, Waiting
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore.calls import FirestoreCalls
from webhook_core.ledger.firestore.failures import Contended, Unproved
from webhook_core.ledger.firestore.turns import claim_together
from webhook_core.risk.pauses import Pause
from webhook_core.risk.pausing import Pausing
from webhook_core.sending.entry_counts import entry_takes
from webhook_core.trading.orders import Exit
from webhook_core.trading.rules import Guards, Limits, TradingRules


def turning(key):
    """Each in a line of its own."""
    return in_turn(key, line=f"line of {key}")


CLAIMS = {"without a turn": submitting, "with a turn": turning}
kinds = pytest.mark.parametrize("make", CLAIMS.values(), ids=CLAIMS)


@kinds
def test_a_claim_takes_its_place_and_the_last_one_is_nobodys(store, make):
    for key in ("a", "b", "c"):
        assert isinstance(claim(store, make(key)), Claimed)
    with pytest.raises(OrderDenied, match="3 of 3 entries were taken") as refused:
        claim(store, make("d"))
    assert (refused.value.rule, refused.value.set_by) == ("ORDERS_PER_DAY", "strategy")
    assert store.find(make("d").unit) is None
    assert counted(store) == 3


@kinds
def test_what_is_stored_knows_nothing_of_it_and_a_known_alert_is_its_entry(store, make):
    for key in ("a", "b", "c"):
        first = claim(store, make(key))
        assert first.entry.takes == ()
        assert store.find(first.entry.unit) == first.entry
    again = claim(store, make("c"))
    assert isinstance(again, Existing)
    assert again.entry == first.entry
    assert counted(store) == 3


def test_a_claim_that_is_not_made_takes_nothing(store):
    assert isinstance(claim(store, in_turn("a")), Claimed)
    assert isinstance(claim(store, in_turn("b", line="other", mark="x")), Outdated)
    assert isinstance(claim(store, in_turn("c")), Waiting)
    pausing = Pausing(store, Dated(NOON), "paper", "main")
    pausing.pause(Pause(None, "a test", NOON))
    for make in (submitting, turning):
        assert isinstance(claim(store, make("held")), HeldBack)
    assert counted(store) == 1


@kinds
def test_one_that_was_missed_takes_its_place_when_it_is_claimed_at_last(store, make):
    claim(store, make("a"))
    claim(store, make("b"))
    stored = store.claim(moved(submitting("late"), State.MISSED))
    assert counted(store) == 2
    at_last = replace(make("late"), version=stored.entry.version)
    assert isinstance(claim(store, at_last, next_one=True), Claimed)
    assert counted(store) == 3
    stored = store.claim(moved(submitting("later"), State.MISSED))
    with pytest.raises(OrderDenied):
        claim(store, replace(make("later"), version=stored.entry.version), next_one=True)
    assert store.find(submitting("later").unit).state is State.MISSED


def test_what_one_owner_denies_is_counted_with_none(store):
    rules = TradingRules(
        (
            Limits(guards=Guards(orders_per_day=9)),
            Limits(strategy="trend", guards=Guards(orders_per_day=1)),
        )
    )
    with pytest.raises(OrderDenied, match="strategy trend's orders_per_day"):
        claim(store, submitting("a"), rules=rules, requests=(BUY, BUY))
    assert (counted(store, ""), counted(store)) == (0, 0)
    claim(store, submitting("b"), rules=rules)
    assert (counted(store, ""), counted(store)) == (1, 1)


@pytest.mark.parametrize("most", [1, 3])
def test_of_many_at_once_exactly_the_limit_is_claimed(store, most):
    rules = TradingRules((Limits(strategy="trend", guards=Guards(orders_per_day=most)),))

    def take(number):
        try:
            return isinstance(claim(store, submitting(f"k{number}"), rules=rules), Claimed)
        except (OrderDenied, LedgerUnavailable):  # too busy: then nothing is taken
            return False

    with ThreadPoolExecutor(4) as pool:
        taken = [number for number, won in enumerate(pool.map(take, range(8))) if won]
    for number in range(8):  # whoever came in vain comes again
        taken += [number] if number not in taken and take(number) else []
    assert len(taken) == most == counted(store) == len(store.entries().entries)


def test_eight_processes_on_one_file_claim_as_many_as_there_are(tmp_path):
    path = str(tmp_path / "ledger.db")
    keys = [f"k{number:02}" for number in range(20)]
    won = count_all(8, open_sqlite, path, keys)
    ledger = open_sqlite(path)
    assert len(won) == len(set(won)) == 3 == counted(ledger)
    assert len(ledger.entries(limit=100).entries) == 3
    ledger.close()


def test_eight_processes_on_firestore_claim_as_many_as_there_are(firestore_project):
    keys = [f"k{number}" for number in range(6)]
    won = count_all(8, open_firestore, firestore_project, keys)
    ledger = open_firestore(firestore_project)
    assert len(won) == len(set(won)) == 3 == counted(ledger)
    ledger.close()


@kinds
def test_an_amendment_that_may_add_takes_its_place_and_another_none(store, make):
    for key in ("a", "b", "c"):
        assert isinstance(claim(store, make(key), requests=(LARGER,)), Claimed)
    assert isinstance(claim(store, make("c"), requests=(LARGER,)), Existing)
    for request in (LARGER, BUY):
        with pytest.raises(OrderDenied, match="3 of 3 entries were taken"):
            claim(store, make("d"), requests=(request,))
    sale = LARGER._replace(exit=Exit.SALE)
    for key, request in {"e": NO_LARGER, "f": sale}.items():
        assert isinstance(claim(store, make(key), requests=(request,)), Claimed)
    assert counted(store) == 3


@pytest.mark.parametrize("asked", [BUY, LARGER], ids=["order", "amendment"])
@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT, State.ACCEPTED])
def test_only_what_was_proved_not_placed_gives_its_place_back(store, state, asked):
    for key in ("a", "b", "c"):
        first = claim(store, submitting(key), requests=(asked,))
        if key == "b":
            store.record(moved(first.entry, state))
    if state is State.REJECTED:
        assert isinstance(claim(store, submitting("d"), requests=(asked,)), Claimed)
    with pytest.raises(OrderDenied):
        claim(store, submitting("e"))
    assert counted(store) == 3


def test_what_an_earlier_version_has_counted_counts(store):
    rows = [[(NOON - timedelta(hours=h)).isoformat(), f"old-{h}", 1] for h in (1, 2)]
    store.write(NAME, json.dumps(rows), None)
    assert isinstance(claim(store, submitting("a")), Claimed)
    with pytest.raises(OrderDenied):
        claim(store, submitting("b"))
    assert [one.alert for one in places(store)][:2] == ["old-1", "old-2"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[["now", "a", 1]]', '[["2026-03-01", "a"]]'])
def test_a_count_that_cannot_be_read_lets_nothing_in(store, text):
    store.write(NAME, text, None)
    with pytest.raises(LedgerUnavailable):
        claim(store, submitting("a"))
    assert store.find(submitting("a").unit) is None


def test_exits_take_nothing():
    sale = BUY._replace(parameters={**BUY.parameters, "type": "sell"})
    assert entry_takes((sale,), RULES, submitting("a").unit, NOON) == ()


def written_but_the_answer_is_lost(write_all, calls, writes):
    write_all(calls, writes)
    raise Unproved("UNAVAILABLE")


def not_written_and_the_answer_is_lost(_write_all, _calls, _writes):
    raise Unproved("UNAVAILABLE")


def contended(_write_all, _calls, _writes):
    raise Contended("ABORTED")


def another_counted_meanwhile(write_all, calls, writes):
    other = submitting("other")
    taking = replace(other, takes=entry_takes((BUY,), RULES, other.unit, NOON))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FirestoreCalls, "write_all", write_all)
        assert isinstance(claim_together(taking, calls, Dated()), Claimed)
    return write_all(calls, writes)


FAULTS = {
    written_but_the_answer_is_lost: 1,
    not_written_and_the_answer_is_lost: 1,
    contended: 1,
    another_counted_meanwhile: 2,
}


@kinds
@pytest.mark.parametrize("fault", FAULTS)
def test_on_firestore_each_claim_has_one_place_whatever_becomes_of_an_answer(
    firestore_project, monkeypatch, make, fault
):
    ledger, write_all, faults = open_firestore(firestore_project), FirestoreCalls.write_all, [fault]

    def write(calls, writes):
        if faults:
            return faults.pop()(write_all, calls, writes)
        return write_all(calls, writes)

    monkeypatch.setattr(FirestoreCalls, "write_all", write)
    mine = make("mine")
    made = claim(ledger, mine)
    assert isinstance(made, Claimed)
    assert made.entry.current.owner == mine.current.owner
    assert ledger.find(mine.unit) == made.entry
    assert counted(ledger) == len(ledger.entries().entries) == FAULTS[fault]
    ledger.close()
