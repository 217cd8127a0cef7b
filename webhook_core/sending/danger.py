"""Which of several positions is closed first, where one delivery may not come to all of them."""

from __future__ import annotations

from webhook_core.ledger.contract import Ledger, later_legs
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.own_closes import Held

Turn = tuple[int, bool, bool, float]


def turn_of(held: Held, known: LedgerEntry | None, ledger: Ledger) -> Turn:
    """To sort by: what has lost its stop and is not sold yet; what was never tried; what was missed
    last; then what is only looked up. Of these, margin before spot, since it can lose more than was
    paid, and a short first. Raises LedgerUnavailable."""
    safer = (not held.margin, held.volume >= 0)
    if known is None:
        return (1, *safer, 0.0)
    since = -known.current.claimed_at.timestamp()
    if known.state is State.MISSED:
        return (2, *safer, since)
    return (0 if _is_unprotected(known, ledger) else 3, *safer, since)


def _is_unprotected(first: LedgerEntry, ledger: Ledger) -> bool:
    """Whether its stops are canceled and the sale behind them was not sent."""
    if not first.following or not first.current.request.freeing:
        return False
    legs = (first, *later_legs(ledger, first))
    if any(leg.state is State.SUBMITTING for leg in legs):
        return False
    return len(legs) <= len(first.following) or any(leg.state is State.NOT_SENT for leg in legs)
