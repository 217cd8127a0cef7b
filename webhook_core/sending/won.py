"""Whether a claim was won, and what becomes of an attempt that was held back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from webhook_core.errors import AlertPaused, AlertSuperseded, NotItsTurn
from webhook_core.ledger.contract import (
    Claim,
    Claimed,
    Existing,
    HeldBack,
    Ledger,
    Outdated,
    Superseded,
    Waiting,
)
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.entry_report import report
from webhook_core.value import replace

Instead = Callable[[str], LedgerEntry | None]
"""What may be claimed in place of an attempt that a pause holds back, by why it does."""


def allowed(claim: Claim) -> Claimed | Existing:
    """Raises NotItsTurn or AlertSuperseded for an alert that another one of its line keeps from its
    claim, AlertPaused where a pause does."""
    if isinstance(claim, HeldBack):
        raise AlertPaused(claim.message)
    if isinstance(claim, Waiting):
        raise NotItsTurn(
            f"An earlier alert of this strategy and pair ({claim.entry.alert_id}) has no outcome "
            "yet, and they go one at a time. Nothing was sent for this one; sending it again soon "
            "is safe."
        )
    if isinstance(claim, Superseded):
        raise AlertSuperseded(
            f"An alert of this strategy and pair that was fired later ({claim.entry.alert_id}) "
            "came before this one; nothing was sent for this one, nor will be."
        )
    if isinstance(claim, Outdated):
        raise NotItsTurn(
            "Another alert of this strategy and pair came in between, so what this one was "
            "planned on is out of date. Nothing "
            "was sent for it; sending it again soon is safe."
        )
    return claim


def claim_next(
    ledger: Ledger, entry: LedgerEntry, now: datetime, instead: Instead
) -> Claimed | Existing:
    """The attempt that an entry ends with, of an alert that was proved not sent; denied where a
    pause holds it back, and nothing may be claimed instead. Raises as ``allowed`` does."""
    claim = ledger.claim_next(entry)
    if isinstance(claim, HeldBack) and (other := instead(claim.message)) is not None:
        claim = ledger.claim_next(other)
    if isinstance(claim, HeldBack):
        written = ledger.record(_denied(entry, now, claim.message))
        report(written.entry)
        return Existing(written.entry)
    return allowed(claim)


def _denied(entry: LedgerEntry, now: datetime, reason: str) -> LedgerEntry:
    """The attempt that an entry ends with, and that nobody has claimed yet,
    as one that is denied."""
    denied = replace(entry.current, state=State.DENIED, reason=reason, settled_at=now)
    return replace(entry, attempts=(*entry.attempts[:-1], denied))
