"""Bursts: many strategies fire at the close of one bar. How each alert ends at TradingView, and how
many orders there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench.cold import TOKEN
from tests.bench.figure import Figure
from tests.bench.front_end import TIMED_OUT, Delivered, FrontEnd
from tests.bench.server import THREADS, alert, first_answer, memory_mib, served
from tests.bench.sets import LIVE, Place, bare_environment
from tests.support.evidence import Secrets
from tests.support.kraken_process import KrakenProcess

KRAKEN_TAKES_MS = (80, 150, 300)
BURSTS = (16, 40)
AFFORDABLE = "0.0001"
ALL_END_ON_200 = {(16, 80), (16, 150), (16, 300), (40, 80)}
"""What README.md promises: the size of a burst, and how long Kraken takes. 40 at 150 ms just fit."""


def bursts(place: Place) -> Iterator[Figure]:
    """Alerts of a fixed size, all in the same moment, to one warm instance live on SQLite, behind a
    front end that admits as many requests at once as the deployment says. The Kraken is
    tests/support's: it checks each signature and nonce."""
    for takes_ms in KRAKEN_TAKES_MS:
        for size in BURSTS:
            yield from burst(place, size, takes_ms, THREADS)


def burst(place: Place, size: int, takes_ms: int, admitted: int) -> Iterator[Figure]:
    secrets = Secrets()
    kraken = KrakenProcess(secrets, place.folder / "kraken.log").start()
    try:
        with served(_environment(place, kraken.url, secrets), place.folder) as function:
            first_answer(function)
            kraken.script("AddOrder", *[{"fault": "slow", "seconds": takes_ms / 1000}] * (4 * size))
            before = len(kraken.orders())
            delivered = FrontEnd(function.port, admitted, size).fire([alert(AFFORDABLE) for _ in range(size)])
            orders, memory = len(kraken.orders()) - before, memory_mib(function)
    finally:
        kraken.stop()
    name, promised = f"burst of {size}, Kraken at {takes_ms} ms", (size, takes_ms) in ALL_END_ON_200
    yield _figure(name, delivered, orders, promised)
    yield Figure(f"{name}: memory of the server after it", memory, "MiB")


def _environment(place: Place, kraken_url: str, secrets: Secrets) -> dict[str, str]:
    return bare_environment(place) | LIVE | {
        "WEBHOOK_TOKEN": TOKEN, "KRAKEN_API_KEY": secrets.kraken_key, "KRAKEN_API_SECRET": secrets.kraken_secret,
        "KRAKEN_API_URL": kraken_url, "LEDGER_URL": f"sqlite:///{_new_file(place.folder)}",
    }  # fmt: skip


def _new_file(folder: Path) -> Path:
    return folder / f"burst-{len(list(folder.glob('burst-*.db')))}.db"


def _figure(name: str, delivered: list[Delivered], orders: int, promised: bool) -> Figure:
    ended = Counter(one.status for one in delivered)
    others = {
        "timed out" if status == TIMED_OUT else str(status): count for status, count in ended.items() if status != 200
    }
    resends = sum(one.sends - 1 for one in delivered)
    last = max((one.seconds for one in delivered if one.status == 200), default=0.0)
    said = "".join(f", {count} {word}" for word, count in sorted(others.items()))
    detail = f"{ended[200]} on 200{said}; {orders} orders, {resends} resends, the last 200 after {last:.1f} s"
    parts = {
        "ended on 200": ended[200],
        **others,
        "orders": orders,
        "resends": resends,
        "last 200 after s": last,
    }
    return Figure(f"{name}: alerts that did not end on 200", len(delivered) - ended[200], "", 0 if promised else None,
                  detail, parts)  # fmt: skip
