"""An entry as a document of Firestore's, and back; and the queries that list them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State, Unit
from webhook_core.ledger.firestore_calls import version_text
from webhook_core.ledger.serial import base_digest, from_text, to_text
from webhook_core.ledger.unfinished import unfinished_place

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from webhook_core.ledger.firestore_calls import FirestoreCalls, Snapshot

LEDGER = "ledger"
"""The collection."""
RETENTION = timedelta(days=90)
UNSURE = "The ledger is not available: Firestore is too busy, or does not say whether it has written."
GONE = "The ledger holds no such entry any more."
ORDERS_AT_ONCE = 30
"""Values of one "in" (cloud.google.com/firestore/docs/query-data/queries)."""
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
        "expireAt": entry.claimed_at + RETENTION if entry.state in TERMINAL else None,
    }


def entry_in(snapshot: Snapshot) -> LedgerEntry:
    """Raises LedgerUnavailable for a document that is none of ours."""
    try:
        return from_text(snapshot.get("document"), version_text(snapshot.update_time))
    except ValueError as error:
        raise LedgerUnavailable("The ledger is not available: an entry in it can't be read.") from error


def entry_to_show(snapshot: Snapshot) -> LedgerEntry | None:
    """None, and a log line, for one that can't be read: a list of many goes on without it."""
    try:
        return from_text(snapshot.get("document"), version_text(snapshot.update_time))
    except ValueError as error:
        event(logging.WARNING, "ledger.entry_unreadable", key=snapshot.id, reason=str(error))
        return None


def is_expired(snapshot: Snapshot, now: datetime) -> bool:
    """It counts as absent."""
    expires = snapshot.get("expireAt")
    return expires is not None and expires <= now


def filtered(query: Any, states: Collection[State] | None, strategy: str | None) -> Any:
    if strategy is not None:
        query = where(query, "strategy", "==", strategy)
    if states is not None:
        query = where(query, "state", "in", sorted(state.value for state in states))
    return query


def oldest_terminal(client: Client, *, before: datetime, limit: int) -> Any:
    """Their names and times alone."""
    query = where(filtered(client.collection(LEDGER), TERMINAL, None), "claimedAt", "<", before)
    return query.order_by("claimedAt").limit(limit).select(["claimedAt"])


def newest_of(client: Client, *, unit: Unit) -> Any:
    same = where(client.collection(LEDGER), "base", "==", base_digest(unit).hex())
    return same.order_by("generation", direction="DESCENDING").limit(1)


def in_places(client: Client, *, places: Collection[str], limit: int) -> Any:
    return where(client.collection(LEDGER), "unfinished", "in", places).limit(limit)


def where(query: Any, field: str, operator: str, value: object) -> Any:
    from google.cloud.firestore_v1.base_query import FieldFilter

    return query.where(filter=FieldFilter(field, operator, value))


def of_orders(calls: FirestoreCalls, order_ids: Sequence[str]) -> list[Snapshot]:
    """Along the index that Firestore keeps of every field."""
    found: list[Snapshot] = []
    for start in range(0, len(order_ids), ORDERS_AT_ONCE):
        asked = list(order_ids[start : start + ORDERS_AT_ONCE])

        def those(client: Client, asked: list[str] = asked) -> Any:
            return where(client.collection(LEDGER), "orderId", "in", asked)

        found += calls.query(those)
    return found
