"""Whose turn it is, told by when alerts were fired, and within one second by the
strategy's positions."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ledger_entries import in_turn, moved, nothing_to_do
from tests.support.row_by_row import row_by_row
from webhook_core.ledger.contract import Outdated, Superseded, Waiting
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.turns import refusal

EXIT, ENTRY, SHORT = (1, 0), (0, 1), (0, -1)
DONE = [State.ACCEPTED, State.REJECTED, State.NOT_PLACED, State.NOT_SENT, State.EXPIRED]


def applied(*steps: tuple[int, int], holds: int) -> int:
    """What the account holds after the alerts of one second came in that order, each taken as far
    as its turn lets it."""
    came: list[LedgerEntry] = []
    for number, step in enumerate(steps):
        entry = in_turn(f"alert-{number}", moves=step)
        refused = refusal(entry, came, "")
        if refused is None:
            came.append(nothing_to_do(entry) if step[1] == holds else moved(entry, State.ACCEPTED))
            holds = step[1]
        else:
            assert isinstance(refused, Superseded)
    return holds


@pytest.mark.parametrize(
    ("fired", "holds", "ends"),
    [
        pytest.param([EXIT, SHORT], 1, -1, id="a reversal by an exit and an entry"),
        pytest.param([EXIT, ENTRY], 1, 1, id="a long that is closed and opened again"),
        pytest.param([ENTRY, EXIT], 0, 0, id="a long that is opened and closed at once"),
        pytest.param([(1, 3), (3, 2)], 1, 2, id="an addition and a partial exit"),
        pytest.param([(0, 1), (1, 2)], 0, 2, id="two entries of a pyramid"),
        pytest.param([(0, 1), (1, 2), (2, 3)], 0, 3, id="three entries of a pyramid"),
        pytest.param([(3, 2), (2, 1), (1, 0)], 3, 0, id="three partial exits of a long"),
        pytest.param([(-3, -2), (-2, -1), (-1, 0)], -3, 0, id="three partial exits of a short"),
        pytest.param([(2, 0), (0, -1), (-1, -2)], 2, -2, id="an exit and two entries of a short"),
    ],
)
def test_alerts_of_one_second_end_where_the_last_one_leads_in_whatever_order_they_come(
    fired, holds, ends
):
    for order in permutations(fired):
        assert applied(*order, holds=holds) == ends, order


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=8))
def test_alerts_that_come_as_they_were_fired_all_go(positions):
    """Whatever way the strategy takes within the second, as long as each
    alert has something to do."""
    came: list[LedgerEntry] = []
    for number, step in enumerate(pairwise(positions)):
        entry = in_turn(f"alert-{number}", moves=step)
        assert refusal(entry, came, "") is None
        came.append(moved(entry, State.ACCEPTED))


@row_by_row
@pytest.mark.parametrize("state", DONE)
@pytest.mark.parametrize(
    ("older", "newer"),
    [(EXIT, SHORT), (ENTRY, (1, 2)), ((3, 2), (1, 0)), ((-3, -2), (-1, 0)), ((0, 1), (2, 3))],
)
def test_one_that_came_first_in_its_second_is_superseded_whatever_became_of_the_later_one(
    older, newer, state
):
    later = moved(in_turn("later", moves=newer), state)
    assert refusal(in_turn("older", moves=older), [later], "") == Superseded(later)
    assert (
        refusal(in_turn("later", moves=newer), [moved(in_turn("older", moves=older), state)], "")
        is None
    )


@pytest.mark.parametrize(("first", "second"), [(EXIT, ENTRY), (ENTRY, EXIT)])
def test_where_both_ways_fit_the_one_that_had_nothing_to_do_was_the_later_one(first, second):
    idle = nothing_to_do(in_turn("first", moves=first))
    assert refusal(in_turn("second", moves=second), [idle], "") == Superseded(idle)
    for state in DONE:
        assert (
            refusal(
                in_turn("second", moves=second), [moved(in_turn("first", moves=first), state)], ""
            )
            is None
        )


def test_one_that_had_nothing_to_do_does_not_hold_up_an_exit_that_steps_lead_to():
    idle, second = (
        nothing_to_do(in_turn("first", moves=(0, 1))),
        moved(in_turn("second", moves=(1, 2)), State.ACCEPTED),
    )
    assert refusal(in_turn("exit", moves=(2, 0)), [idle, second], "") is None


@pytest.mark.parametrize(
    ("one", "other"), [(None, None), (EXIT, None), (None, SHORT), (EXIT, (5, 6)), (ENTRY, ENTRY)]
)
def test_where_positions_are_unknown_or_do_not_connect_they_go_as_they_come(one, other):
    for first, second in ((one, other), (other, one)):
        came = moved(in_turn("first", moves=first), State.ACCEPTED)
        assert refusal(in_turn("second", moves=second), [came], "") is None


def test_a_position_of_which_one_side_is_unknown_connects_to_nothing():
    half = in_turn("first", moves=EXIT)
    half = replace(half, turn=half.turn._replace(before=None))
    came = moved(in_turn("second", moves=SHORT), State.ACCEPTED)
    assert refusal(half, [came], "") is None
    assert refusal(in_turn("second", moves=ENTRY), [moved(half, State.ACCEPTED)], "") is None


def test_positions_of_another_second_or_line_or_of_a_percentage_say_nothing():
    older = in_turn("older", moves=EXIT)
    assert refusal(older, [moved(in_turn("before", -1, moves=SHORT), State.ACCEPTED)], "") is None
    assert (
        refusal(
            older, [moved(in_turn("elsewhere", moves=SHORT, line="another"), State.ACCEPTED)], ""
        )
        is None
    )
    came = moved(in_turn("later", moves=SHORT), State.ACCEPTED)
    assert refusal(in_turn("older", moves=EXIT, in_order=False), [came], "") is None


def test_the_legs_of_one_alert_do_not_supersede_each_other():
    """A reversal by two orders is one alert: both legs have its positions, and these may
    connect to themselves."""
    leg0 = moved(in_turn("alert", moves=(1, 1)), State.ACCEPTED)
    leg1 = replace(leg0, unit=leg0.unit._replace(leg=1))
    assert refusal(leg1, [leg0, nothing_to_do(leg0)], "") is None
    submitting = in_turn("alert", moves=(1, 1))
    assert refusal(leg1, [submitting], "") == Waiting(submitting)


def test_the_final_word_comes_first_then_the_one_to_wait_for_and_then_the_mark():
    marked = in_turn("ours", moves=EXIT, mark="before")
    later, tied, other = (
        in_turn("later", 1),
        in_turn("tied", moves=SHORT),
        in_turn("other", moves=(7, 8)),
    )
    assert refusal(marked, [other, later], "since") == Superseded(later)
    assert refusal(marked, [other, tied], "since") == Superseded(tied)
    assert refusal(marked, [other], "since") == Waiting(other)
    assert refusal(marked, [moved(other, State.ACCEPTED)], "since") == Outdated()
    assert refusal(marked, [moved(other, State.ACCEPTED)], "before") is None
    assert refusal(in_turn("ours", mark=""), [], "") is None
    assert refusal(in_turn("ours", mark=""), [], "since") == Outdated()
    assert refusal(in_turn("ours"), [], "since") is None


def test_an_answer_without_an_entry_is_an_answer():
    assert Outdated(), "an empty tuple would be taken for no answer at all"
