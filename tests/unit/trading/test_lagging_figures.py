"""What is held, by a figure that may not show our last orders yet."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.row_by_row import row_by_row
from webhook_core.trading.lagging_figures import Step, settled

D = Decimal


def step(before, change, tolerance="0", *, sure=True):
    return Step(
        None if before is None else D(before),
        None if change is None else D(change),
        D(tolerance),
        sure,
    )


@row_by_row
@pytest.mark.parametrize(
    ("figure", "steps", "expected"),
    [
        ("5", [], "5"),
        ("1", [step("0", "1")], "1"),  # shown
        ("0", [step("0", "1")], "1"),  # not yet
        ("3", [step("0", "1")], None),  # neither: somebody else was there
        ("0", [step("0", "1"), step(None, "2")], "3"),
        ("1", [step("0", "1"), step(None, "2")], "3"),
        ("3", [step("0", "1"), step(None, "2")], "3"),
        ("0", [step("0", "1"), step("1", "-1")], "0"),  # there and back: the same either way
        ("0.99", [step("0", "1", "0.02")], "0.99"),  # a fee in base
        ("0.9", [step("0", "1", "0.02")], None),
        ("1", [step(None, "1")], None),  # no figure to hold it against
        ("7", [step("5", None)], None),  # of unknown size: by it, or by somebody else
        ("5", [step("5", None)], None),
        ("7", [step("5", None), step(None, "1")], None),
        (
            "6",
            [step("5", "1", sure=False)],
            None,
        ),  # without it the figure may have come to the same
        ("8", [step("5", "1", sure=False), step(None, "2")], None),
        (
            "5",
            [step("5", None), step("7", "1")],
            "8",
        ),  # of unknown size, but the next plan saw what came of it
        ("7", [step("5", None), step("7", "1")], "8"),
        ("8", [step("5", None), step("7", "1")], "8"),
        ("5", [step("5", None), step("7", None)], None),
        ("9", [step("5", None), step("7", None)], None),
        ("9", [step("5", None), step(None, None)], None),
        (
            "1",
            [step(None, "1"), step("1", "1")],
            "2",
        ),  # the first plan read no figure, the second one did
        ("0", [step(None, "1"), step("1", "1")], None),
        (
            "1",
            [step("0", "1"), step("5", "1")],
            "6",
        ),  # a resting order filled in between, and the next plan saw it
        ("5", [step("0", "1"), step("5", "1")], "6"),
        ("2", [step("0", "1"), step("5", "1")], None),
    ],
)
def test_a_figure_is_set_right_or_not_believed(figure, steps, expected):
    assert settled(D(figure), steps) == (None if expected is None else D(expected))


sizes = st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("figure", "less", "expected"),
    [("3", "0", "3"), ("2", "0", "3"), ("3", "2", "3"), ("3", "3", None), ("2", "-1", None)],
)
def test_a_plan_that_saw_less_saw_what_some_of_ours_led_to_or_somebody_else_has_traded(
    figure, less, expected
):
    steps = [step("0", "2"), step(None, "1")._replace(less=D(less))]
    assert settled(D(figure), steps) == (None if expected is None else D(expected))


@given(before=st.integers(0, 1000), changes=sizes, shown=st.integers(0, 6))
def test_however_many_of_our_orders_it_shows_the_outcome_is_the_same(before, changes, shown):
    steps = [
        Step(D(before) if number == 0 else None, D(change)) for number, change in enumerate(changes)
    ]
    figure = D(before + sum(changes[:shown]))
    assert settled(figure, steps) == D(before + sum(changes))
