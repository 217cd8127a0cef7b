"""One exchange over HTTP with one host: within its time, connection and dripping replies included;
sent once, no redirect, no proxy, no cookie.

A socket's time-out is per operation, and a host's addresses are tried one by one: a server that
sends a byte a second never meets one. Here every operation gets what is left until one common
moment, the look-up of the name included: when that takes too long, nothing is sent.
"""

from __future__ import annotations

import functools
import socket
import ssl
import time
from collections.abc import Mapping

import certifi
from urllib3.util import wait_for_read

from webhook_core.network.exchange import Answer, NoAnswer
from webhook_core.network.http1 import Malformed, host_header, reply_from, request_of
from webhook_core.network.name_look_up import addresses

CONNECT_TIMEOUT_S = 1.0
"""For the look-up of the name, and for one address; the next one is tried with what is left."""
HTTP_PORT, HTTPS_PORT = 80, 443
_READ_AT_ONCE = 65_536


class Wire:
    """Connections are kept, the one that was used last goes first. May be used by many threads."""

    def __init__(self, scheme: str, host: str, port: int | None, most_kept: int = 1) -> None:
        """``port`` None: the scheme's own."""
        is_https = scheme == "https"
        self._address = (host, port or (HTTPS_PORT if is_https else HTTP_PORT))
        self._tls = _trusted() if is_https else None
        self._most_kept = most_kept
        self._idle: list[_Connection] = []

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """An answer in gzip is unpacked. Raises NoAnswer, and ValueError for a header that can't
        be sent."""
        ends_at, idle = time.monotonic() + seconds, self._idle
        connection = _unbroken(idle) or _Connection(*self._address, self._tls)
        connection.ends_at = ends_at
        try:
            answer, is_last = connection.exchange(method, path, body, headers)
        except (OSError, Malformed) as error:
            connection.close()
            raise NoAnswer(
                type(error.__cause__ or error).__name__,
                is_late=time.monotonic() >= ends_at,
                is_sent=not isinstance(error, _NotConnectedError),
            ) from error
        except BaseException:
            connection.close()
            raise
        if not is_last and idle is self._idle and len(idle) < self._most_kept:
            idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Calls in hand end by themselves, what is not in use is closed at once, and the next
        exchange connects anew."""
        left, self._idle = self._idle, []
        for connection in left:
            connection.close()

    def __del__(self) -> None:
        self.close()  # Python warns of a socket that is left to the garbage collector


def _unbroken(idle: list[_Connection]) -> _Connection | None:
    """One that the other side has not closed: that can be read, before anything was asked."""
    while idle:
        try:
            connection = idle.pop()
        except IndexError:  # another thread took it
            break
        if connection.sock is not None and not wait_for_read(connection.sock, timeout=0.0):
            return connection
        connection.close()
    return None


class _NotConnectedError(OSError):
    """Nothing is on the wire yet. What it was is the cause."""


class _Connection:
    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.ends_at = 0.0
        """When the exchange in hand must have ended, in time.monotonic() seconds."""
        self.sock: socket.socket | None = None
        self._host, self._port, self._tls = host, port, tls
        self._named = host_header(host, port, HTTPS_PORT if tls else HTTP_PORT)

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Answer, bool]:
        """It goes out in one piece: for a head alone the server would wake up for nothing."""
        request = request_of(method, path, self._named, headers, body)
        sock = self.sock or self._connected()
        sock.settimeout(self._left())
        sock.sendall(request)
        return reply_from(functools.partial(self._next_of, sock))

    def close(self) -> None:
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def _left(self) -> float:
        """Seconds left; raises TimeoutError at none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the exchange did not end in time")
        return left

    def _next_of(self, sock: socket.socket) -> bytes:
        """Each read may take what is left until the deadline."""
        sock.settimeout(self._left())
        return sock.recv(_READ_AT_ONCE)

    def _connected(self) -> socket.socket:
        try:
            sock = self.sock = self._reached()
        except OSError as error:
            raise _NotConnectedError from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(self._left())
        if self._tls is not None:  # the certificate is checked against the name
            sock = self.sock = self._tls.wrap_socket(sock, server_hostname=self._host)
        return sock

    def _reached(self) -> socket.socket:
        error: OSError = OSError("the host has no address")
        for address in addresses(self._host, self._port, min(self._left(), CONNECT_TIMEOUT_S)):
            try:
                return socket.create_connection(
                    (address, self._port), min(self._left(), CONNECT_TIMEOUT_S)
                )
            except OSError as failed:
                error = failed
        raise error


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Made once: reading all those certificates takes longer than a call."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
