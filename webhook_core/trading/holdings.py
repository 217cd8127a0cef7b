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
    """One of our orders that filled, or will at once. ``before``: the figure that its plan saw, None if it read none. ``change``
    is what it adds to the figure, None if only its direction is known; ``tolerance`` how far off that may be (a fee, a price).
    ``sure``: it did; one that may come to nothing, or to less, leaves every figure in doubt, which may have moved for another."""

    before: Decimal | None
    change: Decimal | None
    tolerance: Decimal = Decimal(0)
    sure: bool = True


def settled(figure: Decimal, steps: Sequence[Step]) -> Decimal | None:
    """The figure with every step in it, None where it can't be told. ``steps``, oldest first, begin before the young ones, if
    any is that old. What there was comes from the first ``before``; a later one that is not what the steps led to counts from
    there on, for it has in it what was not ours."""
    if not steps:
        return figure
    if not all(step.sure for step in steps):
        return None
    expected: Decimal | None = None
    slack = DUST
    shown: list[tuple[Decimal, Decimal]] = []
    certain = True  # as far as the last step begins
    for step in steps:
        if step.before is not None and (expected is None or abs(step.before - expected) > slack):
            expected, slack = step.before, DUST
            shown.append((expected, slack))
        certain = expected is not None
        if step.change is None or expected is None:
            expected = None
            continue
        expected, slack = expected + step.change, slack + step.tolerance
        shown.append((expected, slack))
    if (
        expected is None
    ):  # the figure shows the last step if it is none of those without it; behind it nothing can be told
        moved = certain and all(abs(figure - value) > off for value, off in shown)
        return figure if moved else None
    for value, off in reversed(shown):
        if abs(figure - value) <= off:
            return figure + (expected - value)
    return None
