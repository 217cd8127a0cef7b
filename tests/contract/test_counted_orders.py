"""Which orders a plan's figure has in it, where the claim of one of them is still being written as
the plan reads the ledger: it is in it behind others that were claimed after it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.faked_function import Function
from tests.support.position_alerts import MARGIN, alert, held, target
from tests.support.trading_venue import outcome, sent, trader


class SlowClaim:
    """A store whose first claim comes behind ``meanwhile``, though it was made before."""

    def __init__(self, store, meanwhile):
        self.store, self.meanwhile = store, [meanwhile]

    def __getattr__(self, name):
        return getattr(self.store, name)

    def claim(self, entry):
        while self.meanwhile:
            self.meanwhile.pop()()
        return self.store.claim(entry)


class ClockBehind:
    """Of an instance whose clock is a second behind."""

    def __init__(self, clock):
        self.clock = clock

    def __getattr__(self, name):
        return getattr(self.clock, name)

    def now(self):
        return self.clock.now() - timedelta(seconds=1)


def bought_meanwhile(store, to, *, margin, shown):
    """A buy of 2 whose claim is slow, one of 1 beside it, and a target after that. ``shown``:
    whether the figures of the next seconds show what was slow."""
    terms = MARGIN if margin else {}
    function = trader(usd=10**6, store=store)

    def buy(volume, name, at):
        body = at.alert(id=name, volume=volume, price="50000", **terms)
        assert outcome(at.post(body)) == (200, "accepted")

    def meanwhile():
        function.clock.sleep(0.2)
        buy("1", "quick", function)
        function.clock.sleep(0.2)
        assert function.post(target(function, to, "target", **terms)).status == 200
        if not shown:
            function.venue.hold_back(9)

    slow = Function({}, function.clock, function.venue, SlowClaim(store, meanwhile))
    buy("2", "slow", slow)
    function.clock.sleep(2)
    return function


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "not shown yet"])
@pytest.mark.parametrize("to", ["1", "1.5"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
def test_an_order_that_a_plan_has_not_read_is_not_in_its_figure(store, margin, to, shown):
    function = bought_meanwhile(store, to, margin=margin, shown=shown)
    terms = MARGIN if margin else {}
    assert held(function, margin=margin) == Decimal(to) + 2
    answer = function.post(alert(function, "out", action="close", **terms))
    assert outcome(answer) == (200, "accepted")
    assert (sent(function)[-1][0], held(function, margin=margin)) == ("sell", 0)


@pytest.mark.parametrize("earlier", [False, True], ids=["the first order", "behind another"])
def test_a_figure_is_not_said_to_have_an_order_that_only_the_limits_read(store, earlier):
    """The limits of holdings read what is held once more, and an order of ours comes in between."""
    function, held_before = trader(usd=10**6, store=store, env={"MAX_POSITION": "9 BTC"}), 0
    beside = Function({}, function.clock, function.venue, store)

    def buy(volume, name):
        body = beside.alert(id=name, volume=volume, price="50000", **MARGIN)
        assert outcome(beside.post(body)) == (200, "accepted")

    def between():
        function.venue.hold_back(9)
        buy("2", "between")

    if earlier:
        buy("1", "earlier")
        held_before = 1
        function.clock.sleep(2)
    function.venue.during["positions"] = [lambda: None] * (1 + earlier) + [between]
    body = target(function, held_before + Decimal("0.5"), "target", **MARGIN)
    assert outcome(function.post(body)) == (200, "accepted")
    assert sent(function)[-2:] == [("buy", "2"), ("buy", "0.5")]
    function.clock.sleep(2)
    body = alert(function, "out", action="close", **MARGIN)
    assert outcome(function.post(body)) == (200, "accepted")
    assert held(function, margin=True) == 0


@pytest.mark.parametrize("closes", [False, True], ids=["a target", "a close of all"])
def test_where_rows_and_plans_tell_two_figures_neither_is_decided_by(store, closes):
    """Positions are late, one instance's clock is a second behind, and claims are slow: the rows
    allow one figure, what the plans have counted leads to another."""
    function = trader(usd=10**6, store=store)
    behind = Function({}, ClockBehind(function.clock), function.venue, store)

    def post(at, body):
        function.clock.sleep(0.05)
        assert outcome(at.post(body)) == (200, "accepted")

    def order(side, volume, name, at=function):
        post(at, at.alert(id=name, side=side, volume=volume, price="50000", **MARGIN))

    def slowly(side, volume, name, meanwhile):
        slow = SlowClaim(store, meanwhile)
        order(side, volume, name, Function({}, function.clock, function.venue, slow))

    def in_between():
        post(function, target(function, "1.5", "first", **MARGIN))
        function.venue.hold_back(9)
        function.clock.sleep(1)
        order("sell", "0.5", "less")

    def meanwhile():
        post(function, target(function, "1", "target", **MARGIN))
        post(behind, alert(behind, "close", action="close", **MARGIN))

    slowly("buy", "0.5", "some", lambda: slowly("buy", "2", "more", in_between))
    function.clock.sleep(3)
    order("buy", "0.5", "again")
    function.clock.sleep(1)
    slowly("sell", "0.5", "slow", meanwhile)
    assert held(function, margin=True) == Decimal("-0.5")
    if closes:  # reduces only, so it is as large as what may be held at most
        post(function, alert(function, "last", action="close", **MARGIN))
        assert held(function, margin=True) == 0
        return
    last = target(function, "1.5", "last", **MARGIN)
    assert outcome(function.post(last)) == (503, "not_sent")
    function.clock.sleep(61)
    function.venue.hold_back(0)
    post(function, target(function, "1.5", "a minute later", **MARGIN))
    assert held(function, margin=True) == Decimal("1.5")
