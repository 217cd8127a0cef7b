"""How much a strategy's exits give up for an order that reduces its position."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_core.trading.in_the_way import InTheWay
from webhook_core.trading.orders import Side

D = Decimal
AMOUNTS = st.integers(0, 40).map(D)


def way(held: Decimal, closed: Decimal) -> InTheWay:
    return InTheWay((Side.SELL,), closed, held - closed)


@pytest.mark.parametrize(
    ("held", "closed", "exits", "beside", "given_up"),
    [
        (30, 6, 30, 0, 6),  # one of every entry: as much as is closed
        (30, 6, 20, 0, 0),  # what is closed had none
        (30, 15, 20, 0, 5),  # a part of it had none
        (30, 6, 20, 10, 6),  # another order rests over what had none
        (30, 6, 20, 7, 3),  # over a part of that
        (30, 6, 30, 30, 6),  # over what the exits hold: never more than is closed
    ],
)
def test_exits_give_up_what_they_hold_beyond_what_remains_and_nothing_else_would_close(
    held, closed, exits, beside, given_up
):
    assert way(D(held), D(closed)).given_up(D(exits), D(beside)) == given_up


def test_all_is_given_up_of_a_whole_position_and_all_that_is_closed_where_nothing_is_counted():
    assert InTheWay((Side.SELL,)).given_up(D(20), D(10)) is None
    assert InTheWay((Side.SELL,), D(6)).given_up(D(20), D(10)) == 6


@given(exits=AMOUNTS, beside=AMOUNTS, closed=AMOUNTS, remains=AMOUNTS)
def test_what_rests_is_no_more_than_what_remains_or_shrinks_by_what_is_closed(
    exits, beside, closed, remains
):
    given_up = way(remains + closed, closed).given_up(exits, beside)
    assert given_up is not None
    assert given_up <= closed
    kept = exits - min(exits, max(D(0), given_up))
    assert kept >= min(exits, remains - beside)
    assert kept >= exits - closed
    assert kept + beside <= max(remains, exits + beside - closed, beside)


@given(exits=AMOUNTS, beside=AMOUNTS, closed=AMOUNTS, remains=AMOUNTS, lacking=AMOUNTS)
def test_what_is_not_free_is_given_up_at_least(exits, beside, closed, remains, lacking):
    given_up = way(remains + closed, closed)._replace(lacking=lacking).given_up(exits, beside)
    assert given_up is not None
    assert given_up >= lacking
