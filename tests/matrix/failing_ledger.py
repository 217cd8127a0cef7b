"""A real ledger whose calls fail as a cell says: at one call, before or after its
work, or at every call."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from tests.matrix.cell import LedgerFault
from webhook_core.errors import LedgerUnavailable

COUNTED = ("claim", "claim_next", "record", "mark", "find", "newest_generation", "entries")


class Script:
    """Counts the calls of every instance together. ``fault`` None: nothing fails."""

    def __init__(self, fault: LedgerFault | None) -> None:
        self._fault = fault
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._delivering = True

    def deliveries_are_over(self) -> None:
        self._delivering = False

    def of_next_call(self, method: str) -> str:
        """ "before", "after", or nothing."""
        with self._lock:
            self._calls[method] += 1
            if self._fault is None:
                return ""
            if self._fault.method == "every":
                return "before" if self._delivering else ""
            due = (self._fault.method, self._fault.nth) == (method, self._calls[method])
            return self._fault.when if due else ""


class FailingLedger:
    """Ledger and Documents, around a store."""

    def __init__(self, store: Any, script: Script) -> None:
        self._store = store
        self._script = script

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def called(*arguments: Any, **options: Any) -> Any:
            when = self._script.of_next_call(name)
            if when == "before":
                raise LedgerUnavailable("The ledger is not available: the matrix says so.")
            result = method(*arguments, **options)
            if when == "after":
                raise LedgerUnavailable("The ledger is not available: its answer was lost.")
            return result

        return called
