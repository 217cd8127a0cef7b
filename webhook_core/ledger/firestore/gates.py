"""What may hold a claim back in Firestore: documents that exist only while something is paused.

The claim's commit carries the condition that they are absent, so a claim that nothing stops costs
no read. Where one is there the commit fails, it is read, and a claim that it lets through carries
the condition that it is still the one that was read. ``verify`` stands in no published list of a
Write's fields; it is how Google's own client libraries end a transaction over the same interface
(firebase-js-sdk, packages/firestore/src/remote/serializer.ts, ``VerifyMutation``).
"""

from __future__ import annotations

from collections.abc import Mapping

from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.firestore.calls import DOCUMENTS, FirestoreCalls, Stored, Verify
from webhook_core.ledger.firestore.documents import document_id
from webhook_core.risk.gates import held_back, pauses_of


class Gates:
    """Of one claim; at first as if none were there."""

    def __init__(self, entry: LedgerEntry) -> None:
        self._entry = entry
        self._names = {(DOCUMENTS, document_id(name)): name for name in pauses_of(entry)}
        self._versions = dict.fromkeys(self._names, "")

    @property
    def conditions(self) -> list[Verify]:
        """That each is as it was when it was looked at last."""
        return [Verify(*reference, version) for reference, version in self._versions.items()]

    def look(self, calls: FirestoreCalls) -> HeldBack | None:
        """What they say now; the conditions are those of now."""
        found: Mapping[tuple[str, str], Stored] = calls.get_all(list(self._names))
        self._versions = {
            reference: found[reference].version if reference in found else ""
            for reference in self._names
        }
        texts = {self._names[reference]: one.text("text") or "" for reference, one in found.items()}
        return held_back(self._entry, texts)
