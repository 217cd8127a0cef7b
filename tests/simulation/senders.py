"""Who sends: TradingView with its resends, a network that duplicates, a person who resends by hand,
the scheduler's reconcile.

TradingView resends on 500-599 except 504, 5 s after the answer, three times at most, and waits 3 s
for an answer (tradingview.com/support/solutions/43000735201). The function runs on when nobody
waits for it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from tests.simulation.alerts import Alert
from tests.simulation.chaos import Chaos
from tests.simulation.process import Process
from tests.simulation.world import SECOND, START, InstanceCrashed, World
from webhook_core.web.messages import HttpRequest, HttpResponse

OPERATOR_TOKEN = "simulated-operator-0123456789abcdef"
WAITS = 3 * SECOND
RESENDS_AFTER = 5 * SECOND
MOST_RESENDS = 3
BY_HAND = -1


@dataclass(slots=True)
class Delivery:
    """One HTTP request and what came of it: ``status`` None means that no answer
    reached the sender."""

    name: str
    alert: Alert
    sent_at: int
    received_at: int = 0
    status: int | None = None


class Listener(Protocol):
    """Hears of every arrival and of every answer."""

    def started(self, delivery: Delivery) -> None: ...

    def answered(self, delivery: Delivery, response: HttpResponse) -> None: ...

    def reconciled(self, response: HttpResponse) -> None: ...


class Senders:
    """``pick`` gives a living instance. ``last``: the last delivery of each alert's firing; BY_HAND
    is what came on top."""

    def __init__(
        self, world: World, chaos: Chaos, pick: Callable[[], Process], listener: Listener
    ) -> None:
        self._world, self._chaos, self._pick, self._listener = world, chaos, pick, listener
        self.count = 0
        self.last: dict[tuple[str, int], Delivery] = {}

    def plan(self, alerts: Sequence[Alert]) -> None:
        """Put everything that this seed's senders do on the calendar."""
        random, at = self._world.random, self._world.at
        for alert in alerts:
            for firing in alert.firings:
                at(firing, lambda alert=alert, firing=firing: self._send(alert, firing, 0))
                # Two webhooks with one body, or a front that sends twice.
                if random.random() < 0.25:
                    twin = firing + int(random.choice((0, 0.01, 0.5, 4, 9)) * SECOND)
                    at(twin, lambda alert=alert, firing=firing: self._send(alert, firing, 0))
            if not alert.repeats and not self._chaos.calm and random.random() < 0.4:
                at(
                    alert.firings[0] + self._chaos.seconds(10, 400),
                    lambda alert=alert: self.resend_by_hand(alert),
                )

    def resend_by_hand(self, alert: Alert) -> None:
        self._send(alert, BY_HAND, MOST_RESENDS)

    def reconcile_every_minute(self, first: int, times: int) -> None:
        for number in range(times):
            self._world.at(first + number * 60 * SECOND + self._chaos.travel(), self.reconcile)

    def _send(self, alert: Alert, firing: int, resends: int) -> None:
        self._deliver(alert, firing, resends)
        if self._chaos.happens("duplicate"):
            self._world.after(
                int(self._world.random.random() ** 3 * 12 * SECOND),
                lambda: self._deliver(alert, BY_HAND, MOST_RESENDS),
            )

    def _deliver(self, alert: Alert, firing: int, resends: int) -> None:
        self.count += 1
        delivery = Delivery(f"d{self.count}", alert, self._world.now)
        self.last[alert.name, firing] = delivery
        if self._chaos.happens("request_lost"):
            self._world.tell("network", f"{delivery.name} of {alert.name} is LOST")
            return

        def run() -> None:
            self._run(delivery)
            took = self._world.now - delivery.sent_at
            again = (
                delivery.status is not None
                and 500 <= delivery.status <= 599
                and delivery.status != 504
            )
            if again and took <= WAITS and resends < MOST_RESENDS:
                self._world.after(RESENDS_AFTER, lambda: self._send(alert, firing, resends + 1))

        self._world.start(self._chaos.travel(), run)

    def _run(self, delivery: Delivery) -> None:
        process = self._pick()
        process.task = delivery.name
        # The front stamps it; no instance stands still here.
        delivery.received_at = self._world.now + process.clock_error
        process.tell("receives %s", delivery.alert.name)
        self._listener.started(delivery)
        try:
            response = process.application.handle(self._request(delivery))
        except InstanceCrashed:
            delivery.status = 503 if self._world.random.random() < 0.5 else None
            self._world.tell(
                "front",
                f"{delivery.name} died with its instance; the sender sees {delivery.status}",
            )
            return
        process.tell("ANSWERS %s", response)
        self._listener.answered(delivery, response)
        lost = self._chaos.happens("answer_lost")
        delivery.status = None if lost else response.status

    def _request(self, delivery: Delivery) -> HttpRequest:
        return _post(
            "/webhook/tradingview",
            {"x-request-id": delivery.name},
            delivery.alert.body,
            delivery.received_at,
        )

    def reconcile(self) -> None:
        def run() -> None:
            process = self._pick()
            process.task = "reconcile"
            headers = {"authorization": f"Bearer {OPERATOR_TOKEN}", "x-request-id": "reconcile"}
            process.tell("POST /reconcile")
            try:
                response = process.application.handle(
                    _post("/reconcile", headers, b"", self._world.now)
                )
            except InstanceCrashed:
                return
            process.tell("ANSWERS %s", response)
            self._listener.reconciled(response)

        self._world.start(0, run)


def _post(path: str, headers: dict[str, str], body: bytes, received_at: int) -> HttpRequest:
    return HttpRequest(
        "POST", path, {}, headers, body, "192.0.2.1", START + timedelta(microseconds=received_at)
    )
