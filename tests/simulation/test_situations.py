"""Situations that mislead, each in worlds of its own with nothing else wrong: what is sent, and
what is said for good, is right for the book."""

from __future__ import annotations

import pytest

from tests.simulation.run import simulate, told
from tests.simulation.situation_mutations import SITUATION_MUTATIONS
from tests.simulation.situation_run import SITUATIONS

SEEDS = 12
"""`make simulate` plays hundreds of each."""


@pytest.mark.parametrize("situation", SITUATIONS)
def test_nobody_is_misled(situation):
    results = [simulate(seed, situation) for seed in range(SEEDS)]
    failed = [result.seed for result in results if result.violations]
    assert failed == [], told(failed[0], situation).text()
    orders = sum(result.orders for result in results)
    assert orders == 0 if situation == "covered_short" else orders > SEEDS / 2


def test_each_situation_has_a_mutation():
    assert {mutation.kind for mutation in SITUATION_MUTATIONS} == set(SITUATIONS)


REACHED = {
    "kraken_down": ("MISSED", "ANSWERS 503 venue_unavailable", "order.expired"),
    "refused_nonce": ("EAPI:Invalid nonce", "leg 1 generation 0 attempt 2"),
    "sold_on_the_bar": ("ANSWERS 503 not_sent", "attempt 1"),
    "unpriced": ("paper knows no price of SOLUSD", "leaves out SOL"),
    "unpackaged": ("AssetPairs",),
    "stop_fired_and_turned": ("is at 47500", "stop_loss"),
    "rested_and_filled": ("ledger.unfinished -> [",),
    "covered_short": ("ANSWERS 200 no_action",),
    "confirmed": ("order.filled",),
    "bought_in_doubt": ("ANSWERS 503 outcome_unknown", "leg 1 generation 0"),
    "refused_for_funds": ("EOrder:Insufficient funds", "attempt 3"),
    "canceled_at_once": ("CancelOrder",),
}
"""What the stories have to show, or the simulation no longer tests it."""


@pytest.mark.parametrize("situation", REACHED)
def test_the_stories_go_where_it_misleads(situation):
    stories = "\n".join(told(seed, situation).text() for seed in range(SEEDS))
    assert [what for what in REACHED[situation] if what not in stories] == []
