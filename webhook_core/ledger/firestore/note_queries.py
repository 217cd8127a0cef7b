"""The queries that list notes, as Firestore's REST interface takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webhook_core.ledger.firestore.codec import encoded

_FROM = {"from": [{"collectionId": "history"}]}


def listing(
    strategy: str | None, after: tuple[datetime, str] | None, limit: int, *, newest_first: bool
) -> dict[str, Any]:
    """By time. ``after``: the time and the full name of the last note that was shown."""
    direction = "DESCENDING" if newest_first else "ASCENDING"
    order = [{"field": {"fieldPath": name}, "direction": direction} for name in ("at", "__name__")]
    query: dict[str, Any] = {**_FROM, "orderBy": order, "limit": limit}
    if strategy is not None:
        query["where"] = _filter("strategy", "EQUAL", strategy)
    if after is not None:
        values = [encoded(after[0]), {"referenceValue": after[1]}]
        query["startAt"] = {"values": values, "before": False}
    return query


def oldest(before: datetime, limit: int) -> dict[str, Any]:
    """Their names and times alone."""
    return {
        **_FROM,
        "where": _filter("at", "LESS_THAN", before),
        "orderBy": [{"field": {"fieldPath": "at"}, "direction": "ASCENDING"}],
        "select": {"fields": [{"fieldPath": "at"}]},
        "limit": limit,
    }


def _filter(field: str, operator: str, value: object) -> dict[str, Any]:
    return {"fieldFilter": {"field": {"fieldPath": field}, "op": operator, "value": encoded(value)}}
