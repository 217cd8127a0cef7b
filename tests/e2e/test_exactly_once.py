"""Many processes, one alert; and processes that die in the middle of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.served_function import check, eventually

PROCESSES, THREADS, SENDERS, DELIVERIES = 4, 4, 8, 50
LOOK_UP_AFTER_S = 5.3


@pytest.fixture(scope="module")
def fleet(make_live, _kraken):
    """Several instances on one ledger."""
    first = make_live(_kraken, THREADS=str(THREADS))
    rest = [
        make_live(_kraken, THREADS=str(THREADS), LEDGER_URL=first.env["LEDGER_URL"])
        for _ in range(PROCESSES - 1)
    ]
    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(pool.map(lambda function: function.start(), [first, *rest]))


@pytest.mark.parametrize("kraken_takes_s", [0, 0.7])
def test_many_deliveries_of_one_alert_to_many_processes_are_one_order(
    kraken_takes_s, fleet, kraken
):
    alert = fleet[0].alert()
    calls, orders = len(kraken.calls("AddOrder")), len(kraken.orders())
    kraken.script("AddOrder", {"fault": "late", "seconds": kraken_takes_s})
    begin = threading.Barrier(SENDERS)

    def deliver(sender):
        begin.wait()
        return [fleet[(sender + n) % PROCESSES].post(alert) for n in range(DELIVERIES)]

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = [answer for some in pool.map(deliver, range(SENDERS)) for answer in some]

    assert len(answers) == SENDERS * DELIVERIES
    outcomes = Counter((answer.status, answer["code"]) for answer in answers)
    assert set(outcomes) <= {(200, "accepted"), (503, "outcome_unknown")}
    assert len({answer["client_order_id"] for answer in answers}) == 1
    if kraken_takes_s:
        assert outcomes[503, "outcome_unknown"] > 0, (
            "nobody came while the order was on its way: this proved nothing"
        )
    eventually(lambda: fleet[-1].post(alert).status == 200, "a delivery that knows")
    final = check(fleet[-1].post(alert), 200, "accepted")
    assert len(kraken.calls("AddOrder")) == calls + 1
    assert len(kraken.orders()) == orders + 1
    assert [order["txid"] for order in kraken.orders(final["client_order_id"])] == [
        final["order_id"]
    ]


def test_different_alerts_to_many_processes_are_one_order_each(fleet, kraken):
    alerts = [fleet[0].alert() for _ in range(24)]
    orders = len(kraken.orders())

    def deliver(numbered):
        n, alert = numbered
        # As TradingView resends, only sooner: processes that share a key overtake
        # each other's nonces.
        for attempt in range(4):
            answer = fleet[(n + attempt) % PROCESSES].post(alert)
            if answer.status == 200:
                return answer
            check(answer, 503, "not_sent")
        return answer

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(deliver, enumerate(alerts)))
    for answer in answers:
        check(answer, 200, "accepted")
        assert len(kraken.orders(answer["client_order_id"])) == 1
    assert len(kraken.orders()) == orders + len(alerts)


def post_in_background(function, alert):
    """The answer, or the exception that the sender met, in a list once there is one."""
    seen = []

    def post():
        try:
            seen.append(function.post(alert))
        except OSError as error:
            seen.append(error)

    thread = threading.Thread(target=post)
    thread.start()
    return thread, seen


@pytest.fixture(scope="module")
def killed(make_live, _kraken):
    """One function, killed twice while Kraken held its order: once placed, once never to be placed.

    When, and what was sent.
    """
    function = make_live(_kraken, ALERT_MAX_AGE_SECONDS="600").start()
    met = {}
    for placed in (True, False):
        alert, before = function.alert(), len(_kraken.calls("AddOrder"))
        _kraken.script("AddOrder", {"fault": "hold", "apply": placed})
        sender, seen = post_in_background(function, alert)
        call = _kraken.wait_for_call("AddOrder", before)
        client_order_id = call["params"]["cl_ord_id"]
        if placed:
            eventually(lambda: _kraken.orders(client_order_id), "the order is in the book")  # noqa: B023  called here and now
        function.kill()
        sender.join()
        _kraken.release()
        assert isinstance(seen[0], OSError), "nobody answered this delivery"
        function.start()
        met[placed] = (function, alert, client_order_id, time.monotonic())
    return met


def test_a_process_killed_after_its_order_was_placed_finds_it_again(killed, kraken):
    function, alert, client_order_id, since = killed[True]
    time.sleep(max(0, since + LOOK_UP_AFTER_S - time.monotonic()))
    answer = check(function.post(alert), 200, "accepted")
    assert answer["client_order_id"] == client_order_id
    assert [order["txid"] for order in kraken.orders(client_order_id)] == [answer["order_id"]]
    assert len(kraken.calls_about(client_order_id)) == 1


def test_a_process_killed_before_its_order_was_placed_never_places_it(killed, kraken):
    function, alert, client_order_id, since = killed[False]
    check(function.post(alert), 503, "outcome_unknown")
    time.sleep(max(0, since + LOOK_UP_AFTER_S - time.monotonic()))
    for _ in range(3):
        answer = check(function.post(alert), 503, "outcome_unknown")
    assert answer["client_order_id"] == client_order_id
    assert kraken.calls_about(client_order_id, "OpenOrders")
    assert kraken.calls_about(client_order_id, "ClosedOrders")
    assert kraken.orders(client_order_id) == []
    assert len(kraken.calls_about(client_order_id)) == 1


def test_a_process_that_is_told_to_end_finishes_the_alert_in_hand(make_live, kraken):
    function = make_live(kraken).start()
    alert, before = function.alert(), len(kraken.calls("AddOrder"))
    kraken.script("AddOrder", {"fault": "late", "seconds": 1})
    sender, seen = post_in_background(function, alert)
    kraken.wait_for_call("AddOrder", before)
    function.terminate()
    sender.join()
    answer = check(seen[0], 200, "accepted")
    assert function.wait() == 0
    function.start()
    again = check(function.post(alert), 200, "accepted")
    assert (again["order_id"], again["replayed"]) == (answer["order_id"], True)
    assert len(kraken.orders(answer["client_order_id"])) == 1
