"""A ledger entry as plain JSON and back, without loss.

Times are UTC in ISO 8601 with microseconds, decimals are strings, a request's parameters keep their
order. Keys that this version does not know are ignored: an instance of the last deployment may read
what the next one wrote. A key that most entries have no use for is left out where it says nothing:
their texts stay as they have always been.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.entry import Attempt, LedgerEntry, OrderShown, State, Turn, Unit
from webhook_core.ledger.stored_values import (
    AMOUNT,
    CHECK,
    EXIT_TRADE,
    FILL,
    REQUEST,
    TEXTS,
    TIME,
    Form,
    named,
    several,
)
from webhook_core.value import replace

if TYPE_CHECKING:
    from webhook_core.trading.venue_refusals import Refusal


def to_document(entry: LedgerEntry) -> dict[str, Any]:
    """Everything but ``version``, which is the store's, and what is of one claim only, as a turn's
    ``mark`` is.

    Raises ValueError for a time without a zone.
    """
    document: dict[str, Any] = _ENTRY.write(entry)
    return document


def from_document(document: Mapping[str, Any], version: str = "") -> LedgerEntry:
    """The entry again.

    Raises KeyError, TypeError or ValueError for a document that is not one of ours.
    """
    if not document["attempts"]:
        raise ValueError("a stored entry has no attempt")
    before_turns = {"turn": None}
    entry: LedgerEntry = _ENTRY.read({**before_turns, **document}, version=version)
    return entry


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


def stored_entry(text: str, version: str) -> LedgerEntry:
    """Raises LedgerUnavailable for a text that is none of ours."""
    try:
        return from_text(text, version)
    except ValueError as error:
        raise LedgerUnavailable.because("an entry in it can't be read") from error


def entry_to_show(text: str, version: str, key: str) -> LedgerEntry | None:
    """None, and a log line, for one that can't be read: a list of many goes on without it."""
    try:
        return from_text(text, version)
    except ValueError as error:
        event(logging.WARNING, "ledger.entry_unreadable", key=key, reason=str(error))
        return None


def _refusal(text: str) -> Refusal:
    from webhook_core.trading.venue_refusals import Refusal  # of another venue than Kraken

    return Refusal(text)


_SAID_OPEN, _SAID_FILLED = "the order is still open", "the order had filled before it was canceled"
"""What entries of before ``shown`` say in its place, as their reason and among their
errors: only these very texts."""


def _read_attempt(document: Mapping[str, Any]) -> Attempt:
    shown: dict[str, Any] = {}
    if "shown" not in document:
        if document["errors"] == [_SAID_FILLED]:
            shown = {"reason": _SAID_FILLED, "errors": (), "shown": OrderShown.HAD_FILLED}
        elif document["reason"] == _SAID_OPEN:
            shown = {"shown": OrderShown.STILL_OPEN}
    attempt: Attempt = _ATTEMPT.read({**document, **shown})
    return attempt


_UNIT = named(Unit, dict.fromkeys(Unit._fields), {})
_TURN = named(
    Turn,
    {"line": None, "fired_at": TIME, "in_order": None, "before": AMOUNT, "after": AMOUNT},
    {"before": None, "after": None},
)
_ATTEMPT = named(
    Attempt,
    {
        **dict.fromkeys(("number", "client_order_id")),
        "request": REQUEST,
        "owner": None,
        "claimed_at": TIME,
        "deadline": TIME,
        "state": Form(str, State),
        **dict.fromkeys(("order_id", "description", "reason")),
        "errors": TEXTS,
        "settled_at": TIME,
        "open_absent_at": TIME,
        "fill": FILL,
        "close_unseen": None,
        "shown": Form(str, OrderShown),
        "because": Form(str, _refusal),
    },
    {"fill": None, "close_unseen": False, "shown": None, "because": None},
)
_FIGURES = Form(
    lambda figures: {name: str(figure) for name, figure in sorted(figures.items())},
    lambda document: {name: Decimal(figure) for name, figure in document.items()},
)
_ENTRY = named(
    LedgerEntry,
    {
        "unit": _UNIT,
        **dict.fromkeys(("alert_id", "body_sha256", "strategy")),
        "received_at": TIME,
        "fresh_until": TIME,
        "attempts": several(Form(_ATTEMPT.write, _read_attempt)),
        "warnings": TEXTS,
        "turn": _TURN,
        "following": several(REQUEST),
        "independent": None,
        "figures": _FIGURES,
        "counted_until": TIME,
        "counted": TEXTS,
        "exits": several(EXIT_TRADE),
        "checks": several(CHECK),
        "open_at": TIME,
    },
    {
        **dict.fromkeys(("counted", "following", "exits", "checks"), ()),
        "independent": False,
        "figures": {},
        "counted_until": None,
        "open_at": None,
    },
)
