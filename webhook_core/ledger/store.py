"""What every adapter is: a ledger, its documents, and notes.

Notes are small texts in the order of time: what is kept of an alert that has no entry. A note says
nothing about what was sent. Nothing is decided by one, so a store that has lost some, or has one
twice, still answers every alert as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from webhook_core.ledger.contract import Documents, Ledger

T = TypeVar("T")


class Note(NamedTuple):
    """``key``: 32 hexadecimal digits, one note each; ``expires_at``: when it may
    go; ``text``: JSON."""

    key: str
    at: datetime
    expires_at: datetime
    strategy: str
    text: str


class NotePage(NamedTuple):
    """Notes, and the cursor of the next page (None at the end)."""

    notes: Sequence[Note]
    cursor: str | None


class Notes(Protocol):
    """Every store of the ledger keeps them too. Each method raises LedgerUnavailable."""

    def add_note(self, note: Note) -> None:
        """One write and no read, no longer than the request in hand has left. A key that is there
        stays as it is. A store need not wait for its disk."""

    def notes(
        self,
        *,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> NotePage:
        """By their time. Raises ValueError for a cursor that is not ours."""

    def purge_notes(self, before: datetime, limit: int) -> int:
        """Delete at most ``limit`` notes of before that moment, oldest first; how many."""


class Store(Ledger, Documents, Notes, Protocol):
    """Ledger, documents and notes are one store in every adapter."""

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is there as the ledger from now on: its id, and whether it was not before.

        Raises LedgerUnavailable. Not asked of a ledger that is new at each start.
        """


def newest_first(
    read: Callable[..., tuple[Collection[T], str | None]], size: int, most: int
) -> Iterator[T]:
    """What so many pages of a list of the store hold. The first is of one row: as a rule it is
    enough, and one billed read."""
    cursor, limit = None, 1
    for _ in range(most):
        found, cursor = read(cursor=cursor, limit=limit)
        yield from found
        if cursor is None:
            return
        limit = size
