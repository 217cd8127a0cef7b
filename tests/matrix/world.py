"""One cell, run: the loopback Kraken, what stands in front of it, the ledger, and
instances of the function.

The clock is the machine's plus jumps: sockets time out in real time, and the 5 s between two sends,
the deadline and the margins are jumps. It runs slower than the machine's in a cell where nothing
hangs. Function and venue share it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.matrix.cell import DELIVERIES, Cell
from tests.matrix.failing_ledger import FailingLedger, Script
from tests.matrix.instances import (
    WHERE_NOTHING_HANGS,
    Clock,
    VenueMaker,
    alert,
    request,
    settings,
    venue_instance,
)
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.paper import Lag
from webhook_core.application import Application
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.sqlite.ledger import SqliteLedger

NONCE_WINDOW = 10**10
BETWEEN_SENDS_S = 5.0
PATIENCE_S = 3.0
RECONCILED_AT_S = (60, 120, 180, 240, 300)
RECONCILE_BUDGET_S = 25.0
LOCKED_S = 30.0
"""Sixteen cells share a machine that may be slow: no lock of theirs is a fault of the ledger's."""


@dataclass(frozen=True)
class Answer:
    status: int
    document: dict[str, Any]
    seconds: float

    @property
    def code(self) -> str:
        return str(self.document["code"])


@dataclass(frozen=True)
class Outcome:
    """``sent`` are TradingView's deliveries, ``at_once`` the four of a concurrent cell,
    ``replayed`` one at the very end.

    ``book``: every order that ever came into the venue's. ``add_orders``: how many calls of
    AddOrder the venue has seen.
    """

    sent: tuple[Answer, ...]
    at_once: tuple[Answer, ...]
    replayed: Answer | None
    book: tuple[dict[str, Any], ...]
    entries: tuple[LedgerEntry, ...]
    add_orders: int


class World:
    """``near`` is the instance behind the fault, ``far`` one whose network is healthy."""

    def __init__(self, cell: Cell, folder: Path, make_venue: VenueMaker = KrakenVenue) -> None:
        self.cell = cell
        self.clock = Clock(1 if cell.fault.waits else WHERE_NOTHING_HANGS)
        self.kraken = KrakenServer(clock=self.clock, nonce_window=NONCE_WINDOW)
        self._make_venue = make_venue
        self._path = folder / "ledger.db"
        self._script = Script(cell.ledger)
        self._stack = ExitStack()
        self._events: list[tuple[float, Callable[[], None]]] = []
        self._began = 0.0

    @contextmanager
    def running(self) -> Iterator[World]:
        with self._stack as stack:
            stack.enter_context(self.kraken)
            self._prepare_venue()
            edge = self.cell.fault.edge
            self._near_url = stack.enter_context(edge()) if edge else self.kraken.url
            self.near = self._instance(self._near_url)
            self.far = self._instance(self.kraken.url)
            self.ledger = stack.enter_context(closing(SqliteLedger(self._path, timeout_s=LOCKED_S)))
            self._began = self.clock.monotonic()
            yield self

    def _prepare_venue(self) -> None:
        cell, kraken = self.cell, self.kraken
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        kraken.engine.lag = Lag(*cell.lag)
        if cell.alert == "limit off the new tick":
            kraken.engine.pairs["XXBTZUSD"].update({"tick_size": "1", "pair_decimals": 0})
        if cell.fault.call is not None:
            often = 20 if cell.always else cell.fault.times
            kraken.script("AddOrder", *(cell.fault.call(kraken.url) for _ in range(often)))
        if cell.reads is not None:
            often = DELIVERIES  # three redeliveries and one reconcile run
            kraken.script(cell.reads.endpoint, *(cell.reads.make(kraken.url) for _ in range(often)))
        if cell.fault.released_at_s is not None:
            self._events.append((cell.fault.released_at_s, self._release))
        if cell.fills_at_s is not None:
            self._events.append(
                (cell.fills_at_s, lambda: kraken.engine.mark_price("XBTUSD", Decimal(40000)))
            )

    def _release(self) -> None:
        self.kraken.release()
        until = time.monotonic() + (5 if self.cell.fault.placed else 0.2)
        while not self.kraken.orders() and time.monotonic() < until:
            time.sleep(0.01)

    def _instance(self, url: str) -> Application:
        """With a connection to the ledger and a line to the venue of its own."""
        store = self._stack.enter_context(closing(SqliteLedger(self._path, timeout_s=LOCKED_S)))
        failing = FailingLedger(store, self._script)
        client = KrakenClient(KEY, SECRET, url)
        made = venue_instance(
            client, settings(self.cell), self.clock, failing, make_venue=self._make_venue
        )
        return self._stack.enter_context(made)

    # -- time --------------------------------------------------------------------------------------

    def elapsed(self) -> float:
        return self.clock.monotonic() - self._began

    def pass_until(self, seconds: float) -> None:
        """Jump to so long after the first delivery, and let happen on the way what is due."""
        for event in sorted(self._events, key=lambda event: event[0]):
            if event[0] <= seconds:
                self._events.remove(event)
                self.clock.jump(event[0] - self.elapsed())
                event[1]()
        self.clock.jump(seconds - self.elapsed())

    # -- what happens ------------------------------------------------------------------------------

    def run(self) -> Outcome:
        body = alert(self.cell)
        at_once = self._at_once(body) if self.cell.concurrent else ()
        sent = (
            self._send(body)
            if not at_once or max(answer.status for answer in at_once) >= 500
            else ()
        )
        self._script.deliveries_are_over()
        for second in RECONCILED_AT_S:
            self.pass_until(second)
            # The operator's route answers 503 then, and the schedule comes again.
            with suppress(LedgerUnavailable):
                reconciler = self.far.operators.open_run().reconciler
                reconciler.run(Budget.start(self.clock, RECONCILE_BUDGET_S))
        # Without an id or an entry a delivery that late is a new alert, and no redelivery.
        settled = self.ledger.entries().entries and self.cell.alert != "without id"
        replayed = self.deliver(self.far, body) if settled else None
        return Outcome(
            tuple(sent), tuple(at_once), replayed, tuple(self.kraken.orders()),
            tuple(self.ledger.entries().entries), len(self.kraken.calls_of("AddOrder")),
        )  # fmt: skip

    def _send(self, body: bytes) -> list[Answer]:
        """TradingView: gives up after 3 s, sends again on 500-599 but not on 504, 5 s
        later, three times at most."""
        answers: list[Answer] = []
        for number in range(DELIVERIES):
            again = number > 0 or self.cell.concurrent
            if again:
                self.pass_until(self.elapsed() + BETWEEN_SENDS_S)
            instance = self.far if again and not self.cell.always else self.near
            answers.append(self.deliver(instance, body))
            status = answers[-1].status
            if answers[-1].seconds > PATIENCE_S or status == 504 or not 500 <= status <= 599:
                break
        return answers

    def _at_once(self, body: bytes) -> list[Answer]:
        """Two in this instance and two in another with the same fault in its way."""
        other = self._instance(self._near_url)
        start = threading.Barrier(DELIVERIES)

        def one(instance: Application) -> Answer:
            start.wait(10)
            return self.deliver(instance, body)

        with ThreadPoolExecutor(DELIVERIES) as pool:
            return list(pool.map(one, [self.near, other] * (DELIVERIES // 2)))

    def deliver(self, instance: Application, body: bytes) -> Answer:
        began = self.clock.monotonic()
        response = instance.handle(request("POST", "/webhook/tradingview", self.clock, body))
        return Answer(response.status, json.loads(response.body), self.clock.monotonic() - began)


def run(cell: Cell, folder: Path, make_venue: VenueMaker = KrakenVenue) -> Outcome:
    """What comes of a cell."""
    with World(cell, folder, make_venue).running() as world:
        return world.run()
