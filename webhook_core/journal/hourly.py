"""How many of something an hour: counted in an instance, and stored in one document beside the
ledger by an operator's requests alone.

What is counted writes nothing itself: neither a stranger's request, nor an alert whose record could
not be written. An instance stores what it has counted when it reconciles or lists alerts; one that
ends before has it in its log only.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Lock

from webhook_core.ledger.contract import Document, Documents

UNPROVED = "history-unproved"
"""The document of requests without a proof."""
HOURS_COUNTED = 1000
_TRIES = 3


def lost_document(mode: str, account: str) -> str:
    """The document of records that could not be written."""
    return f"history-lost:{mode}:{account}"


class Hourly:
    """Of one instance; ``name`` of the document that has those of all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counted: Counter[datetime] = Counter()
        self._lock = Lock()

    def count(self, now: datetime) -> None:
        """One more."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            if hour in self._counted or len(self._counted) < HOURS_COUNTED:
                self._counted[hour] += 1

    def store(self, documents: Documents, since: datetime) -> None:
        """Add what this instance has counted, and leave out what is older than ``since``. It stays
        counted here if the ledger does not take it. Raises LedgerUnavailable."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
        if not counted:
            return
        is_stored = False
        try:
            is_stored = self._add(counted, documents, since)
        finally:
            if not is_stored:
                with self._lock:
                    self._counted += counted

    def _add(self, counted: Counter[datetime], documents: Documents, since: datetime) -> bool:
        for _ in range(_TRIES):
            stored = documents.read(self.name)
            total = _counts(stored) + counted
            recent = {_hour(hour): n for hour, n in sorted(total.items()) if hour > since}
            if documents.write(self.name, json.dumps(recent), stored):
                return True
        return False


def counted_since(
    documents: Documents, name: str, since: datetime | None = None
) -> list[tuple[datetime, int]]:
    """Each hour and how many it had, newest first. Raises LedgerUnavailable."""
    counts = sorted(_counts(documents.read(name)).items(), reverse=True)
    return [one for one in counts if since is None or one[0] + timedelta(hours=1) > since]


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
