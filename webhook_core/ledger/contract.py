"""What every ledger promises, and the answers of a claim."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.value import NamedTuple, Value

T = TypeVar("T")
TRIES = 5
"""So often another process may come first in one write."""


class _Stored(Value):
    """``entry`` is what is stored now. Answers of two kinds are never equal, whatever they hold."""

    __slots__ = ("entry",)
    __match_args__ = ("entry",)

    def __init__(self, entry: LedgerEntry) -> None:
        self.entry = entry


class Claimed(_Stored):
    """We are the one delivery that may send."""

    __slots__ = ()


class Existing(_Stored):
    """Somebody was here before, or wrote in between."""

    __slots__ = ()


class Waiting(_Stored):
    """Nothing was written: ``entry``, another one of its line, is SUBMITTING.

    It may be claimed later.
    """

    __slots__ = ()


class Superseded(_Stored):
    """Nothing was written, nor ever will be: ``entry``, which was fired later, has
    been claimed before."""

    __slots__ = ()


class Outdated(NamedTuple):
    """Nothing was written: the line has been claimed since ``turn.mark`` was read, so the plan
    rests on old facts."""

    def __bool__(self) -> bool:
        return True  # an empty tuple is not, and this is an answer


class HeldBack(NamedTuple):
    """Nothing was written: a pause keeps it from its claim. ``rule`` is stable; ``message`` is a
    sentence that says which, with its numbers."""

    rule: str
    message: str


class Recorded(_Stored):
    """The write happened; ``entry`` carries its new version."""

    __slots__ = ()


Claim = Claimed | Existing | Waiting | Superseded | Outdated | HeldBack


class Page(NamedTuple):
    """Entries, and the cursor of the next page (None at the end)."""

    entries: Sequence[LedgerEntry]
    cursor: str | None


class Ledger(Protocol):
    """What we know of every alert.

    Every method raises LedgerUnavailable, and then nothing can be concluded.
    """

    def claim(self, entry: LedgerEntry) -> Claim:
        """Write once, durably, if the unit is absent.

        One winner across threads, processes and instances.

        A unit that is there is Existing, whatever its line says. Else what may hold it back
        (risk.gates) and its turn are checked in one step with the write: HeldBack, Superseded,
        Waiting, Outdated, in this order. What it takes (ledger.takes) is written in that step too,
        or, where it may not, nothing is: raises what the take raises. The entry may be in a
        terminal state already: it takes its turn and leaves the line free.
        """

    def claim_next(self, entry: LedgerEntry) -> Claim:
        """Write the next attempt of an entry that is stored and not SUBMITTING, or the first of one
        that was MISSED: a record that checks gates and turn again, and in which the entry takes its
        place in its line."""

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        """Write if the stored version is still ``entry.version``; else Existing
        with what is stored.

        Durable as a claim is, but for an accepted order: a store may lose that with the power of
        its machine, and has the entry of before again, which a look-up settles.
        """

    def mark(self, line: str) -> str:
        """The ``owner`` of the attempt that was claimed last in that line, first and next attempts
        alike; empty before the first. So whoever has claimed an attempt knows the mark that it
        left, and any other one means another claim."""

    def find(self, unit: Unit) -> LedgerEntry | None: ...

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        """The entry of the highest generation of this unit, whatever generation ``unit`` names."""

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        """By time of the first claim; one that can't be read is left out, and logged.

        Raises ValueError for a cursor that is not ours.
        """

    def unfinished(
        self, mode: str, account: str, kinds: Collection[Unfinished], limit: int
    ) -> Sequence[LedgerEntry]:
        """Accepted orders of that mode and account, of these kinds, whose fill is not known to be
        final: at most ``limit`` of them, in no order."""

    def of_orders(
        self, mode: str, account: str, order_ids: Collection[str]
    ) -> Sequence[LedgerEntry]:
        """The entries of that mode and account that placed these orders, by the venue's ids, in no
        order; not those that amend or cancel one. One that an earlier version wrote may be
        missing."""

    def purge(self, kept_before: datetime, limit: int) -> int:
        """Delete at most ``limit`` terminal entries that were claimed, and seen open last if they
        ever were, before that moment (``unfinished.kept_since``); how many."""


class Document(NamedTuple):
    """A small text, and the version that the store knows it by."""

    text: str
    version: str


class Documents(Protocol):
    """A few named texts beside the ledger: the pair rules, the paper book.

    Raises LedgerUnavailable.
    """

    def read(self, name: str) -> Document | None: ...

    def write(self, name: str, text: str, before: Document | None) -> bool:
        """True if nobody has written since ``before`` was read (None: absent), and the text is
        written now."""

    def delete(self, name: str, before: Document) -> bool:
        """True if nobody has written since ``before`` was read, and the text is gone now."""

    def beginning_with(self, prefix: str) -> Mapping[str, Document]:
        """Every text whose name begins so, by its name. For lists that people ask for: it may be a
        query of the store's."""


def rewritten(
    documents: Documents, name: str, change: Callable[[str | None], tuple[str | None, T]]
) -> T:
    """Write what ``change`` makes of a document (None: absent; of what it makes: as it is), and
    of what is there by then where somebody else has written in between: what it says of the text
    that stands. Raises LedgerUnavailable, and what ``change`` raises."""
    for _ in range(TRIES):
        stored = documents.read(name)
        text, said = change(None if stored is None else stored.text)
        if text is None or documents.write(name, text, stored):
            return said
    raise LedgerUnavailable.because(f"others write {name} at this moment")


def later_legs(ledger: Ledger, first: LedgerEntry) -> Iterator[LedgerEntry]:
    """The legs that were claimed after leg 0, in order. Raises LedgerUnavailable."""
    for number in range(1, len(first.following) + 1):
        entry = ledger.find(first.unit.with_leg(number))
        if entry is None:
            return
        yield entry
