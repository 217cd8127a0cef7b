"""A claim in Firestore that depends on others, or takes something with it: the entry, a document
of its line and those of its counts are written together, or none of them.

The line's document names who took the last turn (``holder``: nobody else of the line can be
SUBMITTING, for taking a turn needs the holder to be done), with which attempt (``owner``: the
line's mark), who was fired last (``newest``), and all that were fired then (``tied``, as far as
they count). Whether the holder is done stands in its entry alone: what is recorded there frees the
line. Every write is conditional, so whoever comes in between makes them fail.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claim, Claimed
from webhook_core.ledger.entry import LedgerEntry, Turn
from webhook_core.ledger.firestore.calls import (
    DOCUMENTS,
    LEDGER,
    FirestoreCalls,
    Stored,
    Verify,
    Write,
)
from webhook_core.ledger.firestore.claims import Gates, known
from webhook_core.ledger.firestore.documents import document_id
from webhook_core.ledger.firestore.entries import (
    CONTENTION_S,
    UNSURE,
    entry_in,
    fields_of,
    is_expired,
)
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed, Contended, Unproved
from webhook_core.ledger.keys import digest, unit_digest
from webhook_core.ledger.serial import unmarked
from webhook_core.ledger.turns import MOST_TIES, Refusal, refusal
from webhook_core.value import replace

Reference = tuple[str, str]
_LINES = "lines"
_TRIES = 6


def mark_of(line: str, calls: FirestoreCalls) -> str:
    found = calls.get(*_line(line))
    return "" if found is None else str(found.fields.get("owner", ""))


def claim_together(entry: LedgerEntry, calls: FirestoreCalls, clock: Clock) -> Claim:
    """The first attempt of an entry without a version, the next one of an entry with one: one look
    at all that it depends on, and one commit. Raises WebhookError where it may not take what it
    wants."""
    name, fields, gates, held = unit_digest(entry.unit).hex(), fields_of(entry), Gates(entry), None
    lines = [] if entry.turn is None else [_line(entry.turn.line)]
    counts = [(DOCUMENTS, document_id(take.name)) for take in entry.takes]
    for _ in range(_TRIES):
        found = calls.get_all([(LEDGER, name), *lines, *counts])
        own = found.get((LEDGER, name))
        decided = known(entry, fields, own, clock) or held or _refused(entry, found, calls, clock)
        if decided is not None:
            return decided
        writes: list[Write | Verify] = [
            Write(LEDGER, name, fields, _version(own)),
            *_turn_taken(entry, name, found),
            *_counted(entry, counts, found),
            *gates.conditions,
        ]
        try:
            return Claimed(replace(unmarked(entry), version=calls.write_all(writes)))
        except Contended:
            clock.sleep(CONTENTION_S)
        except Unproved:
            continue  # the next look tells whether we were here ourselves
        except (AlreadyThere, Changed):  # somebody else was; or something holds it back
            held = gates.look(calls)
    raise LedgerUnavailable.because(UNSURE)


def _line(line: str) -> Reference:
    return _LINES, digest(line).hex()


def _refused(
    entry: LedgerEntry, found: Mapping[Reference, Stored], calls: FirestoreCalls, clock: Clock
) -> Refusal | None:
    turn = entry.turn
    if turn is None:
        return None
    line = _fields(found.get(_line(turn.line)))
    names = {line[role] for role in ("holder", "newest") if role in line}
    if turn.in_order and line.get("firedAt") == turn.fired_at:
        names.update(line.get("tied", ()))
    others = calls.get_all([(LEDGER, name) for name in names]).values()
    present = [entry_in(other) for other in others if not is_expired(other, clock.now())]
    return refusal(entry, present, line.get("owner", ""))


def _turn_taken(
    entry: LedgerEntry, name: str, found: Mapping[Reference, Stored]
) -> Iterator[Write]:
    turn = entry.turn
    if turn is not None:
        stored = found.get(_line(turn.line))
        fields = {**_after(turn, name, _fields(stored)), "owner": entry.current.owner}
        yield Write(*_line(turn.line), fields, _version(stored))


def _after(turn: Turn, name: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """The line once this turn is taken. An older one leaves the newest as they are."""
    if not line or line["firedAt"] < turn.fired_at:
        return {"holder": name, "newest": name, "firedAt": turn.fired_at, "tied": [name]}
    if line["firedAt"] > turn.fired_at:
        return {"holder": name}
    tied = [*(one for one in line.get("tied", [line["newest"]]) if one != name), name]
    return {"holder": name, "newest": name, "tied": tied[-MOST_TIES:]}


def _counted(
    entry: LedgerEntry, counts: list[Reference], found: Mapping[Reference, Stored]
) -> Iterator[Write]:
    """What the claim takes with it, each only over the version that was read. Raises WebhookError
    where it may not."""
    for take, reference in zip(entry.takes, counts, strict=True):
        stored = found.get(reference)
        text = take.after(None if stored is None else stored.text("text") or "")
        if text is not None:
            fields = {"name": take.name, "text": text, "owner": uuid.uuid4().hex}
            yield Write(*reference, fields, _version(stored))


def _fields(stored: Stored | None) -> Mapping[str, Any]:
    return {} if stored is None else stored.fields


def _version(stored: Stored | None) -> str:
    return "" if stored is None else stored.version
