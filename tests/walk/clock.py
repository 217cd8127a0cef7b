"""One time for the exchange and every instance, in every process: it stands still
but for calls and sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.processes import FORKED

START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)


class SharedClock:
    """A Clock of the application. ``passed``: seconds since START, shared between processes."""

    def __init__(self, passed: Any = None) -> None:
        self.passed = passed or FORKED.Value("d", 0.0)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return float(self.passed.value)

    def sleep(self, seconds: float) -> None:
        with self.passed.get_lock():
            self.passed.value += max(0.0, seconds)
