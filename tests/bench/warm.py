"""Warm alerts: what they take beside a bare krakenex order, in this process and behind the
production server."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import krakenex

from tests.bench.application import application, deliver
from tests.bench.bare_commits import BareCommits
from tests.bench.cold import KEY, SECRET
from tests.bench.figure import Figure
from tests.bench.server import BARE, Served, deliver_many, first_answer, served
from tests.bench.sets import SETS, Place

ALERTS, TRIES = 400, 5
QUIET_FSYNC_MS = 0.5
SLICES, SLICE = 10, 80
SENDERS = (1, 8)


def in_process(place: Place) -> Iterator[Figure]:
    """The application called as a function, on SQLite, and krakenex called by itself, in turn: what
    is between is ours.

    Each alert waits for one fsync, that of its claim. While others keep the disk busy
    that is all that one sees, so a few series are taken if need be, and the one with the
    shortest fsyncs counts.
    """
    tries = []
    for number in range(TRIES):
        tries.append(_series(place, f"warm-{number}"))
        if statistics.median(tries[-1].fsync) <= QUIET_FSYNC_MS:
            break
    ours, bare, fsync = min(tries, key=lambda series: statistics.median(series.fsync))
    over = statistics.median(ours) - statistics.median(bare)
    yield Figure("bare krakenex order, median", statistics.median(bare), "ms")
    detail = f"each has one fsync, which took {statistics.median(fsync):.2f} ms, in turn with them"
    yield Figure("warm alert on top of it, SQLite (durable), median", over, "ms", 2.0, detail)
    yield Figure(
        "warm alert on top of it, 99th percentile", percentile_99(ours) - percentile_99(bare), "ms"
    )


class _Series(NamedTuple):
    """Milliseconds."""

    ours: list[float]
    bare: list[float]
    fsync: list[float]


def _series(place: Place, name: str) -> _Series:
    function = application(place.kraken_port, place.folder / f"{name}.db")
    api = krakenex.API(KEY, SECRET)
    api.uri = place.kraken_url
    met = _Series([], [], [])
    for number in range(ALERTS):
        met.ours.append(deliver(function, f"{name} {number}") * 1000)
        order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
        started = time.perf_counter()
        api.query_private("AddOrder", order, timeout=3)
        met.bare.append((time.perf_counter() - started) * 1000)
        met.fsync.append(fsync_s(place.folder) * 1000)
    return _Series(*(series[20:] for series in met))


BOUNDS = {("Firestore emulator", 1): 4.0}
"""Milliseconds at the median on top of bare, by ledger and senders."""


def behind_the_server(place: Place) -> Iterator[Figure]:
    """Alerts over loopback HTTP to functions-framework's gunicorn (one process, THREADS
    as deployed), from threads on http.client that keep their connection and wait for each
    answer. In turn, and behind the same server: a function that makes one bare krakenex
    order. What is on top of it is ours.
    """
    live, cloud = (
        next(one for one in SETS if one.name == "live"),
        next(one for one in SETS if one.firestore),
    )
    with contextlib.ExitStack() as stack:
        environment = live.environment(place)
        functions = {
            "bare order": stack.enter_context(served(environment, place.folder, "order", BARE))
        }
        functions["SQLite"] = stack.enter_context(served(environment, place.folder))
        if place.firestore:
            functions["Firestore emulator"] = stack.enter_context(
                served(cloud.environment(place), place.folder)
            )
        for function in functions.values():
            first_answer(function)
            deliver_many(function, max(SENDERS), SLICE)
        commits = None
        if place.firestore:
            address = place.firestore["FIRESTORE_EMULATOR_HOST"]
            commits = stack.enter_context(contextlib.closing(BareCommits(address)))
        for senders in SENDERS:
            yield from _beside_bare(functions, senders, commits if senders == 1 else None)


def _beside_bare(
    functions: dict[str, Served], senders: int, commits: BareCommits | None
) -> Iterator[Figure]:
    """``commits``: those of an alert by themselves, in turn with the rest."""
    by_themselves: list[float] = []
    series: dict[str, list[float]] = {name: [] for name in functions}
    rates: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(SLICES):
        for name, function in functions.items():
            taken, all_s = deliver_many(function, senders, SLICE)
            series[name] += [seconds * 1000 for seconds in taken]
            rates[name].append(len(taken) / all_s)
        if commits is not None:
            by_themselves += [commits.take() * 1000 for _ in range(SLICE)]
    bare = series["bare order"]
    word = f"{senders} sender{'s' if senders > 1 else ''}"
    for name, milliseconds in series.items():
        middle, late = statistics.median(milliseconds), percentile_99(milliseconds)
        detail = f"median {middle:.2f} ms, 99th percentile {late:.2f} ms"
        yield Figure(
            f"{name}, {word}: alerts per second over HTTP",
            statistics.median(rates[name]),
            "1/s",
            None,
            detail,
        )
        if milliseconds is not bare:
            over, over_late = middle - statistics.median(bare), late - percentile_99(bare)
            yield Figure(
                f"{name}, {word}: median on top of bare", over, "ms", BOUNDS.get((name, senders))
            )
            yield Figure(f"{name}, {word}: 99th percentile on top of bare", over_late, "ms")
    if by_themselves:
        detail = (
            f"99th percentile {percentile_99(by_themselves):.2f} ms; they are in the figure above"
        )
        middle = statistics.median(by_themselves)
        yield Figure(
            "two bare commits to the emulator, 1 sender: median", middle, "ms", None, detail
        )


def percentile_99(series: list[float]) -> float:
    return sorted(series)[int(len(series) * 0.99)]


def fsync_s(folder: Path) -> float:
    """The disk's share: whatever else writes to it is in every durable alert too."""
    with (folder / "fsync").open("ab") as file:
        file.write(b"x" * 4096)
        file.flush()
        began = time.perf_counter()
        os.fsync(file.fileno())
        return time.perf_counter() - began
