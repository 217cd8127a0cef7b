"""The simulation is strong enough: it notices each way in which the protocol could be broken."""

from __future__ import annotations

import inspect
from contextlib import ExitStack
from unittest.mock import patch

import pytest

from tests.simulation.account_mutations import ACCOUNT_MUTATIONS
from tests.simulation.count_mutations import COUNT_MUTATIONS
from tests.simulation.limit_mutations import LIMIT_MUTATIONS
from tests.simulation.mutations import MUTATIONS
from tests.simulation.run import APART, failures, simulate
from tests.simulation.situation_mutations import SITUATION_MUTATIONS
from tests.simulation.watch import Invariant

ALL = (
    *MUTATIONS,
    *ACCOUNT_MUTATIONS,
    *COUNT_MUTATIONS,
    *LIMIT_MUTATIONS,
    *SITUATION_MUTATIONS,
)
MOST_SEEDS = 15_000
MET_AT = {
    "alert_cost_by_the_alerts_price": 3,
    "apart_from_the_first_alone": 3,
    "claim_not_atomic": 585,
    "cost_by_the_alerts_price": 6,
    "count_after_the_claim": 15,
    "deadline_recomputed": 187,
    "delete_on_exception": 150,
    "exits_never_fire": 240,
    "failed_reads_count": 1252,
    "figures_as_shown": 16,
    "fill_unseen": 23,
    "half_valued": 6,
    "line_never_free": 49,
    "lists_believed": 4612,
    "losses_of_any_age": 3,
    "mark_ignored": 281,
    "max_position_without_compare": 23,
    "missed_for_ever": 647,
    "missed_unsaid": 1150,
    "no_action_not_recorded": 21,
    "no_deadline": 122,
    "no_margin": 3507,
    "nothing_seen": 1643,
    "one_read_for_absence": 2232,
    "orders_of_an_alert_alone": 3,
    "pairs_flat_as_shown": 8,
    "plan_before_look_up": 42,
    "positions_as_shown": 115,
    "record_without_compare": 47,
    "refusals_not_durable": 912,
    "replaced_unseen": 1164,
    "resend_when_absent": 22,
    "resting_orders_free_of_n": 3,
    "run_again_after_a_stale_claim": 22,
    "send_before_claim": 25,
    "sent_again_in_its_old_size": 5629,
    "steps_that_came_ignored": 809,
    "stop_unseen_and_held": 22,
    "stop_unseen_and_turned": 22,
    "strangers_unseen": 1076,
    "two_at_a_time": 166,
    "unsent_exit_waits_for_a_buy": 16,
}
"""Where those that take long were met when they were last looked for: the search begins there, and
goes on through all the others if the seed tells another story by now."""
ORIGINALS = {
    (mutation.name, attribute): inspect.getattr_static(owner, attribute)
    for mutation in ALL
    for owner, attribute, _ in mutation.patches
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_the_simulation_catches(mutation):
    """Some seed violates just what this mutation endangers, and only because of it.

    One whose target is not called any more breaks nothing, so it proves nothing.
    """
    with mutation.applied() as calls:
        began = MET_AT.get(mutation.name, 0)
        seeds = (*range(began, MOST_SEEDS), *range(began))
        caught = (result for result in failures(seeds, mutation.kind))
        broken = (
            (result.seed, {violation.invariant for violation in result.violations})
            for result in caught
        )
        met = (seed for seed, invariants in broken if mutation.breaks in invariants)
        seed = next((seed for seed in met if _is_clean_without(mutation, seed)), None)
    assert seed is not None
    assert set(calls) == {attribute for _, attribute, _ in mutation.patches}


def _is_clean_without(mutation, seed):
    """Whether the protocol as it is violates nothing there."""
    with ExitStack() as stack:
        for owner, attribute, _ in mutation.patches:
            stack.enter_context(patch.object(owner, attribute, ORIGINALS[mutation.name, attribute]))
        return not simulate(seed, mutation.kind if mutation.kind in APART else None).violations


def test_an_order_sent_before_its_claim_is_noticed_by_the_venue():
    """Not only the second order: already the first one, which no entry explains."""
    mutation = next(mutation for mutation in MUTATIONS if mutation.name == "send_before_claim")
    with mutation.applied():
        first = next(failures(range(100)))
    assert Invariant.CLAIM_FIRST in {violation.invariant for violation in first.violations}


def test_a_mutation_leaves_no_trace():
    """The next test runs the real protocol again."""
    for mutation in ALL:
        before = [getattr(owner, attribute) for owner, attribute, _ in mutation.patches]
        with mutation.applied():
            during = [getattr(owner, attribute) for owner, attribute, _ in mutation.patches]
        after = [getattr(owner, attribute) for owner, attribute, _ in mutation.patches]
        assert before == after
        assert all(one is not other for one, other in zip(before, during, strict=True))
