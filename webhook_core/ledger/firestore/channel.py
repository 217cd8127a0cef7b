"""The way to one database of Firestore's: its address, its connections and its token, all of this
process.

A connection that died while the instance was frozen says nothing for minutes: connections that
nobody used for a while, and all of them once a call had no answer, are left for new ones.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from threading import Lock
from typing import Any

from webhook_core.ledger.firestore.failures import Forbidden, Unproved, result_of
from webhook_core.ledger.firestore.tokens import Tokens, source
from webhook_core.network.exchange import NoAnswer
from webhook_core.network.wire import Wire
from webhook_core.value import NamedTuple

HOST = "firestore.googleapis.com"
_IDLE_LIMIT_S = 60.0
_CONNECTIONS_KEPT = 32
"""As many as the threads that README.md recommends."""
_EMULATORS_TOKEN = "owner"  # noqa: S105  what Google's own clients show to the emulator


class _Open(NamedTuple):
    """``tokens`` is None with the emulator."""

    pid: int
    wire: Wire
    tokens: Tokens | None


class FirestoreChannel:
    """Opened where it is first used: connections and threads are of no use to a forked child."""

    def __init__(self, project: str, database: str) -> None:
        self.project = project
        self.documents = f"projects/{project}/databases/{database}/documents"
        """The path of all documents."""
        self._lock = Lock()
        self._open: _Open | None = None
        self._used_at = 0.0

    def prepare(self, seconds: float) -> None:
        """A token is here, within so many seconds. Raises NoToken."""
        tokens = self._opened().tokens
        if tokens is not None:
            tokens.current(seconds)

    def post(self, verb: str, document: Mapping[str, Any], seconds: float) -> Any:
        """What Firestore answers to one call. Raises FirestoreError and NoToken.

        Sent again for one reason alone: a token that is refused. Then nothing was done, and a
        newer one may be taken.
        """
        ends_at = time.monotonic() + seconds
        try:
            return self._post(verb, document, seconds)
        except Forbidden as error:
            left = ends_at - time.monotonic()
            if error.status != "UNAUTHENTICATED" or left <= 0 or self._opened().tokens is None:
                raise
            return self._post(verb, document, left)

    def close(self) -> None:
        """Give the connections back. The next use opens others."""
        with self._lock:
            if self._open is not None and self._open.pid == os.getpid():
                self._open.wire.close()
            self._open = None

    def _post(self, verb: str, document: Mapping[str, Any], seconds: float) -> Any:
        wire, tokens = self._opened()[1:]
        ends_at = time.monotonic() + seconds
        token = _EMULATORS_TOKEN if tokens is None else tokens.current(seconds)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        path, body = f"/v1/{self.documents}:{verb}", json.dumps(document).encode()
        try:
            answer = wire.exchange(
                "POST", path, body, headers, max(0.0, ends_at - time.monotonic())
            )
            return result_of(answer.status, answer.body)
        except NoAnswer as error:
            self._leave(wire)
            raise Unproved("TIMEOUT" if error.is_late else "DISCONNECTED") from error
        except Unproved:
            self._leave(wire)
            raise
        except Forbidden as error:
            if tokens is not None and error.status == "UNAUTHENTICATED":
                tokens.forget(token)
            raise

    def _opened(self) -> _Open:
        with self._lock:
            now, opened = time.monotonic(), self._open
            if opened is None or opened.pid != os.getpid():
                emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
                tokens = None if emulator else Tokens(source())
                opened = self._open = _Open(os.getpid(), _wire(emulator), tokens)
            elif now - self._used_at > _IDLE_LIMIT_S:
                opened = self._anew(opened)
            self._used_at = now
            return opened

    def _leave(self, failed: Wire) -> None:
        with self._lock:
            if self._open is not None and self._open.wire is failed:
                self._anew(self._open)

    def _anew(self, opened: _Open) -> _Open:
        """Calls in hand on the old connections end by themselves."""
        opened.wire.close()
        self._open = opened._replace(wire=_wire(os.environ.get("FIRESTORE_EMULATOR_HOST")))
        return self._open


def _wire(emulator: str | None) -> Wire:
    if not emulator:
        return Wire("https", HOST, 443, _CONNECTIONS_KEPT)
    host, _, port = emulator.rpartition(":")
    return Wire("http", host, int(port), _CONNECTIONS_KEPT)
