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
    from webhook_core.ledger.contract import Document, Documents

_Result = TypeVar("_Result")
NAME = "paper-book"
"""The document."""
ATTEMPTS = 50
"""Each lost race means that somebody else's order went in, so this many in a row is a fault."""
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
                stored = self._documents.read(NAME)
                book = self._book_in(stored)
                result = change(book)
                text = book.to_text()
                if stored is not None and text == stored.text:
                    return result
                if self._documents.write(NAME, text, stored):
                    return result
        raise BookBusy("the paper book is written by others all the time; nothing was changed")

    def look(self, read: Callable[[Book], _Result]) -> _Result:
        """What ``read`` makes of the book as it stands; whatever it changes there is forgotten."""
        with localcontext(prec=PRECISION):
            return read(self._book_in(self._documents.read(NAME)))

    def _book_in(self, stored: Document | None) -> Book:
        if stored is None:
            return self._opening()
        try:
            return Book.from_text(stored.text)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as fault:
            message = f"the document {NAME!r} is not a paper book; remove it to start over"
            raise LedgerUnavailable(message) from fault
