"""What one order that is not ours has traded, as a step among those of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from webhook_core.planning.own_changes import (
    NEAR,
    ROUNDED,
    InstrumentOf,
    is_position,
    position_key,
    signed_by,
)
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.lagging_figures import Placed, Step

MOST_OF_NOW = 200
"""So many closed orders are read at most: such a list may not reach back that far."""
AT_THE_MARKET = ("market", "stop-loss", "take-profit", "trailing-stop")
"""What takes the market's price fills in one moment, however long it rested."""
_MOST_PLACES = 40
_ZERO = Decimal(0)
Timed = tuple[datetime, Step]


class Other(NamedTuple):
    """``at``: when it traded. ``sure``: all of what it has traded was then. ``exits_ours``: it is
    one that an entry of ours left."""

    order: RestingOrder
    at: datetime
    sure: bool
    exits_ours: bool = False

    def has_changed(self, pair: str, instrument_of: InstrumentOf) -> bool:
        """The margin position of the pair with that key."""
        return self.step(position_key(pair), instrument_of) is not None

    def step(self, key: str, instrument_of: InstrumentOf) -> Step | None:
        """None where it has no part in that figure."""
        order, pair = self.order, instrument_of(self.order.pair)
        if pair is None or order.margin != is_position(key):
            return None
        if key in (pair.base, position_key(pair.key)):
            change: Decimal | None = signed_by(order.side, order.executed)
        elif key == pair.quote:
            change = order.earned
        else:
            return None
        # A fee in base is part of it, and what it was is not told.
        known = self.sure and (order.margin or order.earned is not None)
        return Step(None, change, ROUNDED if key == pair.quote else _ZERO, sure=known)


def placed(steps: Sequence[Placed], others: Sequence[Timed]) -> Iterator[tuple[Step, ...]]:
    """``steps`` with those of ``others`` among them, all oldest first: each way that two clocks
    which differ by ``NEAR`` at most leave open."""
    between = {theirs - one.at for theirs, _ in others for one in steps}
    near = {shift for shift in between if abs(shift) <= NEAR}
    shifts = {timedelta(0), NEAR, -NEAR}
    if len(near) <= _MOST_PLACES:
        shifts |= near | {shift - timedelta.resolution for shift in near}
    yield from dict.fromkeys(_merged(steps, others, shift) for shift in sorted(shifts))


def _merged(steps: Sequence[Placed], others: Sequence[Timed], shift: timedelta) -> tuple[Step, ...]:
    merged: list[Step] = []
    left = list(others)
    for one in steps:
        while left and left[0][0] - shift <= one.at and not _is_behind(left[0][0], one):
            merged.append(left.pop(0)[1])
        merged.append(one.step)
    return (*merged, *(step for _, step in left))


def _is_behind(moment: datetime, one: Placed) -> bool:
    """By one clock; what its plan has read is older yet."""
    return one.traded_at is not None and moment > one.traded_at
