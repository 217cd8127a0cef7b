"""The book's persistence: one document under compare-and-set, so that processes share it
without losing an order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import localcontext
from typing import TYPE_CHECKING, TypeVar

from webhook_core.errors import LedgerUnavailable
from webhook_core.kraken.paper.book import Book

if TYPE_CHECKING:
    from webhook_core.ledger.contract import Documents

_Result = TypeVar("_Result")
NAME = "paper-book"
"""The document."""
ATTEMPTS = (
    50  # each lost race means that somebody else's order went in, so this many in a row is a fault
)
PRECISION = 60  # digits: a large volume times a fine price stays exact before it is rounded once


class BookBusy(LedgerUnavailable):
    """Others kept writing the book; nothing of ours is in it."""


class BookStore:
    """``opening`` makes the book of an account that has no document yet."""

    def __init__(self, documents: Documents, opening: Callable[[], Book]) -> None:
        self._documents = documents
        self._opening = opening
        self._lock = threading.Lock()

    def update(self, change: Callable[[Book], _Result]) -> _Result:
        """Load, change, write; again from the load if another writer was faster.

        What ``change`` raises writes nothing.
        """
        with self._lock, localcontext(prec=PRECISION):
            for _ in range(ATTEMPTS):
                book, text, version = self._read()
                result = change(book)
                changed = book.to_text()
                if changed == text or self._documents.write(NAME, changed, version):
                    return result
        raise BookBusy("the paper book is written by others all the time; nothing was changed")

    def look(self, read: Callable[[Book], _Result]) -> _Result:
        """What ``read`` makes of the book as it stands; whatever it changes there is forgotten."""
        with localcontext(prec=PRECISION):
            return read(self._read()[0])

    def _read(self) -> tuple[Book, str | None, str | None]:
        document = self._documents.read(NAME)
        if document is None:
            return self._opening(), None, None
        return self._parsed(document.text), document.text, document.version

    def _parsed(self, text: str) -> Book:
        try:
            return Book.from_text(text)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as fault:
            message = f"the document {NAME!r} is not a paper book; remove it to start over"
            raise LedgerUnavailable(message) from fault
