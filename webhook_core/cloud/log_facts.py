"""The facts of an event, as values that JSON has and as text on one line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any


def facts_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """What was said beside the event's name."""
    given = getattr(record, "facts", {})
    return given if isinstance(given, Mapping) else {"facts": given}


def plain(value: object) -> object:
    """A value that JSON has."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):  # datetime is one
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def on_one_line(text: str) -> str:
    """The text with everything escaped that is not printable."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
