"""Every implementation of a port has its methods, asked the same way."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any

import pytest

from tests.simulation.venue import SimulatedVenue
from tests.support.clock import START, FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.row_by_row import row_by_row
from webhook_core.clock import Budget
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Accepted, OrderRequest, Rejected, Unknown
from webhook_core.venue import Venue

METHODS = [name for name in vars(Venue) if not name.startswith("_")]
RESTING = RestingOrder(
    "OA", "XBTUSD", Side.BUY, "limit", Decimal(2), Decimal(0), START, client_order_id="ours"
)


@row_by_row
@pytest.mark.parametrize("venue", [KrakenVenue, FakeVenue, SimulatedVenue])
@pytest.mark.parametrize("method", METHODS)
def test_a_venue_is_asked_as_the_port_says(venue: type, method: str) -> None:
    wanted = inspect.signature(getattr(Venue, method)).parameters
    assert list(inspect.signature(getattr(venue, method)).parameters) == list(wanted)


# The fake one


@pytest.fixture
def fake() -> FakeVenue:
    return FakeVenue(resting=[RESTING._replace(order_id="OB", client_order_id=None), RESTING])


def submit(venue: FakeVenue, method: Any, **parameters: str) -> Any:
    clock = FakeClock()
    request = OrderRequest("BTC/USD", parameters, method=method)
    return venue.submit(request, "new", START, Budget.start(clock, 2.0))


@pytest.mark.parametrize(
    ("named", "order_id"), [({"txid": "OA"}, "OA"), ({"cl_ord_id": "ours"}, "")]
)
def test_a_canceled_order_is_gone_from_the_fake(fake: FakeVenue, named: Any, order_id: str) -> None:
    assert submit(fake, "CancelOrder", **named) == Accepted(order_id)
    assert [order.order_id for order in fake.resting] == ["OB"]
    assert submit(fake, "CancelOrder", **named) == Rejected(("EOrder:Unknown order",))
    assert fake.closed_orders == {}
    assert fake.calls == ["submit", "submit"]


def test_an_amended_order_is_changed_in_the_fake(fake: FakeVenue) -> None:
    assert submit(fake, "AmendOrder", txid="OA", order_qty="3", limit_price="9") == Accepted("OA")
    assert fake.resting[1] == RESTING._replace(volume=Decimal(3), limit=Decimal(9))
    assert submit(fake, "AmendOrder", txid="OX", order_qty="3") == Rejected(
        ("EOrder:Unknown order",)
    )


def test_a_change_whose_reply_is_lost_is_made_in_the_fake(fake: FakeVenue) -> None:
    fake.lose_reply = True
    assert isinstance(submit(fake, "CancelOrder", txid="OA"), Unknown)
    assert len(fake.resting) == 1
