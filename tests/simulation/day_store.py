"""A store whose writes of a day fail: those of the history, of trades, of what is held and lost,
and of what is told."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Document
from webhook_core.ledger.store import Note

DOCUMENTS = ("trades", "notify", "history", "held-before", "daily-loss")
"""What their names begin with."""


class Died(BaseException):
    """The process that wrote is gone: no code of it runs any more."""


class DayStore:
    """One instance's way to the store that all share. ``rate``: how often a write fails;
    ``meanwhile``: what another instance does just before a write of this one."""

    def __init__(self, shared: MemoryLedger, random: Random, rate: float) -> None:
        self._shared, self._random, self.rate = shared, random, rate
        self.meanwhile: Callable[[], None] = lambda: None
        self.reconciles = False
        self.kept: list[Note] = []
        self.not_kept = 0
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shared, name)

    def add_note(self, note: Note) -> None:
        """What is lost here was never kept: that it is can be told, and no more."""
        try:
            self._fails("add_note", lambda: (self._shared.add_note(note), self.kept.append(note)))
        except LedgerUnavailable:
            self.not_kept += 1
            raise

    def write(self, name: str, text: str, before: Document | None) -> bool:
        if not (self.reconciles and name.startswith(DOCUMENTS)):
            return self._shared.write(name, text, before)
        return bool(self._fails(f"write {name}", lambda: self._shared.write(name, text, before)))

    def record(self, entry: Any) -> Any:
        if not self.reconciles:
            return self._shared.record(entry)
        return self._fails("record", lambda: self._shared.record(entry))

    def _fails(self, what: str, apply: Callable[[], Any]) -> Any:
        """Before it did its work, behind it, or with its process."""
        drawn = self._random.random() / self.rate if self.rate else 9
        dies = self.reconciles
        if drawn < 1 / 5 and dies:
            self.seen.add("two at once")
            self.meanwhile()
        elif drawn < 2 / 5:
            self.seen.add("failed before")
            raise LedgerUnavailable(f"{what} failed, nothing written")
        result = apply()
        if 2 / 5 <= drawn < 3 / 5:
            self.seen.add("failed behind")
            raise LedgerUnavailable(f"{what} is applied, its reply lost")
        if 3 / 5 <= drawn < 1 and dies:
            self.seen.add("died")
            raise Died(what)
        return result
