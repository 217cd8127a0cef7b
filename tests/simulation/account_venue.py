"""The real client and the real KrakenVenue of one instance, over a network that the
seed delays and loses."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from tests.simulation.account_exchange import KEY, SECRET, AccountExchange
from tests.simulation.account_watch import AccountWatch
from tests.simulation.process import Process, SimulatedClock, SimulatedLock
from tests.simulation.world import SECOND
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue


def venue_of(process: Process, exchange: AccountExchange, watch: AccountWatch) -> KrakenVenue:
    network: Any = _Network(process, exchange, watch)
    client = KrakenClient(KEY, SECRET, transport=network)
    client._private._changed = _Condition(process)  # type: ignore[assignment]
    client._public._changed = _Condition(process)  # type: ignore[assignment]
    return KrakenVenue(client, SimulatedClock(process))


class _Condition(SimulatedLock):
    """One whose waiting takes the seed's time."""

    def wait(self, timeout: float) -> None:
        process, task = self._process, self._process.task
        self.__exit__()
        process.wait(min(50_000, int(timeout * SECOND)), task)
        self.__enter__()

    def notify_all(self) -> None:
        """Whoever waits looks again soon."""


class _Network(BaseAdapter):
    def __init__(self, process: Process, exchange: AccountExchange, watch: AccountWatch) -> None:
        super().__init__()
        self._process, self._exchange, self._watch = process, exchange, watch

    def send(self, request: PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> Response:
        process, chaos = self._process, self._process.chaos
        parts = urlsplit(request.url or "")
        endpoint, body = str(parts.path).rsplit("/", 1)[-1], _bytes(request.body)
        process.point(endpoint, "begins")
        sends = endpoint in ("AddOrder", "CancelOrder")
        patience = int((timeout[1] if isinstance(timeout, tuple) else 1.0) * SECOND)
        lost = chaos.happens("message_lost" if sends else "read_failed")
        if lost:
            process.tell("%s is LOST", endpoint)
            process.wait(min(patience, SECOND))
            raise requests.ReadTimeout("lost")
        process.wait(chaos.travel())
        headers = {name: _text(value) for name, value in request.headers.items()}
        code, content = self._exchange.call(
            request.method or "", str(parts.path), str(parts.query), headers, body
        )
        fields = dict(parse_qsl(body.decode()))
        shown = {name: value for name, value in fields.items() if name not in ("nonce", "deadline")}
        process.tell("%s %s -> %s", endpoint, shown, content.decode()[:400])
        if endpoint == "AddOrder" and b'"txid"' in content:
            self._watch.placed(fields)
        if sends and chaos.happens("reply_lost"):
            process.tell("the reply is LOST")
            raise requests.ConnectionError("lost")
        process.point(endpoint, "ends")
        return _answer(code, content)

    def close(self) -> None:
        """Nothing is open."""


def _answer(code: int, content: bytes) -> Response:
    response = Response()
    response.status_code, response._content = code, content
    return response


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else (body or "").encode()


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
