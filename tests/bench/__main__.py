"""What it costs, beside what bare krakenex costs, in one run: a table, and bench.json.

Ends with 1 if a bound is missed.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.burst import bursts
from tests.bench.cold_starts import cold_starts, first_answers
from tests.bench.google_on_loopback import PROJECT, google_on_loopback
from tests.bench.installed import hide_the_rest
from tests.bench.kraken_calls import kraken_calls
from tests.bench.ledger_calls import ledger_calls
from tests.bench.ledger_growth import ledger_growth
from tests.bench.sets import SECRETS, Place
from tests.bench.venue import venue
from tests.bench.warm import behind_the_server, in_process
from tests.support.firestore_emulator import new_emulator

MEASURES = (
    kraken_calls,
    ledger_calls,
    in_process,
    cold_starts,
    first_answers,
    behind_the_server,
    bursts,
    ledger_growth,
)


def main() -> int:
    machine = f"{cpu_model()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    print(f"measured on {machine}")
    figures = []
    with venue() as port, firestore() as emulator, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with google_on_loopback(folder, SECRETS) as google:
            place = Place(port, folder, hide_the_rest(folder), google, emulator)
            for measure in MEASURES:
                for figure in measure(place):
                    figures.append(figure)
                    print(figure.line(), flush=True)
    document = {"machine": machine, "figures": [figure.document() for figure in figures]}
    Path("bench.json").write_text(json.dumps(document, indent=2))
    return 0 if all(figure.kept for figure in figures) else 1


@contextlib.contextmanager
def firestore() -> Iterator[dict[str, str] | None]:
    """The variables of a function that is to use Google's emulator; None, and a word about it,
    where it is missing."""
    try:
        emulator = new_emulator()
    except pytest.skip.Exception as skipped:
        print(f"Firestore is left out: {skipped}")
        yield None
        return
    emulator.start()
    try:
        warm_up(emulator.environment)
        yield emulator.environment
    finally:
        emulator.stop()


def warm_up(environment: dict[str, str]) -> None:
    """A fresh JVM takes seconds for its first commit, which is no property of Firestore's."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.firestore import Client

    os.environ |= environment
    client = Client(project=PROJECT, credentials=AnonymousCredentials())
    for number in range(200):
        client.collection("warm-up").document(str(number)).create({"number": number}, timeout=60)
    client.close()


def cpu_model() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
