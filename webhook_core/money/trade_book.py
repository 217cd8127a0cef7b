"""What was bought and not sold, first in, first out, and what selling it brought.

Every amount is a Decimal, and nothing is lost by a division: what a part of a lot cost is rounded
once, and the rest keeps the rest. So over all trades of a strategy and pair the change of the quote
is the realised profit less what the open lots cost, and what was sold beyond them, to the last
digit. A fee in quote counts when it is paid; a fee in base makes the lot smaller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.money.trades import Trade

_ZERO = Decimal(0)
_STEP = Decimal("1E-10")


class Lot(NamedTuple):
    """``volume``: base, below zero for what was sold first. ``cost``: quote, what it was bought or
    sold for. ``fee``: quote, what was paid for opening it; one in base is in the volume."""

    volume: Decimal
    cost: Decimal
    fee: Decimal = _ZERO


class PairOfOwner(NamedTuple):
    """Whose, and of which pair. Spot and margin are two."""

    strategy: str
    symbol: str
    margin: bool

    @classmethod
    def of(cls, trade: Trade) -> PairOfOwner:
        return cls(trade.strategy or "", trade.symbol, trade.margin)


class Realised(NamedTuple):
    """What one trade brought: ``profit`` in quote, its fee taken off; ``closed``: how much of a lot
    it closed, base; ``earned``: what that part came to from its opening on, less the fees of both
    its ends, quote. ``beyond_volume``, base: what was sold on spot beyond what was bought here, out
    of what others had bought, and for how much, quote: neither a short nor a profit."""

    trade: Trade
    profit: Decimal
    closed: Decimal
    earned: Decimal = _ZERO
    beyond_volume: Decimal = _ZERO
    beyond_cost: Decimal = _ZERO


@dataclass(slots=True)
class OpenLots:
    """The open lots of one line, oldest first."""

    lots: deque[Lot] = field(default_factory=deque)

    @property
    def volume(self) -> Decimal:
        return sum((lot.volume for lot in self.lots), _ZERO)

    @property
    def cost(self) -> Decimal:
        """Quote; what was sold first counts as received, below zero."""
        return sum((lot.cost if lot.volume > 0 else -lot.cost for lot in self.lots), _ZERO)

    def take(self, trade: Trade) -> Realised:
        """The trade closes the oldest lots on the other side, and opens one of what is left, but
        no short on spot."""
        left, cost = trade.change, trade.cost
        fee = _ZERO if trade.fee_in_base else trade.fee
        profit, closed, fees = _ZERO, _ZERO, _ZERO
        while left and self.lots and self.lots[0].volume * left < 0:
            lot = self.lots.popleft()
            part = min(abs(lot.volume), abs(left))
            lot_cost = _share(lot.cost, part, abs(lot.volume))
            lot_fee = _share(lot.fee, part, abs(lot.volume))
            own_cost, own_fee = (_share(of, part, abs(left)) for of in (cost, fee))
            profit += own_cost - lot_cost if lot.volume > 0 else lot_cost - own_cost
            if part < abs(lot.volume):
                rest = lot.volume - part.copy_sign(lot.volume)
                self.lots.appendleft(Lot(rest, lot.cost - lot_cost, lot.fee - lot_fee))
            left, cost, closed = left - part.copy_sign(left), cost - own_cost, closed + part
            fee, fees = fee - own_fee, fees + lot_fee + own_fee
        done = Realised(trade, profit, closed, profit - fees)
        if left < 0 and not trade.margin:
            done = done._replace(beyond_volume=-left, beyond_cost=cost)
        elif left:
            self.lots.append(Lot(left, cost, fee))
        elif cost:  # a fee in base took all that was bought
            profit += cost if trade.change < 0 else -cost
        return done._replace(profit=profit - (_ZERO if trade.fee_in_base else trade.fee))


class TradeBook:
    """Every line of the trades that it was given, in their order. Trades that are not ours count
    nowhere."""

    def __init__(self) -> None:
        self.positions: dict[PairOfOwner, OpenLots] = {}

    def copy(self) -> TradeBook:
        """One of its own, that takes further trades."""
        other = TradeBook()
        for line, position in self.positions.items():
            other.positions[line] = OpenLots(position.lots.copy())
        return other

    def take(self, trade: Trade) -> Realised | None:
        """None for a trade that is not ours."""
        if trade.strategy is None:
            return None
        return self.positions.setdefault(PairOfOwner.of(trade), OpenLots()).take(trade)

    def to_rows(self) -> list[list[Any]]:
        """What is open, as it is stored."""
        return [
            [*line, [[str(amount) for amount in lot] for lot in position.lots]]
            for line, position in self.positions.items()
            if position.lots
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[Any]]) -> TradeBook:
        """Raises ValueError, TypeError, ArithmeticError for some that this version can't read."""
        book = cls()
        for strategy, symbol, margin, lots in rows:
            found = deque(Lot(*map(Decimal, lot)) for lot in lots)
            book.positions[PairOfOwner(strategy, symbol, margin)] = OpenLots(found)
        return book


def _share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return cost if part == whole else (cost * part / whole).quantize(_STEP)
