"""An event as one JSON object on one line, ASCII throughout.

Whatever a fact holds, it can't end its line or start another, take the place of one of Cloud
Logging's own fields, or lose the line.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from webhook_core.cloud.log_facts import facts_of, plain

_GOOGLES = "logging.googleapis.com/"
_TRACE, _SPAN_ID, _SAMPLED = f"{_GOOGLES}trace", f"{_GOOGLES}spanId", f"{_GOOGLES}trace_sampled"
_TAKEN = frozenset({"severity", "message", "httpRequest", "time"})
_TAKEN |= {"timestamp", "timestampSeconds", "timestampNanos"}
"""What Cloud Logging reads as the entry's own
(docs.cloud.google.com/logging/docs/structured-logging); beside them all that begins as
``_GOOGLES``."""
_TRACEBACK = logging.Formatter()
_Fields = dict[str, Any]


class JsonLine(logging.Formatter):
    """For any collector of logs.

    ``project``: whose traces the lines join; None: a trace is a fact.
    """

    def __init__(self, project: str | None) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        facts, fields = _facts_and_trace(record, self._project)
        fields["severity"] = record.levelname
        fields["message"] = record.getMessage()
        fields["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        return encode({**facts, **fields})


class GoogleLine(JsonLine):
    """For Cloud Run, which turns each line into an entry of Cloud Logging: the entry that
    google-cloud-logging's StructuredLogHandler would make of it, key by key."""

    def format(self, record: logging.LogRecord) -> str:
        facts, trace = _facts_and_trace(record, self._project)
        execution_id = facts.get("execution_id")
        fields = {
            "message": record.getMessage(),
            "severity": record.levelname,
            f"{_GOOGLES}labels": {
                "python_logger": record.name,
                **({"execution_id": execution_id} if execution_id else {}),
            },
            _TRACE: "",
            _SPAN_ID: "",
            _SAMPLED: False,
            **trace,
            f"{_GOOGLES}sourceLocation": {
                "line": record.lineno,
                "file": record.pathname,
                "function": record.funcName,
            },
            "httpRequest": {},
        }
        return encode({**facts, **fields})


def _facts_and_trace(record: logging.LogRecord, project: str | None) -> tuple[_Fields, _Fields]:
    """The facts of a record, a traceback among them; apart from them its trace in Cloud Logging's
    fields. Without a project there is no such trace, and its parts stay facts."""
    given = facts_of(record)
    facts = {name: value for name, value in given.items() if not _is_taken(name)}
    if record.exc_info:
        facts["exception"] = _TRACEBACK.formatException(record.exc_info)
    if project is None or "trace" not in facts:
        return facts, {}
    trace = {
        _TRACE: f"projects/{project}/traces/{facts.pop('trace')}",
        _SPAN_ID: facts.pop("span_id", ""),
        _SAMPLED: facts.pop("trace_sampled", False),
    }
    return facts, trace


def _is_taken(name: object) -> bool:
    return name in _TAKEN or str(name).startswith(_GOOGLES)


def encode(document: Mapping[Any, Any]) -> str:
    """One line of ASCII. A value that JSON lacks is written as Python writes it."""
    try:
        return _ENCODER.encode(document)
    except Exception:  # noqa: BLE001  a key, a number, a __str__: an odd fact beats no line
        odd = {str(name): _encodable(value) for name, value in document.items()}
        return _ENCODER.encode(odd)


def _encodable(value: object) -> object:
    try:
        _ENCODER.encode(value)
    except Exception:  # noqa: BLE001
        return _described(value)
    return value


def _described(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001
        return f"<{type(value).__name__}>"


_ENCODER = json.JSONEncoder(default=plain, allow_nan=False)
