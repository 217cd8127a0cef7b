"""google-cloud-logging's own handler for standard output, with what would leak or lose a line put right.

No client, no network, no thread: Cloud Run turns each line into a log entry (docs.cloud.google.com/logging/docs/
structured-logging), so the handler may be built before gunicorn forks.
"""

from __future__ import annotations

import logging
from typing import Any

from webhook_core.cloud.log_facts import FactsEncoder, facts_and_trace


def handler(stream: Any, project: str | None) -> logging.Handler:
    """A StructuredLogHandler that writes events to ``stream``."""
    from google.cloud import logging_v2
    from google.cloud.logging_v2.handlers import StructuredLogHandler

    logging_v2._instrumentation_emitted = True  # noqa: SLF001  a line about the library itself
    made: logging.Handler = StructuredLogHandler(  # type: ignore[no-untyped-call]
        stream=stream, project_id=project, json_encoder_cls=FactsEncoder
    )
    made.setFormatter(_Name())
    made.filters.insert(0, _Prepared(project))
    return made


class _Prepared(logging.Filter):
    """Runs before the library's filter, which takes from flask's request whatever the record does not say by then: the
    URL with its query, and any text that stands where a trace should."""

    def __init__(self, project: str | None) -> None:
        super().__init__()
        self._project = project

    def filter(self, record: logging.LogRecord) -> bool:
        facts, trace = facts_and_trace(record, self._project)
        execution_id = facts.get("execution_id")
        prepared = {
            "json_fields": facts,
            "labels": {"execution_id": execution_id} if execution_id else {},
            "http_request": None,
            "trace": "",
            "span_id": "",
            "trace_sampled": False,
            **trace,
        }
        record.__dict__.update(prepared)
        return True


class _Name(logging.Formatter):
    """The event's name alone: a traceback is a fact, and a text that looks like JSON must not become the entry."""

    def format(self, record: logging.LogRecord) -> str:
        name = record.getMessage()
        return f" {name}" if name.startswith("{") else name
