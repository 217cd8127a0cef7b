"""Worlds with one limit each, whose alerts come close to it: it is reached, and never exceeded."""

from __future__ import annotations

import pytest

from tests.simulation.limit_mutations import LIMIT_MUTATIONS
from tests.simulation.limit_plan import LIMITS
from tests.simulation.limit_run import play
from tests.simulation.run import _told, simulate, told
from tests.simulation.world import World
from tests.support.examples import examples

SEEDS = examples(40)
RULE = {
    "on_missed_alert": "MISSED_ALERT",
    "catch_up": "MISSED_ALERT",
    "token_orders": "out_of_scope",
    "token_cost": "out_of_scope",
    "pause": "paused",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_reached_and_never_exceeded(limit):
    codes, orders = set(), 0
    for seed in range(SEEDS):
        with _told(world := World(seed)):
            watch, _ = play(world, limit)
        assert watch.violations == [], told(seed, limit).text()
        codes |= watch.codes
        orders += len(watch.book)
    assert {"accepted", RULE.get(limit, limit.upper())} <= codes
    assert orders > SEEDS / 2


def test_each_limit_has_a_mutation():
    assert {mutation.kind for mutation in LIMIT_MUTATIONS} == set(LIMITS)


def test_a_seed_of_a_limit_goes_the_same_way_again():
    first, again = told(3, "max_position"), simulate(3, "max_position")
    assert (first.orders, first.deliveries) == (again.orders, again.deliveries)
    assert first.text().endswith("python -m tests.simulation --kind max_position --seed 3")
