"""An alert that was answered before its claim, on every ledger: it gives way to its first claim,
and that one is like any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_ledger import THREADS, at_once, claimed, recorded
from tests.support.ledger_entries import (
    LINE,
    NOON,
    in_turn,
    moved,
    never_claimed,
    nothing_to_do,
    submitting,
)
from webhook_core.ledger.contract import Claimed, Existing, Ledger, Outdated, Superseded, Waiting
from webhook_core.ledger.entry import TERMINAL, UNRESOLVED, LedgerEntry, State
from webhook_core.ledger.transitions import claimed_at_last, denied_unclaimed, expired

LATER = NOON + timedelta(seconds=9)


def missed(store: Ledger, entry: LedgerEntry) -> LedgerEntry:
    return claimed(store, never_claimed(entry))


def claimed_late(store: Ledger, before: LedgerEntry, claim: LedgerEntry) -> LedgerEntry:
    result = store.claim_next(claimed_at_last(before, claim))
    assert isinstance(result, Claimed)
    return result.entry


def test_it_is_kept_and_listed_as_what_is_not_settled(store):
    before = missed(store, submitting())
    assert store.find(before.unit) == before
    assert State.MISSED in UNRESOLVED
    assert store.entries(states=UNRESOLVED).entries == [before]
    assert store.entries(states=TERMINAL).entries == []
    assert store.purge(NOON + timedelta(days=400), 10) == 0


def test_it_stands_in_the_way_of_no_claim_that_was_first(store):
    first = claimed(store, submitting())
    assert store.claim(never_claimed(submitting())) == Existing(first)
    assert store.find(first.unit) == first


def test_its_first_claim_is_that_of_a_new_alert_that_came_when_it_did(store):
    before = missed(store, submitting())
    new = submitting(at=LATER)
    entry = claimed_late(store, before, new)
    assert store.find(entry.unit) == entry
    expected = replace(new, received_at=before.received_at, fresh_until=before.fresh_until)
    assert replace(entry, version="") == expected
    assert entry.claimed_at == LATER
    assert entry.current.number == 1
    accepted = recorded(store, moved(entry, State.ACCEPTED))
    assert store.claim(submitting()) == Existing(accepted)
    assert store.entries().entries == [accepted]


def test_lists_go_by_when_it_was_claimed(store):
    before = missed(store, submitting("missed"))
    between = claimed(store, submitting("between", at=NOON + timedelta(seconds=5)))
    entry = claimed_late(store, before, submitting("missed", at=LATER))
    assert store.entries(newest_first=False).entries == [between, entry]
    cursor = store.entries(newest_first=False, limit=1).cursor
    assert store.entries(newest_first=False, cursor=cursor).entries == [entry]


def test_it_may_be_claimed_as_nothing_to_do_denied_and_expired(store):
    nothing = missed(store, submitting("nothing"))
    done = claimed_late(store, nothing, nothing_to_do(submitting("nothing", at=LATER)))
    assert done.state is State.NO_ACTION
    denied = recorded(
        store, denied_unclaimed(missed(store, submitting("denied")), LATER, "too much")
    )
    assert (denied.state, denied.current.reason) == (State.DENIED, "too much")
    old = recorded(store, expired(missed(store, submitting("old")), LATER))
    assert old.state is State.EXPIRED
    assert store.find(old.unit).current.number == 0


def test_of_many_deliveries_that_claim_it_one_wins(store):
    before = missed(store, submitting())
    claims = [claimed_at_last(before, submitting(at=LATER)) for _ in range(THREADS)]
    results = at_once(THREADS, lambda number: store.claim_next(claims[number]))
    winners = [result.entry for result in results if isinstance(result, Claimed)]
    assert len(winners) == 1
    assert all(result.entry == winners[0] for result in results)
    assert store.find(before.unit) == winners[0]


def test_a_claim_and_its_end_race_and_one_of_them_is_written(store):
    before = missed(store, submitting())
    claim = claimed_at_last(before, submitting(at=LATER))
    end = expired(before, LATER)
    results = at_once(2, lambda number: store.claim_next(claim) if number else store.record(end))
    stored = store.find(before.unit)
    assert [isinstance(result, Existing) for result in results].count(True) == 1
    assert all(result.entry == stored for result in results)


@pytest.mark.parametrize("in_order", [True, False])
def test_it_is_in_nobodys_way_in_its_line_until_it_is_claimed(store, in_order):
    before = missed(store, in_turn("missed", 9, in_order=in_order))
    other = recorded(
        store, moved(claimed(store, in_turn("other", 1, in_order=in_order)), State.ACCEPTED)
    )
    assert store.mark(LINE) == other.current.owner
    entry = claimed_late(
        store, before, in_turn("missed", 9, in_order=in_order, mark=other.current.owner)
    )
    assert store.mark(LINE) == entry.current.owner
    assert store.claim(in_turn("next", 10, in_order=in_order)) == Waiting(entry)


def test_it_is_held_against_its_line_like_a_new_one(store):
    before, outdated = (
        missed(store, in_turn("missed", 1)),
        missed(store, in_turn("outdated", 9, in_order=False)),
    )
    busy = claimed(store, in_turn("busy", 2))
    assert store.claim_next(claimed_at_last(before, in_turn("missed", 1))) == Superseded(busy)
    waits = claimed_at_last(outdated, in_turn("outdated", 9, in_order=False))
    assert store.claim_next(waits) == Waiting(busy)
    recorded(store, moved(busy, State.ACCEPTED))
    marked = claimed_at_last(outdated, in_turn("outdated", 9, in_order=False, mark="of before"))
    assert store.claim_next(marked) == Outdated()
    assert store.find(before.unit) == before
    assert store.find(outdated.unit) == outdated


def test_once_it_is_claimed_an_older_target_of_its_line_is_superseded(store):
    before = missed(store, in_turn("missed", 9))
    entry = recorded(
        store, moved(claimed_late(store, before, in_turn("missed", 9)), State.ACCEPTED)
    )
    assert store.claim(in_turn("older", 1)) == Superseded(entry)
