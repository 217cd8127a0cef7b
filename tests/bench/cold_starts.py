"""Cold starts, set by set: CPU beside the bare start of the same libraries, memory, and
where the time goes."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from tests.bench.figure import Figure
from tests.bench.server import BARE, Served, cpu_s, first_answer, memory_mib, served
from tests.bench.sets import SETS, Place, Set, bare_environment
from tests.bench.shares import on_sizes, table, typical

ROUNDS = 15
_UNBOUNDED = Set("trivial")
SERVED_ROUNDS = 7
Start = Mapping[str, float]


def cold_starts(place: Place) -> Iterator[Figure]:
    """In turn, each held against the bare start right before it: other load on the
    machine comes and goes."""
    sets = [one for one in SETS if place.firestore or not one.firestore]
    starts: dict[str, list[tuple[Start, Start]]] = {one.name: [] for one in sets}
    # The first round fills the caches of Python and of the system, as a deployment
    # finds them filled.
    for number in range(ROUNDS + 1):
        # The short ones twice: they vary more.
        for one in [
            *sets,
            *(each for each in sets if not each.on_google_cloud),
        ]:
            pair = cold_start(place, one, "bare"), cold_start(place, one, "ours")
            if number:
                starts[one.name].append(pair)
    stages = {
        name: typical([ours["stages"] for _, ours in pairs]) for name, pairs in starts.items()
    }
    for one in sets:
        yield from _figures(one, starts[one.name], stages[one.name])
        yield from _loaded(place, one)
    print("\n".join(["", *table(stages), ""]))


def cold_start(place: Place, one: Set, what: str) -> Start:
    return _run(place, one, ["tests.bench.cold", str(time.monotonic()), what])


def _run(place: Place, one: Set, arguments: Sequence[str]) -> Start:
    """The numbers that a whole process prints in its last line; its last
    argument is bare or ours."""
    environment = one.environment(place) if arguments[-1] == "ours" else bare_environment(place)
    command = [sys.executable, "-m", *arguments, *one.libraries]
    done = subprocess.run(
        command, check=True, capture_output=True, env=environment, cwd=place.folder
    )
    return json.loads(done.stdout.splitlines()[-1])


def _figures(
    one: Set, pairs: Sequence[tuple[Start, Start]], stages: Mapping[str, float]
) -> Iterator[Figure]:
    ratios = [ours["cpu_s"] / bare["cpu_s"] for bare, ours in pairs]
    low, middle, high = statistics.quantiles(ratios, n=4)
    bare_ms = statistics.median(bare["cpu_s"] for bare, _ in pairs) * 1000
    cpu, wall, peak_mib = (
        statistics.median(ours[name] for _, ours in pairs)
        for name in ("cpu_s", "wall_s", "peak_mib")
    )
    detail = f"half of {len(ratios)} rounds: {low:.2f} to {high:.2f}; bare {bare_ms:.0f} ms"
    yield Figure(f"cold start CPU / bare, {one.name}", middle, "x", one.bound, detail)
    yield Figure(f"cold start CPU, {one.name}", cpu, "s", parts={**stages, **on_sizes(stages)})
    yield Figure(f"cold start wall, {one.name}", wall, "s")
    yield Figure(f"peak memory, {one.name}", peak_mib, "MiB", one.peak_mib)


def _loaded(place: Place, one: Set) -> Iterator[Figure]:
    bare, ours = (_run(place, one, ["tests.bench.loaded", what]) for what in ("bare", "ours"))
    modules, files = f"bare {bare['modules']}", f"bare {bare['files']}"
    yield Figure(f"modules loaded, {one.name}", ours["modules"], "", one.modules, modules)
    yield Figure(f"files opened, {one.name}", ours["files"], "", None, files)


def first_answers(place: Place) -> Iterator[Figure]:
    """Under functions-framework's production server: from its spawn to the 200 of an alert over
    HTTP, wall time; and the CPU and memory of all its processes then. ``trivial`` is a function
    that says "ok" behind the same server, in turn.
    """
    sets = {one.name: one for one in SETS if place.firestore or not one.firestore}
    met: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ("trivial", *sets)}
    for number in range(SERVED_ROUNDS + 1):
        for name, series in met.items():
            with _served(place, sets.get(name)) as function:
                seconds = first_answer(function)
                if number:
                    series.append((seconds, cpu_s(function), memory_mib(function)))
    trivial = statistics.median(seconds for seconds, _, _ in met["trivial"])
    for name, series in met.items():
        seconds, cpu, memory = (statistics.median(column) for column in zip(*series, strict=True))
        sizes = on_sizes({"server": cpu})
        over = f"{seconds - trivial:.3f} s over trivial" if name != "trivial" else ""
        bounds = sets.get(name, _UNBOUNDED)
        yield Figure(f"first answer of the server, {name}", seconds, "s", None, over)
        detail = ", ".join(f"{size} {taken:.1f} s" for size, taken in sizes.items())
        yield Figure(f"CPU of the server until then, {name}", cpu, "s", None, detail, sizes)
        yield Figure(f"memory of the server then, {name}", memory, "MiB", bounds.server_mib)
        if bounds.server_bound is not None:
            yield Figure(
                f"CPU of the server / paper's, {name}",
                _ratio(series, met["paper"]),
                "x",
                bounds.server_bound,
            )


def _ratio(
    series: Sequence[tuple[float, float, float]], paper: Sequence[tuple[float, float, float]]
) -> float:
    """Of the CPU seconds, round by round."""
    return statistics.median(
        mine / theirs for (_, mine, _), (_, theirs, _) in zip(series, paper, strict=True)
    )


def _served(place: Place, one: Set | None) -> AbstractContextManager[Served]:
    if one is None:
        return served(bare_environment(place), place.folder, "trivial", BARE)
    return served(one.environment(place), place.folder)
