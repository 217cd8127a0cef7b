"""The connections of gunicorn's threaded worker, so that no sender can hold it up.

gunicorn lets a thread wait for a head or a body without end, and five seconds for the first byte;
the thread that accepts connections waits two seconds for the other side of one that it closes; and
a request waits unseen for a thread that is free. None of it can be set where functions-framework
starts gunicorn, which reads no file and no variable for it: ``web.gunicorn_worker`` puts ours in
place.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
import time
from typing import Any

from gunicorn.workers import gthread

ARRIVES_WITHIN_S = 1.0
"""A request, its head and body together, from the moment when a thread reads it."""
MOST_TAKEN_LATE = 128 * 1024
"""Bytes that were there when that time was over: a head and the largest body, and no more."""
GOES_WITHIN_S = 1.0
"""A piece of an answer that the other side does not take."""
SILENT_S = 0.01
"""A new connection that says nothing goes back to the poller, which closes it after gunicorn's
``keepalive``, two seconds."""
MOST_TAKEN_UNREAD = 1024 * 1024
_TICK_S = 0.01
"""The kernel's measure of it, at CONFIG_HZ=100: so much more may it tell than went by."""


class RequestSocket(socket.socket):
    """An accepted socket that ends what takes too long as if the other side had hung up, about
    which gunicorn is quiet.

    ``late``: a request was given up. Nothing is read of the connection any more, since nobody knows
    where the next request begins.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.late = False
        self._arrived_at = self._ends_at = 0.0
        self._taken_late = 0

    def arrive(self) -> None:
        """A request is about to wait for a thread, and may have waited while this process stood
        still."""
        self._arrived_at = time.monotonic() - _unread_s(self)

    def begin(self) -> None:
        """A thread is about to read it."""
        self._ends_at, self._taken_late = time.monotonic() + ARRIVES_WITHIN_S, 0

    def waited_s(self) -> float:
        """Seconds since the request arrived, the reading of it included."""
        return time.monotonic() - self._arrived_at

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What comes in time, and after that what is there already: this process may have stood
        still while it came."""
        if not self.late:
            with contextlib.suppress(TimeoutError):
                return self._wait(size, flags)
            with contextlib.suppress(BlockingIOError):
                return self._take(size, flags)
        self.late = True
        raise ConnectionResetError(errno.ECONNRESET, "the request did not arrive in time")

    def _wait(self, size: int, flags: int) -> bytes:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            self.settimeout(left)
            return super().recv(size, flags)
        finally:
            self.settimeout(None)

    def _take(self, size: int, flags: int) -> bytes:
        """Without a wait. However fast a sender goes on, it ends."""
        if self._taken_late >= MOST_TAKEN_LATE:
            raise BlockingIOError
        data = super().recv(
            min(size, MOST_TAKEN_LATE - self._taken_late), flags | socket.MSG_DONTWAIT
        )
        self._taken_late += len(data)
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(GOES_WITHIN_S)
        try:
            return super().send(data, flags)
        except TimeoutError:
            raise BrokenPipeError(errno.EPIPE, "the answer is not taken") from None
        finally:
            self.settimeout(None)

    def sendall(self, data: Any, flags: int = 0) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest, flags) :]

    def say_goodbye(self) -> None:
        """End our side, and take what came unread: it would have the kernel
        reset the connection."""
        self.shutdown(socket.SHUT_WR)
        taken = 0
        while taken < MOST_TAKEN_UNREAD and (data := super().recv(65536, socket.MSG_DONTWAIT)):
            taken += len(data)


def _unread_s(sock: socket.socket) -> float:
    """Seconds since the last bytes came in (tcpi_last_data_recv of linux/tcp.h), and no more than
    that: what comes behind an answer is never told to have come before it. 0 where nobody knows."""
    try:
        facts = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 56)
    except (AttributeError, OSError):
        return 0.0
    return max(0.0, int.from_bytes(facts[52:56], sys.byteorder) / 1000 - _TICK_S)


class Connection(gthread.TConn):  # type: ignore[misc]
    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, RequestSocket(sock), client, server)

    def init(self) -> None:
        """Called before each request is read."""
        self.sock.begin()
        super().init()

    def wait_for_data(self, timeout: float) -> bool:
        return bool(super().wait_for_data(min(timeout, SILENT_S)))

    def close(self, graceful: bool = False) -> None:
        if graceful:
            with contextlib.suppress(OSError):
                self.sock.say_goodbye()
        super().close()
