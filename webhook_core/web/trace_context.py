"""Which trace and which execution a request belongs to, so that its log lines stand
beside the platform's own.

Headers come from anyone: what is not exactly a trace is none. ``traceparent``
(w3.org/TR/trace-context) wins over Google's older ``X-Cloud-Trace-Context``
(cloud.google.com/trace/docs/trace-context).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_EXECUTION_ID = 64
_HEX = frozenset("0123456789abcdef")


def facts(headers: Mapping[str, str]) -> dict[str, Any]:
    """``trace``, ``span_id`` (16 hex digits), ``trace_sampled`` and ``execution_id``, as far as the
    headers have them."""
    found = _traceparent(headers.get("traceparent", "")) or _cloud(
        headers.get("x-cloud-trace-context", "")
    )
    execution = headers.get("function-execution-id", "")
    if execution.isascii() and execution.isalnum() and len(execution) <= _LONGEST_EXECUTION_ID:
        found["execution_id"] = execution
    return found


def _traceparent(text: str) -> dict[str, Any]:
    """``version-trace-span-flags``; versions above 00 may have more after that, ff is none."""
    version, trace, span, flags, *more = [*text.strip().split("-"), "", "", "", ""]
    if not _is_hex(version, 2) or version == "ff" or (version == "00" and any(more)):
        return {}
    if not (_is_id(trace, 32) and _is_id(span, 16) and _is_hex(flags, 2)):
        return {}
    return {"trace": trace, "span_id": span, "trace_sampled": bool(int(flags, 16) & 1)}


def _cloud(text: str) -> dict[str, Any]:
    """``TRACE[/SPAN][;o=1]`` with the span as a decimal number."""
    path, _, options = text.strip().partition(";")
    trace, _, span = path.partition("/")
    if not _is_id(trace, 32) or options not in ("", "o=0", "o=1"):
        return {}
    found: dict[str, Any] = {"trace": trace, "trace_sampled": options == "o=1"}
    if not span:
        return found
    number = int(span) if span.isascii() and span.isdigit() and len(span) <= 20 else 0
    return {**found, "span_id": f"{number:016x}"} if 0 < number < 2**64 else {}


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= _HEX


def _is_id(text: str, length: int) -> bool:
    return _is_hex(text, length) and text.strip("0") != ""
