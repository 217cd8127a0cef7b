"""When a day begins that a limit counts: an hour on the wall clock of a zone, such as "17:00
America/New_York"; midnight UTC where nothing is said. Summer time moves with the zone's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from webhook_core.trading.trading_hours import check_zone

EXAMPLE = "17:00 America/New_York"


class DayBegins(NamedTuple):
    """``zone``: an IANA name."""

    hour: int = 0
    minute: int = 0
    zone: str = "UTC"

    @property
    def text(self) -> str:
        return f"{self.hour:02}:{self.minute:02} {self.zone}"


MIDNIGHT = DayBegins()


def parse(text: str) -> DayBegins:
    """Raises ValueError that says what to write instead."""
    match = re.fullmatch(r"(?a)([0-9]{1,2}):([0-9]{2})\s+(\S+)", text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f"must be an hour and its zone such as {EXAMPLE!r}")
    check_zone(match[3])
    return DayBegins(int(match[1]), int(match[2]), match[3])


def day_of(begins: DayBegins, now: datetime) -> datetime:
    """The moment that the day of ``now`` began at, in UTC."""
    zone = ZoneInfo(begins.zone)
    today = now.astimezone(zone).date()
    for back in (0, 1):
        day = today - timedelta(days=back)
        began = datetime.combine(day, time(begins.hour, begins.minute), zone).astimezone(UTC)
        if began <= now:
            break
    return began
