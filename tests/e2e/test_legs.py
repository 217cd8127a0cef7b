"""Alerts of several legs: one order each and in order, though processes die between them,
or two deliveries race."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.e2e.test_firestore import on_firestore, warm
from tests.support.firestore_emulator import shared_emulator
from tests.support.served_function import check, eventually

LOOK_UP_AFTER_S = 5.3
"""An unknown order is looked for once its claim is 5 s old."""
NONCE_WINDOW = 10**10
NO_ORDER = dict.fromkeys(("side", "order_type", "volume", "price"))
KILLS = 3


@pytest.fixture(scope="module")
def exchange(make_kraken):
    return make_kraken(NONCE_WINDOW).start()


@pytest.fixture(scope="module", params=["sqlite", "firestore"])
def pair(request, make_live, exchange):
    """Two instances on one ledger. The first of them is killed again and again."""
    asked = {"ALERT_MAX_AGE_SECONDS": "600", "MAX_ORDER_COST": "100000 USD"}
    if request.param == "firestore":
        asked |= on_firestore(shared_emulator())
    first = make_live(exchange, **asked).start()
    second = make_live(exchange, **first.env).start()
    return [warm(first), warm(second)]


@pytest.fixture(autouse=True)
def _every_fault_was_met(exchange):
    yield
    assert exchange.faults_left() == {}


def of_legs(function, *legs, **fields):
    return function.alert(**NO_ORDER | {"orders": list(legs)} | fields)


def two_limits(function):
    """Each at a price that no other order has, which tells in the book whose it is."""
    prices = [f"{random.randint(30000, 50000)}.{random.randint(1, 9)}" for _ in range(2)]
    legs = [
        {"side": "buy", "order_type": "limit", "volume": "0.0001", "price": price}
        for price in prices
    ]
    return of_legs(function, *legs), prices


def in_book(exchange, prices):
    """How many orders there are for each leg."""
    counted = Counter(order["descr"]["price"] for order in exchange.orders())
    return [counted[price] for price in prices]


def in_background(function, alert):
    def post():
        try:
            return function.post(alert)
        except OSError as error:
            return error

    pool = ThreadPoolExecutor(1)
    posting = pool.submit(post)
    pool.shutdown(wait=False)
    return posting


def test_every_leg_is_one_order_in_its_order_and_a_redelivery_adds_none(pair, exchange):
    alert, prices = two_limits(pair[0])
    answer = check(pair[0].post(alert), 200, "accepted")
    assert [order["request"]["price"] for order in answer["orders"]] == prices
    assert len({order["client_order_id"] for order in answer["orders"]}) == 2
    calls = len(exchange.calls())
    again = check(pair[1].post(alert), 200, "accepted")
    assert again["replayed"] is True
    assert again["orders"] == answer["orders"]
    assert len(exchange.calls()) == calls
    assert in_book(exchange, prices) == [1, 1]


def test_what_a_cancel_sets_free_is_closed_behind_it(pair, exchange):
    function = pair[0]
    check(
        function.post(function.alert(symbol="ETHUSD", volume="0.1", price="2500")), 200, "accepted"
    )
    stop = {
        "symbol": "ETHUSD",
        "side": "sell",
        "order_type": "stop-loss",
        "stop_price": "2000",
        "price": None,
    }
    check(function.post(function.alert(**stop, volume="0.1")), 200, "accepted")
    alert = of_legs(
        function, {"action": "cancel", "side": "sell"}, {"action": "close"}, symbol="ETHUSD"
    )
    check(function.post(alert), 200, "accepted")
    assert exchange.balance("XETH") == 0
    assert exchange.open_orders("ETHUSD") == []


def test_an_order_that_fills_before_its_cancel_does_not_keep_the_position_open(pair, exchange):
    """Kraken lists it no more and says, asked for it, that it is done: there is
    nothing to cancel."""
    function = pair[0]
    entry = {"symbol": "ETHUSD", "order_type": "limit", "volume": "0.1", "price": "2400"}
    first = check(function.post(function.alert(**entry)), 200, "accepted")
    exchange.mark("ETHUSD", "2400")
    assert exchange.balance("XETH") == Decimal("0.1")
    legs = (
        {"action": "cancel", "of_alert": first["alert_id"]},
        {"action": "close", "symbol": "ETHUSD"},
    )
    answer = check(function.post(of_legs(function, *legs, symbol=None)), 200, "accepted")
    assert [order["state"] for order in answer["orders"]] == ["ACCEPTED"]
    assert exchange.balance("XETH") == 0
    exchange.mark("ETHUSD", "2500")


def test_a_leg_that_kraken_refuses_stops_those_behind_it(pair, exchange):
    alert, prices = two_limits(pair[0])
    exchange.script("AddOrder", {"fault": "errors", "strings": ["EOrder:Insufficient funds"]})
    answer = check(pair[0].post(alert), 422, "order_rejected")
    assert [order["state"] for order in answer["orders"]] == ["REJECTED", "NOT_CLAIMED"]
    check(pair[1].post(alert), 422, "order_rejected")
    assert in_book(exchange, prices) == [0, 0]


def test_time_that_runs_out_before_a_leg_is_a_redelivery_that_sends_it(pair, exchange):
    alert, prices = two_limits(pair[0])
    exchange.script("AddOrder", {"fault": "late", "seconds": 1.6})
    answer = check(pair[0].post(alert), 503, "not_sent")
    assert answer.seconds < 3, "TradingView would have hung up"
    assert [order["state"] for order in answer["orders"]] == ["ACCEPTED", "NOT_CLAIMED"]
    assert in_book(exchange, prices) == [1, 0]
    pair[0].kill()  # between leg 0 and leg 1
    pair[0].start()
    check(pair[0].post(alert), 200, "accepted")
    assert in_book(exchange, prices) == [1, 1]


def killed_in(function, exchange, leg):
    """The alert during whose leg the function died: Kraken has placed the
    order and held its reply."""
    alert, prices = two_limits(function)
    before = len(exchange.calls("AddOrder"))
    if leg:
        exchange.script("AddOrder", {"fault": "late", "seconds": 0})
    exchange.script("AddOrder", {"fault": "hold"})
    posting = in_background(function, alert)
    exchange.wait_for_call("AddOrder", before + leg)
    eventually(lambda: in_book(exchange, prices)[leg], "the order is in the book")
    function.kill()
    exchange.release()
    assert isinstance(posting.result(), OSError), "nobody answered this delivery"
    function.start()
    return alert, prices


def test_a_process_killed_in_a_leg_is_followed_by_one_that_finishes(pair, exchange):
    """Whoever comes first after the restart goes on."""
    first, second = pair
    dead = [killed_in(first, exchange, leg) for leg in (0, 1)]
    at = time.monotonic()
    check(second.post(dead[1][0]), 503, "outcome_unknown")
    time.sleep(max(0, at + LOOK_UP_AFTER_S - time.monotonic()))
    for alert, prices in dead:
        with ThreadPoolExecutor(2) as pool:
            racing = list(pool.map(lambda function, alert=alert: function.post(alert), pair))
        assert {answer.status for answer in racing} <= {200, 503}
        eventually(lambda alert=alert: second.post(alert).status == 200, "a delivery that knows")
        assert in_book(exchange, prices) == [1, 1]
        assert check(first.post(alert), 200, "accepted")["replayed"] is True


def test_deliveries_at_once_to_two_instances_are_one_order_for_each_leg(pair, exchange):
    alerts = [two_limits(pair[0]) for _ in range(4)]
    begin = threading.Barrier(2 * len(alerts))

    def deliver(numbered):
        n, (alert, _) = numbered
        begin.wait()
        answers = [pair[(n + attempt) % 2].post(alert) for attempt in range(3)]
        return {answer.status for answer in answers}

    with ThreadPoolExecutor(2 * len(alerts)) as pool:
        statuses = set().union(*pool.map(deliver, enumerate(alerts * 2)))
    assert statuses <= {200, 503}
    for alert, prices in alerts:
        eventually(lambda alert=alert: pair[1].post(alert).status == 200, "a delivery that knows")
        assert in_book(exchange, prices) == [1, 1]


# -- paper -----------------------------------------------------------------------------------------


def test_paper_legs_survive_kills_at_any_moment(make_function):
    """The book lies where the ledger does.

    Nobody knows where the process was; every leg is one order in the end.
    """
    function = make_function(ALERT_MAX_AGE_SECONDS="600", ORDER_DEADLINE_SECONDS="6").start()
    sent = []
    for number in range(KILLS):
        alert, prices = two_limits(function)
        posting = in_background(function, alert)
        time.sleep(0.006 * number)
        function.kill()
        function.start()
        posting.result()
        sent.append((alert, prices))
    time.sleep(LOOK_UP_AFTER_S)
    for alert, _ in sent:
        eventually(lambda alert=alert: function.post(alert).status in (200, 503), "an answer")
    shown = Counter(
        order["descr"]["price"]
        for order in function.operate("GET", "/account")["open_orders"].values()
    )
    for alert, prices in sent:
        answer = function.post(alert)
        if answer.status == 200:
            assert [shown[price] for price in prices] == [1, 1]
        else:  # claimed and never sent, for all that can be known yet
            check(answer, 503, "outcome_unknown")
            assert [shown[price] for price in prices] in ([0, 0], [1, 0])
