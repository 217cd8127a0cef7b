"""One exchange over HTTP with one host: within its time, sent once, no redirect, no proxy, no
cookie."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import certifi
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from webhook_core.ledger.firestore.failures import Unproved
from webhook_core.network.bounded_transport import Deadline, timed_pools

_CONNECTIONS_KEPT = 32
"""As many as the threads that README.md recommends."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Connections are kept, the one that was used last goes first. May be used by many threads."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self._deadline = Deadline()
        pool = timed_pools(self._deadline)[scheme]
        secured: dict[str, Any] = {"ssl_context": _trusted()} if scheme == "https" else {}
        self._pool: HTTPConnectionPool = pool(host, port, maxsize=_CONNECTIONS_KEPT, **secured)

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Raises Unproved where no whole answer came."""
        self._deadline.ends_at = time.monotonic() + seconds
        try:
            reply = self._pool.urlopen(
                method, path, body, dict(headers), retries=False, redirect=False, timeout=seconds
            )
        except (HTTPError, OSError) as error:
            late = time.monotonic() >= self._deadline.ends_at
            raise Unproved("TIMEOUT" if late else "DISCONNECTED") from error
        return Answer(reply.status, reply.headers, reply.data)

    def close(self) -> None:
        """Calls in hand end by themselves; what is not in use is closed at once."""
        self._pool.close()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Made once: reading all those certificates takes longer than a call."""
    return ssl.create_default_context(cafile=certifi.where())
