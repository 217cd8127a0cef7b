"""Over any course of alerts and outcomes: no more orders than the limit have been claimed and may
have been placed, and nobody is refused while there is a place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.counted_claims import BUY, LARGER, claim
from tests.support.examples import examples
from tests.support.ledger_entries import NOON, moved, submitting
from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import OrderDenied
from webhook_core.ledger.contract import Claimed
from webhook_core.ledger.entry import State
from webhook_core.trading.rules import Guards, Limits, TradingRules

FINAL_WITHOUT_AN_ORDER = (State.REJECTED, State.NOT_PLACED)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(0, 9), st.integers(1, 3)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.sampled_from(
            [State.ACCEPTED, State.REJECTED, State.NOT_PLACED, State.NOT_SENT])),
        st.tuples(st.just("wait"), st.sampled_from([1, 600, 3600, 40_000]), st.none()),
    ),
    max_size=40,
)  # fmt: skip


class Course:
    def __init__(self, most_a_day, most_an_hour):
        guards = Guards(orders_per_day=most_a_day, orders_per_hour=most_an_hour)
        self.rules = TradingRules((Limits(strategy="trend", guards=guards),))
        self.spans = (("day", most_a_day), ("hour", most_an_hour))
        self.store, self.now, self.orders = MemoryLedger(), NOON, {}

    def alive(self, span):
        """Orders claimed in it that were not proved absent, a leg each."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight if span == "day" else self.now - timedelta(hours=1)
        found = 0
        for key, (at, legs) in self.orders.items():
            entry = self.store.find(submitting(key).unit)
            gone = entry.state in FINAL_WITHOUT_AN_ORDER
            found += 0 if at < since or gone else legs
        return found

    def claim(self, key, legs):
        if key in self.orders:
            return
        room = all(self.alive(span) + legs <= most for span, most in self.spans)
        try:
            made = claim(
                self.store,
                submitting(key, at=self.now),
                rules=self.rules,
                requests=(BUY, LARGER, BUY)[:legs],
            )
        except OrderDenied:
            assert not room
            return
        assert isinstance(made, Claimed)
        assert room
        self.orders[key] = (self.now, legs)

    def settle(self, key, state):
        if key in self.orders:
            entry = self.store.find(submitting(key).unit)
            if entry.state is State.SUBMITTING:
                shown = replace(entry, attempts=(moved(entry, state).current,))
                self.store.record(shown)


@settings(max_examples=examples(150))
@given(st.integers(1, 5), st.integers(1, 5), STEPS)
def test_never_more_than_the_limit_and_never_refused_while_there_is_a_place(day, hour, steps):
    course = Course(day, hour)
    for what, number, detail in steps:
        if what == "wait":
            course.now += timedelta(seconds=number)
        else:
            getattr(course, what)(f"k{number}", detail)
        assert all(course.alive(span) <= most for span, most in course.spans)


SECOND = timedelta(seconds=1)
CLAIMS = st.lists(
    st.tuples(st.sampled_from([5, 43_190]), st.sampled_from([0, 15]), st.integers(1, 2)),
    max_size=12,
)


@settings(max_examples=examples(150))
@given(st.integers(1, 4), CLAIMS)
@example(2, [(5, 0, 2), (43_190, 0, 1), (5, 0, 1), (5, 15, 1)])
def test_no_day_has_more_than_the_limit_however_late_a_claim_of_it_is_written(most, steps):
    """A claim's moment is taken before it waits for the store, and two clocks are never one."""
    rules = TradingRules((Limits(strategy="trend", guards=Guards(orders_per_day=most)),))
    store, now, days = MemoryLedger(), NOON, Counter()
    for number, (wait, late, legs) in enumerate(steps):
        now += wait * SECOND
        at = now - late * SECOND
        try:
            claim(store, submitting(f"k{number}", at=at), rules=rules, requests=(BUY,) * legs)
        except OrderDenied:
            continue
        days[at.date()] += legs
    assert all(orders <= most for orders in days.values())
