"""One instance of the function: its application is built in the first request that needs it."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from webhook_core.application import Application
from webhook_core.clock import Clock
from webhook_core.errors import NotConfigured
from webhook_core.events import event
from webhook_core.web.messages import HttpRequest, HttpResponse

TRY_AGAIN_AFTER_S = 5.0
"""Anybody's request can be the one that reads the secrets, a forger's too. TradingView's first
resend comes after as long."""


class Instance:
    """``build`` reads the secrets of ``closed.settings`` that are unread, and raises
    NotConfigured while it can't.

    Until it has worked ``closed`` answers, from behind its closed gate.
    """

    def __init__(self, clock: Clock, build: Callable[[], Application], closed: Application) -> None:
        self.clock = clock
        self._build = build
        self._closed = closed
        self._lock = threading.Lock()
        self._application: Application | None = None
        self._not_before = -math.inf

    def handle(self, request: HttpRequest) -> HttpResponse:
        application = self._application
        if application is None:
            reads = bool(self._closed.settings.unread)
            application = self._closed if reads and _asks_about_us(request) else self._opened()
        return application.handle(request)

    def _opened(self) -> Application:
        """The application, or the closed one for a while after a failure."""
        with self._lock:
            if self._application is None and self.clock.monotonic() >= self._not_before:
                try:
                    self._application = self._build()
                except NotConfigured as error:
                    self._closed.gate.status = NotConfigured.code
                    self._not_before = self.clock.monotonic() + TRY_AGAIN_AFTER_S
                    event(logging.ERROR, "service.not_configured", faults=list(error.faults))
            return self._application or self._closed


def _asks_about_us(request: HttpRequest) -> bool:
    """Health and GET / need no secret, and do no I/O."""
    return request.method in ("GET", "HEAD") and request.path.rstrip("/") in ("", "/webhook/health")
