"""The system's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from webhook_core.value import NamedTuple


class SystemClock:
    """Aware UTC for the record, a monotonic clock for budgets."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Clock(Protocol):
    """Time as a value that a test can hold still."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None: ...


class Budget(NamedTuple):
    """How long one request may still take. ``ends_at`` is in the clock's monotonic seconds."""

    clock: Clock
    ends_at: float

    @classmethod
    def start(cls, clock: Clock, seconds: float) -> Budget:
        return cls(clock, clock.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.ends_at - self.clock.monotonic())

    def at_most(self, seconds: float) -> Budget:
        """The same budget, or the next ``seconds``, whichever ends first."""
        return Budget(self.clock, min(self.ends_at, self.clock.monotonic() + seconds))

    def less(self, seconds: float) -> Budget:
        """The same budget, ended ``seconds`` earlier: what comes after keeps that much."""
        return Budget(self.clock, self.ends_at - seconds)


ENOUGH_TO_SEND_S = 1.0
"""With less than this left of the request's budget after the claim, nothing is sent."""


KEPT_FOR_THE_RECORD_S = 0.2
