"""A curve of amounts as the points of an SVG polyline."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

WIDTH, HEIGHT = 320, 64
MOST_POINTS = 200


class Curve(NamedTuple):
    """``points`` for a box of WIDTH by HEIGHT; ``zero``: where nothing was won or lost."""

    points: str
    zero: str


def curve_of(amounts: Sequence[Decimal]) -> Curve:
    """Begins at nothing. Of a long course so many points are shown, the last one always."""
    course = [Decimal(0), *amounts]
    step = -(-len(course) // MOST_POINTS)
    shown = course[::-1][::step][::-1]
    low, high = min(*shown, Decimal(0)), max(*shown, Decimal(0))
    span = high - low or Decimal(1)
    across = Decimal(WIDTH) / max(1, len(shown) - 1)

    def y(amount: Decimal) -> str:
        return f"{(high - amount) / span * HEIGHT:.1f}"

    points = " ".join(f"{number * across:.1f},{y(amount)}" for number, amount in enumerate(shown))
    return Curve(points, y(Decimal(0)))
