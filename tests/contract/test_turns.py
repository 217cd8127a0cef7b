"""What every ledger promises about alerts that depend on each other: one at a time, and
targets as they were fired."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_ledger import THREADS, at_once, claimed, recorded, stored_in
from tests.support.ledger_entries import (
    LINE,
    NOON,
    in_turn,
    missed,
    moved,
    nothing_to_do,
    submitting,
)
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import (
    Claim,
    Claimed,
    Existing,
    Ledger,
    Outdated,
    Superseded,
    Waiting,
)
from webhook_core.ledger.entry import REPLAYABLE, LedgerEntry, State

IN_LINE = sorted(set(State) - {State.MISSED})
"""What is MISSED stands in no line yet."""
DONE = sorted(set(IN_LINE) - {State.SUBMITTING})
BOTH = pytest.mark.parametrize("in_order", [True, False], ids=["target", "percentage"])


def next_attempt(entry: LedgerEntry) -> LedgerEntry:
    return transitions.next_attempt(entry, entry.current.request, NOON + timedelta(seconds=5), 10)


def claimed_next(store: Ledger, entry: LedgerEntry) -> LedgerEntry:
    result = store.claim_next(next_attempt(entry))
    assert isinstance(result, Claimed)
    return result.entry


def test_a_turn_is_stored_and_comes_back(store):
    entry = in_turn("first", 7, in_order=False)
    first = claimed(store, entry)
    assert replace(first, version="") == entry
    assert store.find(entry.unit) == first
    assert recorded(store, moved(first, State.ACCEPTED)).turn == entry.turn


@BOTH
def test_a_later_one_waits_while_an_earlier_one_is_submitting(store, in_order):
    first = claimed(store, in_turn("first", in_order=in_order))
    assert store.claim(in_turn("second", 1, in_order=in_order)) == Waiting(first)
    assert store.find(in_turn("second").unit) is None
    unknown = recorded(store, moved(first, State.SUBMITTING))
    assert store.claim(in_turn("second", 1, in_order=in_order)) == Waiting(unknown)
    assert store.entries().entries == [unknown]


@BOTH
@pytest.mark.parametrize("state", DONE)
def test_the_line_is_free_once_the_one_before_is_done(store, state, in_order):
    first = stored_in(store, in_turn("first", in_order=in_order), state)
    second = claimed(store, in_turn("second", 1, in_order=in_order))
    assert store.find(second.unit) == second
    assert store.claim(in_turn("third", 2, in_order=in_order)) == Waiting(second)
    recorded(store, moved(second, State.ACCEPTED))
    claimed(store, in_turn("third", 2, in_order=in_order))
    assert store.find(first.unit) == first


def test_targets_and_percentages_of_one_line_wait_for_each_other(store):
    first = claimed(store, in_turn("first", in_order=True))
    assert store.claim(in_turn("second", 1, in_order=False)) == Waiting(first)
    recorded(store, moved(first, State.ACCEPTED))
    second = claimed(store, in_turn("second", 1, in_order=False))
    assert store.claim(in_turn("third", 2, in_order=True)) == Waiting(second)


@pytest.mark.parametrize("state", IN_LINE)
def test_a_target_that_was_fired_earlier_and_comes_late_is_superseded(store, state):
    """Also while the later one is submitting: its outcome would change nothing."""
    later = stored_in(store, in_turn("later", 10), state)
    for fired_s in (0, 9):
        assert store.claim(in_turn("older", fired_s)) == Superseded(later)
    assert store.find(in_turn("older").unit) is None
    assert store.entries().entries == [later]


def test_the_latest_counts_and_not_the_last_that_came(store):
    latest = stored_in(store, in_turn("latest", 10), State.ACCEPTED)
    stored_in(store, in_turn("percentage", 5, in_order=False), State.ACCEPTED)
    assert store.claim(in_turn("older", 7)) == Superseded(latest)
    claimed(store, in_turn("newer", 11))


def test_a_percentage_goes_whenever_it_comes_but_alone(store):
    later = stored_in(store, in_turn("later", 10), State.ACCEPTED)
    claimed(store, in_turn("older", 0, in_order=False))
    assert store.find(later.unit) == later


def test_targets_that_were_fired_at_the_same_time_go_as_they_come(store):
    first = claimed(store, in_turn("first", 3))
    assert store.claim(in_turn("second", 3)) == Waiting(first)
    recorded(store, moved(first, State.ACCEPTED))
    second = stored_in(store, in_turn("second", 3), State.ACCEPTED)
    assert store.claim(in_turn("first", 3)).entry.unit == first.unit
    claimed(store, in_turn("third", 3))
    assert store.find(second.unit) == second


def test_a_microsecond_is_later(store):
    turn = in_turn("first").turn
    later = stored_in(
        store,
        submitting("later", turn=turn._replace(fired_at=NOON + timedelta(microseconds=1))),
        "ACCEPTED",
    )
    assert store.claim(in_turn("first")) == Superseded(later)


@pytest.mark.parametrize(
    "line", ["trend/XETHZUSD", "Trend/XXBTZUSD", "", "\x00", "\ud800", "x" * 5000]
)
def test_lines_do_not_depend_on_each_other(store, line):
    claimed(store, in_turn("first", 10))
    other = claimed(store, in_turn("second", 0, line=line))
    assert store.claim(in_turn("third", 1, line=line)) == Waiting(other)
    assert isinstance(store.claim(in_turn("first", 10)), Existing)


def test_who_has_no_turn_waits_for_nobody_and_keeps_nobody_waiting(store):
    plain = claimed(store, submitting("plain"))
    first = claimed(store, in_turn("first"))
    claimed(store, submitting("another"))
    assert store.claim(in_turn("second", 1)) == Waiting(first)
    recorded(store, moved(first, State.ACCEPTED))
    claimed(store, in_turn("second", 1))
    assert store.find(plain.unit) == plain


@pytest.mark.parametrize("state", IN_LINE)
def test_a_redelivery_is_existing_whatever_its_line_says(store, state):
    first = stored_in(store, in_turn("first"), state)
    assert store.claim(in_turn("first")) == Existing(first)
    if state is not State.SUBMITTING:
        later = claimed(store, in_turn("later", 10))
        assert store.claim(in_turn("first")) == Existing(first)
        recorded(store, moved(later, State.ACCEPTED))
        assert store.claim(in_turn("first")) == Existing(first)


def test_a_purged_entry_is_in_nobodys_way(store):
    stored_in(store, in_turn("later", 10), State.ACCEPTED)
    assert store.purge(NOON + timedelta(days=1), 10) == 1
    first = claimed(store, in_turn("older", 0))
    assert store.claim(in_turn("newer", 11)) == Waiting(first)


# The next attempt


@BOTH
def test_the_next_attempt_of_one_that_was_not_sent_takes_its_turn_again(store, in_order):
    unsent = stored_in(store, in_turn("first", in_order=in_order), State.NOT_SENT)
    again = claimed_next(store, unsent)
    assert (again.state, len(again.attempts), again.turn) == (State.SUBMITTING, 2, unsent.turn)
    assert store.find(again.unit) == again
    assert store.claim(in_turn("second", 1, in_order=in_order)) == Waiting(again)
    recorded(store, moved(again, State.ACCEPTED))
    claimed(store, in_turn("second", 1, in_order=in_order))


def test_the_next_attempt_of_a_percentage_waits_for_who_came_meanwhile(store):
    unsent = stored_in(store, in_turn("first", in_order=False), State.NOT_SENT)
    second = claimed(store, in_turn("second", 1, in_order=False))
    assert store.claim_next(next_attempt(unsent)) == Waiting(second)
    assert store.find(unsent.unit) == unsent
    recorded(store, moved(second, State.ACCEPTED))
    claimed_next(store, unsent)


@pytest.mark.parametrize("state", IN_LINE)
def test_the_next_attempt_of_a_target_is_superseded_by_a_later_one_that_came_meanwhile(
    store, state
):
    unsent = stored_in(store, in_turn("first"), State.NOT_SENT)
    later = stored_in(store, in_turn("later", 1), state)
    assert store.claim_next(next_attempt(unsent)) == Superseded(later)
    assert store.find(unsent.unit) == unsent


@pytest.mark.parametrize("state", sorted(REPLAYABLE))
def test_a_replay_of_a_person_takes_its_turn_too(store, state):
    def replayed(entry: LedgerEntry) -> Claim:
        return store.claim_next(
            transitions.replayed_by_operator(entry, entry.current.request, NOON, 10)
        )

    ended = stored_in(store, in_turn("first", in_order=False), state)
    second = claimed(store, in_turn("second", 1))
    assert replayed(ended) == Waiting(second)
    accepted = recorded(store, moved(second, State.ACCEPTED))
    assert isinstance(replayed(ended), Claimed)
    old = stored_in(store, in_turn("old", 0, line="another"), state)
    newer = stored_in(store, in_turn("newer", 1, line="another"), State.ACCEPTED)
    assert replayed(old) == Superseded(newer)
    assert store.find(accepted.unit) == accepted


def test_an_attempt_on_fresh_rules_keeps_the_turn(store):
    """Refused for its rounding: on the ledger it goes from SUBMITTING to SUBMITTING."""
    first = claimed(store, in_turn("first"))
    again = recorded(store, next_attempt(moved(first, State.REJECTED)))
    assert store.claim(in_turn("second", 1)) == Waiting(again)


@pytest.mark.parametrize("turn", [None, in_turn("first").turn], ids=["no turn", "turn"])
def test_a_next_attempt_is_a_compare_and_set(store, turn):
    unsent = stored_in(store, submitting("first", turn=turn), State.NOT_SENT)
    again = claimed_next(store, unsent)
    assert store.claim_next(next_attempt(unsent)) == Existing(again)
    assert store.find(unsent.unit) == again
    with pytest.raises(LedgerUnavailable, match="no such entry"):
        store.claim_next(replace(next_attempt(unsent), unit=unsent.unit._replace(leg=1)))


# Of one second


EXIT, SHORT = (1, 0), (0, -1)


@pytest.mark.parametrize("state", DONE)
def test_an_exit_that_comes_after_the_entry_of_its_bar_is_superseded(store, state):
    entry = stored_in(store, in_turn("entry", 3, moves=SHORT), state)
    assert store.claim(in_turn("exit", 3, moves=EXIT)) == Superseded(entry)
    assert store.entries().entries == [entry]


def test_an_exit_and_an_entry_that_come_as_they_were_fired_both_go(store):
    out = stored_in(store, in_turn("exit", 3, moves=EXIT), State.ACCEPTED)
    assert store.claim(in_turn("entry", 3, moves=SHORT)).entry.turn.before == 0
    assert store.find(out.unit).turn[3:] == (1, 0, None, False)


def test_of_many_of_one_second_each_counts(store):
    """The one that matters is neither the last that came nor the one that is submitting."""
    entry = stored_in(store, in_turn("entry", 3, moves=SHORT), State.ACCEPTED)
    for number in range(5):
        stored_in(store, in_turn(f"between-{number}", 3, moves=(70, 80)), State.ACCEPTED)
    last = claimed(store, in_turn("last", 3))
    assert store.claim(in_turn("exit", 3, moves=EXIT)) == Superseded(entry)
    assert store.claim(in_turn("another", 3, moves=(80, 90))) == Waiting(last)


def test_the_next_attempt_of_an_exit_is_superseded_by_the_entry_of_its_bar(store):
    unsent = stored_in(store, in_turn("exit", 3, moves=EXIT), State.NOT_SENT)
    entry = stored_in(store, in_turn("entry", 3, moves=SHORT), State.ACCEPTED)
    assert store.claim_next(next_attempt(unsent)) == Superseded(entry)
    assert store.find(unsent.unit) == unsent


def test_of_two_of_one_second_that_lead_to_each_other_the_one_with_nothing_to_do_is_the_later_one(
    store,
):
    idle = stored_in(store, in_turn("entry", 3, moves=(0, 1)), State.NO_ACTION)
    assert store.claim(in_turn("exit", 3, moves=EXIT)) == Superseded(idle)
    stored_in(store, in_turn("entry of a flat", 3, moves=(0, 1), line="flat"), State.ACCEPTED)
    claimed(store, in_turn("exit of a flat", 3, moves=EXIT, line="flat"))


# The mark


def marked(store: Ledger, alert_key: str, fired_s: int = 0, **turn) -> LedgerEntry:
    """An alert that has read the facts now."""
    return in_turn(alert_key, fired_s, mark=store.mark(LINE), **turn)


def test_the_mark_of_a_line_is_who_claimed_last_in_it(store):
    assert store.mark(LINE) == store.mark("another") == ""
    first = claimed(store, in_turn("first"))
    assert store.mark(LINE) == first.current.owner
    unsent = recorded(store, moved(first, State.NOT_SENT))
    assert store.mark(LINE) == first.current.owner
    again = claimed_next(store, unsent)
    assert store.mark(LINE) == again.current.owner != first.current.owner
    claimed(store, submitting("without a turn"))
    other = claimed(store, in_turn("other", line="another"))
    assert (store.mark(LINE), store.mark("another")) == (again.current.owner, other.current.owner)


def test_who_claims_nothing_leaves_the_mark(store):
    first = claimed(store, in_turn("first", 5))
    before = store.mark(LINE)
    store.claim(in_turn("first", 5))
    store.claim(in_turn("waits", 6))
    store.claim(in_turn("superseded", 4))
    recorded(store, moved(first, State.ACCEPTED))
    assert store.claim(in_turn("outdated", 7, mark="")) == Outdated()
    assert store.mark(LINE) == before
    assert store.find(in_turn("outdated").unit) is None


def test_a_claim_under_the_mark_is_stored_without_it(store):
    first = claimed(store, marked(store, "first"))
    assert first.turn == in_turn("first").turn
    assert store.find(first.unit) == first
    recorded(store, moved(first, State.ACCEPTED))
    second = claimed(store, marked(store, "second", 1, moves=(0, 1)))
    assert store.find(second.unit) == second
    assert second.turn.after == 1


@BOTH
@pytest.mark.parametrize("state", DONE)
def test_of_two_that_read_the_same_facts_one_acts_on_them(store, state, in_order):
    one, other = (marked(store, key, 1, in_order=in_order) for key in ("one", "other"))
    first = stored_in(store, one, state)
    assert store.claim(other) == Outdated()
    assert store.entries().entries == [first]
    claimed(store, marked(store, "other", 1, in_order=in_order))


def test_a_mark_is_only_looked_at_where_nothing_else_says_no(store):
    stale = "long ago"
    first = claimed(store, in_turn("first", 5))
    assert store.claim(in_turn("first", 5, mark=stale)) == Existing(first)
    assert store.claim(in_turn("older", 4, mark=stale)) == Superseded(first)
    assert store.claim(in_turn("later", 6, mark=stale)) == Waiting(first)
    recorded(store, moved(first, State.ACCEPTED))
    assert store.claim(in_turn("later", 6, mark=stale)) == Outdated()


def test_a_next_attempt_under_a_mark_is_checked_too(store):
    def again(mark: str) -> Claim:
        return store.claim_next(
            next_attempt(replace(unsent, turn=unsent.turn._replace(mark=mark))),
        )

    unsent = stored_in(store, in_turn("first", in_order=False), State.NOT_SENT)
    before = store.mark(LINE)
    stored_in(store, in_turn("second", 1, in_order=False), State.ACCEPTED)
    assert again(before) == Outdated()
    assert store.find(unsent.unit) == unsent
    result = again(store.mark(LINE))
    assert isinstance(result, Claimed)
    assert store.find(unsent.unit) == result.entry
    assert result.entry.turn == unsent.turn


@pytest.mark.parametrize("end", [nothing_to_do, missed])
def test_a_claim_that_is_an_end_takes_its_turn_and_leaves_the_line_free(store, end):
    first = stored_in(store, in_turn("first", 5), State.ACCEPTED)
    assert store.claim(end(in_turn("older", 4))) == Superseded(first)
    assert store.claim(end(in_turn("outdated", 6, mark=""))) == Outdated()
    ended = claimed(store, end(marked(store, "ended", 6)))
    assert ended.state in (State.NO_ACTION, State.EXPIRED)
    assert store.mark(LINE) == ended.current.owner
    assert store.find(ended.unit) == ended
    assert store.claim(in_turn("between", 5)) == Superseded(ended)
    last = claimed(store, in_turn("last", 7))
    assert store.claim(end(in_turn("waits", 8))) == Waiting(last)


def test_a_mark_outlives_what_is_purged(store):
    stored_in(store, in_turn("first"), State.ACCEPTED)
    mark = store.mark(LINE)
    assert store.purge(NOON + timedelta(days=1), 10) == 1
    assert store.mark(LINE) == mark
    assert store.claim(in_turn("second", 1, mark="")) == Outdated()
    claimed(store, in_turn("second", 1, mark=mark))


# At once


def test_of_many_that_read_the_same_facts_at_once_one_acts_on_them(store):
    """Each has ended at once: nobody waits for anybody, and only the mark tells."""
    stored_in(store, in_turn("before"), State.ACCEPTED)
    entries = [nothing_to_do(marked(store, f"alert-{number}", 1)) for number in range(THREADS)]

    def ask(number: int) -> Claim:
        while True:
            try:
                return store.claim(entries[number])
            except LedgerUnavailable:  # Firestore was too busy to say
                continue

    results = at_once(THREADS, ask)
    assert sum(isinstance(result, Claimed) for result in results) == 1
    assert {type(result) for result in results} == {Claimed, Outdated}
    assert len(store.entries().entries) == 2


class OneAtATime:
    """Who is between a claim and its record; ``seen`` in the order of the claims."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: list[str] = []
        self.seen: list[LedgerEntry] = []

    def __enter__(self) -> OneAtATime:
        with self._lock:
            self._inside.append(threading.current_thread().name)
            assert len(self._inside) == 1, self._inside
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside.remove(threading.current_thread().name)


def brought_to_an_end(store: Ledger, ask, alone: OneAtATime) -> Claim:
    """As a sender that never tires: again while others have the turn, or the store
    is too busy to say."""
    ends_at = time.monotonic() + 60
    while True:
        assert time.monotonic() < ends_at
        try:
            claim = ask()
        except LedgerUnavailable:
            continue
        if isinstance(claim, Waiting):
            continue
        if isinstance(claim, Claimed):
            with alone:
                alone.seen.append(claim.entry)
                assert [
                    entry.unit for entry in store.entries(states={State.SUBMITTING}).entries
                ] == [claim.entry.unit]
            recorded(store, moved(claim.entry, State.ACCEPTED))
        return claim


def test_of_many_alerts_of_one_line_at_most_one_is_submitting_at_any_time(store):
    alone = OneAtATime()
    entries = [in_turn(f"alert-{number}", number, in_order=False) for number in range(THREADS)]
    results = at_once(
        THREADS,
        lambda number: brought_to_an_end(store, lambda: store.claim(entries[number]), alone),
    )
    assert all(isinstance(result, Claimed) for result in results)
    assert len(store.entries(states={State.ACCEPTED}).entries) == THREADS


def test_of_many_targets_at_once_each_is_newer_than_the_one_before_and_the_last_is_the_newest(
    store,
):
    alone = OneAtATime()
    entries = [in_turn(f"alert-{number}", number % 12) for number in range(THREADS)]
    results = at_once(
        THREADS,
        lambda number: brought_to_an_end(store, lambda: store.claim(entries[number]), alone),
    )
    fired = [entry.turn.fired_at for entry in alone.seen]
    assert fired == sorted(fired)
    assert fired[-1] == NOON + timedelta(seconds=11)
    assert {type(result) for result in results} <= {Claimed, Superseded}
    assert {entry.unit for entry in store.entries().entries} == {entry.unit for entry in alone.seen}


def test_next_attempts_and_first_ones_of_one_line_take_turns(store):
    alone = OneAtATime()
    unsent = [
        stored_in(store, in_turn(f"unsent-{number}", number, in_order=False), State.NOT_SENT)
        for number in range(4)
    ]
    asks = [lambda entry=entry: store.claim_next(next_attempt(entry)) for entry in unsent]
    fresh = [in_turn(f"fresh-{number}", number, in_order=False) for number in range(4)]
    asks += [lambda entry=entry: store.claim(entry) for entry in fresh]
    results = at_once(len(asks), lambda number: brought_to_an_end(store, asks[number], alone))
    assert all(isinstance(result, Claimed) for result in results)
    assert len(store.entries(states={State.ACCEPTED}).entries) == len(asks)


@pytest.mark.parametrize("in_order", [False, True])
def test_an_exit_that_was_planned_beside_one_without_an_outcome_does_not_wait_for_it(
    store, in_order
):
    unknown = store.claim(in_turn("first", 0, in_order=False)).entry
    exits = in_turn("exit", 1, in_order=in_order)
    passing = replace(exits, turn=exits.turn._replace(passes=True))
    claimed = store.claim(passing).entry
    assert claimed.turn.passes is False
    assert store.find(unknown.unit).state is State.SUBMITTING
    assert isinstance(store.claim(in_turn("next", 2, in_order=False)), Waiting)


def test_an_exit_that_passes_is_kept_back_by_whoever_claimed_since_it_was_planned(store):
    mark = store.mark(LINE)
    store.claim(in_turn("first", 0, in_order=False))
    exits = in_turn("exit", 1, in_order=False)
    late = replace(exits, turn=exits.turn._replace(passes=True, mark=mark))
    assert store.claim(late) == Outdated()
