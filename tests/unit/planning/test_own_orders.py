"""What is held, with our own orders of the last minute in it, whatever the clocks
of the instances say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.instruments import BTC_USD
from tests.support.ledger_entries import NOON, Dated, submitting
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger import transitions
from webhook_core.ledger.attempts import first_attempt
from webhook_core.planning.own_orders import OwnOrders
from webhook_core.trading.requests import (
    Accepted,
    Fill,
    NotSent,
    OrderRequest,
    Rejected,
    Unchanged,
)

READ_LAG = timedelta(seconds=60)
HELD = BTC_USD.base


def at(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def ledger():
    return MemoryLedger()


@pytest.fixture
def settled(ledger):
    """What is held when Kraken shows ``figure`` so many seconds after noon, None if
    that is not certain."""

    def ask(figure, seconds):
        own = OwnOrders("paper", "main", ledger, Dated(at(seconds)), READ_LAG)
        return own.settled({HELD: Decimal(figure)}, {BTC_USD.key: BTC_USD}.get)

    return lambda figure, seconds: ask(figure, seconds).figures.get(HELD)


def market(side, volume):
    parameters = {"pair": BTC_USD.key, "type": side, "ordertype": "market", "volume": volume}
    return OrderRequest("BTC/USD", parameters, Decimal(50000))


def claim(ledger, name, seconds, request, *, held=None, counted_until=None):
    """A market order's claim; ``held``: what its plan has counted, ``counted_until``: up to which
    claim, in seconds."""
    plain = submitting(name, at=at(seconds))
    entry = replace(
        plain,
        attempts=(first_attempt(plain.unit, request, at(seconds), 10),),
        figures={} if held is None else {HELD: Decimal(held)},
        counted_until=None if counted_until is None else at(counted_until),
    )
    return ledger.claim(entry).entry


def find_nothing(ledger, name, seconds, *, counted_until=None):
    """A plan that counted 0."""
    idle = claim(ledger, name, seconds, market("sell", "1"), held="0", counted_until=counted_until)
    ledger.record(transitions.settle(idle, Unchanged("flat already"), at(seconds)))


def accept(ledger, entry, seconds):
    return ledger.record(
        transitions.settle(entry, Accepted(f"O-{entry.alert_id}"), at(seconds))
    ).entry


@pytest.mark.parametrize("figure", ["0", "2", "1"])
def test_orders_count_in_the_order_in_which_they_counted_each_other(ledger, settled, figure):
    """The second one, a sell of 1 from 2, was claimed by an instance whose clock is
    three seconds behind."""
    accept(ledger, claim(ledger, "buys", 10, market("buy", "2"), held="0"), 11)
    accept(ledger, claim(ledger, "sells", 9, market("sell", "1"), held="2", counted_until=10), 10)
    assert settled(figure, 20) == 1


@pytest.mark.parametrize("figure", ["2", "3", "1"])
def test_an_order_that_was_sent_at_its_second_attempt_counts_from_then_on(ledger, settled, figure):
    first = claim(ledger, "late", 0, market("buy", "1"), held="2")
    not_sent = ledger.record(transitions.settle(first, NotSent("no connection"), at(1))).entry
    accept(ledger, claim(ledger, "between", 5, market("buy", "1"), held="2"), 6)
    again = transitions.next_attempt(not_sent, market("sell", "2"), at(10), 10)
    planned = replace(again, figures={HELD: Decimal(3)}, counted_until=at(5))
    accept(ledger, ledger.claim_next(planned).entry, 11)
    assert settled(figure, 20) == 1


@pytest.mark.parametrize("state", ["REJECTED", "NOT_SENT"])
def test_the_figures_of_an_attempt_are_not_those_of_the_next_one(ledger, settled, state):
    """A day later the same request goes out again: it was planned on what
    was held the day before."""
    outcome = (
        Rejected(("EOrder:Insufficient funds",))
        if state == "REJECTED"
        else NotSent("no connection")
    )
    first = claim(ledger, "again", 0, market("buy", "1"), held="0")
    refused = ledger.record(transitions.settle(first, outcome, at(1))).entry
    accept(ledger, claim(ledger, "between", 500, market("buy", "1"), held="0"), 501)
    again = transitions.replayed_by_operator if state == "REJECTED" else transitions.next_attempt
    second = ledger.claim_next(again(refused, refused.current.request, at(900), 10)).entry
    accept(ledger, second, 901)
    assert settled("1", 910) == 2
    assert settled("2", 910) == 2


@pytest.mark.parametrize(("seconds", "held"), [(65, None), (71, 0)])
def test_an_order_may_arrive_until_its_deadline_and_be_seen_a_minute_after_that(
    ledger, settled, seconds, held
):
    claim(ledger, "unknown", 0, market("buy", "1"))
    assert settled("0", seconds) == held


def test_an_order_that_only_reduces_is_in_doubt_beside_one_that_it_has_not_counted(ledger, settled):
    """Of a long position of 2 half was sold meanwhile: Kraken cuts the sell of 2 to 1."""
    closing = market("sell", "2")
    request = closing._replace(parameters={**closing.parameters, "reduce_only": "true"})
    accept(ledger, claim(ledger, "closes", 10, request, held="2"), 11)
    assert settled("2", 20) == 0
    accept(ledger, claim(ledger, "beside", 10, market("sell", "1")), 11)
    assert settled("2", 20) is None
    assert settled("0", 20) is None


def test_what_an_order_has_filled_counts_where_that_is_known(ledger, settled):
    entry = accept(ledger, claim(ledger, "half", 10, market("buy", "2"), held="0"), 11)
    ledger.record(
        transitions.filled(entry, Fill("canceled", Decimal(1), None, Decimal(0), Decimal(0)))
    )
    assert settled("0", 20) == 1


def test_an_order_that_a_plan_has_not_counted_is_not_taken_for_older(ledger, settled):
    """Two buys at once, neither of which knows of the other; two minutes later a third, which
    Kraken does not show yet."""
    accept(ledger, claim(ledger, "beside", 9, market("buy", "1")), 12)
    accept(ledger, claim(ledger, "target", 10, market("buy", "1"), held="0", counted_until=0), 11)
    accept(ledger, claim(ledger, "third", 130, market("buy", "1")), 131)
    assert settled("2", 140) == 3
    assert settled("3", 140) == 3


@pytest.mark.parametrize("figure", ["1", "2", "3"])
def test_beside_an_order_without_an_outcome_no_figure_is_certain(ledger, settled, figure):
    """2 may be the first order and the second one, or the first and the third, with the
    second still under way."""
    accept(ledger, claim(ledger, "first", 10, market("buy", "1"), held="0"), 11)
    claim(ledger, "second", 12, market("buy", "1"))
    accept(ledger, claim(ledger, "third", 13, market("buy", "1")), 14)
    assert settled(figure, 20) is None


@pytest.mark.parametrize("figure", ["0", "2", "3", "1"])
def test_two_that_were_planned_at_once_on_the_same_figure_both_count(ledger, settled, figure):
    """Two strategies of one bar, each with what was held before either."""
    accept(ledger, claim(ledger, "one", 10, market("buy", "2"), held="0"), 11)
    accept(ledger, claim(ledger, "two", 10.1, market("buy", "1"), held="0"), 11)
    assert settled(figure, 20) == (3 if figure != "1" else None)


@pytest.mark.parametrize("figure", ["0", "2"])
def test_one_that_found_nothing_to_do_beside_a_buy_did_not_see_it(ledger, settled, figure):
    accept(ledger, claim(ledger, "buys", 10, market("buy", "2"), held="0"), 11)
    find_nothing(ledger, "idle", 10.5)
    assert settled(figure, 20) == 2


@pytest.mark.parametrize("shown", ["0", "1", "3"])
def test_of_two_plans_that_counted_the_same_neither_counted_the_other(ledger, settled, shown):
    """Though by its own clock, which is slow, the one was claimed before what both have counted."""
    accept(ledger, claim(ledger, "fast clock", 6, market("buy", "1"), held="-1"), 6)
    accept(ledger, claim(ledger, "slow", 3, market("buy", "1"), held="0", counted_until=6), 7)
    accept(ledger, claim(ledger, "fast", 7, market("buy", "2"), held="0", counted_until=6), 8)
    assert settled(shown, 9) == 3


@pytest.mark.parametrize("shown", ["0", "2"])
def test_an_order_claimed_just_before_one_that_found_nothing_to_do_may_be_counted_by_neither(
    ledger, settled, shown
):
    """The buy is in the ledger behind the first of the two, though it was claimed before it; the
    second has read the ledger between them."""
    find_nothing(ledger, "first", 10.3)
    own = OwnOrders("paper", "main", ledger, Dated(at(10.4)), READ_LAG)
    counted = own.settled({HELD: Decimal(0)}, {BTC_USD.key: BTC_USD}.get).counted.until
    accept(ledger, claim(ledger, "buys", 10.2, market("buy", "2"), held="0"), 11)
    until = None if counted is None else (counted - NOON).total_seconds()
    find_nothing(ledger, "second", 10.5, counted_until=until)
    assert settled(shown, 20) == 2
