"""The power of the machine that all instances stand on.

When it is cut they all die, and with them what the store had not put on the disk yet: the outcomes
that it records without waiting (``SqliteLedger.record``), since its last write that waited.
"""

from __future__ import annotations

from random import Random
from typing import Protocol

from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.entry import LedgerEntry, State, Unit

WITHOUT_WAITING = (State.ACCEPTED,)
_RATES = (0.0, 0.0, 0.001, 0.004)


class Mortal(Protocol):
    dead: bool


class Power:
    """Its own chance, drawn from ``seed``, so that nothing else of a world is
    another one for it."""

    def __init__(self, seed: int, store: MemoryLedger) -> None:
        self._random = Random(f"power {seed}")
        self._rate = self._random.choice(_RATES)
        self._store = store
        self._unsynced: dict[Unit, LedgerEntry | None] = {}
        self.processes: list[Mortal] = []
        self.cuts = 0

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry, *, is_record: bool) -> None:
        """The store holds ``after`` in the place of ``before``."""
        if before is not None and is_record and after.state in WITHOUT_WAITING:
            self._unsynced.setdefault(after.unit, before)
        else:
            self._unsynced.clear()

    def is_cut(self) -> bool:
        """At this call of a port: everybody is dead, and the store is what was on the disk."""
        if self._random.random() >= self._rate:
            return False
        for unit, before in self._unsynced.items():
            number, _ = self._store._entries.pop(unit, (0, None))
            if before is not None and number:
                self._store._entries[unit] = (number, before)
        self._unsynced.clear()
        for process in self.processes:
            process.dead = True
        self.cuts += 1
        return True
