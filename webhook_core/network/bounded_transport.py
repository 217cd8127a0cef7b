"""HTTP whose whole exchange ends in time, connection and dripping replies included.

urllib3's time-outs are per socket operation and per address: a server that sends a byte a second
never meets one. Here every operation gets what is left until one common moment, the look-up of the
name included: when that takes too long, nothing is sent.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from webhook_core.network.name_look_up import addresses

CONNECT_TIMEOUT_S = 1.0
"""For the look-up of the name, and for one address; the next one is tried with what is left."""


class Deadline(threading.local):
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


class DeadlineAdapter(HTTPAdapter):
    """Never sends a request twice: urllib3's retries stay off."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = timed_pools(self._deadline)


def timed_pools(limit: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's pools by their scheme, whose exchanges end by ``limit``."""
    return {
        "http": _pool(HTTPConnectionPool, HTTPConnection, limit),
        "https": _pool(HTTPSConnectionPool, HTTPSConnection, limit),
    }


def _pool(
    pool: type[HTTPConnectionPool], connection: type[HTTPConnection], limit: Deadline
) -> type[HTTPConnectionPool]:
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


def _addresses(connection: HTTPConnection, limit: Deadline) -> list[str]:
    try:
        seconds = min(limit.left(), CONNECT_TIMEOUT_S)
        return addresses(connection.host.strip("[]"), connection.port, seconds)
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "the name was not resolved in time") from error
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except OSError as error:
        raise NewConnectionError(connection, f"the name could not be resolved: {error}") from error


def _connected(address: str, port: int, options: Any, limit: Deadline) -> socket.socket:
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

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
