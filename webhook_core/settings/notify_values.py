"""Who is told, and what -> values. Nothing about an address ever stops the start: whoever can't be
told is warned of, and the bridge trades.

No message here repeats any part of an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from webhook_core.notify.kinds import DEFAULT, KINDS
from webhook_core.settings import variables
from webhook_core.settings.notify_services import PASTED, SERVICES
from webhook_core.settings.secret_names import path_of, version_of
from webhook_core.settings.secret_values import Secret, is_like_a_name
from webhook_core.trading import day_begins
from webhook_core.trading.day_begins import DayBegins

_NEXT = r"\s*,\s*(?=[A-Za-z][A-Za-z0-9+.-]{0,31}:/|projects/|env:)|\s+"
"""A comma may stand inside of an address, so only one before another address parts."""
_URL = r"(?a)[A-Za-z][A-Za-z0-9+.-]{0,31}://[!-~]{1,4000}"
_SHORTEST = 8
"""Shorter texts are in every line by chance."""


def texts(value: str) -> tuple[Secret, ...]:
    """One or more addresses, or names of secrets that hold some; anything else stays as it is."""
    parts = (part.strip(" ,\t\r\n") for part in re.split(_NEXT, value.strip()))
    return tuple(Secret(part) for part in parts if part)


def about(value: str, default: Collection[str] = DEFAULT) -> frozenset[str]:
    """``+fill,-denied`` changes what is told by default; names alone stand in its place; ``all``
    and ``none``. Raises ValueError."""
    found: set[str] = set()
    parts = variables.entries(value.lower())
    signed = [part for part in parts if part[0] in "+-"]
    if signed and len(signed) < len(parts):
        raise ValueError("write every name with + or -, or every one without")
    if signed:
        found |= set(default)
    for part in parts:
        names = _kinds(part.lstrip("+-"), alone=len(parts) == 1 and not signed)
        found = found - names if part.startswith("-") else found | names
    return frozenset(found)


def _kinds(name: str, *, alone: bool) -> set[str]:
    if alone and name in ("all", "none"):
        return set(KINDS) if name == "all" else set()
    if name not in KINDS:
        hint = variables.suggestion(name, KINDS) or f"; there are {', '.join(KINDS)}, all and none"
        raise ValueError(f"{variables.shown(name)} is nothing that can be told{hint}")
    return {name}


def about_of_toml(value: object) -> str:
    """``notify_about`` of a strategy, as it is written: it changes what NOTIFY_ABOUT says."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be a text such as "+fill,-denied"')
    about(value.strip())
    return value.strip()


def hour(value: str) -> DayBegins:
    """``07:00`` is in UTC; a zone may follow, with whose clock it moves."""
    try:
        return day_begins.parse(value if " " in value else f"{value} UTC")
    except ValueError as error:
        wrong = f" ({error})" if "zone;" in str(error) else ""
        raise ValueError(
            f"{variables.shown(value)} is no hour of a day such as 07:00 (UTC) or "
            f"07:00 Europe/Berlin{wrong}"
        ) from None


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "NOTIFY": texts,
    "NOTIFY_ABOUT": about,
    "NOTIFY_SUMMARY": hour,
}


def of_toml(value: object, env: Mapping[str, str]) -> tuple[Secret, ...]:
    """``notify`` of a strategy. A variable that is not set leaves its name, which is warned of."""
    given = value if isinstance(value, list) else [value]
    entries = [entry.strip() for entry in given if isinstance(entry, str) and entry.strip()]
    if not entries or len(entries) < len(given):
        raise ValueError('must be a list such as ["env:TREND_NOTIFY"]')
    found: list[Secret] = []
    for entry in entries:
        name = entry.removeprefix("env:").strip()
        found += texts((env.get(name) if name != entry else entry) or entry)
    return tuple(found)


def to_mask(found: Collection[Secret]) -> tuple[Secret, ...]:
    """Those that may be secrets themselves, and no names of one."""
    named = ("env:", "file:", "projects/")
    return tuple(
        each
        for each in found
        if len(text := each.get_secret_value()) >= _SHORTEST and not text.startswith(named)
    )


def fault_of(text: str) -> str | None:
    """What is wrong with its form; None for a URL, and for a name that is read later."""
    if version_of(text) is not None or path_of(text) is not None:
        return None
    if re.fullmatch(_URL, text):
        known = text.partition("://")[0].lower() in SERVICES | PASTED
        return None if known else "begins like no service of apprise"
    if text.startswith("env:"):
        return "names a variable that is not set"
    if is_like_a_name(text):
        return "holds a name of a secret in no form that can be read"
    return "is no address"
