"""Which ledger belongs to a deployment: every ledger has an id, in a document of its own that no
purge touches.

An emptied ledger looks like a new one, and every alert that a sender repeats would trade again. So
what was there once is known by its id: SQLite keeps it in a mark beside the file, and ``LEDGER_ID``
can name it for every store.
"""

from __future__ import annotations

import logging
import uuid

from webhook_core.errors import LedgerLost
from webhook_core.events import event

DOCUMENT = "ledger-id"
"""The name of the document in the ledger that holds its id."""

ADVICE = (
    "put it back; or, to begin a new one on purpose: "
    ".venv/bin/python -m webhook_core doctor --new-ledger"
)


def new_id() -> str:
    return uuid.uuid4().hex


def lost(reason: str, **facts: str) -> LedgerLost:
    """The error to raise, said in the log as an event of its own. ``reason`` is a clause, ``facts``
    are for the log."""
    event(logging.CRITICAL, "ledger.lost", exc_info=False, reason=reason, **facts, advice=ADVICE)
    return LedgerLost.because(reason)
