"""The SQLite file under the ledger: opened on first use, by whoever uses it, and every failure named.

One connection per process, one operation at a time: SQLite has one writer anyway, and what is opened in one place can
be closed in one place. Python's fork closes it first, in the parent too: a connection carried across a fork, even only to be
closed, breaks the file's locks (sqlite.org/howtocorrupt.html, section 2.6); both sides open it again when they need it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from weakref import WeakSet

from webhook_core.errors import LedgerUnavailable

_SCHEMA_1 = (
    # One index says "once" and finds the newest generation; its keys are digests, so it grows with entries and not with
    # the length of what senders call them. The two others hold every list that we give, in order.
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY, base BLOB NOT NULL, generation INTEGER NOT NULL, strategy TEXT NOT NULL, state TEXT NOT NULL,
        claimed_at INTEGER NOT NULL, document TEXT NOT NULL, version INTEGER NOT NULL, UNIQUE (base, generation))""",
    "CREATE INDEX entries_by_state ON entries (state, claimed_at)",
    "CREATE INDEX entries_by_strategy ON entries (strategy, state, claimed_at)",
    "CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID",
)
_SCHEMA_2 = (
    # Whose turn it is, and what was fired last. An entry without a turn stands in neither index.
    "ALTER TABLE entries ADD COLUMN line BLOB",
    "ALTER TABLE entries ADD COLUMN fired_at INTEGER",
    "CREATE INDEX entries_submitting ON entries (line) WHERE line IS NOT NULL AND state = 'SUBMITTING'",
    "CREATE INDEX entries_by_line ON entries (line, fired_at) WHERE line IS NOT NULL",
)
_SCHEMA_3 = (
    # Who claimed last in a line: a plan that rests on what was held before then is out of date.
    "CREATE TABLE lines (line BLOB PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID",
)
_SCHEMA_4 = (
    # Accepted orders that may still trade: a plan asks for them however long ago they were placed. ledger.unfinished says
    # which; an entry of before is judged here by the same rule, and one that is not JSON is none.
    "ALTER TABLE entries ADD COLUMN unfinished TEXT",
    """UPDATE entries SET unfinished = json_extract(document, '$.unit.mode') || '/' || json_extract(document,
        '$.unit.account') || CASE json_extract(document, '$.attempts[#-1].request.parameters.ordertype')
        WHEN 'market' THEN '/market' ELSE '/resting' END
        WHERE state = 'ACCEPTED' AND CASE WHEN json_valid(document) THEN
        json_extract(document, '$.attempts[#-1].request.method') IS NULL
        AND json_extract(document, '$.attempts[#-1].order_id') <> ''
        AND ifnull(json_extract(document, '$.attempts[#-1].fill.status'), 'open') IN ('open', 'pending') END""",
    "CREATE INDEX entries_unfinished ON entries (unfinished) WHERE unfinished IS NOT NULL",
)
_SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4)
"""Each brings a file from the schema before it to its own; a new file goes through all of them."""
SCHEMA_VERSION = len(_SCHEMAS)
_REASONS = {
    sqlite3.SQLITE_BUSY: "somebody else holds its file locked",
    sqlite3.SQLITE_LOCKED: "somebody else holds its file locked",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_READONLY: "its file can't be written",
    sqlite3.SQLITE_CANTOPEN: "its file can't be opened",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is damaged, or no ledger",
    sqlite3.SQLITE_IOERR: "its disk fails",
}
_files: WeakSet[SqliteFile] = WeakSet()
_held: list[SqliteFile] = []
"""The files of the fork in hand: one that another thread opens meanwhile was never held."""


class SqliteFile:
    """``timeout_s`` bounds the wait for our own threads, and again the wait for other processes."""

    def __init__(self, path: str | Path, timeout_s: float) -> None:
        self._path = Path(path).absolute()
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        _files.add(self)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone, in autocommit. Raises LedgerUnavailable for whatever goes wrong inside."""
        if not self._lock.acquire(timeout=self._timeout_s):
            raise LedgerUnavailable("The ledger is not available: too many requests wait for it.")
        try:
            yield self._opened()
        except (sqlite3.Error, OSError) as error:
            self._drop()
            raise LedgerUnavailable(f"The ledger is not available: {_reason(error)}.") from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give the file back. The next use opens it again."""
        with self._lock:
            self._drop()

    def __del__(self) -> None:
        connection = self.__dict__.get("_connection")
        if connection is not None:
            connection.close()  # Python 3.13 warns of one that is left to the garbage collector

    def before_fork(self) -> None:
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        self._lock.release()

    def _opened(self) -> sqlite3.Connection:
        # A file that was removed or replaced would take our claims with it: what is on the disk now is the ledger.
        if self._connection is not None and self._identity != _identity(self._path):
            self._drop()
        if self._connection is None:
            self._connection = self._open()
            self._identity = _identity(self._path)
        return self._connection

    def _open(self) -> sqlite3.Connection:
        _create(self._path)
        ends_at = time.monotonic() + self._timeout_s
        while True:
            db = sqlite3.connect(self._path, timeout=self._timeout_s, isolation_level=None, check_same_thread=False)
            try:
                _prepare(db)
                return db
            except BaseException as error:
                db.close()
                # Several processes that switch a new file to WAL at once: SQLite answers some of them at once, without
                # the wait that we asked for.
                if not is_locked(error) or time.monotonic() > ends_at:
                    raise
                time.sleep(0.01)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def is_locked(error: BaseException | None) -> bool:
    """True if SQLite did nothing, because another connection was at work."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous = FULL")  # in WAL the weaker NORMAL may lose the last commits with the power
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise LedgerUnavailable("The ledger is not available: its file system can't keep a write-ahead log.")
    if _schema_version(db) == SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    version = _schema_version(db)
    if version > SCHEMA_VERSION:
        raise LedgerUnavailable(f"The ledger is not available: its file has schema {version}, newer than this program.")
    for statement in [statement for schema in _SCHEMAS[version:] for statement in schema]:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _schema_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(path: Path) -> None:
    """The file and its directories, for the owner's eyes only: they hold a trading history."""
    _create_directory(path.parent)
    with suppress(FileExistsError):  # the mode of a file that is there is its owner's choice
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _create_directory(directory: Path) -> None:
    if directory.exists():
        return
    _create_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _code(error: BaseException | None) -> int | None:
    """The primary result code, without its extension (sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _reason(error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        return f"its file can't be used ({error.strerror})"
    return _REASONS.get(_code(error) or 0, f"SQLite says {getattr(error, 'sqlite_errorname', type(error).__name__)}")


def _before_fork() -> None:
    _held[:] = _files
    for file in _held:
        file.before_fork()


def _after_fork() -> None:
    for file in _held:
        file.after_fork()
    _held.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
