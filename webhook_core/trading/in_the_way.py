"""How much a strategy's own stops and take profits give up for an order that reduces its position.

Of what they hold they keep what remains of the position, but for what other orders that rest would
close of it, and give up what is beyond that: so a stop of a part stays, as long as that part does.
They never give up more than is closed. What rests to close the position is so no more than what
remains of it; where it was more than the position before, for an order was placed over what a stop
holds, it shrinks by what is closed, and no stop is put back for more than remains.

Where others' orders are not to be told from the strategy's, on spot and all that is held, Kraken
itself keeps what rests from being sold, and they give up what is not free. Closes of one alert are
counted one behind the other. Another order of it that trades the pair may close what would remain,
so that they give up all that is closed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading.basis import Basis
from webhook_core.trading.facts import Balance
from webhook_core.trading.intent import PositionIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import Denied
from webhook_core.trading.positions import held_of, target_of
from webhook_core.trading.rounding import round_volume

ZERO = Decimal(0)
_BOTH = (Side.SELL, Side.BUY)


class InTheWay(NamedTuple):
    """``sides`` of the exits that are: none where nothing is in the way. ``closed``: what they
    give up at most, None: all that they hold. ``remains``: of the position, None where all that is
    closed is given up. ``lacking``: what is not free else, which they give up at least.
    ``protected``: what the strategy has left, whatever others make of the position, None where that
    is not told."""

    sides: tuple[Side, ...] = ()
    closed: Decimal | None = None
    remains: Decimal | None = None
    lacking: Decimal = ZERO
    protected: Decimal | None = None

    def given_up(self, held: Decimal, beside: Decimal) -> Decimal | None:
        """Of what they hold, zero or less for nothing, None for all. ``beside``: what other orders
        that rest would close."""
        if self.closed is None or self.remains is None:
            return self.closed
        return max(self.lacking, min(self.closed, held + beside - self.remains))

    def most_behind(self, held: Decimal) -> tuple[Decimal, Decimal] | None:
        """How much Kraken lets others sell on spot behind the close, whatever these give up for
        that: an order that waits for its price, and one at the market, behind which they are put
        back. None where that is not told."""
        if self.closed is None or self.remains is None:
            return None
        return self.closed - self.lacking, held - self.lacking


def in_the_way(wanted: PositionIntent, basis: Basis) -> InTheWay:
    """What an order that reduces the position finds in its way. Of the whole position that is all
    of its exits, and with leverage those on the other side too."""
    held, _ = held_of(wanted, basis)
    target = target_of(wanted, basis, held)
    if isinstance(target, Denied):
        return InTheWay()
    if is_margin(wanted.leverage):
        return _on_margin(held, target, wanted, basis)
    funds = basis.balance(basis.instrument.base) if held else Balance(ZERO)
    closed = round_volume(basis.instrument, held - max(target, ZERO))
    lacking = closed - funds.free
    if funds.held <= basis.sold.gone or (closed if wanted.own else lacking) <= 0:
        return InTheWay()
    if not wanted.own:
        return InTheWay((Side.SELL,), lacking)
    # What others bought may be free, and its exits would sell that.
    if target > 0:
        left = _owned(wanted, basis) - closed
        return InTheWay((Side.SELL,), closed, _whole(wanted, basis) - closed, lacking, left)
    return InTheWay((Side.SELL,), closed if _leaves_later_ones(wanted, basis) else None)


def _on_margin(held: Decimal, target: Decimal, wanted: PositionIntent, basis: Basis) -> InTheWay:
    """An exit of more than remains would open another position."""
    if held == 0:
        # Nothing is left of an earlier entry: its exit may rest, and would add to what is opened
        # now, or close it.
        may_rest = basis.exited or basis.instrument.key in basis.facts.leaving
        return InTheWay(_BOTH if may_rest and target else ())
    side = Side.SELL if held > 0 else Side.BUY
    if target * held > 0:
        closed = abs(held) - abs(target)
        remains = _whole(wanted, basis) - closed
        left = _owned(wanted, basis) - closed
        return InTheWay((side,), closed, remains, protected=left) if closed > 0 else InTheWay()
    if _leaves_later_ones(wanted, basis):
        return InTheWay((side,), abs(held))
    return InTheWay(_BOTH)


def idle_sides(wanted: PositionIntent, basis: Basis) -> tuple[Side, ...]:
    """Where nothing is to be traded: on which sides an exit of the strategy's own that rests all
    the same protects nothing. It would open a position, or on spot sell what others bought."""
    held, _ = held_of(wanted, basis)
    target = target_of(wanted, basis, held)
    if isinstance(target, Denied) or _leaves_later_ones(wanted, basis):
        return ()
    if is_margin(wanted.leverage):
        return _BOTH if target == 0 else ()
    return (Side.SELL,) if target <= 0 else ()


def _whole(wanted: PositionIntent, basis: Basis) -> Decimal:
    """What is held of the position, above zero, with what the strategy bought since."""
    return abs(held_of(wanted._replace(most=None), basis)[0])


def _owned(wanted: PositionIntent, basis: Basis) -> Decimal:
    """As much, but for what others have of the opposite position."""
    own = basis.facts.own or {}
    key = basis.instrument.key
    return abs(own[key]) if wanted.own and key in own else _whole(wanted, basis)


def _leaves_later_ones(wanted: PositionIntent, basis: Basis) -> bool:
    """Whether the strategy holds more than the alert means, so that exits of that stay."""
    if wanted.most is None:
        return False
    own = (basis.facts.own or {}).get(basis.instrument.key, ZERO)
    return abs(own) > abs(wanted.most)
