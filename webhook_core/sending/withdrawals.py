"""What a cancel withdraws before it is claimed: orders that were never sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from webhook_core.errors import InDoubt
from webhook_core.ledger.attempts import denied_attempt
from webhook_core.ledger.contract import Claimed, Ledger, Recorded, later_legs
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.entry_report import report
from webhook_core.ledger.later_leg import later_leg
from webhook_core.planning.decision import Decided
from webhook_core.planning.unsent_orders import REASON
from webhook_core.value import replace


def withdraw(decided: Decided, own: Unit, ledger: Ledger, now: datetime) -> None:
    """Each is written unless a resend was there before. ``own``: the unit of the cancel.

    Raises InDoubt then, and while one that may be meant can be claimed; LedgerUnavailable.
    """
    unsent = decided.unsent
    for entry in unsent.awaited:
        if not _is_of(entry, own) and _is_waited_for(entry, decided):
            raise _in_doubt(entry)
    for entry in unsent.denied:
        if not _is_of(entry, own):
            _write(entry, ledger)
    for first in unsent.left:
        for leg in _left_of(first, ledger, now):
            _write(leg, ledger)


def _is_waited_for(entry: LedgerEntry, decided: Decided) -> bool:
    """No exit waits. Nor does any other order for an alert that was never planned, and so may want
    anything; a cancel alone does, as its answer is that nothing is left."""
    if entry.state is State.MISSED:
        return decided.independent
    return not any(request.exits or request.counted for request in decided.requests)


def _is_of(entry: LedgerEntry, own: Unit) -> bool:
    return entry.unit.with_leg(0) == own.with_leg(0)


def _left_of(first: LedgerEntry, ledger: Ledger, now: datetime) -> Iterator[LedgerEntry]:
    claimed = list(later_legs(ledger, first))
    for number in range(len(claimed) + 1, len(first.following) + 1):
        leg = later_leg(first, number, now, deadline_s=0)
        attempt = denied_attempt(leg.unit, leg.current.request, now, REASON)
        yield replace(leg, attempts=(attempt,), turn=None)


def _write(entry: LedgerEntry, ledger: Ledger) -> None:
    written = ledger.record(entry) if entry.version else ledger.claim(entry)
    if not isinstance(written, Recorded | Claimed):
        raise _in_doubt(entry)
    report(written.entry)


def _in_doubt(entry: LedgerEntry) -> InDoubt:
    return InDoubt(
        f"The alert {entry.alert_id} was not sent yet, and a resend of it may be, so a cancel may "
        "miss its order."
    )
