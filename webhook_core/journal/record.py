"""What is kept of an alert that has no entry in the ledger, as a value and
as the text of a note."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from webhook_core.ledger.store import Note

OUTCOMES = (
    *("accepted", "no_action", "validated", "unknown", "not_sent", "missed", "denied", "rejected"),
    *("not_placed", "expired", "malformed", "stale", "conflict", "superseded", "id_reused"),
    *("paused", "out_of_scope", "failed", "not_kept"),
)
RESENT = "resent"
"""A delivery of an alert that has its entry or record: shown with it, and no alert of its own."""
NOT_KEPT = "not_kept"
"""What an alert can have come to. ``not_kept`` is no alert: more came in a minute than are kept."""
NOT_REFUSED = frozenset({"accepted", "no_action", "validated", "unknown", "not_sent", "missed"})
"""All else ended without an order, for good."""
_OF_CODE = {
    "alert_malformed": "malformed",
    "alert_stale": "stale",
    "alert_conflict": "conflict",
    "order_denied": "denied",
    "rate_limited": "denied",
    "order_rejected": "rejected",
    "internal_error": "failed",
    "venue_unavailable": "failed",
    "loss_unknown": "failed",
}


def outcome_of(code: str) -> str:
    """The outcome that an answer's code means; a code without one of its own is its outcome."""
    return _OF_CODE.get(code, code)


class AlertRecord(NamedTuple):
    """``at``: when the alert came in. ``asked``: what it wants, in one line; ``fields``: what it
    said of its order, each shortened. ``not_kept``: how many alerts before it were not kept, since
    the minute had too many. ``checks``: of a plan that was only validated, or up to the one that
    refused; ``validates``: nothing was to be traded, whatever came of it. ``account``: empty where
    an earlier version wrote it, which named none."""

    at: datetime
    mode: str
    strategy: str
    outcome: str
    code: str
    alert_id: str | None = None
    symbol: str | None = None
    asked: str = ""
    reason: str = ""
    field: str | None = None
    warnings: tuple[str, ...] = ()
    milliseconds: int = 0
    not_kept: int = 0
    fields: Mapping[str, str] = {}
    checks: tuple[Mapping[str, Any], ...] = ()
    validates: bool = False
    account: str = ""


def text_of(record: AlertRecord) -> str:
    """Compact JSON without what says nothing; ``at`` and ``strategy`` are the note's own."""
    said = record._asdict()
    known = {name: said[name] for name in said if name not in ("at", "strategy")}
    unsaid = AlertRecord._field_defaults
    kept = {name: value for name, value in known.items() if value != unsaid.get(name)}
    return json.dumps(kept, separators=(",", ":"), default=str)


def record_in(note: Note) -> AlertRecord:
    """Keys that this version does not know are ignored.

    Raises ValueError for a text that is none of ours.
    """
    try:
        said = json.loads(note.text)
        known = {name: said[name] for name in AlertRecord._fields if name in said}
        for name in ("warnings", "checks"):
            if name in known:
                known[name] = tuple(known[name])
        return AlertRecord(**{**known, "at": note.at, "strategy": note.strategy})
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a record: {type(error).__name__}") from error
