"""A claim in Firestore that depends on others: the entry and a document of its line are written
together, or neither.

The line's document names who took the last turn (``holder``: nobody else of the line can be
SUBMITTING, for taking a turn needs the holder to be done), with which attempt (``owner``: the
line's mark), who was fired last (``newest``), and all that were fired then (``tied``, as far as
they count). Whether the holder is done stands in its entry alone: what is recorded there frees the
line. Both writes are conditional, so whoever takes a turn in between makes them fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Claim, Claimed
from webhook_core.ledger.entry import LedgerEntry, Turn
from webhook_core.ledger.firestore.calls import LEDGER, FirestoreCalls, Stored, Verify, Write
from webhook_core.ledger.firestore.claims import known
from webhook_core.ledger.firestore.entries import (
    CONTENTION_S,
    UNSURE,
    entry_in,
    fields_of,
    is_expired,
)
from webhook_core.ledger.firestore.failures import AlreadyThere, Changed, Contended, Unproved
from webhook_core.ledger.firestore.gates import Gates
from webhook_core.ledger.firestore.taking import references_of, taken
from webhook_core.ledger.keys import line_digest, unit_digest
from webhook_core.ledger.serial import unmarked
from webhook_core.ledger.turns import MOST_TIES, Refusal, refusal
from webhook_core.value import replace

_LINES = "lines"
_TRIES = 5


def mark_of(line: str, calls: FirestoreCalls) -> str:
    found = calls.get(_LINES, line_digest(line).hex())
    return "" if found is None else str(found.fields.get("owner", ""))


def claim_in_turn(entry: LedgerEntry, turn: Turn, calls: FirestoreCalls, clock: Clock) -> Claim:
    """The first attempt of an entry without a version, the next one of an entry with one."""
    name, line_name, fields = (
        unit_digest(entry.unit).hex(),
        line_digest(turn.line).hex(),
        fields_of(entry),
    )
    gates, held = Gates(entry), None
    for _ in range(_TRIES):
        wanted = [(LEDGER, name), (_LINES, line_name), *references_of(entry)]
        found = calls.get_all(wanted)
        own, line = found.get((LEDGER, name)), found.get((_LINES, line_name))
        said = {} if line is None else line.fields
        decided = (
            known(entry, fields, own, clock) or held or _refused(entry, turn, said, calls, clock)
        )
        if decided is not None:
            return decided
        writes: list[Write | Verify] = [
            Write(LEDGER, name, fields, _version(own)),
            Write(
                _LINES,
                line_name,
                {**_after(turn, name, said), "owner": entry.current.owner},
                _version(line),
            ),
            *taken(entry, found),
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
    raise LedgerUnavailable(UNSURE)


def _refused(
    entry: LedgerEntry, turn: Turn, line: Mapping[str, Any], calls: FirestoreCalls, clock: Clock
) -> Refusal | None:
    names = {line[role] for role in ("holder", "newest") if role in line}
    if turn.in_order and line.get("firedAt") == turn.fired_at:
        names.update(line.get("tied", ()))
    others = calls.get_all([(LEDGER, name) for name in names]).values()
    present = [entry_in(other) for other in others if not is_expired(other, clock.now())]
    return refusal(entry, present, line.get("owner", ""))


def _after(turn: Turn, name: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """The line once this turn is taken. An older one leaves the newest as they are."""
    if not line or line["firedAt"] < turn.fired_at:
        return {"holder": name, "newest": name, "firedAt": turn.fired_at, "tied": [name]}
    if line["firedAt"] > turn.fired_at:
        return {"holder": name}
    tied = [*(one for one in line.get("tied", [line["newest"]]) if one != name), name]
    return {"holder": name, "newest": name, "tied": tied[-MOST_TIES:]}


def _version(stored: Stored | None) -> str:
    return "" if stored is None else stored.version
