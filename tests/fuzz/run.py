"""The deployed entry point under whatever comes: main.webhook, the paper Kraken beneath krakenex, a
ledger in memory."""

from __future__ import annotations

import gc
import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import flask

from tests.fuzz import requests, secrets
from tests.fuzz.senders import may_come_in
from tests.fuzz.watch import Seen, Tally, faults
from tests.support import scoped_tokens
from tests.support.clock import FakeClock
from tests.support.memory_ledger import MemoryLedger
from webhook_core import bootstrap
from webhook_core.cloud import logs
from webhook_core.ledger import serial
from webhook_core.settings.reading import read_settings

ROUND = 2500
"""Requests to one function. The next round is another one: what is kept of alerts ends with it."""
MOST_GROWTH_MIB = 24.0
"""Of a whole run, after its first rounds."""
WARM_ROUNDS = 4
STRATEGIES = """
[trend]
token = "env:TREND_TOKEN"
allowed_symbols = ["BTC/USD"]
max_order_cost = "2000 USD"
"""
PRODUCTION = {
    "ENVIRONMENT": "production", "LEDGER_URL": "memory://",
    "WEBHOOK_TOKEN": f"{secrets.TOKEN},{secrets.NEXT_TOKEN}",
    "WEBHOOK_SECRET": f"{secrets.SIGNING},{secrets.STANDARD}", "OPERATOR_TOKEN": secrets.OPERATOR,
    "WEBHOOK_TOKEN_KEYS": scoped_tokens.KEYS, "REVOKED_TOKENS": "dead",
    "TREND_TOKEN": secrets.TREND_TOKEN, "RATE_LIMIT_PER_MINUTE": "100000",
    "MAX_ORDER_COST": "5000 USD",
}  # fmt: skip
FUNCTIONS: tuple[dict[str, str], ...] = (
    {},
    {
        "ALLOW_TOKEN_IN_URL": "true",
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "PAPER_BALANCES": "USD=50000000,BTC=1000,ETH=1000",
    },
    {"RATE_LIMIT_PER_MINUTE": "5", "CORS_ORIGINS": "*"},
    {"ALLOWED_IPS": "tradingview,203.0.113.0/24,::1", "HEALTH_DETAILS": "true"},
    {
        "CLIENT_CERT_HEADERS": "true",
        "CLIENT_CERT_FINGERPRINTS": requests.CERTIFICATE.hex(),
        "TRUSTED_PROXY_HOPS": "0",
        "LOAD_BALANCER_IPS": ",".join(requests.BALANCERS),
    },
    {"TRUSTED_PROXY_HOPS": "1", "ALLOWED_IPS": "tradingview", "ALLOWED_SYMBOLS": "BTC/USD"},
    {
        "MAX_POSITION": "2 BTC, 40 ETH, 100000 USD",
        "MAX_OPEN_ORDERS": "12, 8 per pair",
        "MAX_OPEN_POSITIONS": "3",
        "MAX_ENTRIES": "40",
        "ORDERS_PER_DAY": "300",
        "ALERTS_PER_3_MINUTES": "200",
        "PRICE_COLLAR": "40%",
        "MAX_SPREAD": "1%",
        "TRADING_HOURS": "00:00-24:00 UTC",
        "MAX_ALERT_COST": "9000 USD",
        "ON_MISSED_ALERT": "catch_up",
    },
)


class Found(NamedTuple):
    seed: int
    number: int
    request: requests.Request
    seen: Seen | None
    faults: list[str]

    def text(self) -> str:
        answer = (
            ""
            if self.seen is None
            else f"\n  {self.seen.status} {self.seen.body[:600]!r}\n  {self.seen.said[:2000]}"
        )
        return (
            f"round {self.seed}, request {self.number}: {'; '.join(self.faults)}\n  "
            f"{self.request!r:.3000}{answer}"
        )


class Function:
    """One instance behind main.webhook."""

    def __init__(self, env: dict[str, str]) -> None:
        self.clock = FakeClock()
        self.lines = io.StringIO()
        settings = read_settings({**PRODUCTION, **env}, read_file=lambda _: STRATEGIES)
        logs.configure("INFO", "json", self.lines, secrets=settings.texts_to_mask)
        self.store = MemoryLedger()
        venue = bootstrap.open_venue(settings, self.store, self.clock)
        self.application = bootstrap.assemble(settings, self.clock, self.store, venue)
        self.sent = 0
        submit = venue.submit

        def counted(*arguments: Any, **named: Any) -> Any:
            self.sent += 1
            return submit(*arguments, **named)

        venue.submit = counted  # type: ignore[method-assign]

    @property
    def entries(self) -> int:
        return len(self.store._entries)

    def handle(self, request: Any) -> Any:
        return self.application.handle(request)

    def kept(self) -> Iterator[str]:
        for _, entry in self.store._entries.values():
            yield serial.to_text(entry)
        for name, document in self.store._documents.items():
            yield f"{name} {document.text}"

    def answer(
        self, webhook: Callable[[flask.Request], flask.Response], asked: requests.Request
    ) -> Seen:
        entries, sent = self.entries, self.sent
        began = time.thread_time()
        response = webhook(flask.Request(asked.environ()))
        body = b"".join(response.response)  # type: ignore[arg-type]
        cpu_s = time.thread_time() - began
        said = self.lines.getvalue()
        self.lines.seek(0)
        self.lines.truncate()
        headers = {name.lower(): text for name, text in response.headers.items()}
        return Seen(
            response.status_code,
            headers,
            body,
            self.entries - entries,
            self.sent - sent,
            said,
            cpu_s,
        )


def entry_point() -> Any:
    """main.py, loaded as a server does it, its own instance unused."""
    os.environ.update(STRATEGIES_FILE="", LEDGER_URL="memory://", LOG_LEVEL="CRITICAL")
    import main

    return main


def run_round(main: Any, seed: int, count: int, tally: Tally) -> Found | None:
    dice = Random(seed)
    env = FUNCTIONS[seed % len(FUNCTIONS)]
    function = Function(env)
    main._instance = function
    for number in range(count):
        function.clock.sleep(dice.choice([0.0, 0.05, 0.5]))
        asked = requests.request(dice, number, function.clock.now())
        asked = asked._replace(may_trade=asked.may_trade and may_come_in(asked, env))
        seen = function.answer(main.webhook, asked)
        tally.add(asked, seen)
        wrong = faults(asked, seen)
        if wrong:
            return Found(seed, number, asked, seen, wrong)
    if any(secrets.leaked(text, whole=True) for text in function.kept()):
        return Found(seed, count, asked, None, ["the ledger has kept a secret"])
    return None


def run(rounds: list[tuple[int, int]]) -> tuple[Tally, list[Found], float]:
    """``rounds``: seed and number of requests. Also by how many MiB the process grew once warm."""
    main, tally, warm = entry_point(), Tally(), 0.0
    for number, (seed, count) in enumerate(rounds):
        found = run_round(main, seed, count, tally)
        if found:
            return tally, [found], 0.0
        if number < WARM_ROUNDS:
            warm = resident_mib()
    return tally, [], resident_mib() - warm


def resident_mib() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
