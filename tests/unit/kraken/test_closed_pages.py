"""ClosedOrders comes in pages, and each page may be another replica's: one that is ahead pushes
rows down the list, one that is behind moves them up. No order is lost between two of them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.raw_servers import ORDER_ID, RawServer, Step
from tests.unit.kraken.test_listed_orders import an_order
from tests.unit.kraken.test_venue import CLIENT_ORDER_ID, PAGE, a_venue, closed, others
from tests.unit.kraken.test_venue import order as plain
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.order_reads import OrderReads

Orders = dict[str, Any]
MOST = 200


def budget() -> Budget:
    return Budget.start(SystemClock(), 20.0)


def done(many: int) -> Orders:
    """Newest first."""
    return {f"O{number}": an_order(status="closed", closetm=1700000100) for number in range(many)}


def replicas(orders: Orders, behind: Sequence[int]) -> list[Step]:
    """One a page; each lacks so many of the newest of ``orders``, and the last one answers on."""

    def step(lacks: int) -> Step:
        def answer(server: RawServer, connection: socket.socket) -> bool:
            offset, shown = int(server.requests[-1].fields["ofs"]), list(orders.items())[lacks:]
            page = dict(shown[offset : offset + PAGE])
            return closed(page, len(shown))(server, connection)

        return answer

    return [step(lacks) for lacks in (*behind, *[behind[-1]] * 40)]


def read(orders: Orders, behind: Sequence[int]) -> tuple[list[str], int]:
    """What the venue shows, and what that cost."""
    with RawServer(*replicas(orders, behind)) as server:
        shown = a_venue(server).orders_closed(START, budget())
        return [order.order_id for order in shown], len(server.requests)


@pytest.mark.parametrize(
    ("many", "calls"),
    [(0, 1), (1, 1), (49, 1), (50, 2), (98, 2), (99, 3), (147, 3), (196, 4), (197, 5)],
)
def test_where_all_replicas_agree_a_page_is_asked_for_once(many, calls):
    assert read(done(many), [0]) == (list(done(many)), calls)


@pytest.mark.parametrize("many", [50, 51, 60, 99, 120, 196])
@pytest.mark.parametrize("behind", [(0, 1), (0, 3), (0, 49), (2, 0), (2, 0, 3), (49, 0), (1, 2, 0)])
def test_no_order_is_lost_between_two_pages_of_different_age(many, behind):
    orders = list(done(many))
    shown, calls = read(done(many), behind)
    assert set(shown) >= set(orders[behind[0] :])
    assert len(shown) == len(set(shown))
    assert calls <= 6


def test_where_the_list_changes_more_than_a_page_at_once_nothing_is_shown():
    with pytest.raises(VenueUnavailable):
        read(done(180), (0, 120))


def test_fewer_than_the_newest_two_hundred_are_all():
    assert len(read(done(260), [0])[0]) >= MOST
    assert len(read(done(260), [1, 0, 0, 0])[0]) >= MOST


def _read_or_nothing(ask: Callable[[], list[str]]) -> list[str] | None:
    try:
        return ask()
    except VenueUnavailable:
        return None


@pytest.mark.parametrize("place", [0, 1, 48, 49, 50, 51, 59])
@pytest.mark.parametrize("behind", [(0, 1), (0, 3), (3, 0), (0, 12)])
def test_an_order_between_two_pages_of_different_age_is_not_taken_for_absent(place, behind):
    orders = {**others(place), ORDER_ID: plain(CLIENT_ORDER_ID), **others(59 - place, 100)}
    with RawServer(*replicas(orders, behind)) as server:
        venue = a_venue(server)

        def found() -> list[str]:
            order = venue.find_closed(CLIENT_ORDER_ID, START, budget())
            return [] if order is None else [order.order_id]

        expected = (None, [ORDER_ID]) if place >= behind[0] else (None, [])
        assert _read_or_nothing(found) in expected


@given(st.integers(0, 230), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_what_is_shown_is_the_list_of_one_moment(many, behind):
    """As far down as it says, without a gap."""
    orders, pages = list(done(many).items()), iter((*behind, *[behind[-1]] * 40))

    def ask(_: str, fields: Mapping[str, str]) -> Orders:
        lacks, offset = next(pages), int(fields["ofs"])
        return {"closed": dict(orders[lacks:][offset : offset + PAGE])}

    shown = _read_or_nothing(lambda: [one.order_id for one in OrderReads(ask).closed(START)])
    if shown is not None:
        rows = sorted(int(name.removeprefix("O")) for name in shown)
        assert rows == list(range(rows[0], rows[0] + len(rows))) if rows else behind[0] >= many
        assert len(rows) >= MOST or not rows or rows[-1] == many - 1
