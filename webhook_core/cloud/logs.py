"""How an event becomes a line: one JSON object for Cloud Logging, or a line for people.

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
from typing import Any, TextIO

from webhook_core.events import LOGGER

_MASK = "***"
_SHORTEST = 8
"""Shorter texts are in every line by chance; no secret that the settings take from a sender is."""


def configure(level: str, json_lines: bool, stream: TextIO | None = None, secrets: Collection[str] = ()) -> None:
    """Set up the one handler of our logger; done again, it replaces the first.

    ``stream``: None is whatever ``sys.stdout`` is when a line is written, so that Google's wrapper of it can add its
    labels. ``secrets``: texts that no line may contain, whoever put them there.
    """
    for handler in [handler for handler in LOGGER.handlers if isinstance(handler, _LineHandler)]:
        LOGGER.removeHandler(handler)
    handler = _LineHandler(stream)
    handler.setFormatter(_JsonLine(secrets) if json_lines else _ConsoleLine(secrets))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.propagate = False


class _LineHandler(logging.Handler):
    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self.stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            stream = self.stream or sys.stdout
            stream.write(self.format(record) + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001  a full disk or a closed pipe must not stop an order
            self.handleError(record)


class _Line(logging.Formatter):
    """Renders the record, then takes out every secret that got into it all the same."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__()
        written = (form for secret in secrets if len(secret) >= _SHORTEST for form in _ways_to_write(secret))
        self._secrets = sorted(set(written), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", {})
        line = self.line(record, facts if isinstance(facts, Mapping) else {"facts": facts})
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return line

    def line(self, record: logging.LogRecord, facts: Mapping[str, Any]) -> str:
        raise NotImplementedError


class _JsonLine(_Line):
    def line(self, record: logging.LogRecord, facts: Mapping[str, Any]) -> str:
        document = {
            **facts,
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        try:
            return json.dumps(document, default=_plain, allow_nan=False)
        except (TypeError, ValueError, RecursionError):  # a key or a number that JSON lacks: an odd line beats none
            return json.dumps(
                {name: value if isinstance(value, str) else repr(value) for name, value in document.items()}
            )


class _ConsoleLine(_Line):
    def line(self, record: logging.LogRecord, facts: Mapping[str, Any]) -> str:
        clock = time.strftime("%H:%M:%S", time.gmtime(record.created))
        parts = [clock, record.levelname, _on_one_line(record.getMessage())]
        parts.extend(f"{name}={_for_people(value)}" for name, value in facts.items() if value is not None)
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
