"""A close of every position, where one delivery has no time for all of them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.support.position_alerts import alert
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.ledger.entry import State
from webhook_core.trading.requests import Unknown

D = Decimal
PAIRS = ("BTCUSD", "ETHUSD", "SOLUSD")


@pytest.fixture
def function():
    """Three pairs were bought."""
    made = trader(usd=10**6)
    made.venue.quotes |= {"XETHZUSD": D(2500), "SOLUSD": D(100)}
    for number, symbol in enumerate(PAIRS):
        entry = alert(made, f"entry-{number}", side="buy", symbol=symbol, volume="2", price="100")
        assert outcome(made.post(entry)) == (200, "accepted")
    return made


def flat(function):
    return alert(function, "flat-1", action="close", scope="strategy", symbol=None, price=None)


def test_all_are_closed_in_one_delivery_that_has_time(function):
    answer = function.post(flat(function))
    assert outcome(answer) == (200, "accepted")
    assert sent(function)[3:] == [("sell", "2")] * 3


def test_one_that_has_no_time_begins_no_further_one_and_resends_do_the_rest(function):
    body = flat(function)
    function.venue.clock, function.venue.spend_s = function.clock, 0.15
    statuses, sold = [], []
    for _ in range(6):
        answer = function.post(body)
        statuses.append(answer.status)
        sold.append(len(sent(function)) - 3)
        function.clock.sleep(5)
        if answer.status == 200:
            break
    assert statuses[0] == 503
    assert statuses[-1] == 200
    assert sold == sorted(sold)
    assert sent(function)[3:] == [("sell", "2")] * 3
    function.venue.spend_s = 0
    again = function.post(body)
    assert (outcome(again), again["replayed"]) == ((200, "accepted"), True)
    assert len(sent(function)) == 6


def test_what_is_left_when_the_resends_end_expires_with_an_alarm(function, caplog):
    body = flat(function)
    function.venue.clock, function.venue.spend_s = function.clock, 0.15
    assert function.post(body).status == 503
    function.venue.spend_s = 0
    function.clock.sleep(600)
    sold = len(sent(function)) - 3
    assert sold < 3
    assert function.operate("POST", "/reconcile").status == 200
    rows = function.operate("GET", "/orders", alert="flat-1")["orders"]
    states = Counter(row["state"] for row in rows)
    assert states == {State.NO_ACTION: 1, State.ACCEPTED: sold, State.EXPIRED: 3 - sold}
    told = [record for record in caplog.records if record.message == "order.expired"]
    assert len(told) == 3 - sold
    late = function.post(body)
    assert (late.status, late["code"]) == (422, "expired")


def test_one_that_stays_in_doubt_takes_no_others_time(function):
    """The first of them is looked up with each delivery, behind those that were not begun."""
    function.venue.refuse = [Unknown("the reply was lost")]
    lost = alert(function, "exit-9", side="sell", volume="1", price="50000")
    assert function.post(lost).status == 503
    body = flat(function)
    function.venue.closed_orders.clear()
    function.venue.clock, function.venue.spend_s = function.clock, 0.15
    for _ in range(5):
        assert function.post(body).status == 503
        function.clock.sleep(5)
    assert sent(function)[4:] == [("sell", "2")] * 2
