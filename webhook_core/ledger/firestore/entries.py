"""An entry as a document of Firestore's, and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import TERMINAL, LedgerEntry
from webhook_core.ledger.firestore.calls import Stored
from webhook_core.ledger.keys import base_digest, cursor_text
from webhook_core.ledger.serial import stored_entry, to_text
from webhook_core.ledger.unfinished import kept_since, unfinished_place

RETENTION = timedelta(days=90)
UNSURE = "Firestore is too busy, or does not say whether it has written"
GONE = "The ledger holds no such entry any more."
CONTENTION_S = 0.05
"""What Firestore aborts because others write there too may succeed so much later."""


def fields_of(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "document": to_text(entry),
        "base": base_digest(entry.unit).hex(),
        "generation": entry.unit.generation,
        "state": entry.state.value,
        "strategy": entry.strategy,
        "unfinished": unfinished_place(entry),
        "orderId": entry.current.order_id,
        "claimedAt": entry.claimed_at,
        "expireAt": kept_since(entry) + RETENTION if entry.state in TERMINAL else None,
    }


def entry_in(stored: Stored) -> LedgerEntry:
    """Raises LedgerUnavailable for a document that is none of ours."""
    return stored_entry(stored.text("document") or "", stored.version)


def is_kept(stored: Stored, kept_before: datetime) -> bool:
    """Seen open since then, though it was claimed before."""
    expires = stored.moment("expireAt")
    return expires is not None and expires - RETENTION >= kept_before


def is_expired(stored: Stored, now: datetime) -> bool:
    """It counts as absent."""
    expires = stored.moment("expireAt")
    return expires is not None and expires <= now


def cursor_at(last: Stored) -> str:
    """Where a page ended whose last entry this is."""
    claimed_at = last.moment("claimedAt")
    if claimed_at is None:
        raise LedgerUnavailable.because("an entry in it can't be read")
    return cursor_text(claimed_at, last.id)
