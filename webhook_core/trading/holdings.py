"""What is held, for the figures of Kraken's that may not show our last orders yet.

A read of Kraken's may lag its engine by up to a minute (github.com/btschwertfeger/kraken-infinity-grid, issue 82). An order that
the figure does not show would be made a second time. So each plan that read a figure leaves it in the ledger, and the next one
asks whether today's figure is the old one with all that was traded since, or with the first part of it only: then the rest is
added. A figure that is neither (money came in, somebody traded by hand) proves nothing while an order is that young.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

DUST = Decimal("1E-8")


class Step(NamedTuple):
    """One of our orders. ``before``: the figure that its plan saw, None if it read none. ``change`` is what it adds to the
    figure, None if only its direction is known; ``tolerance`` how far off that may be (a fee, a price). ``sure``: it did; one
    that may come to nothing, or to less, leaves every figure in doubt, which may have moved for another. ``returns``: the close
    that it left behind may have taken it back."""

    before: Decimal | None
    change: Decimal | None
    tolerance: Decimal = Decimal(0)
    sure: bool = True
    returns: bool = False


class _Point(NamedTuple):
    """What the figure is with the first ``number`` steps in it, and how far off that may be."""

    value: Decimal
    slack: Decimal
    number: int


def settled(figure: Decimal, steps: Sequence[Step]) -> Decimal | None:
    """The figure with every step in it, None where it can't be told. ``steps``, oldest first, begin before the young ones, if
    any is that old."""
    if not steps:
        return figure
    course = _course(steps)
    if not course or not all(step.sure for step in steps):
        return None
    end = course[-1]
    if end.number < len(steps):
        # The figure shows the last step if it is none of those without it; behind it nothing can be told.
        moved = end.number == len(steps) - 1 and all(abs(figure - point.value) > point.slack for point in course)
        return figure if moved else None
    for point in reversed(course):
        if abs(figure - point.value) <= point.slack:
            back = any(step.returns for step in steps[point.number :])
            return None if back else figure + (end.value - point.value)
    return None


def _course(steps: Sequence[Step]) -> list[_Point]:
    """What there was comes from the first ``before``; a later one that is not what the steps led to counts from there on, for
    it has in it what was not ours."""
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
