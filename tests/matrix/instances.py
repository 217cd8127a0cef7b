"""Instances of the function under test, their clock, and the alert that they get."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.matrix.cell import Cell
from tests.support.kraken_server import KEY, SECRET
from webhook_core.application import Application
from webhook_core.bootstrap import assemble
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.settings.reading import read_settings
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest

TOKEN = "token-of-the-matrix-0123"


class Clock:
    """Real time at a pace, and as far ahead of it as the cell has jumped.

    ``pace``: how much of a real second goes by here. Sockets time out in real time, so a cell in
    which something hangs needs 1; where nothing does, a slow machine must not use up a request's
    budget.
    """

    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace
        self._ahead = 0.0
        self._began = time.monotonic()
        self._began_at = datetime.now(UTC)

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._pace + self._ahead

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
        self._ahead += seconds * (1 - self._pace)

    def jump(self, seconds: float) -> None:
        self._ahead += max(0.0, seconds)


WHERE_NOTHING_HANGS = 0.1
"""The pace of a cell that waits for no socket's time-out."""


VenueMaker = Callable[[KrakenClient, Clock], KrakenVenue]


@contextmanager
def venue_instance(
    client: KrakenClient,
    settings: Settings,
    clock: Clock,
    store: Any,
    *,
    make_venue: VenueMaker = KrakenVenue,
) -> Iterator[Application]:
    """One instance of the function with a line of its own to the venue."""
    try:
        yield assemble(settings, clock, store, make_venue(client, clock))
    finally:
        client.close()


def request(method: str, path: str, clock: Clock, body: bytes = b"", **headers: str) -> HttpRequest:
    return HttpRequest(method, path, {}, headers, body, "127.0.0.1", clock.now())


def settings(cell: Cell) -> Settings:
    """Live.

    Where the caller's time runs out it has a little less of it, so that the cells
    don't take all day.
    """
    return read_settings(
        {
            "TRADING_MODE": "live",
            "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET,
            "WEBHOOK_TOKEN": TOKEN,
            "ALLOWED_SYMBOLS": "BTC/USD",
            "MAX_ORDER_COST": "100 USD" if cell.alert == "capped without price" else "none",
            "LEDGER_URL": "memory://",  # never opened: the cell brings its own
            "REQUEST_BUDGET_SECONDS": "2.0" if cell.fault.waits else "2.5",
        }
    )


def alert(cell: Cell) -> bytes:
    """0.0001 BTC.

    Without a firing time, so that its stored answer can be asked for minutes later.
    """
    fields: dict[str, str] = {
        "token": TOKEN,
        "id": "matrix-1",
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.0001",
    }
    fields |= {
        "market": {"price": "60000"},
        "limit": {"order_type": "limit", "price": "50000"},
        "limit off the new tick": {"order_type": "limit", "price": "50000.5"},
        "without id": {"price": "60000"},
        "capped without price": {},
    }[cell.alert]
    if cell.alert == "without id":
        del fields["id"]
    return json.dumps(fields).encode()
