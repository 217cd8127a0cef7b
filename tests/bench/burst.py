"""Bursts: many strategies fire at the close of one bar. How each alert ends at TradingView, and how
many orders there are."""

from __future__ import annotations

import itertools
import queue
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import krakenex

from tests.bench.cold import TOKEN
from tests.bench.figure import Figure
from tests.bench.front_end import TIMED_OUT, TRADINGVIEW_WAITS_S, Delivered, FrontEnd
from tests.bench.server import THREADS, alert, first_answer, memory_mib, served
from tests.bench.sets import LIVE, Place, bare_environment
from tests.support.evidence import Secrets
from tests.support.kraken_process import KrakenProcess

KRAKEN_TAKES_MS = (80, 200)
BURSTS = (8, 40, 100)
NONCE_WINDOW = 10**10
SESSIONS = 8
AFFORDABLE = "0.0001"
ALL_WITHIN_S = {(40, 80): 1.5, (100, 80): 3.0}
"""Seconds until the last of so many alerts is answered, with a Kraken that takes so
many milliseconds."""
TIMES_BARE = 2.5


def bursts(place: Place) -> Iterator[Figure]:
    """Alerts of a fixed size, all in the same moment, to one warm instance live on SQLite, behind a
    front end that admits as many requests at once as the deployment says, under a key with a nonce
    window. The Kraken is tests/support's: it checks each signature and nonce."""
    for takes_ms in KRAKEN_TAKES_MS:
        for size in BURSTS:
            yield from burst(place, size, takes_ms, THREADS)


def burst(place: Place, size: int, takes_ms: int, admitted: int) -> Iterator[Figure]:
    secrets = Secrets()
    kraken = KrakenProcess(secrets, place.folder / "kraken.log", NONCE_WINDOW).start()
    try:
        slow = [{"fault": "slow", "seconds": takes_ms / 1000}]
        kraken.script("AddOrder", *slow * (4 * size))
        bare_s = bare_burst(kraken.url, secrets, size)
        with served(_environment(place, kraken.url, secrets), place.folder) as function:
            first_answer(function)
            kraken.script("AddOrder", *slow * (4 * size))
            before = len(kraken.orders())
            delivered = FrontEnd(function.port, admitted, size).fire(
                [alert(AFFORDABLE) for _ in range(size)]
            )
            orders, memory = len(kraken.orders()) - before, memory_mib(function)
    finally:
        kraken.stop()
    name = f"burst of {size}, Kraken at {takes_ms} ms"
    last_s = max(one.seconds for one in delivered)
    yield _figure(name, delivered, orders, (size, takes_ms) in ALL_WITHIN_S)
    yield Figure(f"{name}: until all are answered", last_s, "s", ALL_WITHIN_S.get((size, takes_ms)))
    bound = TIMES_BARE if (size, takes_ms) in ALL_WITHIN_S else None
    yield Figure(
        f"{name}: the same, bare krakenex in {SESSIONS} sessions",
        last_s / bare_s,
        "times",
        bound,
        f"{bare_s:.2f} s",
    )
    yield Figure(f"{name}: memory of the server after it", memory, "MiB")


def bare_burst(url: str, secrets: Secrets, size: int) -> float:
    """Seconds for as many orders by krakenex alone, in sessions that share one
    counter of nonces."""
    nonces = itertools.count(time.time_ns())
    sessions: queue.SimpleQueue[krakenex.API] = queue.SimpleQueue()
    for _ in range(SESSIONS):
        api = krakenex.API(secrets.kraken_key, secrets.kraken_secret)
        api.uri, api._nonce = url, lambda: next(nonces)
        sessions.put(api)

    def order(_: int) -> None:
        api = sessions.get()
        sent = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": AFFORDABLE}
        assert api.query_private("AddOrder", sent, timeout=10)["error"] == []
        sessions.put(api)

    with ThreadPoolExecutor(size) as senders:
        started = time.monotonic()
        list(senders.map(order, range(size)))
        return time.monotonic() - started


def _environment(place: Place, kraken_url: str, secrets: Secrets) -> dict[str, str]:
    return bare_environment(place) | LIVE | {
        "WEBHOOK_TOKEN": TOKEN, "KRAKEN_API_KEY": secrets.kraken_key,
        "KRAKEN_API_SECRET": secrets.kraken_secret,
        "KRAKEN_API_URL": kraken_url, "KRAKEN_NONCE_WINDOW": str(NONCE_WINDOW),
        "LEDGER_URL": f"sqlite:///{_new_file(place.folder)}",
    }  # fmt: skip


def _new_file(folder: Path) -> Path:
    return folder / f"burst-{len(list(folder.glob('burst-*.db')))}.db"


def _figure(name: str, delivered: list[Delivered], orders: int, promised: bool) -> Figure:
    late = sum(one.seconds > TRADINGVIEW_WAITS_S for one in delivered)
    ended = Counter(
        "timed out" if one.status == TIMED_OUT else str(one.status) for one in delivered
    )
    said = ", ".join(f"{count} on {status}" for status, count in sorted(ended.items()))
    resends = sum(one.sends - 1 for one in delivered)
    detail = f"{said}; {orders} orders, {resends} resends"
    parts = {**ended, "orders": orders, "resends": resends}
    return Figure(
        f"{name}: answered after {TRADINGVIEW_WAITS_S:g} s",
        late,
        "alerts",
        0 if promised else None,
        detail,
        parts,
    )
