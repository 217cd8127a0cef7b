"""The named texts beside the ledger in Firestore, and among them the id that says which ledger the
database holds."""

from __future__ import annotations

import hashlib
import uuid

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Document
from webhook_core.ledger.firestore.calls import DOCUMENTS, FirestoreCalls, Stored, Write
from webhook_core.ledger.firestore.codec import version_of
from webhook_core.ledger.firestore.entries import UNSURE
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed, Unproved

MAX_TEXT_BYTES = 900_000
"""Firestore takes 1 MiB per document with names and all (cloud.google.com/firestore/quotas)."""


def read_document(name: str, calls: FirestoreCalls) -> Document | None:
    """Raises LedgerUnavailable for a document that is none of ours."""
    stored = calls.get(DOCUMENTS, document_id(name))
    if stored is None:
        return None
    text = stored.text("text")
    if text is None:
        raise LedgerUnavailable.because(f"its document {name} can't be read")
    return Document(text, stored.version)


def write_document(name: str, text: str, before: Document | None, calls: FirestoreCalls) -> bool:
    """True if nobody has written since ``before`` was read (None: absent). A write whose answer is
    lost is read back."""
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        raise LedgerUnavailable(
            f"The document {name} is too large for Firestore: {size} bytes, at most "
            f"{MAX_TEXT_BYTES}."
        )
    fields = {"name": name, "text": text, "owner": uuid.uuid4().hex}
    try:
        replaced = "" if before is None else version_of(before.version)
        calls.write_all([Write(DOCUMENTS, document_id(name), fields, replaced)])
        return True
    except (AlreadyThere, Changed, ValueError):
        return False
    except Unproved as error:
        stored = calls.get(DOCUMENTS, document_id(name))
        if stored is not None and stored.text("owner") == fields["owner"]:
            return True
        raise LedgerUnavailable.because(UNSURE) from error


def delete_document(name: str, before: Document, calls: FirestoreCalls) -> bool:
    """True if nobody has written since ``before`` was read. Where the answer is lost it is looked
    at."""
    gone = Stored(DOCUMENTS, document_id(name), before.version, {})
    try:
        calls.delete([gone])
        return True
    except (AlreadyThere, Changed, ValueError):
        return False
    except Unproved as error:
        if calls.get(DOCUMENTS, document_id(name)) is None:
            return True
        raise LedgerUnavailable.because(UNSURE) from error


def documents_beginning(prefix: str, calls: FirestoreCalls) -> dict[str, Document]:
    """By name; one that holds no text is empty."""
    from webhook_core.ledger.firestore.queries import documents_named  # no alert lists any

    found = calls.query(documents_named(prefix))
    return {str(one.text("name")): Document(one.text("text") or "", one.version) for one in found}


class Identity:
    """Whether the database is the one whose id ``LEDGER_ID`` gives: asked once, and again after a
    failure. ``ledger_id`` None: any database will do."""

    def __init__(self, ledger_id: str | None, project: str, database: str) -> None:
        self._expected_id = ledger_id
        self._where = f"firestore://{project}/{database}"
        self._is_checked = ledger_id is None

    def check(self, calls: FirestoreCalls, *, anew: bool) -> None:
        """Raises LedgerLost for another database than that one, or an empty one. ``anew``: ask
        again."""
        if self._expected_id is None or (self._is_checked and not anew):
            return
        from webhook_core.ledger.ledger_id import DOCUMENT, lost

        stored = read_document(DOCUMENT, calls)
        self._is_checked = stored is not None and stored.text == self._expected_id
        if not self._is_checked:
            what = "is empty, or holds no id" if stored is None else "is another one"
            raise lost(f"LEDGER_ID names a ledger, and its database {what}", database=self._where)

    def forget(self) -> None:
        """Whatever comes next may be another database."""
        self._is_checked = False

    def begin_anew(self, calls: FirestoreCalls) -> tuple[str, bool]:
        """The id of the database, given to it if it has none, and whether it had none."""
        from webhook_core.ledger.ledger_id import DOCUMENT, new_id

        own = new_id()
        if write_document(DOCUMENT, own, None, calls):
            return own, True
        stored = read_document(DOCUMENT, calls)
        if stored is None:
            raise LedgerUnavailable.because(UNSURE)
        return stored.text, False


def document_id(name: str) -> str:
    """A name may hold what an id may not."""
    return hashlib.sha256(name.encode()).hexdigest()
