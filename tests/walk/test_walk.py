"""A thousand steps: after each what is held is what was wanted, or the answer was 503 and
a resend made it so."""

from __future__ import annotations

import pytest

from tests.walk.run import shrunk, walk

SEEDS = [range(17), range(17, 34)]
"""Every fifth of them with reads that show everything at once. `make simulate` walks 66."""


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_each_step_ends_where_it_was_wanted(seeds):
    """A walk that fails prints its story, as short as it could be made."""
    steps = 0
    for seed in seeds:
        done = walk(seed)
        assert done.wrong is None, shrunk(done).text()
        steps += done.taken
    assert steps > 500


def test_the_same_walk_takes_the_same_steps():
    """So that a story can be told again."""
    assert walk(2).story == walk(2).story
