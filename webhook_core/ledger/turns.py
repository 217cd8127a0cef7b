"""Whether an entry may be claimed, as far as the other entries of its line go: one
rule for every store.

Who was fired later keeps an older target from its claim, whatever became of it. An order that
Kraken refused, say, has moved nothing; yet the strategy has gone on since, and the older target is
no longer where it wants to be.

Of several that were fired in one second the strategy's positions tell the order: an alert takes it
from ``before`` to ``after``. A strategy that is long 1 and turns short in one bar fires an exit (1
to 0) and an entry (0 to -1). Where they arrive swapped, the short stands when the exit comes: the
exit ends where the entry began, so it came first, and must not close the short.

- X came before N if it ends where N begins, or moves the same way and ends short of there: of three
  exits, 3 to 2 to 1 to 0, the first one comes before the last, whether or not the second has come.
- Unless steps that have come lead from N to X: after an entry (0 to 1) and another (1 to 2) the
  exit (2 to 0) is the last.
- One step each, and both ways fit: an exit (1 to 0) and an entry (0 to 1) may be a long that is
  closed and opened again, or a position that is opened and closed at once. What N met decides. It
  found nothing to do: the account was already where N ends and X begins, so X is the earlier one.
  It had something to do: X is the later one.
- Where positions are not known, or do not connect, they go as they come.
"""

from __future__ import annotations

from collections.abc import Collection

from webhook_core.ledger.contract import Outdated, Superseded, Waiting
from webhook_core.ledger.entry import LedgerEntry, State, Turn
from webhook_core.ledger.transitions import has_never_traded

Refusal = Waiting | Superseded | Outdated
MOST_TIES = 20
"""So many entries of the same firing time, the last that came, are held against each other."""


def refusal(entry: LedgerEntry, others: Collection[LedgerEntry], mark: str) -> Refusal | None:
    """None if it may, or has no turn.

    ``mark`` is the line's. ``others``: of its line, at least the one that is SUBMITTING, the one
    that was fired last, and those that were fired when the entry was (``MOST_TIES`` of them).
    Others do not count.

    Superseded comes first, for it is final whatever becomes of the one that is SUBMITTING; who
    waits will read the facts again.
    """
    turn = entry.turn
    if turn is None:
        return None
    others = [other for other in others if _is_another_of(turn.line, other, entry)]
    later = _later(entry, turn, others) if turn.in_order else None
    if later is not None:
        return Superseded(later)
    for other in others:
        passes = turn.passes or (_closes_all(entry) and has_never_traded(other))
        if other.state is State.SUBMITTING and not passes:
            return Waiting(other)
    return None if turn.mark is None or turn.mark == mark else Outdated()


def _closes_all(entry: LedgerEntry) -> bool:
    """Whatever became of an order before it, this one means no less and trades no more."""
    return any(request.whole for request in (entry.current.request, *entry.following))


def _is_another_of(line: str, other: LedgerEntry, entry: LedgerEntry) -> bool:
    return other.turn is not None and other.turn.line == line and other.unit != entry.unit


def _later(entry: LedgerEntry, turn: Turn, others: Collection[LedgerEntry]) -> LedgerEntry | None:
    """The entry that keeps this one, a target, from its claim."""
    turns = [(other, other.turn) for other in others if other.turn is not None]
    for other, its in turns:
        if its.fired_at > turn.fired_at:
            return other
    tied = [
        one
        for one in turns
        if one[1].fired_at == turn.fired_at and not _is_of_one_alert(entry, one[0])
    ]
    behind = _leading_to(turn, [its for _, its in tied])
    for other, its in tied:
        found_it_there = its.after == turn.before and other.state is State.NO_ACTION
        if _comes_before(turn, its) and (its not in behind or found_it_there):
            return other
    return None


def _is_of_one_alert(entry: LedgerEntry, other: LedgerEntry) -> bool:
    """Legs of one alert go in their order, whatever positions it names."""
    return entry.unit._replace(leg=0) == other.unit._replace(leg=0)


def _comes_before(turn: Turn, other: Turn) -> bool:
    if turn.before is None or turn.after is None or other.before is None or other.after is None:
        return False
    if turn.after == other.before:
        return True
    if turn.before < turn.after and other.before < other.after:
        return turn.after < other.before
    return turn.before > turn.after and other.before > other.after and turn.after > other.before


def _leading_to(turn: Turn, tied: Collection[Turn]) -> set[Turn]:
    """Those from which the strategy gets, by steps that have come, to where this one begins."""
    found: set[Turn] = set()
    begins = {turn.before}
    while True:
        more = {one for one in tied if one.after is not None and one.after in begins} - found
        if not more:
            return found
        found |= more
        begins |= {one.before for one in more}
