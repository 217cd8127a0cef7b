"""The entry of a leg after leg 0, from the entry of leg 0."""

from __future__ import annotations

from datetime import datetime

from webhook_core.ledger.attempts import first_attempt
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.value import replace


def later_leg(
    first: LedgerEntry,
    number: int,
    now: datetime,
    deadline_s: int,
    behind: LedgerEntry | None = None,
) -> LedgerEntry:
    """What the claim of a leg after leg 0 writes: the request that was planned with it. ``behind``:
    the leg before it, if nobody of its line may have claimed since; only a size that follows from
    what is held can be out of date then."""
    unit = first.unit.with_leg(number)
    request = first.following[number - 1]
    attempt = first_attempt(unit, request, now, deadline_s)
    mark = None if behind is None or not request.counted else behind.attempts[0].owner
    turn = None if first.turn is None else first.turn._replace(mark=mark, in_order=False)
    if turn is not None and request.exits and mark is not None:
        # As long as nobody of its line has claimed, what is SUBMITTING was known to its plan.
        turn = turn._replace(passes=True)
    leg = replace(
        first, unit=unit, attempts=(attempt,), warnings=(), turn=turn, following=(), version=""
    )
    return replace(leg, figures={}, counted_until=None, counted=(), exits=(), checks=())
