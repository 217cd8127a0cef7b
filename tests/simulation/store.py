"""Ledger and Documents as one instance meets them: one store for all, over a
network that loses things."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from tests.simulation.process import Process
from tests.simulation.shown import shown
from tests.simulation.world import in_seconds
from tests.support.memory_ledger import MemoryLedger
from webhook_core.errors import LedgerUnavailable, WebhookError
from webhook_core.ledger.contract import Claim, Claimed, Document, Existing, Page, Recorded
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.serial import unmarked
from webhook_core.ledger.store import Note, NotePage
from webhook_core.ledger.unfinished import Unfinished


class Listener(Protocol):
    def planned(self, owner: str, began_at: int, task: str) -> None: ...

    def wrote(self, before: LedgerEntry | None, after: LedgerEntry) -> None: ...


class SimulatedStore:
    """Ledger and Documents: one store for all instances, reached over a network that loses things.

    A write may fail; happen and lose its reply; lose its reply and be read back, as the real
    adapters do; or happen only after the caller has been told that it failed.
    """

    def __init__(self, process: Process, store: MemoryLedger, listener: Listener) -> None:
        self._process, self._store, self._listener = process, store, listener
        self._power = process.power
        self._marked_at: dict[str, int] = {}

    def claim(self, entry: LedgerEntry) -> Claim:
        self._tell_when_planned(entry)

        def apply() -> Claim:
            result = self._store.claim(entry)
            if isinstance(result, Claimed):
                self._tell_written(None, result.entry)
            return result

        def read_back() -> Claim | None:
            stored = self._store.find(entry.unit)
            if stored is None:
                return None
            return (
                Claimed(stored)
                if replace(stored, version="") == unmarked(entry)
                else Existing(stored)
            )

        return self._write("claim", entry, apply, read_back)

    def claim_next(self, entry: LedgerEntry) -> Claim:
        self._tell_when_planned(entry)

        def apply() -> Claim:
            before = self._store.find(entry.unit)
            result = self._store.claim_next(entry)
            if isinstance(result, Claimed):
                self._tell_written(before, result.entry)
            return result

        def read_back() -> Claim | None:
            stored = self._store.find(entry.unit)
            if stored is None:
                return None
            ours = replace(stored, version=entry.version) == unmarked(entry)
            return Claimed(stored) if ours else Existing(stored)

        return self._write("claim_next", entry, apply, read_back)

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        def apply() -> Recorded | Existing:
            before = self._store.find(entry.unit)
            result = self._store.record(entry)
            if isinstance(result, Recorded):
                self._tell_written(before, result.entry, is_record=True)
            return result

        def read_back() -> Recorded | Existing | None:
            stored = self._store.find(entry.unit)
            if stored is None:
                return None
            return (
                Recorded(stored)
                if replace(stored, version=entry.version) == entry
                else Existing(stored)
            )

        return self._write("record", entry, apply, read_back)

    def _tell_written(
        self, before: LedgerEntry | None, after: LedgerEntry, *, is_record: bool = False
    ) -> None:
        self._listener.wrote(before, after)
        if self._power is not None:
            self._power.wrote(before, after, is_record=is_record)

    def find(self, unit: Unit) -> LedgerEntry | None:
        return self._read("find", lambda: self._store.find(unit))

    def mark(self, line: str) -> str:
        self._marked_at[self._process.task] = self._process.world.now
        return self._read("mark", lambda: self._store.mark(line))

    def _tell_when_planned(self, entry: LedgerEntry) -> None:
        """A plan begins with its line's mark, if it depends on what is held."""
        began_at = self._marked_at.get(self._process.task, self._process.world.now)
        self._listener.planned(entry.current.owner, began_at, self._process.task)

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        return self._read("newest_generation", lambda: self._store.newest_generation(unit))

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        def listed() -> Page:
            return self._store.entries(
                states=states,
                strategy=strategy,
                cursor=cursor,
                limit=limit,
                newest_first=newest_first,
            )

        return self._read("entries", listed)

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        return self._read("unfinished", lambda: self._store.unfinished(mode, account, kinds, limit))

    def of_orders(
        self, mode: str, account: str, order_ids: Collection[str]
    ) -> Sequence[LedgerEntry]:
        return self._read("of_orders", lambda: self._store.of_orders(mode, account, order_ids))

    def purge(self, claimed_before: datetime, limit: int) -> int:
        return self._read("purge", lambda: self._store.purge(claimed_before, limit))

    def add_note(self, note: Note) -> None:
        self._read("add_note", lambda: self._store.add_note(note))

    def notes(self, **asked: Any) -> NotePage:
        page: NotePage = self._read("notes", lambda: self._store.notes(**asked))
        return page

    def purge_notes(self, before: datetime, limit: int) -> int:
        return self._read("purge_notes", lambda: self._store.purge_notes(before, limit))

    def read(self, name: str) -> Document | None:
        return self._read("read", lambda: self._store.read(name))

    def write(self, name: str, text: str, before: Document | None) -> bool:
        return self._write(
            "write", name, lambda: self._store.write(name, text, before), lambda: None
        )

    def delete(self, name: str, before: Document) -> bool:
        return self._write("delete", name, lambda: self._store.delete(name, before), lambda: None)

    def beginning_with(self, prefix: str) -> Mapping[str, Document]:
        found: Mapping[str, Document] = self._read(
            "beginning_with", lambda: self._store.beginning_with(prefix)
        )
        return found

    def _read(self, what: str, apply: Callable[[], Any]) -> Any:
        process = self._process
        process.point(what, "begins")
        if process.chaos.happens("ledger_failed"):
            raise self._failure("ledger.%s FAILS", what)
        result = apply()
        process.tell("ledger.%s -> %s", what, result)
        process.point(what, "ends")
        return result

    def _write(
        self, what: str, written: object, apply: Callable[[], Any], read_back: Callable[[], Any]
    ) -> Any:
        process, chaos = self._process, self._process.chaos
        process.point(what, "begins")
        if chaos.happens("ledger_failed"):
            raise self._failure("ledger.%s %s FAILS, nothing written", what, written)
        if chaos.happens("ledger_late"):
            late, cuts = chaos.seconds(0.5, 120), self._cuts
            process.world.after(late, lambda: self._apply_late(what, written, apply, cuts))
            process.wait(800_000)
            raise self._failure(
                "ledger.%s %s times out, will be written in %s", what, written, in_seconds(late)
            )
        result = apply()
        process.tell("ledger.%s %s -> %s", what, written, result)
        if chaos.happens("ledger_reply_lost"):
            process.point(what, "ends")
            raise self._failure("ledger.%s %s is applied and its reply LOST", what, written)
        if chaos.happens("ledger_healed"):
            process.point(what, "reads back")
            result = read_back() or result
            process.tell("ledger.%s lost its reply and read back %s", what, result)
        process.point(what, "ends")
        return result

    @property
    def _cuts(self) -> int:
        return 0 if self._power is None else self._power.cuts

    def _apply_late(self, what: str, written: object, apply: Callable[[], Any], cuts: int) -> None:
        if self._cuts != cuts:  # what was under way on that machine is gone with its power
            self._process.world.tell("store", f"a late ledger.{what} is gone with the power")
            return
        try:
            result = apply()
        except WebhookError as error:
            result = error.message
        self._process.world.tell(
            "store", f"a late ledger.{what} {shown(written)} -> {shown(result)}"
        )

    def _failure(self, text: str, *facts: object) -> LedgerUnavailable:
        self._process.tell(text, *facts)
        return LedgerUnavailable("The ledger is not available.")
