"""The function with its ledger in Firestore: Google's own emulator, and connections to it that
break at every moment."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass

import pytest

from tests.support.cutting_proxy import CuttingProxy
from tests.support.firestore_emulator import new_emulator, shared_emulator
from tests.support.firestore_faults import Fault, FaultyFirestore
from tests.support.served_function import Answer, Function, check, eventually

PROCESSES, DELIVERIES = 8, 50
TRADINGVIEW_WAITS_S = 3
LOOK_UP_AFTER_S = 5.3
"""An unknown order is looked for once its claim is 5 s old."""
OUTAGES = {"every connection is cut": False, "every connection is silent": True}
HELD = {
    "between claim and send": {"fault": "hold_before"},
    "between send and record": {"fault": "hold"},
}
UNDECIDED = {(503, "outcome_unknown"), (503, "ledger_unavailable")}


def on_firestore(emulator, project: str | None = None, port: int | None = None) -> dict[str, str]:
    """The function's environment: a project of its own unless one is named, by another
    port if one is named."""
    environment = {
        **emulator.environment,
        "LEDGER_URL": f"firestore://{project or f'test-{uuid.uuid4().hex[:12]}'}",
    }
    return (
        environment
        if port is None
        else environment | {"FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{port}"}
    )


def warm(function: Function) -> Function:
    """Google's libraries are loaded, and a connection is there."""
    eventually(lambda: function.post(function.alert()).status == 200, "a first alert is traded")
    return function


def in_time(answer: Answer) -> Answer:
    assert answer.seconds < TRADINGVIEW_WAITS_S, f"TradingView has hung up: {answer.document}"
    return answer


def the_one_order(kraken, answer: Answer) -> None:
    """What was answered is in the book, once, and was asked for once."""
    check(answer, 200, "accepted")
    assert [order["txid"] for order in kraken.orders(answer["client_order_id"])] == [
        answer["order_id"]
    ]
    assert len(kraken.calls_about(answer["client_order_id"])) == 1


# Many processes


@pytest.fixture(scope="module")
def fleet(make_live, _kraken) -> Iterator[list[Function]]:
    """Several instances on one ledger."""
    environment = on_firestore(shared_emulator()) | {"ALERT_MAX_AGE_SECONDS": "600", "THREADS": "4"}
    functions = [make_live(_kraken, **environment) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(Function.start, functions))
    yield [warm(function) for function in functions]
    for function in functions:
        function.terminate()
    for function in functions:
        function.stop()


@pytest.mark.parametrize("kraken_takes_s", [0, 0.7])
def test_many_deliveries_of_one_alert_to_many_processes_are_one_order(
    kraken_takes_s, fleet, kraken
):
    alert = fleet[0].alert()
    calls, orders = len(kraken.calls("AddOrder")), len(kraken.orders())
    kraken.script("AddOrder", {"fault": "late", "seconds": kraken_takes_s})
    begin = threading.Barrier(PROCESSES)

    def deliver(sender):
        begin.wait()
        return [fleet[(sender + n) % PROCESSES].post(alert) for n in range(DELIVERIES)]

    with ThreadPoolExecutor(PROCESSES) as pool:
        answers = [answer for some in pool.map(deliver, range(PROCESSES)) for answer in some]

    assert len(answers) == PROCESSES * DELIVERIES
    outcomes = Counter((answer.status, answer["code"]) for answer in answers)
    assert set(outcomes) <= {(200, "accepted"), *UNDECIDED}
    if kraken_takes_s:
        assert outcomes[503, "outcome_unknown"] > 0, (
            "nobody came while the order was on its way: this proved nothing"
        )
    eventually(lambda: fleet[-1].post(alert).status == 200, "a delivery that knows")
    the_one_order(kraken, fleet[-1].post(alert))
    assert len(kraken.calls("AddOrder")) == calls + 1
    assert len(kraken.orders()) == orders + 1


@contextmanager
def standing_still(function: Function) -> Iterator[None]:
    os.killpg(function.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(function.process.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "stands_still", [True, False], ids=["the first stands still", "its reply is late"]
)
def test_a_late_reply_and_those_who_look_for_it_agree_on_one_order(stands_still, fleet, kraken):
    """The first delivery comes back to its record just when redeliveries and a reconcile
    find what it has sent."""
    first, *others = fleet
    alert, before = first.alert(), len(kraken.calls("AddOrder"))
    kraken.script(
        "AddOrder", {"fault": "hold"} if stands_still else {"fault": "late", "seconds": 1.2}
    )
    with ThreadPoolExecutor(2 * len(others) + 1) as pool:
        sending = pool.submit(first.post, alert)
        call = kraken.wait_for_call("AddOrder", before)
        client_order_id = call["params"]["cl_ord_id"]
        with standing_still(first) if stands_still else nullcontext():
            if stands_still:
                time.sleep(LOOK_UP_AFTER_S)
                kraken.release()
            racing = [pool.submit(function.post, alert) for function in others]
            racing += [
                pool.submit(function.operate, "POST", "/reconcile") for function in others[:3]
            ]
        answers = [sending.result(), *(task.result() for task in racing)]

    assert {answer.status for answer in answers} <= {200, 503}
    told = {
        answer["order_id"]
        for answer in answers
        if answer.status == 200 and "order_id" in answer.document
    }
    (order,) = kraken.orders(client_order_id)
    assert told <= {order["txid"]}
    eventually(lambda: others[0].post(alert).status == 200, "a delivery that knows")
    for function in fleet[:2]:
        the_one_order(kraken, function.post(alert))
    (row,) = first.orders(alert["id"])
    assert (row["state"], row["order_id"]) == ("ACCEPTED", order["txid"])


# Firestore goes away


@pytest.fixture(scope="module")
def proxy() -> Iterator[CuttingProxy]:
    made = CuttingProxy(shared_emulator().port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def function(make_live, _kraken, proxy) -> Iterator[Function]:
    """Reaches Firestore by the proxy only."""
    environment = on_firestore(shared_emulator(), port=proxy.port)
    made = make_live(
        _kraken, ALERT_MAX_AGE_SECONDS="600", MAX_ORDER_COST="none", **environment
    ).start()
    yield warm(made)
    made.stop()


@dataclass(frozen=True)
class Unrecorded:
    """An alert whose order Kraken took while Firestore was out of reach: its one answer,
    and when that came."""

    alert: dict
    answer: Answer
    client_order_id: str
    at: float


@pytest.fixture(scope="module")
def unrecorded(function, _kraken, proxy) -> dict[tuple[str, str], Unrecorded]:
    """One for every moment and outage, all sent before anybody waits."""
    return {
        (moment, outage): _while_out_of_reach(function, _kraken, proxy, HELD[moment], silent)
        for moment in HELD
        for outage, silent in OUTAGES.items()
    }


def _while_out_of_reach(function, kraken, proxy, held, silent) -> Unrecorded:
    alert, before = function.alert(), len(kraken.calls("AddOrder"))
    kraken.script("AddOrder", held)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(function.post, alert)
        call = kraken.wait_for_call("AddOrder", before)
        with proxy.outage(silent=silent):
            kraken.release()
            answer = sending.result()
    return Unrecorded(alert, answer, call["params"]["cl_ord_id"], time.monotonic())


@pytest.mark.parametrize("outage", OUTAGES)
def test_no_ledger_no_order_and_one_once_the_ledger_is_back(outage, function, kraken, proxy):
    alert, before = function.alert(), len(kraken.calls("AddOrder"))
    with proxy.outage(silent=OUTAGES[outage]):
        for _ in range(2):
            check(in_time(function.post(alert)), 503, "ledger_unavailable")
    assert len(kraken.calls("AddOrder")) == before
    the_one_order(kraken, in_time(function.post(alert)))


def test_a_firestore_that_was_stopped_and_started_again_is_used_at_once(make_live, kraken):
    emulator = new_emulator()
    emulator.start()
    try:
        function = warm(make_live(kraken, **on_firestore(emulator)).start())
        alert, before = function.alert(), len(kraken.calls("AddOrder"))
        emulator.stop()
        for _ in range(3):
            check(in_time(function.post(alert)), 503, "ledger_unavailable")
        assert len(kraken.calls("AddOrder")) == before
        emulator.start()
        warm(
            make_live(kraken, **on_firestore(emulator)).start()
        ).stop()  # a fresh JVM is slow at its first commit
        the_one_order(kraken, in_time(function.post(alert)))
        function.stop()
    finally:
        emulator.stop()


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("moment", HELD)
def test_an_outcome_that_cannot_be_recorded_is_logged_whole_and_found_by_a_redelivery(
    moment, outage, unrecorded, function, kraken
):
    sent = unrecorded[moment, outage]
    check(in_time(sent.answer), 503, "ledger_unavailable")
    (order,) = kraken.orders(sent.client_order_id)
    lines = [line for line in function.log().splitlines() if "ledger.outcome_not_recorded" in line]
    (line,) = [line for line in lines if sent.client_order_id in line]
    assert order["txid"] in line
    assert sent.alert["id"] in line

    time.sleep(max(0, sent.at + LOOK_UP_AFTER_S - time.monotonic()))
    found = in_time(function.post(sent.alert))
    the_one_order(kraken, found)
    assert found["client_order_id"] == sent.client_order_id
    assert check(function.post(sent.alert), 200, "accepted")["replayed"] is True


def test_a_connection_that_died_while_nobody_used_it_costs_no_order(function, kraken, proxy):
    """As after an instance was frozen: the old connection says nothing, a new one works."""
    for _ in range(2):
        connections = proxy.connections
        proxy.silence()
        the_one_order(kraken, in_time(function.post(function.alert())))
        assert proxy.connections > connections


def test_a_connection_that_dies_while_kraken_works_loses_no_outcome(function, kraken, proxy):
    alert, before = function.alert(), len(kraken.calls("AddOrder"))
    kraken.script("AddOrder", {"fault": "hold"})
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(function.post, alert)
        kraken.wait_for_call("AddOrder", before)
        proxy.silence()
        kraken.release()
        the_one_order(kraken, in_time(sending.result()))
    assert check(function.post(alert), 200, "accepted")["replayed"] is True


# Firestore refuses the function's account


@pytest.mark.parametrize("status", ["UNAUTHENTICATED", "PERMISSION_DENIED"])
def test_an_account_that_firestore_refuses_is_one_clear_line_and_trades_once_it_may(
    status, make_live, kraken
):
    emulator = shared_emulator()
    with closing(FaultyFirestore(emulator.port)) as faulty:
        function = warm(make_live(kraken, **on_firestore(emulator, port=faulty.port)).start())
        alert, before = function.alert(), len(kraken.calls("AddOrder"))
        faulty.faults += [
            Fault(method, status, times=99)
            for method in ("Commit", "BatchGetDocuments", "RunQuery")
        ]
        answer = check(in_time(function.post(alert)), 503, "not_configured")
        assert status in answer["message"]
        assert len(kraken.calls("AddOrder")) == before
        lines = [line for line in function.log().splitlines() if "service.not_configured" in line]
        assert "roles/datastore.user" in lines[-1]
        faulty.faults.clear()
        the_one_order(kraken, in_time(function.post(alert)))
        function.stop()


@pytest.mark.parametrize("status", ["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"])
def test_an_order_whose_record_firestore_refuses_is_logged_whole_and_sent_no_second_time(
    status, make_live, kraken
):
    emulator = shared_emulator()
    with closing(FaultyFirestore(emulator.port)) as faulty:
        function = warm(make_live(kraken, **on_firestore(emulator, port=faulty.port)).start())
        alert, before = function.alert(), len(kraken.calls("AddOrder"))
        kraken.script("AddOrder", {"fault": "hold"})
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(function.post, alert)
            kraken.wait_for_call("AddOrder", before)
            faulty.faults.append(Fault("Commit", status, times=99))
            kraken.release()
            assert in_time(sending.result()).status == 503
        faulty.faults.clear()
        assert "ledger.outcome_not_recorded" in function.log()
        time.sleep(LOOK_UP_AFTER_S)
        the_one_order(kraken, in_time(function.post(alert)))
        function.stop()
