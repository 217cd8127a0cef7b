"""The real client and the real KrakenVenue of one instance, over a network that the
seed delays and loses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from tests.simulation.account_exchange import KEY, SECRET, AccountExchange
from tests.simulation.process import Process, SimulatedClock, SimulatedLock
from tests.simulation.world import SECOND
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.network.exchange import Answer, NoAnswer


class Watch(Protocol):
    def placed(self, fields: Mapping[str, str]) -> None: ...


def venue_of(process: Process, exchange: AccountExchange, watch: Watch) -> KrakenVenue:
    client = KrakenClient(KEY, SECRET, transport=_Network(process, exchange, watch))
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


class _Network:
    def __init__(self, process: Process, exchange: AccountExchange, watch: Watch) -> None:
        self._process, self._exchange, self._watch = process, exchange, watch

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        process, chaos = self._process, self._process.chaos
        path, _, query = path.partition("?")
        endpoint, body = path.rsplit("/", 1)[-1], body or b""
        process.point(endpoint, "begins")
        sends = endpoint in ("AddOrder", "CancelOrder")
        lost = chaos.happens("message_lost" if sends else "read_failed")
        if lost:
            process.tell("%s is LOST", endpoint)
            process.wait(min(int(seconds * SECOND), SECOND))
            raise NoAnswer("lost", is_late=True)
        process.wait(chaos.travel())
        code, content = self._exchange.call(method, path, query, dict(headers), body)
        self._exchange.was_read(process.task, endpoint)
        fields = dict(parse_qsl(body.decode()))
        shown = {name: value for name, value in fields.items() if name not in ("nonce", "deadline")}
        process.tell("%s %s -> %s", endpoint, shown, content.decode()[:400])
        if endpoint == "AddOrder" and b'"txid"' in content:
            self._watch.placed(fields)
        if sends and chaos.happens("reply_lost"):
            process.tell("the reply is LOST")
            raise NoAnswer("lost")
        process.point(endpoint, "ends")
        return Answer(code, {}, content)

    def close(self) -> None:
        """Nothing is open."""
