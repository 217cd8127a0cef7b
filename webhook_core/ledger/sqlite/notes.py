"""Notes in the SQLite file of the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from webhook_core.ledger.keys import cursor_text, microseconds, moment, read_cursor
from webhook_core.ledger.sqlite.commits import durable
from webhook_core.ledger.sqlite.file import SqliteFile

if TYPE_CHECKING:
    from webhook_core.ledger.store import Note, NotePage

_ADD = "INSERT INTO notes VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PURGE = "DELETE FROM notes WHERE key IN (SELECT key FROM notes WHERE at < ? ORDER BY at LIMIT ?)"


class SqliteNotes:
    """The notes of a ledger whose file is ``_file``."""

    _file: SqliteFile

    def add_note(self, note: Note) -> None:
        at, expires_at = microseconds(note.at), microseconds(note.expires_at)
        row = (note.key, at, expires_at, note.strategy, note.text)
        with self._file.connection() as db, durable(db, waits=False):
            db.execute(_ADD, row)

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
        from webhook_core.ledger.store import NotePage  # no accepted alert has any

        query, values = _listing(strategy, cursor, newest_first)
        with self._file.connection() as db:
            rows = db.execute(query, [*values, limit + 1]).fetchall()
        page = [_note(*row) for row in rows[:limit]]
        following = cursor_text(page[-1].at, page[-1].key) if len(rows) > limit else None
        return NotePage(page, following)

    def purge_notes(self, before: datetime, limit: int) -> int:
        with self._file.connection() as db:
            return db.execute(_PURGE, (microseconds(before), limit)).rowcount


def _listing(
    strategy: str | None, cursor: str | None, newest_first: bool
) -> tuple[str, list[str | int]]:
    direction, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
    conditions: list[str] = []
    values: list[str | int] = []
    if strategy is not None:
        conditions.append("strategy = ?")
        values.append(strategy)
    if cursor is not None:
        at, key = read_cursor(cursor, "[0-9a-f]{32}")
        conditions.append(f"(at, key) {beyond} (?, ?)")
        values += [microseconds(at), key]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    query = f"SELECT * FROM notes {where} ORDER BY at {direction}, key {direction} LIMIT ?"  # noqa: S608  only our own words
    return query, values


def _note(key: str, at: int, expires_at: int, strategy: str, text: str) -> Note:
    from webhook_core.ledger.store import Note

    return Note(key, moment(at), moment(expires_at), strategy, text)
