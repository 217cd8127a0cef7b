"""What a claim takes with it in Firestore: the documents of its counts, read before the claim and
written in its commit, each only over the version that was read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.firestore.calls import Stored, Write
from webhook_core.ledger.firestore.documents import DOCUMENTS, document_id

Reference = tuple[str, str]


def references_of(entry: LedgerEntry) -> list[Reference]:
    """What is to be read for ``taken``."""
    return [(DOCUMENTS, document_id(take.name)) for take in entry.takes]


def taken(entry: LedgerEntry, found: Mapping[Reference, Stored]) -> list[Write]:
    """What the commit of the claim writes beside it. Raises WebhookError where it may not take what
    it wants."""
    writes = []
    for take, reference in zip(entry.takes, references_of(entry), strict=True):
        stored = found.get(reference)
        text = take.after(None if stored is None else stored.text("text") or "")
        if text is not None:
            fields = {"name": take.name, "text": text, "owner": uuid.uuid4().hex}
            writes.append(Write(*reference, fields, "" if stored is None else stored.version))
    return writes
