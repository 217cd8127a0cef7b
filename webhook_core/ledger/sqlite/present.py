"""Whether a file is a ledger: for commands that look at one and must not make one out of a name
that was mistyped."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from webhook_core.errors import LedgerAbsent
from webhook_core.ledger.sqlite.mark import Place

_TIMEOUT_S = 5.0
_TABLES = {"entries", "documents"}


def require_ledger(path: Path, ledger_url: str) -> None:
    """Raises LedgerAbsent, with the whole path, if no ledger stands there, nor did. Creates and
    changes nothing."""
    if Place(path, None).is_known:
        return
    at = f"There is no ledger at {path.absolute()} (LEDGER_URL={ledger_url})"
    if not path.exists():
        raise LedgerAbsent(
            f"{at}, and none was made. The function makes it when its first alert comes; if one "
            "has come, LEDGER_URL or the folder that this was called in is not the function's.",
            can_be_made=_can_be_made(path.absolute()),
        )
    if not path.is_file():
        raise LedgerAbsent(f"{at}: that is no file.")
    try:
        tables = _tables(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_NOTADB:
            return  # locked, damaged, not readable: whoever opens it says so in its own words
        tables = set()
    if not tables >= _TABLES:
        raise LedgerAbsent(f"{at}: that file is something else, and was left alone.")


def _can_be_made(path: Path) -> bool:
    there = next(folder for folder in path.parents if folder.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _tables(path: Path) -> set[str]:
    """Opened to be read and written, but never made: what waits in its write-ahead log counts."""
    opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_TIMEOUT_S)
    with closing(opened) as db:
        rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}
