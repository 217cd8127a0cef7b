"""What the processes of ``test_one_key`` do: one loopback Kraken, and instances that
share its key and one ledger."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from tests.support import kraken_faults as faults
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.processes import FORKED
from webhook_core.bootstrap import assemble
from webhook_core.clock import SystemClock
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest

TOKEN = "token-of-the-matrix-0123"
WAIT_S = 60
MOST_ON_THE_WAY_S = 0.02
"""How long a request may take to Kraken's engine: what was sent first need not come first."""


@contextmanager
def kraken(nonce_window: int) -> Iterator[Kraken]:
    """A loopback Kraken in a process of its own, whose key has that window."""
    ours, theirs = FORKED.Pipe()
    process = FORKED.Process(target=_serve, args=(theirs, nonce_window))
    process.start()
    theirs.close()
    try:
        yield Kraken(ours)
    finally:
        ours.close()
        process.join(WAIT_S)
        assert process.exitcode == 0
        process.close()


class Kraken:
    def __init__(self, line: Connection) -> None:
        self._line = line
        self.url: str = self._ask("url")

    def orders(self) -> list[dict[str, Any]]:
        return self._ask("orders")

    def add_orders(self) -> int:
        """How often AddOrder was called."""
        return self._ask("calls")

    def _ask(self, what: str) -> Any:
        self._line.send(what)
        assert self._line.poll(WAIT_S)
        return self._line.recv()


def _serve(line: Connection, nonce_window: int) -> None:
    with KrakenServer(nonce_window=nonce_window, keep_closed=10_000) as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        way = random.Random(1)
        server.script(
            "AddOrder", *(faults.slow(way.uniform(0.001, MOST_ON_THE_WAY_S)) for _ in range(5000))
        )
        answers = {
            "url": lambda: server.url,
            "orders": server.orders,
            "calls": lambda: len(server.calls_of("AddOrder")),
        }
        while True:
            try:
                line.send(answers[line.recv()]())
            except EOFError:
                return


def deliver(
    url: str, ledger: str, shares: Sequence[Sequence[str]], threads: int
) -> dict[str, dict[str, Any]]:
    """One process for each share of the alert ids, all starting at once: the
    answers by alert id."""
    barrier, results = FORKED.Barrier(len(shares)), FORKED.SimpleQueue()
    processes = [
        FORKED.Process(
            target=_deliver,
            args=(url, ledger, share, threads),
            kwargs={"barrier": barrier, "results": results},
        )
        for share in shares
    ]
    for process in processes:
        process.start()
    answers: dict[str, dict[str, Any]] = {}
    for _ in processes:
        answers |= results.get()
    for process in processes:
        process.join(WAIT_S)
        assert process.exitcode == 0
        process.close()
    results.close()
    return answers


def _deliver(
    url: str, ledger: str, alerts: Sequence[str], threads: int, *, barrier: Barrier, results: Any
) -> None:
    clock = SystemClock()
    client = KrakenClient(KEY, SECRET, url)
    with closing(SqliteLedger(ledger, timeout_s=30)) as store, ThreadPoolExecutor(threads) as pool:
        application = assemble(_settings(), clock, store, KrakenVenue(client, clock))

        def one(alert_id: str) -> tuple[str, dict[str, Any]]:
            fields = {
                "token": TOKEN,
                "id": alert_id,
                "symbol": "BTCUSD",
                "side": "buy",
                "volume": "0.0001",
                "price": "60000",
            }
            body = json.dumps(fields).encode()
            request = HttpRequest(
                "POST", "/webhook/tradingview", {}, {}, body, "127.0.0.1", clock.now()
            )
            return alert_id, json.loads(application.handle(request).body)

        barrier.wait(WAIT_S)
        results.put(dict(pool.map(one, alerts)))


def _settings() -> Settings:
    """Time enough for a small machine: what is in question is the order of the
    nonces, not the budget."""
    return read_settings(
        {
            "TRADING_MODE": "live",
            "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET,
            "WEBHOOK_TOKEN": TOKEN,
            "ALLOWED_SYMBOLS": "BTC/USD",
            "MAX_ORDER_COST": "none",
            "LEDGER_URL": "memory://",
            "REQUEST_BUDGET_SECONDS": "50",
            "ORDER_DEADLINE_SECONDS": "60",
            "ALERT_MAX_AGE_SECONDS": "3600",
        }
    )
