"""What is held, for the figures of Kraken's that may not show our last orders yet.

A read of Kraken's may lag its engine by up to a minute
(github.com/btschwertfeger/kraken-infinity-grid, issue 82). An order that the figure does not show
would be made a second time. So each plan that read a figure leaves it in the ledger, and the next
one asks whether today's figure is the old one with all that was traded since, or with the first
part of it only: then the rest is added. A figure that is neither (money came in, somebody traded by
hand) proves nothing while an order is that young.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

DUST = Decimal("1E-8")


class Step(NamedTuple):
    """One of our orders.

    ``before``: the figure that its plan saw, None if it read none. ``change`` is what it
    adds to the figure, None if only its direction is known; ``tolerance`` how far off
    that may be (a fee, a price). ``sure``: it did; one that may come to nothing, or to
    less, leaves every figure in doubt, which may have moved for another. ``returns``: the
    close that it left behind may have taken it back. ``rises``: the direction. ``less``: what its
    plan saw in place of ``before``, without an order that came before it.
    """

    before: Decimal | None
    change: Decimal | None
    tolerance: Decimal = Decimal(0)
    sure: bool = True
    returns: bool = False
    rises: bool = True
    less: Decimal | None = None


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
        # The figure shows the last step if it is none of those without it; behind it
        # nothing can be told.
        moved = end.number == len(steps) - 1 and all(
            abs(figure - point.value) > point.slack for point in course
        )
        moved = moved and (figure > end.value) == steps[-1].rises
        return figure if moved else None
    for point in reversed(course):
        if abs(figure - point.value) <= point.slack:
            back = any(step.returns for step in steps[point.number :])
            return None if back else figure + (end.value - point.value)
    return None


class Traded(NamedTuple):
    """One fill of ours on margin: its order, and ``change``, signed, base.

    ``opens``: it can't have closed anything, as an entry that carries an exit of its own.
    ``returns``: that exit is not known to have traded, and may have taken it back unseen.
    """

    order_id: str
    change: Decimal
    opens: bool = False
    returns: bool = False


class Lot(NamedTuple):
    """What is open, and what was opened, by the fills of one order; signed, base."""

    order_id: str
    open: Decimal
    opened: Decimal


def lacking(lots: Collection[Lot], fills: Sequence[Traded]) -> frozenset[Decimal]:
    """What the positions that these lots are may lack of these fills, oldest first: one amount
    where that is certain, none where no part of the fills leads to them.

    Fills close the oldest positions on the other side, and open one in their order's name of what
    is left. So each number of fills that the read may show leads to lots of its own.
    """
    figure = sum((lot.open for lot in lots), Decimal(0))
    ours = {fill.order_id for fill in fills}
    shown = _joined(lot for lot in lots if lot.order_id in ours)
    found = set()
    for number in range(len(fills) + 1):
        before = figure - sum((fill.change for fill in fills[:number]), Decimal(0))
        if _after(before, fills[:number]) == shown:
            lacks = fills[number:]
            found.add(sum((fill.change for fill in lacks), Decimal(0)))
            found.add(sum((fill.change for fill in lacks if not fill.returns), Decimal(0)))
    return frozenset(found)


def _after(before: Decimal, fills: Sequence[Traded]) -> dict[str, Lot] | None:
    """The lots of these orders behind them all; None where one closed that only opens."""
    lots = [Lot("", before, before)]
    for fill in fills:
        left, kept = fill.change, []
        for lot in lots:
            part = (
                min(abs(lot.open), abs(left)).copy_sign(left) if lot.open * left < 0 else Decimal(0)
            )
            left -= part
            kept.append(lot._replace(open=lot.open + part))
        if fill.opens and left != fill.change:
            return None
        lots = [*kept, Lot(fill.order_id, left, left)]
    return _joined(lot for lot in lots if lot.order_id)


def _joined(lots: Iterable[Lot]) -> dict[str, Lot]:
    joined: dict[str, Lot] = {}
    for lot in lots:
        if lot.open:
            other = joined.get(lot.order_id, Lot(lot.order_id, Decimal(0), Decimal(0)))
            joined[lot.order_id] = Lot(
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
    return course
