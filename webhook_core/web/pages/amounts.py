"""Amounts as the page shows them: with the decimals of their pair, so that they align, and a course
of them as the points of an SVG polyline. The report has every digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading.rounding import plain
from webhook_core.trading.symbols import Instruments, display_name


@dataclass(frozen=True, slots=True)
class Amounts:
    """``known``: the pairs. Of one that is not known every amount is shown as it is."""

    known: Instruments

    def volume(self, symbol: str, amount: Decimal) -> str:
        """Base."""
        pair = self.known.find(symbol)
        return fixed(amount, None if pair is None else pair.lot_decimals)

    def price(self, symbol: str, amount: Decimal) -> str:
        """Quote per base."""
        pair = self.known.find(symbol)
        return fixed(amount, None if pair is None else pair.pair_decimals)

    def money(self, symbol: str, amount: Decimal) -> str:
        """Quote; with a price's decimals, two at least, where the pair's rules have none for a
        cost."""
        pair = self.known.find(symbol)
        if pair is None:
            return fixed(amount, None)
        decimals, of_price = pair.cost_decimals, pair.pair_decimals
        if decimals is None and of_price is not None:
            decimals = max(2, of_price)
        return fixed(amount, decimals)

    def name(self, symbol: str) -> str:
        """Of the pair, as people write it."""
        pair = self.known.find(symbol)
        return symbol if pair is None else display_name(pair)


def fixed(amount: Decimal, decimals: int | None) -> str:
    """As it is where nobody says how many decimals it has."""
    return plain(amount) if decimals is None else f"{amount:.{decimals}f}"


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
