"""What is read of the account for one plan, and what is known before anything is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from webhook_core.planning.own_changes import InstrumentOf
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument


class Shown(NamedTuple):
    """One read. ``figures``: those that a size follows from. ``positions``: their pairs by key."""

    figures: Mapping[str, Decimal]
    balances: Mapping[str, Balance]
    positions: Sequence[OpenPosition] = ()


class Asked(NamedTuple):
    """``pairs``: those whose figures are asked for. ``again`` reads the account once more.
    ``open_orders``: as they were read before it, if they were. ``closes``: no more is sold or
    bought than is held, and what rests is canceled first, so its fill is met then."""

    pairs: Iterable[Instrument]
    instrument_of: InstrumentOf
    again: Callable[[], Shown]
    open_orders: Sequence[RestingOrder] | None = None
    closes: bool = False


class Before(NamedTuple):
    """``listed``: the open orders, where they were read. ``rests``: what the orders of ours that
    QueryOrders shows as open have filled, by their ids. ``pairs``: those whose figures are asked
    for. ``closes``: no order of theirs has to show by itself that it rests as it is listed, but one
    that may make a position larger: ``held`` is what each may be, by pair key, signed."""

    listed: Sequence[RestingOrder] | None
    rests: Mapping[str, Decimal]
    pairs: Collection[Instrument]
    closes: bool
    held: Mapping[str, tuple[Decimal, Decimal]]
