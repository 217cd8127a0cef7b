"""One exchange over HTTP with one host: within its time, connection and dripping replies included;
sent once, no redirect, no proxy, no cookie.

urllib3's time-outs are per socket operation and per address: a server that sends a byte a second
never meets one. Here every operation gets what is left until one common moment, the look-up of the
name included: when that takes too long, nothing is sent.
"""

from __future__ import annotations

import functools
import io
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from http.client import HTTPResponse
from typing import Any

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import create_connection

from webhook_core.network.exchange import Answer, NoAnswer
from webhook_core.network.name_look_up import addresses

CONNECT_TIMEOUT_S = 1.0
"""For the look-up of the name, and for one address; the next one is tried with what is left."""
_POOLS = {
    "http": (HTTPConnectionPool, HTTPConnection),
    "https": (HTTPSConnectionPool, HTTPSConnection),
}


class Wire:
    """Connections are kept, the one that was used last goes first. May be used by many threads."""

    def __init__(self, scheme: str, host: str, port: int | None, most_kept: int = 1) -> None:
        """``port`` None: the scheme's own."""
        self._deadline = _Deadline()
        options: dict[str, Any] = {"ssl_context": _trusted()} if scheme == "https" else {}
        self._new_pool = functools.partial(
            _timed_pool(scheme, self._deadline), host, port, maxsize=most_kept, **options
        )
        self._pool: HTTPConnectionPool = self._new_pool()

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Raises NoAnswer, and ValueError for a header that can't be sent."""
        self._deadline.ends_at = time.monotonic() + seconds
        try:
            reply = self._pool.urlopen(
                method, path, body, dict(headers), retries=False, redirect=False, timeout=seconds
            )
        except (HTTPError, OSError) as error:
            raise NoAnswer(
                type(error).__name__,
                is_late=time.monotonic() >= self._deadline.ends_at,
                is_sent=not isinstance(error, NewConnectionError | ConnectTimeoutError),
            ) from error
        return Answer(reply.status, reply.headers, reply.data)

    def close(self) -> None:
        """Calls in hand end by themselves, what is not in use is closed at once, and the next
        exchange connects anew."""
        left, self._pool = self._pool, self._new_pool()
        left.close()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Made once: reading all those certificates takes longer than a call."""
    return ssl.create_default_context(cafile=certifi.where())


class _Deadline(threading.local):
    """When the exchange that this thread has in hand must have ended, in
    time.monotonic() seconds."""

    def __init__(self) -> None:
        self.ends_at = 0.0

    def left(self) -> float:
        """Seconds left; raises TimeoutError at none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the reply did not end in time")
        return left


def _timed_pool(scheme: str, limit: _Deadline) -> type[HTTPConnectionPool]:
    """urllib3's pool for ``http`` or ``https``, whose exchanges end by ``limit``."""
    pool, connection = _POOLS[scheme]

    class TimedResponse(HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp = io.BufferedReader(_TimedSocket(self.fp.detach(), sock, limit))

    class TimedConnection(connection):  # type: ignore[valid-type, misc]
        response_class = TimedResponse

        def send(self, data: Any) -> None:
            if self.sock is not None:  # one that was used before has what that exchange had left
                self.sock.settimeout(limit.left())
            super().send(data)

        def _new_conn(self) -> socket.socket:
            # Nothing is on the wire yet: what fails here, and only that, is NewConnectionError or
            # ConnectTimeoutError. ``host`` stays the name: the certificate is checked against it,
            # and the Host header carries it.
            error: Exception = NewConnectionError(self, "the host has no address")
            for address in _addresses(self, limit):
                try:
                    return _connected(address, self.port, self.socket_options, limit)
                except TimeoutError:
                    error = ConnectTimeoutError(self, f"{address} did not answer in time")
                except OSError as failed:
                    error = NewConnectionError(self, f"{address}: {failed}")
            raise error

    return type(f"Timed{pool.__name__}", (pool,), {"ConnectionCls": TimedConnection})


def _addresses(connection: HTTPConnection, limit: _Deadline) -> list[str]:
    try:
        seconds = min(limit.left(), CONNECT_TIMEOUT_S)
        return addresses(connection.host.strip("[]"), connection.port, seconds)
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "the name was not resolved in time") from error
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except OSError as error:
        raise NewConnectionError(connection, f"the name could not be resolved: {error}") from error


def _connected(address: str, port: int, options: Any, limit: _Deadline) -> socket.socket:
    sock = create_connection(
        (address, port), min(limit.left(), CONNECT_TIMEOUT_S), socket_options=options
    )
    try:
        sock.settimeout(limit.left())  # for the TLS handshake
    except TimeoutError:
        sock.close()
        raise
    return sock


class _TimedSocket(io.RawIOBase):
    """The reading end of a socket; each read may take what is left until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: _Deadline) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
