"""A ledger entry as plain JSON and back, without loss, and the keys and cursors that
every store shares.

Times are UTC in ISO 8601 with microseconds, decimals are strings, a request's parameters keep their
order. Keys that this version does not know are ignored: an instance of the last deployment may read
what the next one wrote. A key that most entries have no use for is left out where it says nothing:
their texts stay as they have always been.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.ledger.entry import Attempt, LedgerEntry, OrderShown, State, Turn, Unit
from webhook_core.ledger.stored_values import (
    check_document,
    check_of,
    decimal_of,
    exit_document,
    exit_of,
    fill_document,
    fill_of,
    iso,
    request_document,
    request_of,
    time_of,
)
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.trading.refusals import Refusal


def to_document(entry: LedgerEntry) -> dict[str, Any]:
    """Everything but ``version``, which is the store's, and a turn's ``mark``, which is
    of one claim only.

    Raises ValueError for a time without a zone.
    """
    unit = entry.unit
    document: dict[str, Any] = {
        "unit": {
            "mode": unit.mode,
            "account": unit.account,
            "alert_key": unit.alert_key,
            "leg": unit.leg,
            "generation": unit.generation,
        },
        "alert_id": entry.alert_id,
        "body_sha256": entry.body_sha256,
        "strategy": entry.strategy,
        "received_at": iso(entry.received_at),
        "fresh_until": iso(entry.fresh_until),
        "attempts": [_attempt_document(attempt) for attempt in entry.attempts],
        "warnings": list(entry.warnings),
        "turn": None if entry.turn is None else _turn_document(entry.turn),
    }
    if entry.following:
        document["following"] = [request_document(request) for request in entry.following]
    if entry.independent:
        document["independent"] = True
    if entry.figures:
        document["figures"] = {name: str(figure) for name, figure in sorted(entry.figures.items())}
    if entry.counted_until is not None:
        document["counted_until"] = iso(entry.counted_until)
    if entry.exits:
        document["exits"] = [exit_document(trade) for trade in entry.exits]
    if entry.checks:
        document["checks"] = [check_document(check) for check in entry.checks]
    if entry.open_at is not None:
        document["open_at"] = iso(entry.open_at)
    return document


def from_document(document: Mapping[str, Any], version: str = "") -> LedgerEntry:
    """The entry again.

    Raises KeyError, TypeError or ValueError for a document that is not one of ours.
    """
    unit = document["unit"]
    if not document["attempts"]:
        raise ValueError("a stored entry has no attempt")
    return LedgerEntry(
        unit=Unit(
            unit["mode"], unit["account"], unit["alert_key"], unit["leg"], unit["generation"]
        ),
        alert_id=document["alert_id"],
        body_sha256=document["body_sha256"],
        strategy=document["strategy"],
        received_at=time_of(document["received_at"]),
        fresh_until=time_of(document["fresh_until"]),
        attempts=tuple(_attempt(attempt) for attempt in document["attempts"]),
        warnings=tuple(document["warnings"]),
        turn=_turn(document.get("turn")),
        following=tuple(request_of(request) for request in document.get("following", ())),
        independent=bool(document.get("independent", False)),
        figures={name: Decimal(figure) for name, figure in document.get("figures", {}).items()},
        counted_until=time_of(document["counted_until"]) if "counted_until" in document else None,
        exits=tuple(exit_of(trade) for trade in document.get("exits", ())),
        checks=tuple(check_of(check) for check in document.get("checks", ())),
        open_at=time_of(document["open_at"]) if "open_at" in document else None,
        version=version,
    )


def unmarked(entry: LedgerEntry) -> LedgerEntry:
    """As it comes back from a store: a turn's mark, whether it passes, what it takes and whether it
    has begun were of its claim only."""
    if entry.takes or entry.begun:
        entry = replace(entry, takes=(), begun=False)
    if entry.turn is None or (entry.turn.mark is None and not entry.turn.passes):
        return entry
    return replace(entry, turn=entry.turn._replace(mark=None, passes=False))


def to_text(entry: LedgerEntry) -> str:
    """The document as compact ASCII JSON: the same entry is always the same text."""
    return json.dumps(to_document(entry), separators=(",", ":"))


def from_text(text: str, version: str) -> LedgerEntry:
    """Raises ValueError, and only that, for a text that is not one of ours."""
    try:
        return from_document(json.loads(text), version)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not a ledger entry: {type(error).__name__}") from error


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    document: dict[str, Any] = {
        "number": attempt.number,
        "client_order_id": attempt.client_order_id,
        "request": request_document(attempt.request),
        "owner": attempt.owner,
        "claimed_at": iso(attempt.claimed_at),
        "deadline": iso(attempt.deadline),
        "state": attempt.state.value,
        "order_id": attempt.order_id,
        "description": attempt.description,
        "reason": attempt.reason,
        "errors": list(attempt.errors),
        "settled_at": None if attempt.settled_at is None else iso(attempt.settled_at),
        "open_absent_at": None if attempt.open_absent_at is None else iso(attempt.open_absent_at),
    }
    if attempt.fill is not None:
        document["fill"] = fill_document(attempt.fill)
    if attempt.close_unseen:
        document["close_unseen"] = True
    if attempt.shown is not None:
        document["shown"] = attempt.shown.value
    if attempt.because is not None:
        document["because"] = attempt.because.value
    return document


def _attempt(document: Mapping[str, Any]) -> Attempt:
    settled_at, open_absent_at = document["settled_at"], document["open_absent_at"]
    reason, errors, shown = _shown(document)
    return Attempt(
        number=document["number"],
        client_order_id=document["client_order_id"],
        request=request_of(document["request"]),
        owner=document["owner"],
        claimed_at=time_of(document["claimed_at"]),
        deadline=time_of(document["deadline"]),
        state=State(document["state"]),
        order_id=document["order_id"],
        description=document["description"],
        reason=reason,
        errors=errors,
        settled_at=None if settled_at is None else time_of(settled_at),
        open_absent_at=None if open_absent_at is None else time_of(open_absent_at),
        fill=fill_of(document.get("fill")),
        close_unseen=bool(document.get("close_unseen", False)),
        shown=shown,
        because=_refusal(document.get("because")),
    )


def _refusal(text: str | None) -> Refusal | None:
    if text is None:
        return None
    from webhook_core.trading.refusals import Refusal  # of another venue than Kraken

    return Refusal(text)


_SAID_OPEN, _SAID_FILLED = "the order is still open", "the order had filled before it was canceled"
"""What entries of before ``shown`` say in its place, as their reason and among their
errors: only these very texts."""


def _shown(document: Mapping[str, Any]) -> tuple[str, tuple[str, ...], OrderShown | None]:
    """Reason, errors, and what the order showed."""
    reason, errors = document["reason"], tuple(document["errors"])
    if "shown" in document:
        return reason, errors, OrderShown(document["shown"])
    if errors == (_SAID_FILLED,):
        return _SAID_FILLED, (), OrderShown.HAD_FILLED
    return reason, errors, OrderShown.STILL_OPEN if reason == _SAID_OPEN else None


def _turn_document(turn: Turn) -> dict[str, Any]:
    document = {"line": turn.line, "fired_at": iso(turn.fired_at), "in_order": turn.in_order}
    positions = {"before": turn.before, "after": turn.after}
    return {**document, **{name: str(held) for name, held in positions.items() if held is not None}}


def _turn(document: Mapping[str, Any] | None) -> Turn | None:
    """None too for an entry that was written before there were turns."""
    if document is None:
        return None
    before, after = decimal_of(document.get("before")), decimal_of(document.get("after"))
    return Turn(
        document["line"], time_of(document["fired_at"]), document["in_order"], before, after
    )
