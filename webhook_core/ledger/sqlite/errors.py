"""What went wrong with a SQLite file, by SQLite's result code and never by its sentence."""

from __future__ import annotations

import sqlite3

_REASONS = {
    sqlite3.SQLITE_BUSY: "somebody else holds its file locked",
    sqlite3.SQLITE_LOCKED: "somebody else holds its file locked",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_READONLY: "its file can't be written",
    sqlite3.SQLITE_CANTOPEN: "its file can't be opened",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is damaged, or no ledger",
    sqlite3.SQLITE_IOERR: "its disk fails",
    sqlite3.SQLITE_ERROR: "its file is no ledger",  # a table is missing
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def is_locked(error: BaseException | None) -> bool:
    """True if SQLite did nothing, because another connection was at work."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damaged(error: BaseException | None) -> bool:
    """True for a file that is no ledger any more, or never was one."""
    return _code(error) in _DAMAGED


def reason_of(error: sqlite3.Error | OSError) -> str:
    """A clause that says what is the matter with the ledger."""
    if isinstance(error, OSError):
        return f"its file can't be used ({error.strerror})"
    return _REASONS.get(
        _code(error) or 0, f"SQLite says {getattr(error, 'sqlite_errorname', type(error).__name__)}"
    )


def _code(error: BaseException | None) -> int | None:
    """The primary result code, without its extension (sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
