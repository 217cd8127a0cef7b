"""The paper engine behind a real socket, where each kind of read shows the book as it was
a lag of its own ago."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.support import kraken_server
from tests.support.auto_earn import earning
from tests.support.kraken_server import KEY, SECRET
from tests.support.lagging_figures import BOOK, Frozen
from tests.walk.clock import SharedClock
from webhook_core.kraken.paper import envelope
from webhook_core.kraken.paper.book import Book

READS = (
    "OpenOrders",
    "ClosedOrders",
    "QueryOrders",
    "Balance",
    "BalanceEx",
    "TradeBalance",
    "OpenPositions",
    "Ticker",
)
CALL_S = 0.01
"""What one call takes of the shared time."""
KEPT = 400


class _Before:
    """The shared time, so many seconds ago."""

    def __init__(self, clock: SharedClock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    @property
    def value(self) -> float:
        return self._clock.monotonic() - self._seconds


class LateKraken(kraken_server.KrakenServer):
    """``late``: seconds by read, and ``once`` of the next such read alone. What changes the book is
    never late. ``earning``: the assets that stand in the row of Auto Earn."""

    def __init__(self, clock: SharedClock, **options: Any) -> None:
        self.late: dict[str, float] = {}
        self.once: dict[str, float] = {}
        self.earning: frozenset[str] = frozenset()
        self._past: list[tuple[float, str]] = []
        super().__init__(clock=clock, nonce_window=10**15, keep_closed=60, **options)

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        self.clock.sleep(CALL_S)
        endpoint = path.rsplit("/", 1)[-1]
        code, content = self.engine.handle(method, path, query, headers, body)
        if endpoint not in READS:
            self.note()
        lag = self.once.pop(endpoint, self.late.get(endpoint, 0))
        if lag and self._past:
            # On the time of then: what has started since rests in that book.
            then = SharedClock(_Before(self.clock, lag))
            past = self._engine_on(Frozen(self._text_before(lag)), then)
            code, content = past.handle(method, path, query, headers, body)
        return code, earning(content, self.earning) if endpoint == "BalanceEx" else content

    def _text_before(self, lag: float) -> str:
        shown = [text for moment, text in self._past if moment <= self.clock.monotonic() - lag]
        return shown[-1] if shown else self._past[0][1]

    def note(self) -> None:
        """The book may have changed just now."""
        text = self.book_text()
        if not self._past or self._past[-1][1] != text:
            self._past = [*self._past[-KEPT:], (self.clock.monotonic(), text)]

    def forget_faults(self) -> None:
        """What was scripted and not met."""
        with self._lock:
            self._faults.clear()

    def book_text(self) -> str:
        """The book as it is."""
        return self._book_text()

    def by_hand(self, endpoint: str, **fields: str) -> dict[str, Any]:
        """A call that Kraken takes, and that is not for an alert: its result."""
        nonce, path = str(time.time_ns()), f"/0/private/{endpoint}"
        body = urlencode({"nonce": nonce, **fields})
        sign = envelope.signature(base64.b64decode(SECRET), path, nonce, body.encode())
        kind = "application/x-www-form-urlencoded"
        headers = {"API-Key": KEY, "API-Sign": sign, "Content-Type": kind}
        _, content = self.engine.handle("POST", path, "", headers, body.encode())
        self.note()
        answer: dict[str, Any] = json.loads(content)
        if answer["error"]:
            raise ValueError(f"{endpoint} {fields}: {answer['error']}")
        return answer["result"]

    def deposit(self, asset: str, amount: str) -> None:
        """Money that comes in, or below zero goes out, and is no trade."""
        stored = self._documents.read(BOOK)
        book = Book.from_text(stored.text)
        held = book.balances.get(asset, Decimal(0))
        book.balances[asset] = held + Decimal(amount)
        assert self._documents.write(BOOK, book.to_text(), stored)
        self.note()

    def move(self, pair: str, price: Decimal) -> None:
        """The market moves; what it crosses fills."""
        self.engine.mark_price(pair, price)
        self.note()
