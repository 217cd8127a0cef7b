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


def test_an_instance_connects_to_firestore_once_for_each_call_at_a_time_and_keeps_that(
    make_live, kraken
):
    emulator = shared_emulator()
    environment = on_firestore(emulator)
    warm(
        make_live(kraken, MAX_ORDER_COST="none", **environment).start()
    ).stop()  # a fresh JVM's first commit is late, and a failed one reconnects
    with (
        contextlib.closing(CuttingProxy(emulator.port)) as proxy,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        environment["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{proxy.port}"
        function = make_live(
            kraken, MAX_ORDER_COST="none", THREADS=str(THREADS), **environment
        ).start()
        assert proxy.connections == 0, "a connection made before gunicorn forks is of no use"
        for _ in range(3):
            check(function.post(function.alert()), 200, "accepted")
        assert proxy.connections == 1
        for answers in (
            list(pool.map(function.post, [function.alert() for _ in range(THREADS)]))
            for _ in range(4)
        ):
            for answer in answers:
                check(answer, 200, "accepted")
        function.stop()
        assert proxy.connections <= THREADS


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
