"""How often alerts of a strategy are expected, so that its silence can be told.

``26h``: an alert at least that often. ``mon-fri 22:00``: one about then on each of these days, not
more than half an hour before; it is missed an hour after. A zone may follow, else it is UTC.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from webhook_core.settings.variables import shown
from webhook_core.trading import trading_hours

EARLY = timedelta(minutes=30)
LATE = timedelta(hours=1)
_UNITS = {"min": "minutes", "h": "hours", "d": "days"}
_LEAST, _MOST = timedelta(minutes=1), timedelta(days=366)


class Expected(NamedTuple):
    """``every``: None for a time of the week, which ``days`` (0 is Monday), ``minute`` and ``zone``
    say. ``text`` is as it was written."""

    text: str
    every: timedelta | None = None
    days: frozenset[int] = frozenset()
    minute: int = 0
    zone: str = "UTC"

    @property
    def words(self) -> str:
        if self.every is not None:
            return f"at least one every {self.text}"
        return self.text if " " in self.text else f"daily {self.text}"

    def is_missed(self, last: datetime, now: datetime) -> bool:
        """``last``: when an alert came last, or since when one is expected."""
        if self.every is not None:
            return now - last > self.every
        return last < self._due(now) - EARLY

    def _due(self, now: datetime) -> datetime:
        """The last moment at which one should have come, late ones counted."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        for back in range(9):
            day = today - timedelta(days=back)
            due = datetime(*day.timetuple()[:3], self.minute // 60, self.minute % 60, tzinfo=zone)
            if day.weekday() in self.days and due.timestamp() + LATE.total_seconds() <= (
                now.timestamp()
            ):
                return due.astimezone(now.tzinfo)
        raise AssertionError("some day of nine is one of a week")


def expected(value: object) -> Expected:
    """Raises ValueError that says what to write instead."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    span = re.fullmatch(r"(?a)([0-9]{1,5}) ?(min|h|d)", text.lower())
    if span is not None:
        every = timedelta(**{_UNITS[span[2]]: int(span[1])})
        if _LEAST <= every <= _MOST:
            return Expected(text, every)
    found = re.fullmatch(r"(?a)(?:(.+) )?([0-9]{1,2}:[0-9]{2})(?: (\S+))?", text)
    if found is not None:
        return _weekly(text, found[1] or "daily", found[2], found[3] or "UTC")
    raise ValueError(_fault(text))


def _weekly(text: str, days: str, at: str, zone: str) -> Expected:
    hours, minutes = map(int, at.split(":"))
    if hours > 23 or minutes > 59:
        raise ValueError(_fault(text))
    try:
        windows = trading_hours.parse(f"{days} {at}-24:00 {zone}").windows
    except ValueError as error:
        raise ValueError(f"{_fault(text)} ({error})") from None
    if len(windows) != 1:
        raise ValueError(_fault(text))
    return Expected(text, None, windows[0].days, windows[0].begins, zone)


def _fault(text: str) -> str:
    given = f"{shown(text)} is neither" if text else "must be a text:"
    return f'{given} a span such as "26h" nor days and an hour such as "mon-fri 22:00"'
