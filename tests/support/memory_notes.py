"""Notes in this process's memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from webhook_core.ledger.keys import cursor_text, read_cursor
from webhook_core.ledger.store import Note, NotePage


class MemoryNotes:
    """Notes in a dictionary, under a lock of its own."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}
        self._notes_lock = Lock()

    def add_note(self, note: Note) -> None:
        with self._notes_lock:
            self._notes.setdefault(note.key, note)

    def notes(
        self,
        *,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> NotePage:
        if limit < 1:
            raise ValueError("limit: at least 1")
        with self._notes_lock:
            found = [note for note in self._notes.values() if strategy in (None, note.strategy)]
        if cursor is not None:
            after = read_cursor(cursor, "[0-9a-f]{32}")
            found = [
                note
                for note in found
                if (_place(note) < after if newest_first else _place(note) > after)
            ]
        found.sort(key=_place, reverse=newest_first)
        page = found[:limit]
        following = cursor_text(*_place(page[-1])) if len(found) > limit else None
        return NotePage(page, following)

    def purge_notes(self, before: datetime, limit: int) -> int:
        with self._notes_lock:
            old = sorted((n for n in self._notes.values() if n.at < before), key=_place)[:limit]
            for note in old:
                del self._notes[note.key]
        return len(old)


def _place(note: Note) -> tuple[datetime, str]:
    return note.at, note.key
