"""Exits of a strategy's own that rest although nothing is held that they protect: that was closed
by hand, by a plain order, or by the exit of another lot.

With leverage such a stop opens a position when its price comes, on spot it sells what others
bought. So an alert that wants flat, and finds nothing to trade, cancels it. It may trade just
before its cancel: so behind the cancels stands a leg that closes what it has opened by then, and
that is counted only if one of them found no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webhook_core.planning.freed_exits import Freed
from webhook_core.planning.sources import Sources
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import NoOrder, OrderIntent
from webhook_core.trading.orders import Exit, OrderType, Side, Terms, is_margin
from webhook_core.trading.plans import Plan
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.symbols import display_name

_NO_RULES = TradingRules()
_ZERO = Decimal(0)


def canceled(
    exits: Sequence[RestingOrder], instrument: Instrument, nothing: NoOrder | None
) -> Plan:
    """``nothing``: why there is no order, None behind one that opens a position."""
    named = ", ".join(order.order_id for order in exits)
    note = f"canceled behind it, an exit of what this strategy held before: {named}"
    if nothing is not None:
        note = f"{nothing.why}; canceled, since nothing is held that it protects: {named}"
    return Plan(Freed(tuple(exits)).cancels(instrument), (note,))


def behind_plain_cancels(
    sources: Sources,
    nothing: NoOrder,
    instrument: Instrument,
    canceled: Sequence[RestingOrder],
    leverage: int | None,
) -> Plan | NoOrder:
    """What closes again what orders may trade that a leg of the same alert cancels before; where
    they can only have sold, a leg that comes to nothing: what the alert wants is so, though one of
    them is gone by its cancel."""
    would_open = opening(canceled, instrument, margin=is_margin(leverage))
    if would_open:
        behind = behind_cancels(sources, would_open, instrument, leverage)
    elif is_margin(leverage) or not _only_sell(canceled, instrument):
        behind = ()
    else:
        no_size = {"pair": instrument.key, "volume": "0"}
        behind = (OrderRequest(display_name(instrument), no_size, exits=True, waits=True),)
    return Plan(behind, (f"Nothing to do for one leg: {nothing.why}.",)) if behind else nothing


def _only_sell(canceled: Sequence[RestingOrder], instrument: Instrument) -> bool:
    names = (instrument.altname, instrument.key)
    return all(one.side is Side.SELL and not one.margin and one.pair in names for one in canceled)


def opening(
    canceled: Sequence[RestingOrder], instrument: Instrument, *, margin: bool
) -> list[RestingOrder]:
    """Those that leave something held in that pair when they trade though nothing was."""
    names = (instrument.altname, instrument.key)
    here = (one for one in canceled if one.pair in names and one.margin == margin)
    return [one for one in here if margin or one.side is Side.BUY]


def behind_cancels(
    sources: Sources,
    exits: Sequence[RestingOrder],
    instrument: Instrument,
    leverage: int | None,
) -> tuple[OrderRequest, ...]:
    """What closes again what they may have traded: a leg whose size, side and limits are counted
    once it is its turn. None for less than the pair takes."""
    side = exits[0].side
    volume = sum((order.left for order in exits if order.side is side), _ZERO)
    return closing(sources, side, volume, instrument, leverage)


def closing(
    sources: Sources, side: Side, volume: Decimal, instrument: Instrument, leverage: int | None
) -> tuple[OrderRequest, ...]:
    """What closes what exits of that side have traded. None for less than the pair takes."""
    margin = is_margin(leverage)
    back = Side.SELL if side is Side.BUY or not margin else Side.BUY
    order = OrderIntent(
        symbol=display_name(instrument),
        side=back,
        order_type=OrderType.MARKET,
        volume=volume,
        leverage=leverage,
        terms=Terms(reduce_only=True) if margin else Terms(),
        exit=Exit.CLOSE,
    )
    planned = sources.planned(order, instrument, _NO_RULES, None, appraised=False)
    if not isinstance(planned, Plan):
        return ()
    return tuple(one._replace(exits=True, counted=True, waits=True) for one in planned.requests)
