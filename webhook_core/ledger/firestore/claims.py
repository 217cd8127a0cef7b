"""A claim in Firestore that depends on nothing else, and what is recorded of it: one write each,
under conditions, and a look at what is stored only where one fails or its answer is lost."""

from __future__ import annotations

from typing import Any

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, HeldBack, Recorded
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.firestore.calls import LEDGER, FirestoreCalls, Stored, Verify, Write
from webhook_core.ledger.firestore.codec import version_of
from webhook_core.ledger.firestore.entries import (
    CONTENTION_S,
    GONE,
    UNSURE,
    entry_in,
    fields_of,
    is_expired,
)
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed, Contended, Unproved
from webhook_core.ledger.firestore.gates import Gates
from webhook_core.ledger.keys import unit_digest
from webhook_core.ledger.serial import unmarked
from webhook_core.value import replace

_TRIES = 2


class _Tries:
    """Two, and one more for each of the first two things that are learned on the way."""

    def __init__(self) -> None:
        self.left = _TRIES
        self._learns = 2

    def another(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def learned(self) -> None:
        if self._learns:
            self._learns -= 1
            self.left += 1

    def look(self, gates: Gates, calls: FirestoreCalls) -> HeldBack | None:
        self.learned()
        return gates.look(calls)


def claim_alone(
    entry: LedgerEntry, calls: FirestoreCalls, clock: Clock
) -> Claimed | Existing | HeldBack:
    """The first attempt of an entry that has no turn and takes nothing."""
    name, fields, gates = unit_digest(entry.unit).hex(), fields_of(entry), Gates(entry)
    replaces, tries = "", _Tries()
    while tries.another():
        writes: list[Write | Verify] = [Write(LEDGER, name, fields, replaces), *gates.conditions]
        try:
            return Claimed(replace(unmarked(entry), version=calls.write_all(writes)))
        except Contended:  # contention, which is no redelivery: nothing was written
            clock.sleep(CONTENTION_S)
            continue
        except (AlreadyThere, Changed, Unproved) as failure:
            is_unproved, stored = isinstance(failure, Unproved), calls.get(LEDGER, name)
        if stored is not None:
            if stored.text("document") == fields["document"]:  # ours, whose answer was lost
                return Claimed(replace(unmarked(entry), version=stored.version))
            if not is_expired(stored, clock.now()):
                return Existing(entry_in(stored))
        replaced, replaces = replaces, "" if stored is None else stored.version
        held = None
        if replaced != replaces:
            tries.learned()
        elif not is_unproved:
            held = tries.look(gates, calls)
        if held is not None:
            return held
    raise LedgerUnavailable(UNSURE)


def known(
    entry: LedgerEntry, fields: dict[str, Any], own: Stored | None, clock: Clock
) -> Claimed | Existing | None:
    """What the unit's own document says, whatever else a claim depends on."""
    if own is None:
        if entry.version:
            raise LedgerUnavailable(GONE)
        return None
    if own.text("document") == fields["document"]:  # our own write, whose answer was lost
        return Claimed(replace(unmarked(entry), version=own.version))
    replaceable = own.version == entry.version if entry.version else is_expired(own, clock.now())
    return None if replaceable else Existing(entry_in(own))


def claim_next_alone(
    entry: LedgerEntry, calls: FirestoreCalls, clock: Clock
) -> Claimed | Existing | HeldBack:
    """The next attempt of one."""
    written = _replaced(entry, calls, clock, Gates(entry))
    return Claimed(written.entry) if isinstance(written, Recorded) else written


def recorded(entry: LedgerEntry, calls: FirestoreCalls, clock: Clock) -> Recorded | Existing:
    """Whatever is paused: an outcome is a fact."""
    written = _replaced(entry, calls, clock, None)
    if isinstance(written, HeldBack):
        raise AssertionError("nothing holds back what is only recorded")
    return written


def _replaced(
    entry: LedgerEntry, calls: FirestoreCalls, clock: Clock, gates: Gates | None
) -> Recorded | Existing | HeldBack:
    name, fields = unit_digest(entry.unit).hex(), fields_of(entry)
    tries = _Tries()
    while tries.another():
        try:
            write = Write(LEDGER, name, fields, version_of(entry.version))
            written = calls.write_all([write, *([] if gates is None else gates.conditions)])
            return Recorded(replace(unmarked(entry), version=written))
        except Contended:
            clock.sleep(CONTENTION_S)
            continue
        except (AlreadyThere, Changed, Unproved, ValueError):
            stored = calls.get(LEDGER, name)
        if stored is None:
            raise LedgerUnavailable(GONE)
        if stored.text("document") == fields["document"]:
            return Recorded(replace(unmarked(entry), version=stored.version))
        if stored.version != entry.version:
            return Existing(entry_in(stored))
        held = None if gates is None else tries.look(gates, calls)
        if held is not None:
            return held
    raise LedgerUnavailable(UNSURE)
