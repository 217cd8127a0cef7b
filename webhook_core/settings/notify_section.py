"""The section [notify] of strategies.toml: what is told, of all and of each strategy.

[notify]
fill = true          # as NOTIFY_ABOUT="+fill,-denied"
denied = false
[notify.trend-btc]   # of this strategy, beyond what stands above
accepted = true
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from webhook_core.notify.kinds import DEFAULT, KINDS
from webhook_core.settings import notify_values, variables
from webhook_core.settings.strategy import Strategy

NAME = "notify"
_ELSEWHERE = {
    **dict.fromkeys(("summary", "hour"), "the hour of the day's summary is NOTIFY_SUMMARY"),
    **dict.fromkeys(
        ("to", "url", "urls", "address", "addresses", "notify"),
        "who is told is NOTIFY, and notify in a strategy's own table",
    ),
    **dict.fromkeys(
        ("about", "notify_about", "all", "none"),
        "write one line for each that is told, such as fill = true, or set NOTIFY_ABOUT",
    ),
}


class Section(NamedTuple):
    """What it changes, written as NOTIFY_ABOUT is: of all, and by strategy."""

    about: str
    strategies: Mapping[str, str]


def is_section(table: object, keys: Collection[str]) -> bool:
    """Whether a table of this name is the section: a strategy may be called so, and has ``keys``
    of a strategy or nothing."""
    return isinstance(table, dict) and bool(table) and not set(table) & set(keys)


def read(path: str, table: Mapping[str, Any], faults: list[str]) -> Section:
    """What is wrong goes to ``faults``, with what to write instead."""
    place = f"{path} [{NAME}]"
    inner = {name: value for name, value in table.items() if isinstance(value, dict)}
    own = {name: value for name, value in table.items() if name not in inner}
    of_strategies = {
        name: _signed(f"{path} [{NAME}.{name}]", value, faults) for name, value in inner.items()
    }
    return Section(_signed(place, own, faults), of_strategies)


def with_section(
    path: str, strategies: Mapping[str, Strategy], section: Section, faults: list[str]
) -> dict[str, Strategy]:
    """The strategies with what the section says of each."""
    found = dict(strategies)
    for name, about in section.strategies.items():
        place, known = f"{path} [{NAME}.{name}]", found.get(name)
        if known is None:
            hint = variables.suggestion(name, list(found)) or (
                f"; there are {', '.join(found) or 'none'}: write [{name}] first"
            )
            faults.append(f"{place}: names no strategy of this file{hint}")
        elif known.notify_about is not None:
            faults.append(f"{place}: [{name}] has notify_about as well; leave one of both out")
        else:
            found[name] = known._replace(notify_about=about)
    return found


def applied(about: str, chosen: frozenset[str] | None) -> frozenset[str]:
    """What is told with it. ``chosen``: what NOTIFY_ABOUT says."""
    return notify_values.about(about, DEFAULT if chosen is None else chosen)


def _signed(place: str, table: Mapping[str, Any], faults: list[str]) -> str:
    for name, value in table.items():
        if name not in KINDS:
            elsewhere = _ELSEWHERE.get(name)
            hint = variables.suggestion(name, KINDS) or f"; there are {', '.join(KINDS)}"
            what = "is nothing that can be told"
            faults.append(f"{place} {name}: {what}{f'; {elsewhere}' if elsewhere else hint}")
        elif not isinstance(value, bool):
            faults.append(f"{place} {name}: must be true or false, without quotes")
    return ",".join(
        f"{'+' if value is True else '-'}{name}" for name, value in table.items() if name in KINDS
    )
