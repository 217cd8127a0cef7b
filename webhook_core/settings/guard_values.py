"""Limits that few strategies have -> values, the same for a variable and for strategies.toml.

Each parser raises ValueError that says what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.settings import variables
from webhook_core.trading.rules import Guards, Most

if TYPE_CHECKING:
    from webhook_core.trading.day_begins import DayBegins
    from webhook_core.trading.trading_hours import TradingHours


def percent(value: str) -> Decimal:
    """``2%``: above 0, 100 at most."""
    number = value.strip().removesuffix("%").strip()
    if not value.strip().endswith("%") or not re.fullmatch(
        r"(?a)[0-9]{1,3}(\.[0-9]{1,8})?", number
    ):
        raise ValueError(f"{variables.shown(value)} is not a percentage such as 2%")
    if not 0 < Decimal(number) <= 100:
        raise ValueError(f"{variables.shown(value)} must be above 0% and 100% at most")
    return Decimal(number)


def hours(value: str) -> TradingHours:
    """``Mon-Fri 08:00-17:00 Europe/Berlin``."""
    from webhook_core.trading import trading_hours  # few deployments have any

    return trading_hours.parse(value)


def span(value: str) -> timedelta:
    """``30s``, ``5min``, ``2h``: a day at most."""
    match = re.fullmatch(r"(?a)([0-9]{1,5}) ?(s|min|h)", value.strip())
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= timedelta(days=1):
        raise ValueError(f"{variables.shown(value)} is not a span above 0 such as 30s, 5min or 2h")
    return length


def day_begins(value: str) -> DayBegins:
    """``17:00 America/New_York``."""
    from webhook_core.trading import day_begins as days  # few deployments have one

    return days.parse(value)


def most(value: str) -> Most:
    """``5``, ``2 per pair``, ``5, 2 per pair``."""
    total, per_pair = None, None
    for part in value.split(","):
        number = part.strip().removesuffix("per pair").strip()
        of_pair = number != part.strip()
        if not re.fullmatch(r"(?a)[0-9]{1,4}", number) or not 1 <= int(number) <= 1000:
            raise ValueError(
                f"{variables.shown(part.strip())} is no number from 1 to 1000 such as 5, or "
                "2 per pair"
            )
        if (per_pair if of_pair else total) is not None:
            raise ValueError("limits the same twice; write it like 5, 2 per pair")
        if of_pair:
            per_pair = int(number)
        else:
            total = int(number)
    return Most(total, per_pair)


_UNITS = {"s": "seconds", "min": "minutes", "h": "hours"}
_HELD = ("max_open_positions", "max_entries")
_COUNTS = ("orders_per_day", "orders_per_hour", "alerts_per_3_minutes", *_HELD)
_count = variables.whole(1, 1000)
GUARDS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "price_collar": (percent, '"2%"'),
    "max_spread": (percent, '"0.5%"'),
    "trading_hours": (hours, '"Mon-Fri 08:00-17:00 Europe/Berlin"'),
    "max_alert_cost": (variables.cost_limits, '"500 USD"'),
    "orders_per_day": (_count, "20"),
    "orders_per_hour": (_count, "5"),
    "cool_down": (span, '"30s"'),
    "alerts_per_3_minutes": (_count, "10"),
    "max_daily_loss": (variables.cost_limits, '"200 USD"'),
    "day_begins": (day_begins, '"17:00 America/New_York"'),
    "on_limit": (variables.one_of("deny", "pause"), '"pause"'),
    "max_position": (variables.cost_limits, '"0.5 BTC"'),
    "max_open_orders": (most, "5"),
    "max_open_positions": (_count, "3"),
    "max_entries": (_count, "2"),
    "on_missed_alert": (variables.one_of("warn", "refuse", "catch_up"), '"warn"'),
}
"""As strategies.toml calls them, each with its parser and an example; the variables have the same
names in capitals."""


def of_toml(name: str) -> Callable[[object], Any]:
    """The parser of a value of strategies.toml: a text; of hours a list of them too."""

    read, example = GUARDS[name]

    def parse(value: object) -> Any:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if name in _COUNTS and not is_whole:
            raise ValueError(f"must be a whole number such as {example}")
        if is_whole and name in (*_COUNTS, "max_open_orders"):
            return read(str(value))
        texts = value if name == "trading_hours" and isinstance(value, list) else [value]
        given = [text for text in texts if isinstance(text, str) and text.strip()]
        if not given or len(given) < len(texts):
            raise ValueError(f"must be a text such as {example}")
        return read("; ".join(given))

    return parse


def guards(found: Mapping[str, Any]) -> Guards | None:
    """None where there is none of them."""
    given = {name: found[name] for name in GUARDS if found.get(name) is not None}
    return Guards(**given) if given else None
