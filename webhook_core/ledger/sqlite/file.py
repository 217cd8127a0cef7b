"""The SQLite file under the ledger: opened on first use, and every failure named.

Where a ledger was, none is made in its place: before each use the path is held against the file
that is open, and each opening against the mark beside it (sqlite_mark). A file that has gone, is
empty or is another one is LedgerLost.

One connection per process, one operation at a time: SQLite has one writer anyway, and what is
opened in one place can be closed in one place. Python's fork closes it first, in the parent too: a
connection carried across a fork, even only to be closed, breaks the file's locks
(sqlite.org/howtocorrupt.html, section 2.6); both sides open it again when they need it.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from weakref import WeakSet

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.ledger_id import new_id
from webhook_core.ledger.sqlite.errors import is_damaged, is_locked, reason_of
from webhook_core.ledger.sqlite.mark import GONE, Mark, Place, Sight, given_id, highest_entry, id_in
from webhook_core.ledger.sqlite.schema import prepare
from webhook_core.ledger.time_left import seconds_at_most

_files: WeakSet[SqliteFile] = WeakSet()
_held: list[SqliteFile] = []
"""The files of the fork in hand: one that another thread opens meanwhile was never held."""


class SqliteFile:
    """``timeout_s`` bounds the wait for our own threads, and again the wait for other processes.
    ``ledger_id`` is the id that the ledger in the file must have, None for whichever it has."""

    def __init__(self, path: str | Path, timeout_s: float, ledger_id: str | None = None) -> None:
        self._path = Path(path).absolute()
        self._place = Place(self._path, ledger_id)
        self._timeout_s = timeout_s
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._seen: Sight | None = None
        self._waits_s = timeout_s
        _files.add(self)

    @contextmanager
    def connection(self, *, in_budget: bool = True) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone, in autocommit. Raises LedgerUnavailable for
        whatever goes wrong inside, LedgerLost where the ledger is not the one that was here.
        ``in_budget``: no wait outlasts the time that the request has left."""
        if not self._lock.acquire(timeout=self._patience(in_budget)):
            raise LedgerUnavailable.because("too many requests wait for it")
        try:
            db = self._opened()
            self._wait_at_most(db, self._patience(in_budget))
            yield db
        except (sqlite3.Error, OSError) as error:
            self._drop()
            if is_damaged(error) and self._place.is_known:
                raise self._place.lost(reason_of(error)) from error
            raise LedgerUnavailable.because(reason_of(error)) from error
        finally:
            self._lock.release()

    def must_hold(self, entry: int, *, instead: bool = False) -> None:
        """The number of an entry that is in the file: without it the file is an older copy.
        ``instead`` of what it had."""
        self._place.highest_entry = entry if instead else max(entry, self._place.highest_entry)

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is at the path as the ledger from now on, or make one if nothing is: its id,
        and whether it was not before.

        Raises LedgerUnavailable for a file that is no ledger.
        """
        with self._lock:
            self._drop()
            self._place = Place(self._path, None)
            try:
                with self._place.alone(self._timeout_s):
                    return self._begun()
            except (sqlite3.Error, OSError) as error:
                raise LedgerUnavailable.because(reason_of(error)) from error

    def _begun(self) -> tuple[str, bool]:
        mark = self._place.mark()
        if self._place.sight() is None:
            self._place.put(self._new_file())
        with closing(self._connected(self._path, prepare)) as db:
            own = given_id(db)
        is_new = mark is None or mark.ledger_id != own
        if is_new:
            self._place.write(Mark(own, on_purpose=True))
        return own, is_new

    def close(self, timeout_s: float = -1) -> None:
        """Give the file back, with all that is in its log. The next use opens it again."""
        if self._lock.acquire(timeout=timeout_s):
            try:
                seen = self._place.sight()
                if (
                    self._connection is not None
                    and seen is not None
                    and seen.has_all_of(self._seen)
                ):
                    with suppress(sqlite3.Error):  # in the log it is as durable
                        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._drop()
            finally:
                self._lock.release()

    def __del__(self) -> None:
        connection = self.__dict__.get("_connection")
        if connection is not None:
            connection.close()  # Python 3.13 warns of one that is left to the garbage collector

    def before_fork(self) -> None:
        self._lock.acquire()
        self._drop()

    def after_fork(self) -> None:
        self._lock.release()

    def _patience(self, in_budget: bool) -> float:
        return seconds_at_most(self._timeout_s) if in_budget else self._timeout_s

    def _wait_at_most(self, db: sqlite3.Connection, seconds: float) -> None:
        if seconds != self._waits_s:
            db.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            self._waits_s = seconds

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and not self._is_in_place():
            # Another file, another log, or less of it: what was written must be in
            # what is there now.
            with suppress(sqlite3.Error):
                self.must_hold(highest_entry(self._connection))
            self._drop()
        if self._connection is None:
            self._connection, self._waits_s = self._open(), self._timeout_s
            self._seen = self._place.sight()
        return self._connection

    def _is_in_place(self) -> bool:
        """Raises LedgerLost where nothing is; the connection stays: the file may come back."""
        seen = self._place.sight()
        if seen is None:
            raise self._place.lost(GONE)
        if not seen.has_all_of(self._seen):
            return False
        self._seen = seen
        return True

    def _open(self) -> sqlite3.Connection:
        mark = self._place.mark()
        if self._place.is_taken(mark):  # nothing is written to what is not the ledger
            return self._connected(
                self._path, lambda db: self._place.verify(db, mark, id_in(db)), prepare
            )
        with self._place.alone(self._timeout_s):
            self._place.make_file()
            return self._connected(
                self._path, prepare, lambda db: self._place.verify(db, mark, given_id(db))
            )

    def _new_file(self) -> Path:
        """A ledger without entries, under a name of its own."""
        place = Place(self._path.with_name(f"{self._path.name}.{new_id()}"), None)
        place.make_file()
        with closing(self._connected(place.path, prepare)) as db:
            given_id(db)
        return place.path

    def _connected(
        self, path: Path, *steps: Callable[[sqlite3.Connection], None]
    ) -> sqlite3.Connection:
        ends_at = time.monotonic() + self._timeout_s
        while True:
            db = sqlite3.connect(
                path, timeout=self._timeout_s, isolation_level=None, check_same_thread=False
            )
            try:
                for step in steps:
                    step(db)
                return db
            except BaseException as error:
                db.close()
                # Several processes that switch a new file to WAL at once: SQLite answers some of
                # them at once, without the wait that we asked for.
                if not is_locked(error) or time.monotonic() > ends_at:
                    raise
                time.sleep(0.01)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _before_fork() -> None:
    _held[:] = _files
    for file in _held:
        file.before_fork()


def _after_fork() -> None:
    for file in _held:
        file.after_fork()
    _held.clear()


def _at_exit() -> None:
    """A server that is stopped leaves a file that is whole without its log."""
    for file in list(_files):
        file.close(timeout_s=1.0)


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
