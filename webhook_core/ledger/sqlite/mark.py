"""Whether the file at a path is the ledger that belongs there.

A mark beside the file holds the ledger's id and outlives the file. The id is in the file before it
is in the mark, and whoever opens the file reads the mark first. So processes that start at once
agree: who sees a mark sees a file with an id, and who sees none reads the one id that the file has
got.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from webhook_core.errors import LedgerLost
from webhook_core.ledger.ledger_id import DOCUMENT, lost, new_id
from webhook_core.value import NamedTuple

_ON_PURPOSE = "begun-anew"
GONE = "its file is gone, or empty"
_ANOTHER = "its file is not the ledger that was here"


class Mark(NamedTuple):
    """``on_purpose``: a person began this ledger in the place of another, so who knew that one may
    follow."""

    ledger_id: str
    on_purpose: bool = False


class Sight(NamedTuple):
    """Which file and which write-ahead log stand at a path, and how large they are."""

    device: int
    file: int
    log: int | None
    size: int
    log_size: int

    def has_all_of(self, before: Sight | None) -> bool:
        """The same two, and no less in them."""
        if before is None or self[:3] != before[:3]:
            return False
        return self.size >= before.size and self.log_size >= before.log_size


class Place:
    """``ledger_id``: the id that the ledger here must have, None for whichever it has.
    ``highest_entry``: the number of the newest one that this process knows to be in it. Every
    method that opens or reads raises OSError or sqlite3.Error."""

    def __init__(self, path: Path, ledger_id: str | None) -> None:
        self.path = path
        self.highest_entry = 0
        self._log_path = path.with_name(f"{path.name}-wal")
        self._mark_path = path.with_name(f"{path.name}.mark")
        self._expected_id = ledger_id
        self._known_id: str | None = None

    def sight(self) -> Sight | None:
        """None for no file, and for an empty one."""
        try:
            file = self.path.stat()
        except FileNotFoundError:
            return None
        if not file.st_size:
            return None
        try:
            log = self._log_path.stat()
        except FileNotFoundError:
            return Sight(file.st_dev, file.st_ino, None, file.st_size, 0)
        return Sight(file.st_dev, file.st_ino, log.st_ino, file.st_size, log.st_size)

    def mark(self) -> Mark | None:
        """None where there is none. One that can't be read is nobody's: no ledger passes for the
        one that was here."""
        try:
            words = self._mark_path.read_text("ascii", "replace").split()
        except FileNotFoundError:
            return None
        return Mark(words[0] if words else "", words[1:] == [_ON_PURPOSE])

    @property
    def is_known(self) -> bool:
        """Whether a ledger was here, as far as this process or the mark knows."""
        return (
            self._expected_id is not None or self._known_id is not None or self._mark_path.exists()
        )

    def make_file(self) -> None:
        """The file and its directories, for the owner's eyes only: they hold a trading history."""
        _make_directory(self.path.parent)
        with suppress(FileExistsError):  # the mode of a file that is there is its owner's choice
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))

    @contextmanager
    def alone(self, timeout_s: float) -> Iterator[None]:
        """Of several that make a ledger here at once, one at a time: else the second would put
        aside as an empty file what the first has just made of it."""
        _make_directory(self.path.parent)
        with _locked(self.path.parent, timeout_s):
            yield

    def put(self, draft: Path) -> None:
        """A whole file here, where none is or an empty one. What is left of another is kept aside:
        its log would be taken for the new file's. Only for one that is ``alone``."""
        end = new_id()[:8]
        for file in (self.path, self._log_path, self.path.with_name(f"{self.path.name}-shm")):
            if self.sight() is None:
                with suppress(FileNotFoundError):
                    file.rename(file.with_name(f"{file.name}.lost-{end}"))
        try:
            os.link(draft, self.path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            draft.replace(self.path)
            return
        draft.unlink()

    def is_taken(self, mark: Mark | None) -> bool:
        """Whether a ledger must be here already. Raises LedgerLost if there is nothing."""
        if mark is None and self._expected_id is None and self._known_id is None:
            return False
        if self.sight() is None:
            raise self.lost(GONE)
        return True

    def verify(self, db: sqlite3.Connection, mark: Mark | None, own: str | None) -> None:
        """Raises LedgerLost for another ledger than the one that belongs here. The first one to be
        here gets its mark."""
        if self._expected_id not in (None, own):
            raise self.lost("its file is not the ledger that LEDGER_ID names")
        if mark is not None and mark.ledger_id != own:
            raise self.lost(_ANOTHER)
        if self._known_id not in (None, own) and (mark is None or not mark.on_purpose):
            raise self.lost(_ANOTHER)
        highest = highest_entry(db)
        if self._known_id == own and highest < self.highest_entry:
            raise self.lost("its file lacks entries that were here, as an older copy does")
        if mark is None and own is not None:
            self.write(Mark(own))
        self.highest_entry = highest if self._known_id != own else max(highest, self.highest_entry)
        self._known_id = own

    def write(self, mark: Mark) -> None:
        """At once or not at all, and on the disk before it returns."""
        draft = self._mark_path.with_name(f"{self._mark_path.name}.{new_id()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(
                descriptor,
                f"{mark.ledger_id}{f' {_ON_PURPOSE}' if mark.on_purpose else ''}\n".encode(),
            )
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(self._mark_path)

    def lost(self, reason: str) -> LedgerLost:
        return lost(reason, path=str(self.path))


def id_in(db: sqlite3.Connection) -> str | None:
    """None in a ledger that has none yet: a new one, or one of an earlier version."""
    row = db.execute("SELECT text FROM documents WHERE name = ?", (DOCUMENT,)).fetchone()
    return None if row is None else str(row[0])


def given_id(db: sqlite3.Connection) -> str:
    """The id of a ledger that may not have one yet: of several processes that give it one, one
    does."""
    own = id_in(db)
    if own is None:
        db.execute(
            "INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT DO NOTHING", (DOCUMENT, new_id())
        )
    return own or str(id_in(db))


def highest_entry(db: sqlite3.Connection) -> int:
    """An older copy of a file has a lower one."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()[0])


@contextmanager
def _locked(directory: Path, timeout_s: float) -> Iterator[None]:
    """The lock ends with the process, and leaves no file."""
    descriptor, ends_at = os.open(directory, os.O_RDONLY), time.monotonic() + timeout_s
    try:
        while not _lock(descriptor):
            if time.monotonic() > ends_at:
                raise TimeoutError(errno.ETIMEDOUT, "another process makes a ledger here")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """False while another has it. Where there are no such locks (Windows, some network file
    systems) everybody has it."""
    try:
        import fcntl  # the first start of all alone needs it

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


def _make_directory(directory: Path) -> None:
    if directory.exists():
        return
    _make_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
