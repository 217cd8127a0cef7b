"""TCP servers that do to a connection exactly what a test says, byte by byte.

A server follows a script: each complete request takes the next step, and when the script is over
the order is accepted. A step gets the connection and returns True if the connection stays open.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

ORDER_ID = "OQCLML-BW3P3-BUCMWZ"
ACCEPTED = {
    "error": [],
    "result": {"txid": [ORDER_ID], "descr": {"order": "buy 0.01000000 XBTUSD @ market"}},
}


@dataclass(frozen=True)
class Request:
    """``connection`` counts the accepted connections from 1."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Step = Callable[["RawServer", socket.socket], bool]


class RawServer:
    """``requests`` in the order of their arrival, ``most_at_once`` of them unanswered,
    ``connections`` accepted.

    ``unread``: what happens to a connection before anything is read from it. With
    ``listening=False`` the port is taken and refuses connections until ``open()``.
    """

    def __init__(
        self,
        *script: Step,
        unread: Step | None = None,
        tls: ssl.SSLContext | None = None,
        listening: bool = True,
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_once = 0
        self.closing = threading.Event()
        self._script = deque(script)
        self._unread = unread
        self._tls = tls
        self._at_once = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._socket = socket.create_server(("127.0.0.1", 0)) if listening else socket.socket()
        if not listening:
            self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if listening:
            self._accept_in_background()

    def open(self) -> None:
        """From now on connections are accepted."""
        self._socket.listen()
        self._accept_in_background()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._socket.close()

    def _accept_in_background(self) -> None:
        self._run(self._accept)

    def _run(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._run(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), connection:
            if self._unread is not None:
                self._unread(self, connection)
                return
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            with connection:
                while (request := self._read(connection, number)) and self._answer(
                    connection, request
                ):
                    pass

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            step = self._script.popleft() if self._script else reply(ACCEPTED)
        try:
            return step(self, connection)
        finally:
            with self._lock:
                self._at_once -= 1

    def _read(self, connection: socket.socket, number: int) -> Request | None:
        received = b""
        while not self.closing.is_set() and (chunk := connection.recv(65536)):
            received += chunk
            head, found, body = received.partition(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (each.partition(": ") for each in lines)
            }
            if found and len(body) >= int(headers.get("content-length", "0")):
                return Request(line, headers, body, number)
        return None


def http(body: bytes, status: int = 200, **headers: str) -> bytes:
    """A whole answer. ``Content_Length="99"`` and the like replace or add a header."""
    lines = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body


def reply(document: Any, status: int = 200, after_s: float = 0.0) -> Step:
    return send(http(json.dumps(document).encode(), status), after_s=after_s)


def refusal(*errors: str) -> Step:
    return reply({"error": list(errors)})


def send(answer: bytes, *, after_s: float = 0.0, keep: bool = True) -> Step:
    """These bytes; then the connection stays open or ends."""

    def step(server: RawServer, connection: socket.socket) -> bool:
        server.closing.wait(after_s)
        connection.sendall(answer)
        return keep

    return step


def drip(answer: bytes, every_s: float) -> Step:
    """One byte at a time."""

    def step(server: RawServer, connection: socket.socket) -> bool:
        for byte in answer:
            if server.closing.wait(every_s):
                return False
            connection.sendall(bytes([byte]))
        return False

    return step


def hang(server: RawServer, connection: socket.socket) -> bool:
    """Nothing, with the connection open, until the test is over."""
    server.closing.wait(10)
    return False


def hang_up(server: RawServer, connection: socket.socket) -> bool:
    """The connection ends properly, without a byte."""
    return False


def reset(server: RawServer, connection: socket.socket) -> bool:
    """RST instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return False


def once_bytes_arrive(step: Step) -> Step:
    """The step, with the first bytes of the request waiting unread."""

    def waiting(server: RawServer, connection: socket.socket) -> bool:
        connection.recv(1, socket.MSG_PEEK)
        return step(server, connection)

    return waiting


@contextlib.contextmanager
def full_port(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port where nobody answers a connection attempt: its queue is full and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect((address, port))
        time.sleep(0.02)  # the kernel takes the first ones into the queue
        yield port
