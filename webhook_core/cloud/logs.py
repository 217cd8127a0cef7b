"""How an event becomes a line: for Google Cloud, one JSON object elsewhere in production, or a line for people.

No value can end its line or start another: what comes from outside stays inside its field. The fields ``severity``,
``message`` and ``time`` are Cloud Logging's (docs.cloud.google.com/logging/docs/structured-logging).
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, TextIO

from webhook_core.events import LOGGER

Style = Literal["console", "json", "google"]
_MASK = "***"
_SHORTEST = 8
"""Shorter texts are in every line by chance; no secret that the settings take from a sender is."""
_TRACEBACK = logging.Formatter()
_TRACE_FIELDS = {
    "trace": "logging.googleapis.com/trace",
    "span_id": "logging.googleapis.com/spanId",
    "trace_sampled": "logging.googleapis.com/trace_sampled",
}
_NOT_FOR_PEOPLE = frozenset({"trace", "span_id", "trace_sampled", "execution_id"})


def configure(
    level: str,
    style: Style,
    stream: TextIO | None = None,
    secrets: Collection[str] = (),
    project: str | None = None,
) -> None:
    """Set up the one handler of our logger; done again, it replaces the first.

    ``stream``: None is whatever ``sys.stdout`` is when a line is written, so that Google's wrapper of it can add its
    labels. ``secrets``: texts that no line may contain, whoever put them there. ``project``: whose traces the lines join.
    """
    for handler in [handler for handler in LOGGER.handlers if handler.name == LOGGER.name]:
        LOGGER.removeHandler(handler)
    output = _Output(stream, secrets)
    if style == "google":
        from webhook_core.cloud import google_logs

        handler = google_logs.handler(output, project)
    else:
        handler = logging.StreamHandler(output)
        handler.setFormatter(_JsonLine(project) if style == "json" else _ConsoleLine())
    handler.name = LOGGER.name
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.propagate = False
    LOGGER.disabled = False  # functions-framework's own dictConfig disables every logger that it finds


def mask(secrets: Collection[str]) -> None:
    """Texts that are known only now, and that no line may contain from here on."""
    for handler in LOGGER.handlers:
        output = getattr(handler, "stream", None)
        if isinstance(output, _Output):
            output.mask(secrets)


class _Output:
    """Where lines go, after every secret that got into one all the same is taken out of it."""

    def __init__(self, stream: TextIO | None, secrets: Collection[str]) -> None:
        self._secrets: list[str] = []
        self._stream = stream
        self.mask(secrets)

    def mask(self, secrets: Collection[str]) -> None:
        written = {form for secret in secrets if len(secret) >= _SHORTEST for form in _ways_to_write(secret)}
        self._secrets = sorted(written.union(self._secrets), key=len, reverse=True)

    def write(self, line: str) -> None:
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        (self._stream or sys.stdout).write(line)

    def flush(self) -> None:
        (self._stream or sys.stdout).flush()


class FactsEncoder(json.JSONEncoder):
    """JSON that never fails and is ASCII: what stands in a fact can't end its line, nor lose it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": True, "allow_nan": False})

    def default(self, o: object) -> object:
        return _plain(o)

    def encode(self, o: Any) -> str:
        try:
            return super().encode(o)
        except (TypeError, ValueError, RecursionError):  # a key or a number that JSON lacks: an odd line beats none
            plain = {str(name): value if isinstance(value, str) else repr(value) for name, value in dict(o).items()}
            return super().encode(plain)


def facts_and_trace(record: logging.LogRecord, project: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of a record, a traceback among them; apart from them its trace as Cloud Logging wants it.

    Without a project there is no such trace, and its parts stay facts.
    """
    given = getattr(record, "facts", {})
    facts = dict(given) if isinstance(given, Mapping) else {"facts": given}
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


class _JsonLine(logging.Formatter):
    def __init__(self, project: str | None) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        facts, trace = facts_and_trace(record, self._project)
        document = {
            **facts,
            **{_TRACE_FIELDS[name]: value for name, value in trace.items()},
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        return _ENCODER.encode(document)


_ENCODER = FactsEncoder()


class _ConsoleLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        given = getattr(record, "facts", {})
        facts = given if isinstance(given, Mapping) else {"facts": given}
        clock = time.strftime("%H:%M:%S", time.gmtime(record.created))
        parts = [clock, record.levelname, _on_one_line(record.getMessage())]
        shown = {name: value for name, value in facts.items() if value is not None and name not in _NOT_FOR_PEOPLE}
        parts.extend(f"{name}={_for_people(value)}" for name, value in shown.items())
        line = " ".join(parts)
        if record.exc_info:
            # Indented, so that no line of it can pass for an event.
            line += "".join(f"\n    {_on_one_line(row)}" for row in self.formatException(record.exc_info).splitlines())
        return line


def _ways_to_write(text: str) -> tuple[str, ...]:
    """As it is, and as JSON escapes it."""
    return text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):  # datetime is one
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def _for_people(value: object) -> str:
    if not isinstance(value, str):
        plain = _plain(value) if isinstance(value, Decimal | date) else value
        value = plain if isinstance(plain, str) else json.dumps(plain, default=_plain, ensure_ascii=False)
        return _on_one_line(value)
    if value and value.isprintable() and not set(value) & set(' ="\\'):
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
