"""Whether an entry may be claimed, as far as the other entries of its line go: one rule for every store."""

from __future__ import annotations

from collections.abc import Iterable

from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ports import Superseded, Waiting


def refusal(entry: LedgerEntry, others: Iterable[LedgerEntry]) -> Waiting | Superseded | None:
    """None if it may. ``others``: of its line, at least the one that is SUBMITTING and the one that was fired last.

    Superseded comes first, for it is final whatever becomes of the one that is SUBMITTING.
    """
    turn, waiting = entry.turn, None
    for other in others:
        if turn is None or other.turn is None or other.turn.line != turn.line or other.unit == entry.unit:
            continue
        if turn.in_order and other.turn.fired_at > turn.fired_at:
            return Superseded(other)
        if other.state is State.SUBMITTING:
            waiting = Waiting(other)
    return waiting
