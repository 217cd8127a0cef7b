"""What an alert costs on a SQLite ledger that has grown over years."""

from __future__ import annotations

import os
import sqlite3
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.bench.application import application, deliver
from tests.bench.figure import Figure
from tests.bench.sets import Place
from webhook_core.application import Application

ALERTS = 400
SMALL, LARGE = 1_000, 1_000_000


def ledger_growth(place: Place) -> Iterator[Figure]:
    functions: dict[int, Application] = {}
    for size in (SMALL, LARGE):
        path = place.folder / f"grown-{size}.db"
        deliver(application(place.kraken_port, path), "seed")
        grow(path, size)
        functions[size] = application(place.kraken_port, path)
    costs: dict[int, list[float]] = {SMALL: [], LARGE: []}
    for number in range(ALERTS):  # in turn, so that the disk's moods meet both
        for size, function in functions.items():
            costs[size].append(deliver(function, f"after {number}") * 1000)
    # The first ones settle.
    small, large = (statistics.median(series[ALERTS // 4 :]) for series in costs.values())
    detail = f"{small:.2f} ms and {large:.2f} ms"
    yield Figure("cost per alert, 10^6 ledger entries / 10^3", large / small, "x", 1.2, detail)


def grow(path: Path, size: int) -> None:
    """Copies of the first entry, each with a key, a time and a strategy of its own, as years of
    alerts leave them."""
    db = sqlite3.connect(path)
    ((strategy, state, claimed_at, document),) = db.execute(
        "SELECT strategy, state, claimed_at, document FROM entries"
    )
    rows = (
        (os.urandom(32), 0, strategy, state, claimed_at - number, document, 2)
        for number in range(size)
    )
    with db:
        db.executemany(
            (
                "INSERT INTO entries (base, generation, strategy, state, claimed_at, document, "
                "version) VALUES (?, ?, ?, ?, ?, ?, ?)"
            ),
            rows,
        )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.sync()  # a file that is still being written out is no file that grew over years
