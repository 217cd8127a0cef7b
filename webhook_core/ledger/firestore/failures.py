"""What an answer of Firestore's proves when it is no success: by its code, never by its sentence.

The codes: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto, each with the
HTTP status that belongs to it. Whatever is not exactly one of them proves nothing.
"""

from __future__ import annotations

import json
from typing import Any


class FirestoreError(Exception):
    """``status`` is Google's code, or what happened instead of an answer."""

    def __init__(self, status: str, reason: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        """Google's closer code, such as SERVICE_DISABLED; "" for none."""


class AlreadyThere(FirestoreError):
    """What was to be created exists. Nothing was written."""


class Changed(FirestoreError):
    """What was to be replaced is another version by now, or is gone. Nothing was written."""


class Contended(FirestoreError):
    """Others write there too. Nothing was written, and a next attempt may succeed."""


class Unproved(FirestoreError):
    """No answer, or none that says what happened: it may have been done."""


class Forbidden(FirestoreError):
    """This account may not, or is not known. Nothing was done."""


class CallRefused(FirestoreError):
    """Not done, and a next attempt at once would be no better."""


_CODES: dict[str, tuple[int, type[FirestoreError]]] = {
    "ALREADY_EXISTS": (409, AlreadyThere),
    "ABORTED": (409, Contended),
    "FAILED_PRECONDITION": (400, Changed),
    "NOT_FOUND": (404, Changed),
    "PERMISSION_DENIED": (403, Forbidden),
    "UNAUTHENTICATED": (401, Forbidden),
    "RESOURCE_EXHAUSTED": (429, CallRefused),
    "INVALID_ARGUMENT": (400, CallRefused),
    "OUT_OF_RANGE": (400, CallRefused),
    "CANCELLED": (499, Unproved),
    "DEADLINE_EXCEEDED": (504, Unproved),
    "UNAVAILABLE": (503, Unproved),
    "INTERNAL": (500, Unproved),
    "UNKNOWN": (500, Unproved),
    "DATA_LOSS": (500, Unproved),
    "UNIMPLEMENTED": (501, Unproved),
}
_BY_HTTP = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
"""These two may come from a front end that speaks no JSON."""


def result_of(http_status: int, body: bytes) -> Any:
    """The document of a success. Raises FirestoreError."""
    document = _json(body)
    if http_status == 200:
        if document is None:
            raise Unproved("MALFORMED")
        for part in document if isinstance(document, list) else [document]:
            if isinstance(part, dict) and "error" in part:  # a stream that broke off in its middle
                raise _error_in(part, None)
        return document
    if isinstance(document, list):  # how a stream that never began says it
        document = document[0] if document else None
    raise _error_in(document, http_status)


def _error_in(document: Any, http_status: int | None) -> FirestoreError:
    error = document.get("error") if isinstance(document, dict) else None
    error = error if isinstance(error, dict) else {}
    found, status = error.get("status"), http_status or error.get("code")
    expected, kind = _CODES.get(found, (0, Unproved)) if isinstance(found, str) else (0, Unproved)
    if expected and expected == status:
        return kind(str(found), _reason_in(error))
    if status in _BY_HTTP:
        return Forbidden(_BY_HTTP[status])
    return Unproved(f"HTTP_{status}" if isinstance(status, int) else "MALFORMED")


def _reason_in(error: dict[str, Any]) -> str:
    """google.rpc.ErrorInfo's reason."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        reason = detail.get("reason") if isinstance(detail, dict) else None
        if isinstance(reason, str):
            return reason
    return ""


def _json(body: bytes) -> Any:
    """None for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
