"""What stands between TradingView and an instance, and TradingView itself, as both behave.

Cloud Run's front end admits so many requests to an instance at once; another waits there, unseen by
the function, for up to ten seconds, and then gets 429
(docs.cloud.google.com/run/docs/about-instance-autoscaling). TradingView hangs up after three
seconds, of which the function is not told, and sends again after 5xx other than 504, five seconds
later, three times at most (tradingview.com/support/solutions/43000529348 and 43000735201).
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

QUEUED_S = 10.0
TRADINGVIEW_WAITS_S = 3.0
RESENT_AFTER_S = 5.0
RESENDS = 3
FUNCTION_TIMEOUT_S = 30.0
TIMED_OUT = 0
"""In the place of a status: TradingView has hung up."""


@dataclass(frozen=True)
class Delivered:
    """One alert: how it ended, how often it was sent, and seconds from its firing to its last
    answer."""

    status: int
    sends: int
    seconds: float


class FrontEnd:
    """In front of one instance, which gets ``admitted`` requests at once and no more."""

    def __init__(self, port: int, admitted: int, senders: int) -> None:
        self._port = port
        self._places = threading.Semaphore(admitted)
        self._forwarding = ThreadPoolExecutor(2 * senders)

    def fire(self, bodies: list[bytes]) -> list[Delivered]:
        """All of them in the same moment, each from its firing to its end."""
        together = threading.Barrier(len(bodies))
        with ThreadPoolExecutor(len(bodies)) as senders:
            delivered = list(senders.map(lambda body: self._deliver(body, together), bodies))
        self._forwarding.shutdown()  # what TradingView has given up goes on in the function
        return delivered

    def _deliver(self, body: bytes, together: threading.Barrier) -> Delivered:
        together.wait()
        fired = time.monotonic()
        for sends in range(1, RESENDS + 2):
            status = self._send(body)
            if not 500 <= status <= 599 or status == 504 or sends > RESENDS:
                break
            time.sleep(RESENT_AFTER_S)
        return Delivered(status, sends, time.monotonic() - fired)

    def _send(self, body: bytes) -> int:
        answer: Future[int] = self._forwarding.submit(self._forward, body)
        wait([answer], TRADINGVIEW_WAITS_S)
        return answer.result() if answer.done() else TIMED_OUT

    def _forward(self, body: bytes) -> int:
        if not self._places.acquire(timeout=QUEUED_S):
            return 429
        try:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=FUNCTION_TIMEOUT_S
            )
            with contextlib.closing(connection):
                connection.request(
                    "POST", "/webhook/tradingview", body, {"Content-Type": "application/json"}
                )
                return connection.getresponse().status
        finally:
            self._places.release()
