"""How many entries a reconcile run reads: on Firestore each is billed, and a minute in which
nothing came needs next to none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.faked_function import Function
from webhook_core.ledger.entry import State
from webhook_core.trading.requests import Fill

LIMIT = {"order_type": "limit", "price": "50000"}


class Counting:
    """The ledger, and how many entries its lists have handed out."""

    def __init__(self, ledger: Any) -> None:
        self._ledger, self.read_entries = ledger, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def entries(self, **options: Any) -> Any:
        page = self._ledger.entries(**options)
        self.read_entries += max(1, len(page.entries))
        return page

    def unfinished(self, *options: Any) -> Any:
        found = self._ledger.unfinished(*options)
        self.read_entries += max(1, len(found))
        return found


@pytest.fixture
def function() -> Function:
    return Function()


def reads_of_a_run(function: Function) -> int:
    operators = function.application.operators
    counting = Counting(operators.decider.ledger)
    operators.decider.ledger = counting
    operators.open_run().reconciler.ledger = counting
    operators.reconcile({})
    return counting.read_entries


def minutes_later(function: Function, minutes: int) -> None:
    """Never on the hour nor on a fifth minute."""
    function.clock.sleep(60 * minutes)
    while function.clock.now().minute % 5 == 0:
        function.clock.sleep(60)


def test_a_minute_in_which_nothing_came_reads_next_to_nothing_however_long_the_ledger_is(
    function: Function,
) -> None:
    for number in range(40):
        function.post(function.alert(id=f"a{number}"))
    for _ in range(3):
        minutes_later(function, 10)
        reads = reads_of_a_run(function)
    assert reads <= 4


def test_orders_that_rest_are_read_each_five_minutes_only(function: Function) -> None:
    for number in range(10):
        function.post(function.alert(id=f"a{number}", **LIMIT))
    minutes_later(function, 10)
    reads_of_a_run(function)
    minutes_later(function, 6)
    assert reads_of_a_run(function) <= 4
    while function.clock.now().minute % 5:
        function.clock.sleep(60)
    assert 10 <= reads_of_a_run(function) <= 20


def test_an_order_at_the_market_whose_fill_is_unknown_is_asked_for_within_five_minutes_however_old(
    function: Function,
) -> None:
    order_id = function.post(function.alert(id="one"))["order_id"]
    function.venue.filled[order_id] = Fill(
        "closed", Decimal("0.01"), Decimal(60000), Decimal(600), Decimal(2)
    )
    minutes_later(function, 60 * 24 * 8 + 7)
    while function.clock.now().minute % 5:
        function.clock.sleep(60)
    function.operate("POST", "/reconcile")
    (row,) = function.operate("GET", "/orders")["orders"]
    assert row["state"] == State.ACCEPTED
    assert row["fill"]["status"] == "closed"


def test_what_came_since_the_last_run_is_looked_at(function: Function) -> None:
    for number in range(5):
        function.post(function.alert(id=f"a{number}"))
    minutes_later(function, 1)
    assert reads_of_a_run(function) > 5


def test_a_run_that_comes_late_goes_on_where_the_last_one_ended(function: Function) -> None:
    function.operate("POST", "/reconcile")
    order_id = function.post(function.alert(id="one"))["order_id"]
    function.venue.filled[order_id] = Fill(
        "closed", Decimal("0.01"), Decimal(60000), Decimal(600), Decimal(2)
    )
    minutes_later(function, 60 * 5)
    assert function.operate("POST", "/reconcile")["fills"] == 1
