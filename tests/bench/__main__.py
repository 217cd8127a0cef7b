"""What it costs, beside what bare krakenex costs, in one run: a table, and bench.json."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import krakenex

from tests.bench.cold import KEY, SECRET, TOKEN
from tests.bench.venue import calls, venue
from webhook_core.application import Application
from webhook_core.bootstrap import build
from webhook_core.http_messages import HttpRequest
from webhook_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COLD_RUNS = 15
WARM_ALERTS = 400
SMALL, LARGE = 1_000, 1_000_000


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    bound: float | None = None
    detail: str = ""

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound


def main() -> int:
    figures = []
    with venue() as port, tempfile.TemporaryDirectory() as folder:
        for measure in (kraken_calls, cold_starts, warm_alerts, ledger_growth):
            for figure in measure(port, Path(folder)):
                figures.append(figure)
                show(figure)
    Path("bench.json").write_text(json.dumps([vars(figure) | {"kept": figure.kept} for figure in figures], indent=2))
    return 0 if all(figure.kept for figure in figures) else 1


def show(figure: Figure) -> None:
    bound = "" if figure.bound is None else f"<= {figure.bound:g} {'ok' if figure.kept else 'MISSED'}"
    print(f"{figure.name:<62} {figure.value:>10.3f} {figure.unit:<6} {bound:<14} {figure.detail}", flush=True)


def application(port: int, ledger: Path, **env: str) -> Application:
    settings = {
        "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET, "ALLOWED_SYMBOLS": "*",
        "MAX_ORDER_COST": "none", "KRAKEN_API_URL": f"http://127.0.0.1:{port}", "WEBHOOK_TOKEN": TOKEN,
        "LEDGER_URL": f"sqlite:///{ledger}", **env,
    }  # fmt: skip
    return build(Settings.from_env(settings, read_file=lambda _path: None))


def deliver(function: Application, name: str, **fields: str) -> float:
    """Seconds that one new alert took."""
    now = datetime.now(UTC)
    alert = {"token": TOKEN, "id": name, "symbol": "BTCUSD", "side": "buy", "volume": "0.01", **fields}
    body = json.dumps(alert).encode()
    started = time.perf_counter()
    response = function.handle(HttpRequest("POST", "/webhook/tradingview", {}, {}, body, "127.0.0.1", now))
    taken = time.perf_counter() - started
    assert response.status == 200, response.body
    return taken


def kraken_calls(port: int, folder: Path) -> Iterator[Figure]:
    for name, env, bound in (
        ("fixed size", {}, 1),
        ("fixed size, MAX_ORDER_COST asks the ticker", {"MAX_ORDER_COST": "5000 USD"}, 2),
    ):
        function = application(port, folder / "calls.db", **env)
        for warmth in ("cold", "warm"):
            before = calls(port)
            deliver(function, f"{name} {warmth}")
            yield Figure(f"Kraken calls per alert, {name}, {warmth}", calls(port) - before, "calls", bound)


def cold_starts(port: int, folder: Path) -> Iterator[Figure]:
    """In turn, and each start held against the bare one of its own round: other load on the machine comes and goes."""
    kinds = ("bare", "paper", "live")
    # The first round fills the caches of Python and of the system, as a deployment finds them filled.
    rounds = [{what: cold_start(what, port, folder) for what in kinds} for _ in range(COLD_RUNS + 1)][1:]

    def median(what: str, name: str) -> float:
        return statistics.median(one[what][name] for one in rounds)

    yield Figure("bare: three imports and one krakenex order, CPU", median("bare", "cpu_s") * 1000, "ms")
    for what in ("paper", "live"):
        ratios = [one[what]["cpu_s"] / one["bare"]["cpu_s"] for one in rounds]
        low, middle, high = statistics.quantiles(ratios, n=4)
        detail = f"{median(what, 'cpu_s') * 1000:.0f} ms; half of {COLD_RUNS} rounds: {low:.2f} to {high:.2f}"
        yield Figure(f"cold start to the first order, {what} on SQLite, CPU / bare", middle, "x", 1.25, detail)
    for what in kinds:
        yield Figure(f"peak memory, {what}", median(what, "peak_mib"), "MiB", None if what == "bare" else 80)


def cold_start(what: str, port: int, folder: Path) -> dict[str, float]:
    """In an environment of its own: PYTHONDONTWRITEBYTECODE, for one, would have every start compile our source anew."""
    command = [sys.executable, "-m", "tests.bench.cold", what, str(port), str(folder)]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment["PYTHONPATH"] = str(ROOT)
    return json.loads(subprocess.run(command, check=True, capture_output=True, env=environment, cwd=folder).stdout)


def warm_alerts(port: int, folder: Path) -> Iterator[Figure]:
    function = application(port, folder / "warm.db")
    api = krakenex.API(KEY, SECRET)
    api.uri = f"http://127.0.0.1:{port}"
    ours, bare = [], []
    for number in range(WARM_ALERTS):
        ours.append(deliver(function, f"warm {number}"))
        order = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
        started = time.perf_counter()
        api.query_private("AddOrder", order, timeout=3)
        bare.append(time.perf_counter() - started)
    ours_ms, bare_ms = ([seconds * 1000 for seconds in sorted(series[20:])] for series in (ours, bare))
    over = statistics.median(ours_ms) - statistics.median(bare_ms)
    yield Figure("bare krakenex order, median", statistics.median(bare_ms), "ms")
    yield Figure(
        "warm alert on top of it, SQLite (durable), median", over, "ms", 2.0, f"fsync here: {fsync_ms(folder):.2f} ms"
    )
    p99 = int(len(ours_ms) * 0.99)
    yield Figure("warm alert on top of it, 99th percentile", ours_ms[p99] - bare_ms[p99], "ms")


def fsync_ms(folder: Path) -> float:
    """The disk's share: two of these are in every durable alert."""
    series = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            series.append(time.perf_counter() - started)
    return statistics.median(series) * 1000


def grow(path: Path, size: int) -> None:
    """Copies of the first entry, each with a key, a time and a strategy of its own, as years of alerts leave them."""
    db = sqlite3.connect(path)
    ((strategy, state, claimed_at, document),) = db.execute("SELECT strategy, state, claimed_at, document FROM entries")
    rows = ((os.urandom(32), 0, strategy, state, claimed_at - number, document, 2) for number in range(size))
    with db:
        db.executemany(
            "INSERT INTO entries (base, generation, strategy, state, claimed_at, document, version) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    os.sync()  # a file that is still being written out is no file that grew over years


def ledger_growth(port: int, folder: Path) -> Iterator[Figure]:
    functions: dict[int, Application] = {}
    for size in (SMALL, LARGE):
        path = folder / f"grown-{size}.db"
        deliver(application(port, path), "seed")
        grow(path, size)
        functions[size] = application(port, path)
    costs: dict[int, list[float]] = {SMALL: [], LARGE: []}
    for number in range(WARM_ALERTS):  # in turn, so that the disk's moods meet both
        for size, function in functions.items():
            costs[size].append(deliver(function, f"after {number}") * 1000)
    small, large = (statistics.median(series[WARM_ALERTS // 4 :]) for series in costs.values())  # the first ones settle
    yield Figure(
        "cost per alert, 10^6 ledger entries / 10^3", large / small, "x", 1.2, f"{small:.2f} ms and {large:.2f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
