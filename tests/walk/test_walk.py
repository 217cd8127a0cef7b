"""A thousand steps and more: after each what is held is what was wanted, or the answer was 503 and a resend made it so."""

from __future__ import annotations

import pytest

from tests.walk.run import shrunk, walk

FRESH = range(0, 60, 5)
"""Walks whose reads show everything at once."""


@pytest.mark.parametrize("seed", FRESH)
def test_a_walk_with_fresh_reads_ends_each_step_where_it_was_wanted(seed):
    done = walk(seed)
    assert done.wrong is None, shrunk(done).text()
    assert done.taken > 10
