"""Rows that are one test are all played, and each that fails is told."""

from __future__ import annotations

import pytest

from tests.support.row_by_row import row_by_row

ROWS = pytest.mark.parametrize(("one", "two"), [(1, 2), (3, 3), (5, 6)])


def test_each_row_is_played_in_its_order():
    played = []

    @row_by_row
    @ROWS
    def test(one, two):
        played.append((one, two))

    test()
    assert played == [(1, 2), (3, 3), (5, 6)]


def test_tables_above_each_other_are_a_cross():
    played = []

    @row_by_row
    @pytest.mark.parametrize("one", "ab")
    @pytest.mark.parametrize("two", [("c",), {"d": 1}])
    def test(one, two):
        played.append((one, two))

    test()
    assert sorted(played, key=str) == [
        ("a", ("c",)),
        ("a", {"d": 1}),
        ("b", ("c",)),
        ("b", {"d": 1}),
    ]


def raises(one, two):
    with pytest.raises(KeyError):
        {}.get(one)


def skips(one, two):
    pytest.skip("no row")


@pytest.mark.parametrize("fails", [raises, skips])
def test_a_row_that_raises_nothing_and_one_that_skips_fail(fails):
    with pytest.raises(AssertionError, match="3 of 3 rows fail"):
        row_by_row(ROWS(fails))()


def test_each_row_that_fails_is_told_by_its_arguments_and_why_and_the_first_is_the_cause():
    @row_by_row
    @ROWS
    def test(one, two):
        if one != two:
            raise ValueError(one + two)

    with pytest.raises(AssertionError) as caught:
        test()
    assert str(caught.value) == "2 of 3 rows fail:\none=1, two=2: 3\none=5, two=6: 11"
    assert caught.value.__cause__.args == (3,)


def test_the_other_marks_stay_and_no_row_is_left_to_pytest():
    @row_by_row
    @pytest.mark.filterwarnings("error")
    @ROWS
    def test(one, two):
        pass

    assert [mark.name for mark in test.pytestmark] == ["filterwarnings"]


parametrize = pytest.mark.parametrize


@pytest.mark.parametrize(
    "mark",
    [
        pytest.mark.filterwarnings("error"),
        parametrize("one", [1]),
        parametrize(("one", "two", "three"), [(1, 2, 3)]),
        parametrize(("one", "two"), []),
        parametrize(("one", "two"), [(1,)]),
        parametrize(("one", "two"), [pytest.param(1, 2, id="named")]),
    ],
    ids=["no table", "a fixture", "one more", "no rows", "a row too short", "a row with an id"],
)
def test_what_can_not_be_played_so_is_refused_when_it_is_read(mark):
    def test(one, two):
        pass

    with pytest.raises((TypeError, ValueError)):
        row_by_row(mark(test))
