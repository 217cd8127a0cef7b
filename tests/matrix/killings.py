"""A real function process, killed with SIGKILL at a step that is held for it; then a restart, a
redelivery, and the rest.

The restarted process gets one redelivery at once. What has to wait longer than a test may is done
by an instance in this process, on the same ledger and the same venue, whose clock jumps.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.matrix.cell import Killing
from tests.matrix.instances import Clock, request, venue_instance
from tests.matrix.world import (
    BETWEEN_SENDS_S,
    NONCE_WINDOW,
    RECONCILE_BUDGET_S,
    RECONCILED_AT_S,
)
from tests.support import kraken_faults as faults
from tests.support import raw_servers
from tests.support.evidence import Evidence
from tests.support.kraken_server import KrakenServer
from tests.support.raw_servers import RawServer
from tests.support.served_function import ALERTS, Answer, Function, encoded, eventually, exchange
from webhook_core.clock import Budget
from webhook_core.kraken.client import KrakenClient
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.settings.reading import read_settings

FUNCTIONS_AT_ONCE = threading.Semaphore(2)
"""Two of them starting are enough for a small machine."""


@dataclass(frozen=True)
class Aftermath:
    """``redelivered`` is the restarted process's answer, ``last`` that of a redelivery
    when all is settled."""

    redelivered: str
    last: str
    book: tuple[dict[str, Any], ...]
    entries: tuple[LedgerEntry, ...]
    leaks: tuple[str, ...]


class Scene:
    """One function process, the loopback Kraken, and the ledger's file between them."""

    def __init__(self, killing: Killing, folder: Path) -> None:
        self.killing = killing
        self.clock = Clock()
        self.evidence = Evidence(folder)
        secrets = self.evidence.secrets
        self._account = {"key": secrets.kraken_key, "secret": secrets.kraken_secret}
        self.kraken = KrakenServer(clock=self.clock, nonce_window=NONCE_WINDOW, **self._account)
        self.path = folder / "ledger.db"
        self.store = SqliteLedger(self.path)
        self.env = {
            "TRADING_MODE": "live",
            "KRAKEN_API_URL": self.kraken.url,
            "KRAKEN_API_KEY": secrets.kraken_key,
            "KRAKEN_API_SECRET": secrets.kraken_secret,
            "WEBHOOK_TOKEN": secrets.token,
            "ALLOWED_SYMBOLS": "BTC/USD",
            "MAX_ORDER_COST": "none",
            "LEDGER_URL": f"sqlite:///{self.path}",
            "STRATEGIES_FILE": str(folder / "none.toml"),
        }
        (folder / "none.toml").write_text("")
        self.function = Function(self.env, folder / "output.log", self.evidence)
        self.body = encoded(self.function.alert(fired_at=None))

    def run(self) -> Aftermath:
        with ExitStack() as stack:
            stack.enter_context(self.kraken)
            stack.callback(self.store.close)
            self.store.entries()  # the file is there, with its tables
            self.kraken.engine.mark_price("XBTUSD", Decimal(60000))
            with FUNCTIONS_AT_ONCE:
                redelivered = self._killed_and_restarted(stack)
            last = self._settled()
            entries = tuple(self.store.entries().entries)
            leaks = tuple(self.evidence.leaks())
            return Aftermath(redelivered, last, tuple(self.kraken.orders()), entries, leaks)

    def _killed_and_restarted(self, stack: ExitStack) -> str:
        with _STEPS[self.killing.step](self):
            self.function.kill()
        self.function.env = self.env
        self.function.start()
        stack.callback(self.function.stop)
        return str(self._post()["code"])

    def _post(self) -> Answer:
        return self.function.post(self.body)

    def _settled(self) -> str:
        """What TradingView would still send, and a reconcile run each minute."""
        settings = read_settings(self.env)
        client = KrakenClient(self._account["key"], self._account["secret"], self.kraken.url)
        with venue_instance(client, settings, self.clock, self.store) as application:
            for _ in range(2):
                self.clock.jump(BETWEEN_SENDS_S)
                application.handle(request("POST", ALERTS, self.clock, self.body))
            for _ in RECONCILED_AT_S:
                self.clock.jump(60)
                reconciler = application.operators.open_run().reconciler
                reconciler.run(Budget.start(self.clock, RECONCILE_BUDGET_S))
            answer = application.handle(request("POST", ALERTS, self.clock, self.body))
        return str(json.loads(answer.body)["code"])

    # -- the steps: on entering, the function stands at the step; on leaving, it is dead -----------

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """An alert under way, whose sender hears nothing, or an end."""

        def send() -> None:
            with suppress(OSError, http.client.HTTPException):
                exchange(
                    self.function.port,
                    "POST",
                    ALERTS,
                    self.body,
                    {"Content-Type": "application/json"},
                )

        sender = threading.Thread(target=send)
        sender.start()
        yield
        sender.join(30)
        assert not sender.is_alive()

    def start(self) -> None:
        self.function.start()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else writes to the ledger's file."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def at_claim(self) -> Iterator[None]:
        self.start()
        with self.locked(), self.delivering():
            # Less than it waits; whether it has come that far, nothing can be claimed.
            time.sleep(0.4)
            yield

    @contextmanager
    def at_connect(self) -> Iterator[None]:
        """The connection is there and the TLS handshake never comes."""
        with RawServer(unread=raw_servers.hang) as server:
            self.function.env = self.env | {"KRAKEN_API_URL": f"https://127.0.0.1:{server.port}"}
            self.start()
            with self.delivering():
                eventually(lambda: server.connections, "the function connects")
                yield

    @contextmanager
    def at_held_call(
        self, fault: faults.Fault, then: Callable[[], None] = lambda: None
    ) -> Iterator[None]:
        self.start()
        self.kraken.script("AddOrder", fault)
        with self.delivering():
            assert fault.reached.wait(30)
            yield
        fault.release()
        then()

    @contextmanager
    def at_record(self) -> Iterator[None]:
        self.start()
        held = faults.hold()
        self.kraken.script("AddOrder", held)
        with self.delivering():
            assert held.reached.wait(30)
            with self.locked():
                held.release()
                # The reply is read; the record waits for the lock, for longer than this.
                time.sleep(0.4)
                yield

    @contextmanager
    def after_answer(self) -> Iterator[None]:
        self.start()
        assert self._post()["code"] == "accepted"
        yield

    def carried_out(self) -> None:
        eventually(self.kraken.orders, "the venue carries the order out")


_STEPS: dict[str, Callable[[Scene], Any]] = {
    "claim": Scene.at_claim,
    "connect": Scene.at_connect,
    "refused": lambda scene: scene.at_held_call(faults.hang()),
    "taken": lambda scene: scene.at_held_call(faults.hold()),
    "later": lambda scene: scene.at_held_call(faults.hold_before(), scene.carried_out),
    "record": Scene.at_record,
    "answer": Scene.after_answer,
}


def problems(killing: Killing, after: Aftermath) -> list[str]:
    """What is not as it must be; an empty list when all is well."""
    found = [*after.leaks]
    states = [str(entry.state) for entry in after.entries]
    if states != [killing.last_word]:
        found.append(f"the ledger's last word: {states}, not {killing.last_word}")
    if len(after.book) != int(killing.placed):
        found.append(f"orders in the book: {len(after.book)}, not {int(killing.placed)}")
    if [entry.current.order_id for entry in after.entries] != [
        order["txid"] for order in after.book
    ] and killing.placed:
        found.append("the ledger names another order than the book")
    first = {"claim": {"accepted"}, "answer": {"accepted"}}.get(killing.step, {"outcome_unknown"})
    if killing.placed:
        first = first | {"accepted"}  # if the restart took its five seconds
    if after.redelivered not in first:
        found.append(
            f"the restarted function answered {after.redelivered}, not one of {sorted(first)}"
        )
    if after.last != {"ACCEPTED": "accepted", "NOT_PLACED": "not_placed"}[killing.last_word]:
        found.append(f"the stored answer: {after.last}")
    return found


def run(killing: Killing, folder: Path) -> Aftermath:
    return Scene(killing, folder).run()
