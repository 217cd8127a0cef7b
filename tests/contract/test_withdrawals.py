"""An order that was never sent is withdrawn or sent, on every ledger: one of the two,
whoever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.test_ledger import at_once, claimed, stored_in
from tests.support.ledger_entries import NOON, submitting
from webhook_core.ledger import transitions
from webhook_core.ledger.attempts import denied_attempt
from webhook_core.ledger.contract import Claimed, Existing, Recorded
from webhook_core.ledger.entry import State
from webhook_core.ledger.later_leg import later_leg

LATER = NOON + timedelta(seconds=9)
ROUNDS = 5


def not_sent(store, name):
    before = stored_in(store, submitting(name), State.NOT_SENT)
    sent = transitions.next_attempt(before, before.current.request, LATER, 10)
    end = transitions.next_denied(before, LATER, "canceled")
    return before.unit, lambda: store.claim_next(sent), lambda: store.record(end)


def missed(store, name):
    before = stored_in(store, submitting(name), State.MISSED)
    sent = transitions.claimed_at_last(before, submitting(name, at=LATER))
    end = transitions.denied_unclaimed(before, LATER, "canceled")
    return before.unit, lambda: store.claim_next(sent), lambda: store.record(end)


def left(store, name):
    request = submitting(name).current.request
    first = claimed(store, replace(submitting(name), following=(request,)))
    leg = later_leg(first, 1, LATER, 10)
    attempt = denied_attempt(leg.unit, request, LATER, "canceled")
    end = replace(leg, attempts=(attempt,), turn=None)
    return leg.unit, lambda: store.claim(leg), lambda: store.claim(end)


@pytest.mark.parametrize("what", [not_sent, missed, left])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["resend first", "cancel first"])
def test_who_comes_first_decides_and_the_other_hears_of_it(store, what, order):
    unit, *ways = what(store, "in turn")
    first, second = (ways[number]() for number in order)
    assert isinstance(first, Claimed | Recorded)
    assert second == Existing(first.entry)
    assert store.find(unit).state is (State.DENIED if order[0] else State.SUBMITTING)


@pytest.mark.parametrize("what", [not_sent, missed, left])
def test_of_a_resend_and_a_cancel_at_once_one_is_written(store, what):
    for number in range(ROUNDS):
        unit, *ways = what(store, f"race {number}")
        results = at_once(2, lambda one, ways=ways: ways[one]())
        assert [isinstance(result, Existing) for result in results].count(True) == 1
        assert all(result.entry == store.find(unit) for result in results)
