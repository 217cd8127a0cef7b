"""When entries are taken: days and hours on the wall clock of a zone, such as "Mon-Fri 08:00-17:00
Europe/Berlin".

A text has one or more windows and then their zone; ``;`` parts those of several zones. A window
that ends at or before it begins goes on past midnight, and belongs to the day that it began on. The
zone's own clock counts, so summer time moves with it. It is open from its first minute up to, and
without, its last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from webhook_core.trading import checks
from webhook_core.trading.checks import Check

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
EXAMPLE = "Mon-Fri 08:00-17:00 Europe/Berlin"
LONGEST_SAID = 15
_DAY = r"(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)(?:day|nesday|sday|rsday|urday)?"
_HOURS = r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})"


class Window(NamedTuple):
    """``days``: 0 is Monday. ``begins`` and ``ends``: minutes since that day's midnight; an end
    past 1440 lies on the next day. ``zone``: an IANA name."""

    days: frozenset[int]
    begins: int
    ends: int
    zone: str


class TradingHours(NamedTuple):
    """``text`` is as it was written."""

    windows: tuple[Window, ...]
    text: str


def parse(text: str) -> TradingHours:
    """Raises ValueError that says what is wrong and what to write instead."""
    windows = [window for group in text.split(";") for window in _group(group)]
    return TradingHours(tuple(windows), " ".join(text.split()))


def is_open(hours: TradingHours, now: datetime) -> bool:
    return any(_covers(window, now) for window in hours.windows)


def check(hours: TradingHours, now: datetime) -> Check:
    """Whether an entry is taken now."""
    zone = hours.windows[0].zone
    local = f"{now.astimezone(ZoneInfo(zone)):%a %H:%M} {zone}"
    numbers = {"hours": hours.text, "now": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    text = f"entries are taken {hours.text}, and it is {local}; exits pass"
    return checks.judged("TRADING_HOURS", text, holds=is_open(hours, now), **numbers)


def _covers(window: Window, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(window.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if day in window.days and window.begins <= minute < window.ends:
        return True
    return (day - 1) % 7 in window.days and minute < window.ends - DAY_MINUTES


def _group(text: str) -> Iterator[Window]:
    """The windows of one zone, which stands behind them."""
    words = re.sub(r"\s*-\s*", "-", text).replace(",", " ").split()
    if not words:
        raise ValueError(f"has a blank entry; write it like {EXAMPLE!r}")
    zone = words.pop()
    if re.fullmatch(_HOURS, zone) or _days(zone) is not None:
        raise ValueError(f"names no zone behind {_said(zone)}; write it like {EXAMPLE!r}, or UTC")
    check_zone(zone)
    days: set[int] = set()
    begun, found = False, False
    for word in words:
        named, hours = _days(word), re.fullmatch(_HOURS, word)
        if named is not None:
            days = named if begun else days | named
            begun = False
        elif hours is not None:
            begun = found = True
            begins, ends = _minutes(word, hours)
            yield Window(frozenset(days or range(7)), begins, ends, zone)
        else:
            raise ValueError(f"{_said(word)} is neither days nor hours; write it like {EXAMPLE!r}")
    if not found or not begun:
        raise ValueError(f"has days without hours; write it like {EXAMPLE!r}")


def _days(word: str) -> set[int] | None:
    """``Mon``, ``Mon-Fri``, ``Fri-Mon``, ``daily``; None for anything else."""
    ends = word.lower().split("-")
    if ends == ["daily"]:
        return set(range(7))
    if len(ends) > 2 or not all(re.fullmatch(_DAY, end) for end in ends):
        return None
    first, last = DAYS.index(ends[0][:3]), DAYS.index(ends[-1][:3])
    return {(first + step) % 7 for step in range((last - first) % 7 + 1)}


def _minutes(word: str, hours: re.Match[str]) -> tuple[int, int]:
    begin_h, begin_m, end_h, end_m = map(int, hours.groups())
    begins, ends = begin_h * 60 + begin_m, end_h * 60 + end_m
    if max(begin_m, end_m) > 59 or begins >= DAY_MINUTES or ends > DAY_MINUTES:
        raise ValueError(f"{_said(word)} are no hours of a day, from 00:00 to 24:00")
    if begins == ends:
        raise ValueError(f"{_said(word)} is no time at all; write 00:00-24:00 for the whole day")
    return begins, ends if ends > begins else ends + DAY_MINUTES


def check_zone(zone: str) -> None:
    """Raises ValueError for a name that is no zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        import difflib  # only a fault needs it

        known = sorted(available_timezones())
        near = difflib.get_close_matches(zone, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else "write it like Europe/Berlin, or UTC"
        if not known:
            hint = "this machine has no time zones: install tzdata"
        raise ValueError(f"{_said(zone)} is no time zone; {hint}") from None


def _said(word: str) -> str:
    """A piece of what was written, if it is too short to be a secret in the wrong place."""
    return repr(word) if len(word) <= LONGEST_SAID else f"a word of {len(word)} characters"
