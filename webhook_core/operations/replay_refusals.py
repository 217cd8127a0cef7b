"""Why an entry is not sent once more."""

from __future__ import annotations

from collections.abc import Collection

from webhook_core.errors import WebhookError
from webhook_core.ledger.entry import LedgerEntry, State

_NOT_REPLAYABLE = {
    State.ACCEPTED: "Kraken accepted it",
    State.SUBMITTING: "its outcome is not known yet; run reconcile first, it may have been placed",
    State.NOT_SENT: (
        "it was not sent, and a redelivery may still send it; reconcile makes it EXPIRED once "
        "it is too old"
    ),
    State.NO_ACTION: "there was nothing to do",
    State.MISSED: (
        "it was answered before its order was planned, and a redelivery may still send it; "
        "too old, it becomes EXPIRED"
    ),
}


class ReplayRefused(WebhookError):
    """Nothing was sent; the message says why."""

    code = "replay_refused"
    status = 422


class SeveralEntries(ReplayRefused):
    """More than one entry could be meant: ``entries`` are those."""

    def __init__(self, entries: Collection[LedgerEntry]) -> None:
        super().__init__(
            "Several entries have this alert id; say which one with --generation or --unit."
        )
        self.entries = entries
