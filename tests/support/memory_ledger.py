"""A ledger that behaves, in dictionaries: the simulation reads it a million times."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from threading import Lock

from tests.support.memory_notes import MemoryNotes
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import (
    Claim,
    Claimed,
    Document,
    Existing,
    HeldBack,
    Page,
    Recorded,
)
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State, Unit
from webhook_core.ledger.keys import cursor_text, read_cursor
from webhook_core.ledger.serial import unmarked
from webhook_core.ledger.turns import Refusal, refusal
from webhook_core.ledger.unfinished import (
    Unfinished,
    has_placed,
    kept_since,
    places_of,
    unfinished_place,
)
from webhook_core.risk.gates import held_back, pauses_of
from webhook_core.value import replace

_FIRST = "1"


class MemoryLedger(MemoryNotes):
    """Ledger and Documents in dictionaries, under one lock; and Notes."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._entries: dict[Unit, tuple[int, LedgerEntry]] = {}
        self._numbers = itertools.count(1)
        self._marks: dict[str, str] = {}
        self._documents: dict[str, Document] = {}

    def close(self) -> None:
        """Nothing to give back."""

    def claim(self, entry: LedgerEntry) -> Claim:
        with self._lock:
            if entry.unit in self._entries:
                return Existing(self._entries[entry.unit][1])
            refused = self._refusal(entry)
            if refused is not None:
                return refused
            stored = replace(unmarked(entry), version=_FIRST)
            self._entries[entry.unit] = (next(self._numbers), stored)
            return self._claimed(stored)

    def claim_next(self, entry: LedgerEntry) -> Claim:
        with self._lock:
            stored = self._stored(entry.unit)
            if stored.version != entry.version:
                return Existing(stored)
            return self._refusal(entry) or self._claimed(self._replace(entry))

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        with self._lock:
            stored = self._stored(entry.unit)
            return (
                Existing(stored)
                if stored.version != entry.version
                else Recorded(self._replace(entry))
            )

    def _stored(self, unit: Unit) -> LedgerEntry:
        if unit not in self._entries:
            raise LedgerUnavailable("The ledger holds no such entry any more.")
        return self._entries[unit][1]

    def _replace(self, entry: LedgerEntry) -> LedgerEntry:
        changed = replace(unmarked(entry), version=_next(entry.version))
        self._entries[entry.unit] = (self._entries[entry.unit][0], changed)
        return changed

    def _claimed(self, entry: LedgerEntry) -> Claimed:
        if entry.turn is not None:
            self._marks[entry.turn.line] = entry.current.owner
        return Claimed(entry)

    def _refusal(self, entry: LedgerEntry) -> Refusal | HeldBack | None:
        names = (name for name in pauses_of(entry) if name in self._documents)
        held = held_back(entry, {name: self._documents[name].text for name in names})
        refused: Refusal | HeldBack | None = held
        if held is None and entry.turn is not None:
            others = [other for _, other in self._entries.values()]
            refused = refusal(entry, others, self._marks.get(entry.turn.line, ""))
        if refused is None and entry.takes:
            self._take(entry)
        return refused

    def _take(self, entry: LedgerEntry) -> None:
        stored = {take.name: self._documents.get(take.name) for take in entry.takes}
        texts = [
            (one.name, one.after(None if (kept := stored[one.name]) is None else kept.text))
            for one in entry.takes
        ]
        for name, text in texts:
            kept = stored[name]
            if text is not None:
                self._documents[name] = Document(
                    text, _FIRST if kept is None else _next(kept.version)
                )

    def mark(self, line: str) -> str:
        with self._lock:
            return self._marks.get(line, "")

    def find(self, unit: Unit) -> LedgerEntry | None:
        with self._lock:
            return self._entries[unit][1] if unit in self._entries else None

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        with self._lock:
            entries = [
                entry for _, entry in self._entries.values() if _base(entry.unit) == _base(unit)
            ]
        return max(entries, key=lambda entry: entry.unit.generation, default=None)

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        if limit < 1:
            raise ValueError("limit: at least 1")
        with self._lock:
            rows = [
                (entry.claimed_at, number, entry)
                for number, entry in self._entries.values()
                if (states is None or entry.state in states)
                and (strategy is None or entry.strategy == strategy)
            ]
        if cursor is not None:
            claimed_at, tie = read_cursor(cursor, "[0-9]{1,18}")
            after = (claimed_at, int(tie))
            rows = [row for row in rows if (row[:2] < after if newest_first else row[:2] > after)]
        rows.sort(key=lambda row: row[:2], reverse=newest_first)
        page = rows[:limit]
        following = cursor_text(page[-1][0], str(page[-1][1])) if len(rows) > limit else None
        return Page([entry for _, _, entry in page], following)

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        with self._lock:
            entries = [entry for _, entry in self._entries.values()]
        places = places_of(mode, account, kinds)
        return [entry for entry in entries if unfinished_place(entry) in places][:limit]

    def of_orders(
        self, mode: str, account: str, order_ids: Collection[str]
    ) -> Sequence[LedgerEntry]:
        with self._lock:
            entries = [entry for _, entry in self._entries.values()]
        return [
            entry
            for entry in entries
            if has_placed(entry, mode, account) and entry.current.order_id in order_ids
        ]

    def purge(self, kept_before: datetime, limit: int) -> int:
        with self._lock:
            old = [
                (entry.claimed_at, number, unit)
                for unit, (number, entry) in self._entries.items()
                if entry.state in TERMINAL and kept_since(entry) < kept_before
            ]
            old.sort(key=lambda row: row[:2])
            for _, _, unit in old[:limit]:
                del self._entries[unit]
        return len(old[:limit])

    def read(self, name: str) -> Document | None:
        with self._lock:
            return self._documents.get(name)

    def write(self, name: str, text: str, before: Document | None) -> bool:
        with self._lock:
            stored = self._documents.get(name)
            if (stored and stored.version) != (before and before.version):
                return False
            self._documents[name] = Document(
                text, _FIRST if stored is None else _next(stored.version)
            )
            return True

    def delete(self, name: str, before: Document) -> bool:
        with self._lock:
            stored = self._documents.get(name)
            if stored is None or stored.version != before.version:
                return False
            del self._documents[name]
            return True

    def beginning_with(self, prefix: str) -> Mapping[str, Document]:
        with self._lock:
            return {name: text for name, text in self._documents.items() if name.startswith(prefix)}


def _base(unit: Unit) -> tuple[str, str, str, int]:
    return unit.alert_key, unit.mode, unit.account, unit.leg


def _next(version: str) -> str:
    return str(int(version) + 1)
