"""What the ledger says of a cancel's order."""

from __future__ import annotations

from webhook_core.ledger.entry import LedgerEntry, OrderShown, State
from webhook_core.trading.venue_refusals import Refusal


def has_found_none(entry: LedgerEntry) -> bool:
    """Whether it is a cancel whose order was open no more."""
    attempt = entry.current
    if entry.state is not State.REJECTED or attempt.request.method != "CancelOrder":
        return False
    return attempt.refusal is Refusal.NO_SUCH_ORDER or attempt.shown is OrderShown.HAD_FILLED
