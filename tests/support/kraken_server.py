"""Kraken on loopback: the paper engine behind a real HTTP server, with a script of faults.

In a test::

    with KrakenServer() as kraken:
        kraken.script("AddOrder", faults.reset_after())
        api.uri = kraken.url

As a process of its own: ``python -m tests.support.kraken_server --port 0 --state book.json`` prints
one JSON line with its ``url``, ``key`` and ``secret`` and serves until it is terminated. A test in
another process uses, on the same port: ``POST /control/script`` {"endpoint": "AddOrder", "faults":
[{"fault": "late", "seconds": 1}]}, ``POST /control/release``, ``POST /control/mark`` {"pair":
"XBTUSD", "price": "60000"}, ``POST /control/lag`` {"open_s": 1, "closed_s": 2, "figures_s": 3} (of
the orders, and of what the account holds), ``POST /control/earning`` {"assets": ["XXBT"]} (their
balances stand in the rows of Auto Earn), ``POST /control/rules`` {"key": "XXBTZUSD", "rules":
{"tick_size": "1"}}, ``GET /control/orders``, ``GET /control/holdings``, ``GET /control/calls`` and
``GET /control/faults`` (how many of the script are left).
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import signal
import socket
import socketserver
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support import kraken_faults as faults
from tests.support.documents import FileDocuments, MemoryDocuments
from tests.support.lagging_figures import BOOK, FIGURES, LaggingFigures
from tests.support.paper import Lag, WatchedKraken
from webhook_core.clock import SystemClock
from webhook_core.kraken.paper import envelope
from webhook_core.kraken.paper.book import Book
from webhook_core.kraken.paper.desk import PaperFees
from webhook_core.kraken.paper.pairs import packaged_rows

KEY = "paper-test-key"
# The docs' example.
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="

FAR_BACK_NS = 10**15
LISTED = re.compile("X(XBT|ETH|XRP|LTC)Z(USD|EUR)|XETHXXBT|(SOL|ADA|PEPE)USD")


@functools.cache
def few_pairs() -> dict[str, dict[str, Any]]:
    """Of Kraken's: to list and to read all of them takes most of what a test takes that
    reconciles."""
    return {key: row for key, row in packaged_rows().items() if LISTED.fullmatch(key)}


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came in: AddOrder, its fields, and when."""

    endpoint: str
    params: Mapping[str, str]
    time: datetime


class KrakenServer:
    """``url``, ``engine``, ``calls``, ``orders()`` and ``script()``; extra keywords
    go to PaperKraken, which lists few pairs here: ``pairs`` says which, None all."""

    def __init__(
        self, *, port: int = 0, documents: Any = None, clock: Any = None, **options: Any
    ) -> None:
        self.clock = clock or ShiftedClock()
        account = {
            "balances": {"USD": Decimal(10000), "BTC": Decimal(1)},
            "key": KEY,
            "secret": SECRET,
        }
        fees = {"maker_fee": Decimal("0.40"), "taker_fee": Decimal("0.80")}
        self._documents = documents or MemoryDocuments()
        self._options: dict[str, Any] = {"pairs": few_pairs()} | account | fees | options
        self.engine = WatchedKraken(self._documents, self.clock, **self._options)
        self.figures = LaggingFigures(self._book_text, self._engine_on, self.clock.now)
        self.calls: list[Call] = []
        self.earning: frozenset[str] = frozenset()
        self.closing = threading.Event()
        self._faults: defaultdict[str, deque[faults.Fault]] = defaultdict(deque)
        self._held: list[faults.Fault] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.kraken = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def __enter__(self) -> KrakenServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.drop_connections()
        self._server.server_close()

    def script(self, endpoint: str, *queued: faults.Fault) -> None:
        """The next calls of an endpoint meet these faults, one each, in this order."""
        with self._lock:
            self._faults[endpoint].extend(queued)

    def release(self) -> None:
        """Let every held call go on."""
        with self._lock:
            for fault in self._held:
                fault.release()

    def orders(self) -> list[dict[str, Any]]:
        """Every order that ever came into the book, open or not: Kraken's ORDER with its txid."""
        return self.engine.orders()

    def holdings(self) -> dict[str, dict[str, str]]:
        """What the book says, whatever a read shows: balances by asset, and by pair the net
        position, signed, base."""
        book = Book.from_text(self._book_text())
        net: defaultdict[str, Decimal] = defaultdict(Decimal)
        for held in book.positions:
            net[held.pair] += (held.volume - held.closed) * (1 if held.side == "buy" else -1)
        return {
            "balances": {asset: f"{amount:f}" for asset, amount in book.balances.items()},
            "positions": {pair: f"{size:f}" for pair, size in net.items() if size},
        }

    def handle(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """The engine's answer, or, for what the account holds, the one that it
        would have given a lag ago."""
        code, content = self.engine.handle(method, path, query, headers, body)
        if path.rsplit("/", 1)[-1] not in FIGURES:
            self.figures.note()
            return code, content
        content = self.figures.answer(method, path, query, headers, body) or content
        return code, self._with_earning(content) if path.endswith("/BalanceEx") else content

    def _with_earning(self, content: bytes) -> bytes:
        answer = json.loads(content)
        rows = answer.get("result", {})
        for asset in self.earning & rows.keys():
            rows[f"{asset.removeprefix('X')}.F"] = {**rows[asset], "hold_trade": "0"}
            rows[asset] = {**rows[asset], "balance": "0.0000"}
        return json.dumps(answer).encode()

    def _book_text(self) -> str:
        self.engine.orders()  # an account that nobody has asked anything yet has no document
        document = self._documents.read(BOOK)
        assert document is not None
        return document.text

    def _engine_on(self, documents: Any, clock: Any = None) -> WatchedKraken:
        engine = WatchedKraken(documents, clock or self.clock, **self._options)
        engine.pairs = self.engine.pairs
        engine.key.nonce_window = FAR_BACK_NS
        return engine

    def calls_of(self, endpoint: str) -> list[Call]:
        return [call for call in self.calls if call.endpoint == endpoint]

    def next_fault(self, endpoint: str, params: Mapping[str, str]) -> faults.Fault:
        """Note the call and take its fault from the script; a fault that spoils
        nothing if there is none."""
        with self._lock:
            self.calls.append(Call(endpoint, params, self.clock.now()))
            queue = self._faults[endpoint]
            fault = queue.popleft() if queue else faults.Fault()
            if fault.held:
                self._held.append(fault)
            return fault

    def control(self, name: str, data: dict[str, Any]) -> Any:
        """The control endpoint, for a test in another process.

        Raises ValueError, KeyError or TypeError.
        """
        shown = {
            "faults": self._faults_left,
            "orders": self.orders,
            "holdings": self.holdings,
            "calls": lambda: [
                asdict(call) | {"time": call.time.isoformat()} for call in self.calls
            ],
        }
        if name in shown:
            return shown[name]()
        self._change(name, data)
        return {}

    def _faults_left(self) -> dict[str, int]:
        with self._lock:
            return {endpoint: len(queue) for endpoint, queue in self._faults.items() if queue}

    def _change(self, name: str, data: dict[str, Any]) -> None:
        if name == "script":
            self.script(data["endpoint"], *(faults.from_json(fault) for fault in data["faults"]))
        elif name == "release":
            self.release()
        elif name == "mark":
            self.engine.mark_price(data["pair"], Decimal(data["price"]))
        elif name == "lag":
            self.figures.begin(data.pop("figures_s", 0))
            self.engine.lag = Lag(**data)
        elif name == "earning":
            self.earning = frozenset(data["assets"])
        elif name == "clock":
            self.clock.ahead_s = float(data["ahead_s"])
        elif name == "fees":
            self.engine.fees = PaperFees(Decimal(data["maker"]), Decimal(data["taker"]))
        elif name == "rules":
            self.engine.pairs.setdefault(data["key"], {}).update(data["rules"])
        else:
            raise ValueError(f"no such control: {name}")


class ShiftedClock(SystemClock):
    """Kraken's own clock, ``ahead_s`` of this machine's."""

    ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead_s)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them, so no socket outlives a test
    request_queue_size = 64
    kraken: KrakenServer

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[socket.socket] = set()

    def server_bind(self) -> None:
        """Without http.server's look-up of the host's name: nothing here asks a resolver."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

    def drop_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # gone already

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is what the faults are for; anything else is
        worth a traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Quiet; ``calls`` has it."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path.startswith("/control/"):
            self._control(parts.path.removeprefix("/control/"), body)
            return
        kraken, endpoint = self.server.kraken, parts.path.rsplit("/", 1)[-1]
        fault = kraken.next_fault(endpoint, self._fields(parts.query, body))
        self._wait(fault, "before", fault.before_s)
        code, content = 200, b""
        if fault.apply:
            code, content = kraken.handle(
                self.command, parts.path, parts.query, dict(self.headers), body
            )
        self._wait(fault, "after", fault.after_s)
        if fault.kind == "reset" or (fault.held and kraken.closing.is_set()):
            self.close_connection = True
        elif fault.kind == "reply":
            self._reply(code, content, {"Content-Type": "application/json; charset=utf-8"}, fault)
        else:
            self._reply(fault.status, fault.body, fault.headers, fault)

    def _fields(self, query: str, body: bytes) -> dict[str, str]:
        try:
            return envelope.form(query) | envelope.form(body)
        except envelope.Refused:
            return {}

    def _wait(self, fault: faults.Fault, where: str, seconds: float) -> None:
        if seconds:
            self.server.kraken.closing.wait(seconds)
        if fault.held == where:
            fault.reached.set()
            fault.released.wait()

    def _reply(
        self, code: int, content: bytes, headers: Mapping[str, str], fault: faults.Fault
    ) -> None:
        lines = {"Server": "cloudflare", "Content-Length": str(len(content))} | dict(headers)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        answer = (
            f"HTTP/1.1 {code} {self.responses.get(code, ('Unknown',))[0]}\r\n{head}\r\n".encode()
            + content[: fault.cut]
        )
        self.close_connection |= fault.cut is not None
        if not fault.byte_s:
            self.wfile.write(answer)
            return
        for byte in answer:
            self.wfile.write(bytes([byte]))
            if self.server.kraken.closing.wait(fault.byte_s):
                self.close_connection = True
                return

    def _control(self, name: str, body: bytes) -> None:
        try:
            code, answer = 200, self.server.kraken.control(name, json.loads(body) if body else {})
        except (ValueError, KeyError, TypeError) as fault:
            code, answer = 400, {"fault": repr(fault)}
        self._reply(
            code, json.dumps(answer).encode(), {"Content-Type": "application/json"}, faults.Fault()
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Kraken on loopback, for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--state",
        type=Path,
        help="a JSON file for the book; without it the book dies with the process",
    )
    parser.add_argument("--balances", default="USD=10000,BTC=1", help="of a new book")
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument(
        "--nonce-window",
        type=int,
        default=0,
        help="for several processes that share the key, in the nonce's unit",
    )
    options = parser.parse_args()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    documents = FileDocuments(options.state) if options.state else None
    account = {"key": options.key, "secret": options.secret}
    opening = dict(pair.split("=") for pair in options.balances.split(","))
    balances = {name: Decimal(amount) for name, amount in opening.items()}
    extra = {"nonce_window": options.nonce_window, "balances": balances, "pairs": None}
    with KrakenServer(port=options.port, documents=documents, **account, **extra) as kraken:
        print(json.dumps({"url": kraken.url} | account), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
