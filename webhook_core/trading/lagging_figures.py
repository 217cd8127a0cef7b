"""What is held, for the figures of Kraken's that may not show our last orders yet.

A read of Kraken's may lag its engine by up to a minute
(github.com/btschwertfeger/kraken-infinity-grid, issue 82). An order that the figure does not show
would be made a second time. So each plan that read a figure leaves it in the ledger, and the next
one asks whether today's figure is the old one with all that was traded since, or with the first
part of it only: then the rest is added. A figure that is neither (money came in, somebody traded by
hand) proves nothing while an order is that young.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

DUST = Decimal("1E-8")
_ZERO = Decimal(0)


class Step(NamedTuple):
    """One of our orders.

    ``before``: the figure that its plan saw, None if it read none. ``change`` is what it
    adds to the figure, None if that is not known; ``tolerance`` how far off
    that may be (a fee, a price). ``sure``: it did; one that may come to nothing, or to
    less, leaves every figure in doubt, which may have moved for another. ``returns``: the
    close that it left behind may have taken it back. ``less``: what its plan saw, without an order
    that came before it; ``before`` is that with that order in it, None where that is not known.
    """

    before: Decimal | None
    change: Decimal | None
    tolerance: Decimal = Decimal(0)
    sure: bool = True
    returns: bool = False
    less: Decimal | None = None


class Placed(NamedTuple):
    """A step of ours. ``at``: by our clocks. ``traded_at``: by the venue's, None where that is not
    known."""

    step: Step
    at: datetime
    traded_at: datetime | None = None


class _Point(NamedTuple):
    """What the figure is with the first ``number`` steps in it, and how far off that may be."""

    value: Decimal
    slack: Decimal
    number: int


def settled(figure: Decimal, steps: Sequence[Step]) -> Decimal | None:
    """The figure with every step in it, None where it can't be told.

    ``steps``, oldest first, begin before the young ones, if any is that old.
    """
    if not steps:
        return figure
    course = _course(steps)
    if not course or not all(step.sure for step in steps) or _is_by_others(course, steps):
        return None
    end = course[-1]
    if end.number < len(steps):
        return None  # whether it shows a step of unknown size can't be told
    for point in reversed(course):
        if abs(figure - point.value) <= point.slack:
            back = any(step.returns for step in steps[point.number :])
            return None if back else figure + (end.value - point.value)
    return None


class Traded(NamedTuple):
    """One fill of ours on margin: its order, and ``change``, signed, base.

    ``opens``: it can have closed nothing but what fills of ours before it had opened, as an entry
    that carries an exit of its own.
    ``returns``: that exit is not known to have traded, and may have taken it back unseen.
    ``reduces``: it can only have closed what was held.
    """

    order_id: str
    change: Decimal
    opens: bool = False
    returns: bool = False
    reduces: bool = False


class LotOfOrder(NamedTuple):
    """What is open, and what was opened, by the fills of one order; signed, base."""

    order_id: str
    open: Decimal
    opened: Decimal


def lacking(lots: Collection[LotOfOrder], fills: Sequence[Traded]) -> frozenset[Decimal]:
    """What the positions that these lots are may lack of these fills, oldest first: one amount
    where that is certain, none where no part of the fills leads to them.

    Fills close the oldest positions on the other side, and open one in their order's name of what
    is left. So each number of fills that the read may show leads to lots of its own.
    """
    figure = sum((lot.open for lot in lots), _ZERO)
    places = {fill.order_id: len(fills) - back for back, fill in enumerate(reversed(fills))}
    shown = _joined(lot for lot in lots if lot.order_id in places)
    first = max((places[name] for name in shown), default=0)
    moved = list(accumulate((fill.change for fill in fills), initial=_ZERO))
    kept = (_ZERO if fill.returns else fill.change for fill in fills)
    stays = list(accumulate(kept, initial=_ZERO))
    found: set[Decimal] = set()
    opening: list[tuple[Traded, Decimal]] = []
    least, most = Decimal("-Infinity"), Decimal("Infinity")
    for number in range(len(fills) + 1):
        before = figure - moved[number]
        if number:
            fill, behind = fills[number - 1], moved[number - 1]
            if fill.change * figure > 0:
                opening.append((fill, behind))
            if fill.opens and fill.change > 0:
                least = max(least, min(-behind, _ZERO))  # or it would have closed what was there
            elif fill.opens and fill.change < 0:
                most = min(most, max(-behind, _ZERO))
        if number < first or not least <= before <= most or not _could_reduce(before, fills, moved):
            continue
        if _open(figure, before, opening, shown) == shown:
            found.add(moved[-1] - moved[number])
            found.add(stays[-1] - stays[number])
    return frozenset(found)


def _could_reduce(before: Decimal, fills: Sequence[Traded], moved: Sequence[Decimal]) -> bool:
    """Whether each that only reduces found enough to close, as far as can be told: not behind one
    that may have been taken back."""
    for fill, behind in zip(fills, moved, strict=False):
        if fill.returns:
            return True
        if fill.reduces and (before + behind) * fill.change > -fill.change * fill.change:
            return False
    return True


def _open(
    figure: Decimal,
    before: Decimal,
    opening: Sequence[tuple[Traded, Decimal]],
    shown: Mapping[str, LotOfOrder],
) -> Mapping[str, LotOfOrder] | None:
    """The lots of ours that the figure is, of what was ``before`` and these fills, which went its
    way, each with what had moved until it: the newest, for the oldest were closed first. None where
    one is not ``shown``."""
    left, found = figure, []
    for fill, moved in reversed(opening):
        if not left:
            break
        was = before + moved
        opened = fill.change if was * figure >= 0 else was + fill.change
        if fill.order_id and fill.order_id not in shown:
            return None
        found.append(LotOfOrder(fill.order_id, min(left, opened, key=abs), opened))
        left -= found[-1].open
    return _joined(lot for lot in found if lot.order_id)


def _joined(lots: Iterable[LotOfOrder]) -> dict[str, LotOfOrder]:
    joined: dict[str, LotOfOrder] = {}
    for lot in lots:
        if lot.open:
            other = joined.get(lot.order_id, LotOfOrder(lot.order_id, Decimal(0), Decimal(0)))
            joined[lot.order_id] = LotOfOrder(
                lot.order_id, lot.open + other.open, lot.opened + other.opened
            )
    return joined


def _is_by_others(course: Sequence[_Point], steps: Sequence[Step]) -> bool:
    """Whether a plan saw a figure that no part of ours before it leads to."""
    return any(
        step.less is not None
        and not any(
            abs(step.less - point.value) <= point.slack for point in course if point.number <= place
        )
        for place, step in enumerate(steps)
    )


def _course(steps: Sequence[Step]) -> list[_Point]:
    """What there was comes from the first ``before``; a later one that is not what the steps led to
    counts from there on, for it has in it what was not ours."""
    course: list[_Point] = []
    known = False
    for number, step in enumerate(steps):
        last = course[-1] if known else None
        if step.before is not None and (last is None or abs(step.before - last.value) > last.slack):
            last = _Point(step.before, DUST, number)
            course.append(last)
        known = last is not None and step.change is not None
        if last is not None and step.change is not None:
            course.append(_Point(last.value + step.change, last.slack + step.tolerance, number + 1))
    return [*_short_of_unread(steps), *course]


def _short_of_unread(steps: Sequence[Step]) -> Iterator[_Point]:
    """From what a plan saw on, where it is known what that lacks of an order before it: as long as
    that order, which came only behind the plan, is not in the figure."""
    for place, step in enumerate(steps):
        if step.before is None or step.less is None:
            continue
        value, slack = step.less, DUST
        yield _Point(value, slack, 0)
        for later in steps[place:]:
            if later.change is None:
                break
            value, slack = value + later.change, slack + later.tolerance
            yield _Point(value, slack, 0)
