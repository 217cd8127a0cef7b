"""How many requests an hour had no proof: one document beside the ledger, written by an
operator's requests alone.

A stranger's request writes nothing. What an instance has counted is stored when it reconciles or
lists alerts; an instance that ends before has it in its log only.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from webhook_core.errors import LedgerUnavailable
from webhook_core.journal.history import History
from webhook_core.ledger.contract import Document, Documents

DOCUMENT = "history-unproved"
_TRIES = 3


def store_unproved(history: History, documents: Documents, now: datetime) -> None:
    """Add what this instance has counted; it stays counted here if the ledger does not take it."""
    counted = history.take_unproved()
    if not counted:
        return
    try:
        for _ in range(_TRIES):
            stored = documents.read(DOCUMENT)
            total = _counts(stored) + counted
            recent = {
                _hour(hour): count
                for hour, count in sorted(total.items())
                if hour > now - history.kept_for
            }
            version = None if stored is None else stored.version
            if documents.write(DOCUMENT, json.dumps(recent), version):
                return
    except LedgerUnavailable:
        history.give_back(counted)
        raise
    history.give_back(counted)


def unproved_since(documents: Documents, since: datetime | None) -> list[dict[str, object]]:
    """``hour`` and ``requests``, newest first."""
    counts = sorted(_counts(documents.read(DOCUMENT)).items(), reverse=True)
    return [
        {"hour": hour, "requests": count}
        for hour, count in counts
        if since is None or hour + timedelta(hours=1) > since
    ]


def _counts(stored: Document | None) -> Counter[datetime]:
    """Empty for a text that is none of ours: it is a count, and begins again."""
    try:
        said = json.loads(stored.text) if stored is not None else {}
        return Counter(
            {
                datetime.fromisoformat(hour).astimezone(UTC): int(count)
                for hour, count in said.items()
            }
        )
    except (AttributeError, TypeError, ValueError):
        return Counter()


def _hour(hour: datetime) -> str:
    return hour.strftime("%Y-%m-%dT%H:00+00:00")
