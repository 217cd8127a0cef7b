"""A pause on every ledger: whoever claims after it was written does not get his claim, and nobody
who was to pass is stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from tests.support.ledger_entries import LINE, NOON, Dated, in_turn, moved, submitting
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, HeldBack
from webhook_core.ledger.entry import State
from webhook_core.ledger.transitions import next_attempt
from webhook_core.risk.gates import account_pause
from webhook_core.risk.pauses import Pause
from webhook_core.risk.pausing import Pausing

LATER = timedelta(seconds=30)


def pausing(store, at=NOON):
    return Pausing(store, Dated(at), "paper", "main")


def pause(store, strategy="breakout", **how):
    return pausing(store).pause(Pause(strategy, "a test", NOON, "why not", **how))


def selling(key="sell", **how):
    entry = submitting(key, **how)
    request = entry.current.request
    sold = request._replace(parameters={**request.parameters, "type": "sell"})
    return replace(entry, attempts=(replace(entry.current, request=sold),))


CLAIMS = {"without a turn": submitting, "with a turn": lambda key="turn": in_turn(key)}
kinds = pytest.mark.parametrize("make", CLAIMS.values(), ids=CLAIMS)


@kinds
@pytest.mark.parametrize("strategy", [None, "breakout"], ids=["account", "strategy"])
def test_a_claim_after_it_writes_nothing(store, make, strategy):
    pause(store, strategy)
    held = store.claim(make())
    assert isinstance(held, HeldBack)
    assert held.rule == "paused"
    assert "why not" in held.message
    assert "a test" in held.message
    assert store.find(make().unit) is None
    assert store.entries().entries == []
    assert store.mark(LINE) == ""


@kinds
def test_a_claim_before_it_stands_and_is_recorded_and_answers(store, make):
    entry = make()
    first = store.claim(entry)
    assert isinstance(first, Claimed)
    pause(store)
    assert store.claim(make()) == Existing(first.entry)
    store.record(moved(first.entry, State.ACCEPTED))
    assert store.find(entry.unit).state is State.ACCEPTED


@kinds
def test_another_strategy_goes_on(store, make):
    pause(store, "another")
    assert isinstance(store.claim(make()), Claimed)


@kinds
def test_it_ends_with_resume_and_at_its_time(store, make):
    pause(store, until=NOON + LATER)
    assert isinstance(store.claim(make("early")), HeldBack)
    late = make("late")
    late = replace(late, attempts=(replace(late.current, claimed_at=NOON + LATER),))
    assert isinstance(store.claim(late), Claimed)
    store.record(moved(store.find(late.unit), State.ACCEPTED))
    assert pausing(store).resume("breakout", "a test") is not None
    assert pausing(store).resume("breakout", "a test") is None
    assert isinstance(store.claim(make("after")), Claimed)


def test_the_next_attempt_is_held_back_and_its_entry_stays(store):
    before = store.claim(submitting()).entry
    stored = store.record(moved(before, State.NOT_SENT)).entry
    pause(store)
    again = next_attempt(stored, stored.current.request, NOON, 10)
    assert isinstance(store.claim_next(again), HeldBack)
    assert store.find(stored.unit) == stored
    pausing(store).resume("breakout", "a test")
    assert isinstance(store.claim_next(again), Claimed)


@kinds
def test_what_has_begun_passes_and_is_stored_as_any_other(store, make):
    pause(store)
    claim = store.claim(replace(make(), begun=True))
    assert isinstance(claim, Claimed)
    assert claim.entry == store.find(claim.entry.unit)
    assert not claim.entry.begun
    unsent = store.record(moved(claim.entry, State.NOT_SENT)).entry
    again = next_attempt(unsent, unsent.current.request, NOON, 10)
    assert isinstance(store.claim_next(again), HeldBack)
    assert isinstance(store.claim_next(replace(again, begun=True)), Claimed)


def test_of_entries_alone_exits_and_cancels_pass(store):
    pause(store, entries_only=True)
    assert isinstance(store.claim(submitting("buy")), HeldBack)
    assert isinstance(store.claim(selling()), Claimed)
    cancel = submitting("cancel")
    request = cancel.current.request._replace(method="CancelOrder")
    cancel = replace(cancel, attempts=(replace(cancel.current, request=request),))
    assert isinstance(store.claim(cancel), Claimed)
    pause(store)
    assert isinstance(store.claim(selling("later")), HeldBack)


def test_a_pause_only_tightens_another(store):
    pause(store, entries_only=False)
    assert pause(store, entries_only=True, until=NOON + LATER)[-2:] == (None, False)


def test_a_resume_that_was_fired_before_it_does_not_end_it(store):
    pause(store)
    early = NOON - timedelta(seconds=1)
    assert pausing(store).resume("breakout", "an alert", fired_at=early) is None
    assert isinstance(store.claim(submitting()), HeldBack)
    assert pausing(store).resume("breakout", "an alert", fired_at=NOON) is not None


def test_those_that_stand_are_listed(store):
    assert pausing(store).standing() == []
    own, all_of_it = pause(store, "a/b"), pause(store, None)
    Pausing(store, Dated(), "live", "main").pause(Pause(None, "another mode", NOON))
    pause(store, "over", until=NOON)
    Pausing(store, Dated(), "paper", "main2").pause(Pause(None, "another account", NOON))
    assert pausing(store).standing() == [all_of_it, own]


def test_one_that_cannot_be_read_lets_nothing_pass(store):
    assert store.write(account_pause("paper", "main"), "{", None)
    with pytest.raises(LedgerUnavailable):
        store.claim(submitting())
    assert store.find(submitting().unit) is None


def test_no_claim_is_won_once_pause_has_answered(store):
    """Claims race the pause: whatever was not won before it had answered is held back."""
    start, won = Barrier(3), []

    def claim(thread):
        start.wait()
        for number in range(12):
            claim = store.claim(submitting(f"{thread}-{number}"))
            won.append((thread, number, isinstance(claim, Claimed)))

    threads = [Thread(target=claim, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    start.wait()
    pause(store)
    for late in range(3):
        assert isinstance(store.claim(submitting(f"late-{late}")), HeldBack)
    for thread in threads:
        thread.join()
    for number in range(2):
        mine = [claimed for thread, _, claimed in won if thread == number]
        assert mine == sorted(mine, reverse=True), "held back, and then won again"
