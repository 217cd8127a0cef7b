"""What the plans of one delivery read once, and what they do not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.clock import START, FakeClock
from tests.support.fake_venue import FakeVenue
from tests.support.instruments import BTC_USD
from webhook_core.clock import Budget
from webhook_core.planning.shared_reads import FOR_S, SharedReads
from webhook_core.trading.facts import OpenPosition, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill
from webhook_core.venue import HasItsOwnWords, SaysWhosePricesTheseAre

D = Decimal
ETH_USD = BTC_USD._replace(key="XETHZUSD", altname="ETHUSD", base="XETH")


@pytest.fixture
def venue() -> FakeVenue:
    made = FakeVenue(clock=FakeClock())
    made.resting = [rests("OSTOP", "OENTRY")]
    made.quotes = {BTC_USD.key: D(60000), ETH_USD.key: D(2500)}
    return made


@pytest.fixture
def shared(venue: FakeVenue) -> SharedReads:
    return SharedReads(venue, venue.clock)


@pytest.fixture
def budget(venue: FakeVenue) -> Budget:
    return Budget.start(venue.clock, 60)


def rests(order_id: str, parent: str | None = None, status: str = "open") -> RestingOrder:
    return RestingOrder(
        order_id, "XBTUSD", Side.SELL, "stop-loss", D(1), D(0), START, status, parent=parent
    )


def filled(status: str) -> Fill:
    return Fill(status, D(1), D(100), D(100), D(1))


def read(shared: SharedReads, name: str, budget: Budget) -> None:
    since = START - timedelta(minutes=2)
    match name:
        case "orders_closed":
            shared.orders_closed(since, budget)
        case "trades":
            shared.trades(since, budget.clock.now(), budget)
        case _:
            getattr(shared, name)(budget)


ALL = ("balances", "positions", "open_orders", "orders_closed", "trades")


@pytest.mark.parametrize("name", ALL)
def test_the_next_plan_is_told_what_the_first_one_read(venue, shared, budget, name):
    for _ in range(3):
        shared.begin_plan()
        read(shared, name, budget)
        venue.clock.sleep(0.5)
    assert venue.calls == [name]


@pytest.mark.parametrize("name", ALL)
def test_but_for_no_longer_than_a_delivery_takes(venue, shared, budget, name):
    read(shared, name, budget)
    venue.clock.sleep(FOR_S + 0.1)
    shared.begin_plan()
    read(shared, name, budget)
    assert venue.calls == [name] * 2


@pytest.mark.parametrize(("name", "times"), [("balances", 2), ("positions", 2), ("open_orders", 1)])
def test_a_plan_that_reads_figures_again_is_told_those_of_now(venue, shared, budget, name, times):
    read(shared, name, budget)
    shared.begin_plan()
    read(shared, name, budget)
    read(shared, name, budget)
    assert venue.calls == [name] * times


@pytest.mark.parametrize("name", ALL)
def test_an_order_of_ours_makes_the_figures_old_and_no_list(venue, shared, budget, name):
    read(shared, name, budget)
    shared.forget_figures()
    shared.begin_plan()
    read(shared, name, budget)
    assert venue.calls == [name] * (2 if name in ("balances", "positions") else 1)


def test_what_has_closed_is_read_behind_what_is_open(venue, shared, budget):
    read(shared, "open_orders", budget)
    venue.clock.sleep(FOR_S - 0.1)
    read(shared, "orders_closed", budget)
    venue.clock.sleep(0.2)
    read(shared, "open_orders", budget)
    read(shared, "orders_closed", budget)
    assert venue.calls == ["open_orders", "orders_closed"] * 2


def test_what_closed_earlier_than_what_was_read_is_read(venue, shared, budget):
    shared.orders_closed(START - timedelta(minutes=2), budget)
    shared.orders_closed(START - timedelta(minutes=1), budget)
    assert venue.calls == ["orders_closed"]
    shared.orders_closed(START - timedelta(minutes=9), budget)
    shared.orders_closed(START - timedelta(minutes=2), budget)
    assert venue.calls == ["orders_closed"] * 2


def test_what_closed_before_the_span_is_not_told_of(venue, shared, budget):
    old = rests("OLD", status="closed")._replace(closed_at=START - timedelta(minutes=8))
    venue.closed = [old]
    venue.orders_closed = lambda since, _: tuple(venue.closed)  # type: ignore[method-assign]
    assert shared.orders_closed(START - timedelta(minutes=9), budget) == (old,)
    assert shared.orders_closed(START - timedelta(minutes=1), budget) == ()


@pytest.mark.parametrize(("status", "times"), [("closed", 1), ("canceled", 1), ("open", 2)])
def test_what_an_order_has_filled_is_kept_once_it_is_done(venue, shared, budget, status, times):
    venue.filled = {"OENTRY": filled(status)}
    assert [shared.fills(["OENTRY"], budget) for _ in range(2)] == [venue.filled] * 2
    assert venue.calls == ["fills"] * times


def test_the_entries_that_others_will_ask_for_come_with_the_first(venue, shared, budget):
    venue.filled = {name: filled("closed") for name in ("OENTRY", "OTHER", "OROW")}
    venue.positions = lambda _: (OpenPosition("XBTUSD", "OROW", D(1)),)
    shared.open_orders(budget)
    shared.positions(budget)
    assert set(shared.fills(["OTHER"], budget)) == {"OTHER"}
    assert set(shared.fills(["OENTRY", "OROW"], budget)) == {"OENTRY", "OROW"}
    assert venue.calls == ["open_orders", "fills"]


def test_the_prices_of_all_pairs_come_from_one_ticker(venue, shared, budget):
    shared.pairs = [BTC_USD, ETH_USD]
    assert shared.prices([ETH_USD], budget, {}) == {ETH_USD.key: D(2500)}
    assert shared.prices([BTC_USD], budget, {}) == {BTC_USD.key: D(60000)}
    assert venue.calls == ["prices"]


def test_a_venue_has_what_the_one_beneath_has(venue):
    plain = SharedReads(venue, venue.clock)
    assert not isinstance(plain, HasItsOwnWords)
    venue.words_for = lambda request: {"kind": request.kind}
    venue.priced_by_alerts = True
    worded = SharedReads(venue, venue.clock)
    assert isinstance(worded, HasItsOwnWords)
    assert isinstance(worded, SaysWhosePricesTheseAre)
    assert worded.priced_by_alerts is True
