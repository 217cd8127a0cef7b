"""The queries that list entries, as Firestore's REST interface takes them.

https://firebase.google.com/docs/firestore/reference/rest/v1/StructuredQuery
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from webhook_core.ledger.entry import TERMINAL, State, Unit
from webhook_core.ledger.firestore.calls import LEDGER
from webhook_core.ledger.firestore.codec import encoded
from webhook_core.ledger.keys import base_digest

ORDERS_AT_ONCE = 30
"""Values of one "in" (cloud.google.com/firestore/docs/query-data/queries)."""
Filter = dict[str, Any]


def listing(
    states: Collection[State] | None,
    strategy: str | None,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
    newest_first: bool,
) -> dict[str, Any]:
    """By the time of the claim.

    ``after``: the time and the full name of the last entry that was shown.
    """
    order = [_ordered(field, descending=newest_first) for field in ("claimedAt", "__name__")]
    query = {**_query([*_filters(states, strategy)], limit), "orderBy": order}
    if after is not None:
        query["startAt"] = {
            "values": [encoded(after[0]), {"referenceValue": after[1]}],
            "before": False,
        }
    return query


def oldest_terminal(before: datetime, limit: int, after: datetime | None) -> dict[str, Any]:
    """Their names and times alone, of those claimed after that moment."""
    filters = [*_filters(TERMINAL, None), _filter("claimedAt", "LESS_THAN", before)]
    query = {
        **_query(filters, limit),
        "orderBy": [_ordered("claimedAt", descending=False)],
        "select": {"fields": [{"fieldPath": name} for name in ("claimedAt", "expireAt")]},
    }
    if after is not None:
        query["startAt"] = {"values": [encoded(after)], "before": False}
    return query


def newest_of(unit: Unit) -> dict[str, Any]:
    """The last generation of a unit."""
    same = _filter("base", "EQUAL", base_digest(unit).hex())
    return {**_query([same], 1), "orderBy": [_ordered("generation", descending=True)]}


def in_places(places: Collection[str], limit: int) -> dict[str, Any]:
    """Along the index that Firestore keeps of every field: no composite one is needed."""
    return _query([_filter("unfinished", "IN", list(places))], limit)


def of_orders(order_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """As many queries as their number needs, along the index of every field."""
    for start in range(0, len(order_ids), ORDERS_AT_ONCE):
        yield _query(
            [_filter("orderId", "IN", list(order_ids[start : start + ORDERS_AT_ONCE]))], None
        )


def documents_named(prefix: str) -> dict[str, Any]:
    """The named texts whose names begin so, along the index of that one field."""
    from_here = _filter("name", "GREATER_THAN_OR_EQUAL", prefix)
    to_there = _filter("name", "LESS_THAN", f"{prefix}\U0010ffff")
    both = {"compositeFilter": {"op": "AND", "filters": [from_here, to_there]}}
    return {"from": [{"collectionId": "documents"}], "where": both}


def _filters(states: Collection[State] | None, strategy: str | None) -> Iterator[Filter]:
    if strategy is not None:
        yield _filter("strategy", "EQUAL", strategy)
    if states is not None:
        yield _filter("state", "IN", sorted(state.value for state in states))


def _filter(field: str, operator: str, value: object) -> Filter:
    return {"fieldFilter": {"field": {"fieldPath": field}, "op": operator, "value": encoded(value)}}


def _ordered(field: str, *, descending: bool) -> dict[str, Any]:
    return {"field": {"fieldPath": field}, "direction": "DESCENDING" if descending else "ASCENDING"}


def _query(filters: Sequence[Filter], limit: int | None) -> dict[str, Any]:
    query: dict[str, Any] = {"from": [{"collectionId": LEDGER}]}
    if len(filters) > 1:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": list(filters)}}
    elif filters:
        query["where"] = filters[0]
    return query if limit is None else {**query, "limit": limit}
