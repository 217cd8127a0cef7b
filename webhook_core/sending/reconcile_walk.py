"""A walk over the unresolved entries of a ledger, one at a time, as far as the budget goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import UNRESOLVED, LedgerEntry

ENOUGH_FOR_ONE_S = 3.0
"""A look-up is two reads of Kraken or more; with less of the budget left the rest waits."""

LookAt = Callable[[LedgerEntry, Budget], list[dict[str, Any]]]
"""What is done with an entry: its row, or none for one of another mode or account."""


class Walk(NamedTuple):
    """A row for each entry; where to go on, None at the end or the beginning; the last entry; and
    whether the end was reached."""

    looked_at: list[dict[str, Any]]
    cursor: str | None
    last: LedgerEntry | None
    is_done: bool


def walk(
    ledger: Ledger,
    look_at: LookAt,
    budget: Budget,
    cursor: str | None = None,
    *,
    until: LedgerEntry | None = None,
) -> Walk:
    """Oldest first; or, to ``until``, where who came from that end stopped, newest first.

    Raises LedgerUnavailable, and ValueError for a cursor that is not ours.
    """
    rows: list[dict[str, Any]] = []
    last: LedgerEntry | None = None
    while budget.remaining() >= ENOUGH_FOR_ONE_S:
        # One at a time, so that the cursor stands behind the last one that was looked at.
        page = ledger.entries(
            states=UNRESOLVED, cursor=cursor, limit=1, newest_first=until is not None
        )
        for entry in page.entries:
            if until is not None and (
                entry.unit == until.unit or entry.claimed_at < until.claimed_at
            ):
                return Walk(rows, None, last, is_done=True)
            rows += look_at(entry, budget)
            last = entry
        cursor = page.cursor
        if cursor is None:
            return Walk(rows, None, last, is_done=True)
    return Walk(rows, cursor, last, is_done=False)
