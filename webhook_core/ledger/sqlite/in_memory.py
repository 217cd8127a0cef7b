"""The ledger in this process's memory: for trying things out. It ends with the process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.sqlite.documents import SqliteDocuments
from webhook_core.ledger.sqlite.errors import reason_of
from webhook_core.ledger.sqlite.file import SqliteFile
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.sqlite.schema import bring_up_to_date


class LedgerInMemory(SqliteLedger):
    """A ledger of SQLite's without a file."""

    def __init__(self) -> None:
        SqliteDocuments.__init__(self, _NoFile())


class _NoFile(SqliteFile):
    """Nobody else can lock it, damage it or put another in its place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        bring_up_to_date(self._db)

    @contextmanager
    def connection(self, *, in_budget: bool = True) -> Iterator[sqlite3.Connection]:  # noqa: ARG002
        """For this thread alone, in autocommit: no operation takes long."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise LedgerUnavailable.because(reason_of(error)) from error

    def must_hold(self, entry: int, *, instead: bool = False) -> None:
        """There is no older copy."""

    def close(self, timeout_s: float = -1) -> None:
        """Nothing to give back."""

    def __del__(self) -> None:
        self._db.close()
