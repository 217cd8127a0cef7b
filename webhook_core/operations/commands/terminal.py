"""What every command needs: the application, a budget, and times and spans as a person reads
them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from webhook_core.application import Application
from webhook_core.clock import Budget, Clock

BUDGET_S = 30.0
"""How long one step of a command may take."""

OpenApplication = Callable[[], Application]
"""Every command gets one: the application is built when a command needs it, so that --help needs no
settings."""


def budget(clock: Clock) -> Budget:
    return Budget.start(clock, BUDGET_S)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With their full-width forms, which some spreadsheets take too (owasp.org, CSV Injection)."""


def for_spreadsheet(text: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def moment(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(span: timedelta) -> str:
    """In the two largest units: 3 d 4 h, 2 min 5 s."""
    seconds = max(0, int(span.total_seconds()))
    parts = [
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])
