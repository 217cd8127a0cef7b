"""One krakenex session with its gaps closed: no redirect, no proxy, an end to every exchange,
replies read strictly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NoReturn, Protocol
from urllib.parse import urlencode, urlsplit

import krakenex

from webhook_core.events import count
from webhook_core.kraken.outcomes import Failure, Reply
from webhook_core.kraken.signing_keys import KrakenKey
from webhook_core.network.exchange import Answer, NoAnswer

IDLE_LIMIT_S = 15.0
"""A connection that was idle for longer is not used again: a silent cut in between would
look like a lost reply."""


class Nonces:
    """Nanoseconds, as Kraken recommends for bursts (docs.kraken.com, spot-rest-auth); each larger
    than all before it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        with self._lock:
            self._last = max(time.time_ns(), self._last + 1)
            return self._last


class Transport(Protocol):
    """What carries a request to Kraken and brings the answer: network.wire, or paper's own."""

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Raises NoAnswer."""

    def close(self) -> None:
        """Drop the connections; the next exchange opens its own."""


class Session:
    """krakenex, for one call at a time.

    ``transport`` replaces the socket (the paper venue), ``url`` Kraken's address. ``next_nonce`` is
    asked by krakenex just before it signs: its own repeats within a millisecond.
    """

    def __init__(
        self, url: str | None, transport: Transport | None, next_nonce: Callable[[], int]
    ) -> None:
        self._used_at = 0.0
        self._api = krakenex.API()
        self._api._nonce = next_nonce  # noqa: SLF001
        self._api.uri = url or self._api.uri
        self._transport = transport or _wire_to(self._api.uri)
        self._session = _RequestsSession(self._transport, self._api.session.headers)
        self._api.session = self._session

    def close(self) -> None:
        """Drop the pooled connections; the session stays usable."""
        self._transport.close()

    def exchange(
        self, query: str, key: KrakenKey, method: str, parameters: dict[str, str], seconds: float
    ) -> Reply:
        """One call of krakenex's ``query``, ended after so many seconds.

        Never raises for what a network can do.

        ``parameters`` get the nonce, as krakenex does it.
        """
        count("kraken_calls")
        started = time.monotonic()
        if started - self._used_at > IDLE_LIMIT_S:
            self.close()
        self._api.key, self._api.secret = key.key, key.secret
        self._session.ends_at = started + seconds
        try:
            reply: Reply = getattr(self._api, query)(method, parameters)
            return reply
        except NoAnswer as error:
            failure = Failure.BROKEN if error.is_sent else Failure.NOT_CONNECTED
            return Reply(failure=failure, detail=error.kind)
        except ValueError as error:  # a key that no header can carry; its text is not kept
            return Reply(failure=Failure.BROKEN, detail=type(error).__name__)
        finally:
            self._used_at = time.monotonic()


def _wire_to(url: str) -> Transport:
    from webhook_core.network.wire import Wire  # paper needs no socket

    address = urlsplit(url)
    return Wire(address.scheme, address.hostname or "", address.port)


class _RequestsSession:
    """What krakenex asks of its requests.Session. That library's own layers take a quarter of a
    millisecond of each order. ``ends_at``: when the exchange must have ended, in time.monotonic()
    seconds; krakenex's own ``timeout`` would begin once it has signed."""

    def __init__(self, transport: Transport, headers: Mapping[str, str]) -> None:
        """``headers``: of every request."""
        self.ends_at = 0.0
        self._transport = transport
        self._headers = {**headers, "Accept-Encoding": "gzip"}

    def get(
        self, url: str, params: Mapping[str, str], headers: Mapping[str, str], **_timeout: None
    ) -> _Response:
        path, query = urlsplit(url).path, urlencode(params)
        asked = f"{path}?{query}" if query else path
        return self._exchange("GET", asked, None, headers)

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str], **_timeout: None
    ) -> _Response:
        form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return self._exchange("POST", urlsplit(url).path, urlencode(data).encode(), form)

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> _Response:
        sent, seconds = {**self._headers, **headers}, max(0.0, self.ends_at - time.monotonic())
        return _Response(self._transport.exchange(method, path, body, sent, seconds))


class _Response:
    """What krakenex asks of a requests.Response, read strictly, whatever the status: by itself it
    repairs bad UTF-8, takes NaN, and drops the body of an error status."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self._body = answer.body

    def raise_for_status(self) -> None:
        """Never: what such an answer says is read too."""

    def json(self) -> Reply:
        """What krakenex's query returns."""
        status = self.status_code
        try:
            document = json.loads(self._body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, ArithmeticError, RecursionError):
            return Reply(status, None, Failure.BROKEN if status == 200 else None, "not JSON")
        return Reply(status, document)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
