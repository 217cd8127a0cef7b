"""The entries that reconcile looks at once more though they are settled: an order's fill, the legs behind it. In Firestore each
is a billed read, so a minute in which nothing came reads one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.entry import TERMINAL, LedgerEntry

PAGE = 25
MOST = 200
ONCE_AN_HOUR = timedelta(hours=2)
A_RUN_OR_TWO = timedelta(minutes=3)


def settled_since(ledger: Ledger, since: datetime, most: int = MOST) -> Iterator[LedgerEntry]:
    """Those claimed since then, newest first, ``most`` of them at most. Raises LedgerUnavailable."""
    page = ledger.entries(states=TERMINAL, limit=1)
    left = most
    while True:
        for entry in page.entries:
            if entry.claimed_at < since or left <= 0:
                return
            left -= 1
            yield entry
        if page.cursor is None:
            return
        page = ledger.entries(states=TERMINAL, cursor=page.cursor, limit=PAGE)


def looks_back_to(now: datetime, fresh_for: timedelta) -> datetime:
    """Since when a run looks: until the legs of an alert are too old to be sent, and once an hour over what earlier runs may
    have missed, two hours."""
    return now - (ONCE_AN_HOUR if now.minute == 0 else fresh_for + A_RUN_OR_TWO)
