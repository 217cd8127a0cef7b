"""Reconcile runs that follow each other: what one run's time was too short for is the next one's to
begin with.

Half of the time goes to the oldest orders, from where the last run ended; the rest to the newest
ones, so that however many old ones are in doubt, one of this minute is looked up in this minute.
"""

from __future__ import annotations

import logging
from typing import Any

from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import Document, Documents
from webhook_core.sending.reconcile import Reconciler
from webhook_core.sending.reconcile_walk import walk


def go_on(reconciler: Reconciler, documents: Documents, budget: Budget) -> dict[str, Any]:
    """``looked_at`` and ``cursor`` as of ``Reconciler.run``; where the next run begins is kept in
    ``documents``.

    Two at once may look at the same orders, which is safe; the place that one of them keeps stands.
    Raises LedgerUnavailable.
    """
    name = f"reconcile:{reconciler.mode}:{reconciler.account}"
    kept = documents.read(name)
    half = budget.less(budget.remaining() / 2)
    ledger, look_at = reconciler.ledger, reconciler.look_at
    try:
        oldest = walk(ledger, look_at, half, None if kept is None else kept.text or None)
    except ValueError:  # of another store, or changed by hand
        oldest = walk(ledger, look_at, half)
    looked_at, cursor = oldest.looked_at, oldest.cursor
    if cursor is not None and oldest.last is not None:
        newest = walk(ledger, look_at, budget, until=oldest.last)
        looked_at = [*looked_at, *newest.looked_at]
        cursor = None if newest.is_done else cursor
    _keep(documents, name, kept, cursor or "")
    return {"looked_at": looked_at, "cursor": cursor}


def _keep(documents: Documents, name: str, before: Document | None, place: str) -> None:
    """Nothing depends on it but where the next run begins."""
    if place == ("" if before is None else before.text):
        return
    try:
        documents.write(name, place, before)
    except LedgerUnavailable as error:
        event(logging.WARNING, "reconcile.place_not_kept", reason=error.message)
