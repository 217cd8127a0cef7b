"""Figures of the account with all of our last orders in them, as far as can be told by what earlier
plans saw: from the last figure on that is older than every order which Kraken may not show yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.planning.among_others import AmongOthers, counted_of, saw_less
from webhook_core.planning.own_changes import (
    NONE_COUNTED,
    CountedOrders,
    InstrumentOf,
    known_fill,
    last_moment,
    rested_until,
    step_of,
    touches,
)
from webhook_core.trading.lagging_figures import Placed, Step, settled
from webhook_core.trading.requests import Fill

if TYPE_CHECKING:
    from webhook_core.planning.other_steps import Other


class Settled(NamedTuple):
    """``figures``: those that are certain. ``unsure``: the orders that leave the other ones in
    doubt. ``young``: those of which a figure may lack what they have filled. ``ours``: all
    that change one of the figures, as far back as was looked. ``counted``: the orders that were
    looked at. ``moved``: those in doubt that no part of ours leads to from an older one.
    ``since``: when the oldest figure was true from which one of ``figures`` was set right, or of
    ``moved`` may be. ``by_others``: those that strangers have changed, as far as that is known; an
    exit of ours may always have."""

    figures: Mapping[str, Decimal]
    unsure: Sequence[LedgerEntry]
    young: Sequence[LedgerEntry] = ()
    ours: Sequence[LedgerEntry] = ()
    counted: CountedOrders = NONE_COUNTED
    since: datetime | None = None
    moved: Collection[str] = ()
    by_others: Collection[str] = ()

    @property
    def oldest(self) -> datetime | None:
        """Since when others may have changed what was set right, or has moved, None where nothing
        tells."""
        moments = (entry.current.claimed_at for entry in (*self.young, *self.unsure))
        return min((*moments, *((self.since,) if self.since else ())), default=None)


class _Course(NamedTuple):
    """Of one figure: the steps that lead to it, oldest first, when they begin, and the orders that
    a doubt of it is of."""

    placed: Sequence[Placed]
    began: datetime | None
    in_doubt: Sequence[LedgerEntry]


class SettledFigures:
    """``newest``: our entries of the last minutes. ``fills``: what is known beside the ledger of
    the orders' fills, by order id. Kraken may not show yet what was traded after ``young_until``.
    ``others``: what is known of orders that are not ours.
    """

    def __init__(
        self,
        newest: Sequence[LedgerEntry],
        instrument_of: InstrumentOf,
        fills: Mapping[str, Fill],
        young_until: datetime,
        others: Sequence[Other] = (),
    ) -> None:
        self._instrument_of, self._fills = cache(instrument_of), fills
        self._others = others
        self._young_until = young_until
        self._entries = self._with_fills(newest)
        self._among = AmongOthers(self._entries)

    @property
    def may_lack(self) -> bool:
        """Whether there is an order that a figure may lack."""
        return any(self._is_young(entry, fill) for entry, fill in self._orders())

    def _orders(self) -> Iterator[tuple[LedgerEntry, Fill | None]]:
        """Without those that found nothing to do: such a one may be claimed behind an order that
        is not in the ledger yet, which then would seem to be counted."""
        return (one for one in self._entries if one[0].state is not State.NO_ACTION)

    def begin_with(self, seen: Sequence[LedgerEntry]) -> None:
        """``seen``: figures that no alert has left, each as an entry."""
        self._among = AmongOthers([*self._entries, *self._with_fills(seen)])

    def of(self, figures: Mapping[str, Decimal]) -> Settled:
        """Each of those that are shown."""
        known: dict[str, Decimal] = {}
        unsure: dict[str, LedgerEntry] = {}
        began: list[datetime] = []
        moved: set[str] = set()
        by_others: set[str] = set()
        for key, figure in figures.items():
            course = self._course(key)
            changes = self._changes_by_others(key)
            by_others |= {key} if self._have_strangers_changed(key) else set()
            found = _settled(figure, course, changes)
            if found is not None:
                known[key] = found
            else:
                unsure |= {entry.unit.name: entry for entry in course.in_doubt}
                if any(one.step.before is not None for one in course.placed):
                    moved.add(key)
            if course.began is not None and (key in moved or found not in (None, figure)):
                began.append(course.began)
        accepted = [one for one in self._entries if self._is_accepted_of(one[0], figures)]
        return Settled(
            known,
            list(unsure.values()),
            [entry for entry, fill in accepted if self._is_young(entry, fill)],
            [entry for entry, _ in accepted],
            counted_of([entry for entry, _ in self._orders()], self._young_until),
            min(began, default=None),
            moved,
            by_others,
        )

    def _changes_by_others(self, key: str) -> list[tuple[datetime, Step]]:
        changes = ((other.at, other.step(key, self._instrument_of)) for other in self._others)
        return [(at, step) for at, step in changes if step is not None]

    def _have_strangers_changed(self, key: str) -> bool:
        strangers = (other for other in self._others if not other.exits_ours)
        return any(other.step(key, self._instrument_of) is not None for other in strangers)

    def _with_fills(self, entries: Sequence[LedgerEntry]) -> list[tuple[LedgerEntry, Fill | None]]:
        return [(entry, known_fill(entry, self._fills)) for entry in entries]

    def _is_young(self, entry: LedgerEntry, fill: Fill | None) -> bool:
        return last_moment(entry, fill) > self._young_until

    def _course(self, key: str) -> _Course:
        ours: list[tuple[LedgerEntry, Placed]] = []
        young: set[Unit] = set()  # looked for in each step
        among = self._among
        before = among.newest_before(key, self._instrument_of)
        for (entry, fill), newest_before in zip(among.newest_first, before, strict=True):
            step = step_of(entry, key, among.may_cut, self._instrument_of, fill)
            if step is None:
                continue
            if step.change != 0 and self._is_young(entry, fill):
                young.add(entry.unit)
                entangled = among.is_entangled(entry, fill, key)
                step = step._replace(sure=step.sure and not entangled)
            less = step.before is not None and saw_less(entry, newest_before)
            step = step._replace(before=None, less=step.before) if less else step
            step = self._with_unread(step, entry, key)
            at = rested_until(entry, fill) or entry.current.claimed_at
            ours.append((entry, Placed(step, at, None if fill is None else fill.closed_at)))
        return _back_to_a_figure(ours, young)

    def _with_unread(self, step: Step, entry: LedgerEntry, key: str) -> Step:
        """What its plan saw, and with what it has not read of those before it."""
        if (saw := step.before) is None:
            return step
        for one, fill in self._among.unread_before(entry):
            unread = step_of(one, key, self._among.may_cut, self._instrument_of, fill)
            if unread is not None and step.before is not None:
                more = unread.change
                before = None if more is None else step.before + more
                step = step._replace(before=before, less=saw)
        return step

    def _is_accepted_of(self, entry: LedgerEntry, figures: Iterable[str]) -> bool:
        request = entry.current.request
        if entry.state is not State.ACCEPTED or request.method != "AddOrder":
            return False
        pair = self._instrument_of(request.pair)
        return pair is not None and any(touches(request, key, pair) for key in figures)


def _settled(
    figure: Decimal, course: _Course, others: Sequence[tuple[datetime, Step]]
) -> Decimal | None:
    """With what others have traded, wherever that stands among ours."""
    if not others or not course.placed:
        return settled(figure, [one.step for one in course.placed])
    from webhook_core.planning.other_steps import placed  # few come to it

    found = {settled(figure, steps) for steps in placed(course.placed, others)} - {None}
    return found.pop() if len(found) == 1 else None


def _back_to_a_figure(
    ours: Sequence[tuple[LedgerEntry, Placed]], young: Collection[Unit]
) -> _Course:
    """``ours``, newest first, as far back as to a figure that is older than all of the young ones;
    nothing where none is young."""
    steps: list[Placed] = []
    in_doubt: list[LedgerEntry] = []
    began: datetime | None = None
    missing = len(young)
    for entry, one in ours:
        if not missing and (not steps or steps[-1].step.before is not None):
            break
        steps.append(one)
        began = entry.current.claimed_at
        if entry.unit in young or not one.step.sure:
            in_doubt.append(entry)
        missing -= entry.unit in young
    return _Course(steps[::-1], began, in_doubt)
