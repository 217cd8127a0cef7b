"""The request and the response that the core works on, free of any web framework, and
what HTTP itself has to say against a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from webhook_core.errors import WebhookError
from webhook_core.value import NamedTuple

MAX_BODY_BYTES = 64 * 1024
"""TradingView states no limit; a Pine string holds 40,960 characters (Pine v6 User Manual,
concepts/strings)."""


class HttpRequest(NamedTuple):
    """``headers``: lower-case names, repeated ones joined by ", ". ``body``: raw bytes, at most
    MAX_BODY_BYTES + 1 of them. Of a body that is ``oversized`` by its own declaration, or ``late``,
    nothing was taken. ``url_token``: what the path held, which has it no more.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    peer: str
    received_at: datetime
    oversized: bool = False
    late: bool = False
    url_token: str | None = None


class HttpResponse(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class NotFound(WebhookError):
    code = "not_found"
    status = 404


class MethodNotAllowed(WebhookError):
    """``allowed`` is the value of the Allow header."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class BodyLate(WebhookError):
    """Half of an alert is none. Nothing was read, so a redelivery is safe, and may come whole:
    HTTP's own word for it, 408, would have TradingView give the alert up."""

    code = "body_late"
    status = 503
    is_senders = True


class BodyTooLarge(WebhookError):
    code = "body_too_large"
    status = 413


def json_response(
    status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Decimals become plain decimal strings, never exponents and never floats."""
    body = json.dumps(document, default=_plain, ensure_ascii=False).encode("utf-8", "replace")
    return HttpResponse(
        status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})}
    )


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
