"""How an event becomes a line: for Google Cloud, one JSON object elsewhere in production, or a line for people.

No value can end its line or start another: what comes from outside stays inside its field. The fields ``severity``,
``message`` and ``time`` are Cloud Logging's (docs.cloud.google.com/logging/docs/structured-logging).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal, TextIO

from webhook_core.cloud.log_facts import FactsEncoder, facts_and_trace
from webhook_core.events import LOGGER
from webhook_core.masking import masked, written_forms

Style = Literal["console", "json", "google"]
_TRACE_FIELDS = {
    "trace": "logging.googleapis.com/trace",
    "span_id": "logging.googleapis.com/spanId",
    "trace_sampled": "logging.googleapis.com/trace_sampled",
}


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
        handler.setFormatter(_JsonLine(project))
        if style == "console":
            from webhook_core.cloud import console

            handler.setFormatter(console.ConsoleLine())
            handler.addFilter(console.worth_a_line)
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
        forms = {*written_forms(secrets), *self._secrets}
        self._secrets = sorted(forms, key=len, reverse=True)

    def write(self, line: str) -> None:
        (self._stream or sys.stdout).write(masked(line, self._secrets))

    def flush(self) -> None:
        (self._stream or sys.stdout).flush()


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
