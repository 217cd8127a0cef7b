"""The queries that list entries and notes, as Firestore's REST interface takes them.

https://firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from webhook_core.ledger.entry import TERMINAL, State, Unit
from webhook_core.ledger.firestore.calls import DOCUMENTS, HISTORY, LEDGER
from webhook_core.ledger.firestore.codec import encoded
from webhook_core.ledger.keys import base_digest

ORDERS_AT_ONCE = 30
"""Values of one "in" (cloud.google.com/firestore/docs/query-data/queries)."""
Filter = dict[str, Any]
Place = tuple[datetime, str]


def listing(
    states: Collection[State] | None,
    strategy: str | None,
    after: Place | None,
    limit: int,
    *,
    newest_first: bool,
) -> dict[str, Any]:
    """Entries by the time of the claim. ``after``: the time and the full name of the last one that
    was shown."""
    query = _query(LEDGER, [*_filters(states, strategy)], limit)
    return _in_order(query, "claimedAt", after, newest_first=newest_first)


def notes(
    strategy: str | None, after: Place | None, limit: int, *, newest_first: bool
) -> dict[str, Any]:
    """Notes by their time, ``after`` the last one that was shown."""
    query = _query(HISTORY, [*_filters(None, strategy)], limit)
    return _in_order(query, "at", after, newest_first=newest_first)


def oldest_notes(before: datetime, limit: int) -> dict[str, Any]:
    """The names and times of notes alone."""
    return {
        **_query(HISTORY, [_filter("at", "LESS_THAN", before)], limit),
        "orderBy": [_ordered("at", descending=False)],
        "select": {"fields": [{"fieldPath": "at"}]},
    }


def oldest_terminal(before: datetime, limit: int, after: datetime | None) -> dict[str, Any]:
    """Their names and times alone, of those claimed after that moment."""
    filters = [*_filters(TERMINAL, None), _filter("claimedAt", "LESS_THAN", before)]
    query = {
        **_query(LEDGER, filters, limit),
        "orderBy": [_ordered("claimedAt", descending=False)],
        "select": {"fields": [{"fieldPath": name} for name in ("claimedAt", "expireAt")]},
    }
    if after is not None:
        query["startAt"] = {"values": [encoded(after)], "before": False}
    return query


def newest_of(unit: Unit) -> dict[str, Any]:
    """The last generation of a unit."""
    same = _filter("base", "EQUAL", base_digest(unit).hex())
    return {**_query(LEDGER, [same], 1), "orderBy": [_ordered("generation", descending=True)]}


def in_places(places: Collection[str], limit: int) -> dict[str, Any]:
    """Along the index that Firestore keeps of every field: no composite one is needed."""
    return _query(LEDGER, [_filter("unfinished", "IN", list(places))], limit)


def of_orders(order_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """As many queries as their number needs, along the index of every field."""
    for start in range(0, len(order_ids), ORDERS_AT_ONCE):
        some = list(order_ids[start : start + ORDERS_AT_ONCE])
        yield _query(LEDGER, [_filter("orderId", "IN", some)])


def documents_named(prefix: str) -> dict[str, Any]:
    """The named texts whose names begin so, along the index of that one field."""
    from_here = _filter("name", "GREATER_THAN_OR_EQUAL", prefix)
    to_there = _filter("name", "LESS_THAN", f"{prefix}\U0010ffff")
    return _query(DOCUMENTS, [from_here, to_there])


def _filters(states: Collection[State] | None, strategy: str | None) -> Iterator[Filter]:
    if strategy is not None:
        yield _filter("strategy", "EQUAL", strategy)
    if states is not None:
        yield _filter("state", "IN", sorted(state.value for state in states))


def _filter(field: str, operator: str, value: object) -> Filter:
    return {"fieldFilter": {"field": {"fieldPath": field}, "op": operator, "value": encoded(value)}}


def _ordered(field: str, *, descending: bool) -> dict[str, Any]:
    return {"field": {"fieldPath": field}, "direction": "DESCENDING" if descending else "ASCENDING"}


def _in_order(
    query: dict[str, Any], field: str, after: Place | None, *, newest_first: bool
) -> dict[str, Any]:
    query["orderBy"] = [_ordered(name, descending=newest_first) for name in (field, "__name__")]
    if after is not None:
        values = [encoded(after[0]), {"referenceValue": after[1]}]
        query["startAt"] = {"values": values, "before": False}
    return query


def _query(collection: str, filters: Sequence[Filter], limit: int | None = None) -> dict[str, Any]:
    query: dict[str, Any] = {"from": [{"collectionId": collection}]}
    if len(filters) > 1:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": list(filters)}}
    elif filters:
        query["where"] = filters[0]
    return query if limit is None else {**query, "limit": limit}
