"""Two lists of a store read side by side, each page by page, and the cursor that
says where both stand."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class StreamCursor(NamedTuple):
    """The store's own cursor (None: the beginning), and whether the list is over."""

    cursor: str | None = None
    is_over: bool = False


class Stream(Generic[T]):
    """``read``, of ``cursor`` and ``limit``, gives a page and the next cursor. One more item is
    looked at than is taken."""

    def __init__(
        self, read: Callable[..., tuple[Sequence[T], str | None]], place: StreamCursor, size: int
    ) -> None:
        self._read, self._size = read, size
        self._begin, self._following = place, place
        self._items: Sequence[T] = ()
        self._taken = 0

    def peek(self) -> T | None:
        """What comes next; None at the end."""
        while self._taken == len(self._items):
            if self._following.is_over:
                return None
            self._begin = self._following
            self._items, cursor = self._read(cursor=self._begin.cursor, limit=self._size)
            self._following, self._taken = StreamCursor(cursor, cursor is None), 0
        return self._items[self._taken]

    def take(self) -> None:
        self._taken += 1

    def place(self) -> StreamCursor:
        """Behind what was taken.

        Only the store can make a cursor in the middle of a page: it is read again.
        """
        if self._taken == len(self._items):
            return self._following
        if not self._taken:
            return self._begin
        _, cursor = self._read(cursor=self._begin.cursor, limit=self._taken)
        return StreamCursor(cursor, cursor is None)


def cursor_of(*places: StreamCursor) -> str:
    text = json.dumps([None if place.is_over else place.cursor or "" for place in places])
    return base64.urlsafe_b64encode(text.encode()).decode()


def places_in(cursor: str | None) -> tuple[StreamCursor, StreamCursor]:
    """Of the two lists. Raises ValueError for a text that ``cursor_of`` did not make."""
    if not cursor:
        return StreamCursor(), StreamCursor()
    try:
        first, second = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        places = _place(first), _place(second)
        if cursor_of(*places) == cursor:
            return places
    except (ValueError, TypeError, RecursionError):
        pass
    raise ValueError("cursor: not one of ours; take it from the last page as it stands")


def _place(text: object) -> StreamCursor:
    if text is None:
        return StreamCursor(None, is_over=True)
    if not isinstance(text, str):
        raise TypeError
    return StreamCursor(text or None)
