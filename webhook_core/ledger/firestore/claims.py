"""A claim in Firestore that depends on nothing else, and what is recorded of it: one write each,
under conditions, and a look at what is stored only where one fails or its answer is lost."""

from __future__ import annotations

from typing import Any

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing, HeldBack, Recorded
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.firestore.calls import (
    DOCUMENTS,
    LEDGER,
    FirestoreCalls,
    Stored,
    Verify,
    Write,
)
from webhook_core.ledger.firestore.codec import version_of
from webhook_core.ledger.firestore.documents import document_id
from webhook_core.ledger.firestore.entries import (
    CONTENTION_S,
    GONE,
    UNSURE,
    entry_in,
    fields_of,
    is_expired,
)
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed, Contended, Unproved
from webhook_core.ledger.keys import unit_digest
from webhook_core.ledger.serial import unmarked
from webhook_core.risk.gates import held_back, pauses_of
from webhook_core.value import replace

_TRIES, _MOST_TRIES = 2, 4
"""One more for each of the first two things that are learned on the way."""


class Gates:
    """What may hold a claim back: documents that exist only while something is paused.

    The claim's commit carries the condition that they are absent, so a claim that nothing stops
    costs no read. Where one is there the commit fails, it is read, and a claim that it lets through
    carries the condition that it is still the one that was read. ``verify`` stands in no published
    list of a Write's fields; it is how Google's own client libraries end a transaction over the
    same interface (firebase-js-sdk, packages/firestore/src/remote/serializer.ts,
    ``VerifyMutation``).
    """

    def __init__(self, entry: LedgerEntry) -> None:
        self._entry = entry
        self._names = {(DOCUMENTS, document_id(name)): name for name in pauses_of(entry)}
        self._versions = dict.fromkeys(self._names, "")

    @property
    def conditions(self) -> list[Verify]:
        """That each is as it was when it was looked at last."""
        return [Verify(*reference, version) for reference, version in self._versions.items()]

    def look(self, calls: FirestoreCalls) -> HeldBack | None:
        """What they say now; the conditions are those of now."""
        found = calls.get_all(list(self._names))
        self._versions = {
            reference: found[reference].version if reference in found else ""
            for reference in self._names
        }
        texts = {self._names[reference]: one.text("text") or "" for reference, one in found.items()}
        return held_back(self._entry, texts)


def claim_alone(
    entry: LedgerEntry, calls: FirestoreCalls, clock: Clock
) -> Claimed | Existing | HeldBack:
    """The first attempt of an entry without a version, the next one of an entry with one; it has no
    turn and takes nothing."""
    return _written(entry, calls, clock, Gates(entry))


def recorded(entry: LedgerEntry, calls: FirestoreCalls, clock: Clock) -> Recorded | Existing:
    """Whatever is paused: an outcome is a fact."""
    written = _written(entry, calls, clock, None)
    if isinstance(written, HeldBack):
        raise AssertionError("nothing holds back what is only recorded")
    return Recorded(written.entry) if isinstance(written, Claimed) else written


def _written(
    entry: LedgerEntry, calls: FirestoreCalls, clock: Clock, gates: Gates | None
) -> Claimed | Existing | HeldBack:
    name, fields, replaces = unit_digest(entry.unit).hex(), fields_of(entry), entry.version
    tries, most_tries = 0, _TRIES
    while tries < most_tries:
        tries += 1
        conditions = [] if gates is None else gates.conditions
        try:
            write = Write(LEDGER, name, fields, replaces and version_of(replaces))
            return Claimed(replace(unmarked(entry), version=calls.write_all([write, *conditions])))
        except Contended:  # contention, which is no redelivery: nothing was written
            clock.sleep(CONTENTION_S)
            continue
        except (AlreadyThere, Changed, Unproved, ValueError) as failure:
            is_unproved, own = isinstance(failure, Unproved), calls.get(LEDGER, name)
        decided = known(entry, fields, own, clock)
        if decided is not None:
            return decided
        replaced, replaces = replaces, "" if own is None else own.version
        if replaced == replaces:
            if gates is None or is_unproved:
                continue
            held = gates.look(calls)
            if held is not None:
                return held
        most_tries = min(most_tries + 1, _MOST_TRIES)  # something was learned
    raise LedgerUnavailable.because(UNSURE)


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
