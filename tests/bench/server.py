"""Functions behind functions-framework's production server (gunicorn), and senders on
plain http.client."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.bench.cold import TOKEN
from tests.support.project import ROOT
from tests.support.served_function import free_port

MAIN, BARE = ROOT / "main.py", ROOT / "tests" / "bench" / "bare_function.py"
START_S = 30.0
THREADS = 32
"""As deployed (cloudbuild.yaml)."""
_numbers = count(1)


@dataclass(frozen=True)
class Served:
    port: int
    spawned_at: float
    process: subprocess.Popen[bytes]
    log: Path


@contextlib.contextmanager
def served(
    environment: Mapping[str, str], folder: Path, target: str = "webhook", source: Path = MAIN
) -> Iterator[Served]:
    """One instance, which may not be up yet.

    Killed at the end: nobody waits for a measured function to tidy up.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "functions_framework",
        f"--target={target}",
        f"--source={source}",
    ]
    command += ["--host=127.0.0.1", f"--port={port}"]
    env = {**environment, "THREADS": str(THREADS), "FUNCTION_TARGET": target}
    log_path = folder / f"served-{port}.log"
    with log_path.open("ab") as log:
        spawned_at = time.monotonic()
        process = subprocess.Popen(
            command, env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield Served(port, spawned_at, process, log_path)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def alert(volume: str = "0.01") -> bytes:
    """A new one each time."""
    fields = {
        "token": TOKEN,
        "id": f"bench-{os.getpid()}-{next(_numbers)}",
        "symbol": "BTCUSD",
        "side": "buy",
    }
    return json.dumps(fields | {"volume": volume, "price": "60000"}).encode()


def connection_to(function: Served) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", function.port, timeout=START_S)
    )


def first_answer(function: Served) -> float:
    """Seconds from the spawn of the server to the first 200, by a sender that tries again until
    there is a listener."""
    while function.process.poll() is None and time.monotonic() < function.spawned_at + START_S:
        with contextlib.suppress(ConnectionError), connection_to(function) as connection:
            deliver(connection)
            return time.monotonic() - function.spawned_at
        time.sleep(0.002)
    raise RuntimeError(f"the function does not start: {function.log.read_text('utf-8')[-2000:]}")


def memory_mib(function: Served) -> float:
    """Of all its processes; what they share counts once (Pss, proc(5))."""
    rows = [
        row
        for folder in _processes(function)
        for row in _text(folder / "smaps_rollup").splitlines()
    ]
    return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:")) / 1024


def cpu_s(function: Served) -> float:
    """Of all its processes since their start, user and system, in steps of 10 ms (utime
    and stime, proc(5))."""
    fields = [_text(folder / "stat").rpartition(")")[2].split() for folder in _processes(function)]
    return sum(int(field[11]) + int(field[12]) for field in fields if field) / os.sysconf(
        "SC_CLK_TCK"
    )


def _processes(function: Served) -> Iterator[Path]:
    """Their folders in /proc; none where there is no such thing."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(folder.name)) == function.process.pid:
                yield folder


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("ascii", errors="replace")
    return ""


def deliver(connection: http.client.HTTPConnection) -> float:
    """Seconds that one new alert took to its 200."""
    body = alert()
    began = time.perf_counter()
    connection.request("POST", "/webhook/tradingview", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    taken = time.perf_counter() - began
    assert response.status == 200, answer
    return taken


def deliver_many(function: Served, senders: int, alerts: int) -> tuple[list[float], float]:
    """Seconds of each of so many alerts, and of all together.

    Each sender has one connection, and waits for its answer.
    """

    def send(_sender: int) -> list[float]:
        with connection_to(function) as connection:
            return [deliver(connection) for _ in range(alerts // senders)]

    with ThreadPoolExecutor(senders) as pool:
        began = time.perf_counter()
        series = [taken for some in pool.map(send, range(senders)) for taken in some]
        return series, time.perf_counter() - began
