"""The facts of an event as plain values, as JSON and on one line. Whatever a fact holds, it can't
end its line."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

_TRACEBACK = logging.Formatter()


def facts_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """What was said beside the event's name."""
    given = getattr(record, "facts", {})
    return given if isinstance(given, Mapping) else {"facts": given}


def facts_and_trace(record: logging.LogRecord, project: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of a record, a traceback among them; apart from them its trace as Cloud Logging
    wants it.

    Without a project there is no such trace, and its parts stay facts.
    """
    facts = dict(facts_of(record))
    if record.exc_info:
        facts["exception"] = _TRACEBACK.formatException(record.exc_info)
    if project is None or "trace" not in facts:
        return facts, {}
    trace = {
        "trace": f"projects/{project}/traces/{facts.pop('trace')}",
        "span_id": facts.pop("span_id", ""),
        "trace_sampled": facts.pop("trace_sampled", False),
    }
    return facts, trace


class FactsEncoder(json.JSONEncoder):
    """JSON that never fails and is ASCII: what stands in a fact can't end its line, nor lose it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": True, "allow_nan": False})

    def default(self, o: object) -> object:
        return plain(o)

    def encode(self, o: Any) -> str:
        try:
            return super().encode(o)
        except (
            TypeError,
            ValueError,
            RecursionError,
        ):  # a key or a number that JSON lacks: an odd line beats none
            odd = {str(name): value if isinstance(value, str) else repr(value) for name, value in dict(o).items()}
            return super().encode(odd)


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
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
