"""What an instance keeps open: to Firestore as many connections as calls were in hand at once, to
Kraken one until it was idle for 15 s."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.test_firestore import on_firestore, warm
from tests.support.cutting_proxy import CuttingProxy
from tests.support.firestore_emulator import shared_emulator
from tests.support.served_function import check

THREADS = 8
IDLE_LIMIT_S = 15
RUNS = 5
"""A call without an answer for 0.8 s, which a machine that stalls gives, leaves all connections for
new ones, or its alert is a 503: one run without such a call shows how many there are."""


def test_an_instance_connects_to_firestore_once_for_each_call_at_a_time_and_keeps_that(
    make_live, kraken
):
    emulator = shared_emulator()
    environment = on_firestore(emulator)
    warm(
        make_live(kraken, MAX_ORDER_COST="none", **environment).start()
    ).stop()  # a fresh JVM's first commit is late, and a failed one reconnects
    runs: list[tuple[int, int, int]] = []
    while len(runs) < RUNS and not any(is_as_few_as_calls(*run) for run in runs):
        with contextlib.closing(CuttingProxy(emulator.port)) as proxy:
            environment["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{proxy.port}"
            function = make_live(
                kraken, MAX_ORDER_COST="none", THREADS=str(THREADS), **environment
            ).start()
            assert proxy.connections == 0, "a connection made before gunicorn forks is of no use"
            runs.append(connections(function, proxy))
    assert any(is_as_few_as_calls(*run) for run in runs), runs


def connections(function, proxy):
    """Those of one alert after another, and those of as many at a time as there are threads."""
    answers = [function.post(function.alert()) for _ in range(3)]
    one_by_one = proxy.connections
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(4):
            alerts = [function.alert() for _ in range(THREADS)]
            answers += pool.map(function.post, alerts)
    function.stop()
    for answer in answers:
        assert answer.status in (200, 503), answer.document
    return one_by_one, proxy.connections, [answer.status for answer in answers].count(503)


def is_as_few_as_calls(one_by_one, at_once, unavailable):
    return one_by_one == 1 and at_once <= THREADS and not unavailable


def test_a_connection_to_kraken_is_used_again_until_it_was_idle_for_15_seconds(make_live, kraken):
    with contextlib.closing(CuttingProxy(kraken.port)) as proxy:
        function = make_live(
            kraken, MAX_ORDER_COST="none", KRAKEN_API_URL=f"http://127.0.0.1:{proxy.port}"
        ).start()
        for _ in range(3):
            check(function.post(function.alert()), 200, "accepted")
        assert proxy.connections == 1
        time.sleep(IDLE_LIMIT_S + 0.2)
        check(function.post(function.alert()), 200, "accepted")
        function.stop()
        assert proxy.connections == 2
