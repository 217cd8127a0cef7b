"""How many orders a scoped token may open a day: taken down before the claim, so that no two alerts
share the last one.

A document beside the ledger has the day, and under each alert how many of its orders count. It is
written under compare-and-set, once for an alert however often it is sent; what was counted and then
not sent stays counted. Only alerts of a token with such a caveat pay for it: one read, one write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from webhook_core.errors import LedgerUnavailable, OutOfScope
from webhook_core.ledger.contract import Documents
from webhook_core.ledger.entry import Unit
from webhook_core.trading.permits import Permit, count_check
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.requests import OrderRequest

_TRIES = 8
_DIGEST_CHARACTERS = 24


def count_orders(
    requests: Sequence[OrderRequest],
    permit: Permit,
    unit: Unit,
    documents: Documents,
    now: datetime,
) -> None:
    """Counts those that open or add. Raises OutOfScope where the day has none left for all of them,
    LedgerUnavailable where they can't be counted."""
    wanted = sum(_opens(request) for request in requests)
    if not wanted or permit.orders_per_day is None:
        return
    name, alert, day = _name(permit, unit), _digest(unit), f"{now.astimezone(UTC).date()}"
    for _ in range(_TRIES):
        stored = documents.read(name)
        counted = {} if stored is None else _counted(stored.text, day)
        if counted.get(alert, 0) >= wanted:
            return
        _check(permit, counted, alert, wanted)
        text = json.dumps({"day": day, "counted": {**counted, alert: wanted}})
        if documents.write(name, text, None if stored is None else stored.version):
            return
    raise LedgerUnavailable("The ledger is not available: the token's orders can't be counted.")


def check_orders(
    requests: Sequence[OrderRequest],
    permit: Permit,
    unit: Unit,
    documents: Documents,
    now: datetime,
) -> None:
    """The same, and nothing is counted: for an alert that others count before its token does."""
    wanted = sum(_opens(request) for request in requests)
    stored = documents.read(_name(permit, unit)) if wanted else None
    counted = {} if stored is None else _counted(stored.text, f"{now.astimezone(UTC).date()}")
    _check(permit, counted, _digest(unit), wanted)


def _check(permit: Permit, counted: Mapping[str, int], alert: str, wanted: int) -> None:
    """Raises OutOfScope."""
    if counted.get(alert, 0) >= wanted:
        return
    used = sum(counted.values()) - counted.get(alert, 0)
    check = count_check(permit, used, wanted)
    if not check.passed:
        raise OutOfScope(check.message)


def _name(permit: Permit, unit: Unit) -> str:
    return f"token-orders/{unit.mode}/{unit.account}/{permit.token_id}"


def _digest(unit: Unit) -> str:
    return hashlib.sha256(unit.name.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def _opens(request: OrderRequest) -> bool:
    return request.method == "AddOrder" and exit_of_request(request) is None


def _counted(text: str, day: str) -> dict[str, int]:
    """Of that day. Raises LedgerUnavailable for a text that is none of ours."""
    try:
        document = json.loads(text)
        counted = {str(alert): int(orders) for alert, orders in document["counted"].items()}
        return counted if document["day"] == day else {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise LedgerUnavailable(
            "The ledger is not available: the count of the token's orders can't be read."
        ) from None
