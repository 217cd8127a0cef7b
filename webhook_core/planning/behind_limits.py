"""A close behind an order of the same alert of which nobody knows whether it trades at once: a
limit, or a stop.

What trades in the moment in which it is taken or never holds nothing: the close is planned as if it
had not traded. What rests else keeps what it is to sell, on spot by Kraken itself, and beside what
others hold by us: for the close it is not there. Where it leaves nothing the close is planned all
the same, as if it had not been sent. Each is counted again once its outcome is known, before
anything goes out for the close (sending.behind_sales).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from webhook_core.planning.leg_planner import LegPlanner
from webhook_core.trading.assets import asset_code
from webhook_core.trading.basis import Sold
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import Intent, NoOrder, OrderIntent, PositionIntent
from webhook_core.trading.orders import Side, is_margin
from webhook_core.trading.plans import NOT_ALL_CLOSED, Denied, Plan, undone
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain

PlanLeg = Callable[[Intent, Instrument | None], Plan | NoOrder | Denied]
_ZERO = Decimal(0)


def resting(
    before: Sequence[OrderRequest], pair: Instrument, side: Side, *, margin: bool
) -> list[OrderRequest]:
    """Of the orders before it those that rest where they do not trade."""
    here = (one for one in before if (one.pair, one.on_margin) == (pair.key, margin))
    return [
        one
        for one in here
        if one.side is side and one.is_unsure and not (one.is_now_or_never or one.freeing)
    ]


def at_once_or_never(
    before: Sequence[OrderRequest], pair: Instrument, sale: OrderIntent
) -> list[OrderRequest]:
    """Of the orders before a sale those that have traded like it by then, or never do."""
    return [one for one in unsure(before, pair, sale) if one.is_now_or_never]


def unsure(
    before: Sequence[OrderRequest], pair: Instrument, order: OrderIntent
) -> list[OrderRequest]:
    """Of the orders before one those that may have traded like it by then."""
    of = pair.key, is_margin(order.leverage), order.side
    same = (one for one in before if (one.pair, one.on_margin, one.side) == of)
    return [one for one in same if one.is_unsure and not one.freeing]


def bounded(planned: Plan | NoOrder | Denied, most: Decimal) -> Plan | NoOrder | Denied:
    """No more than that together with what those have traded."""
    if not isinstance(planned, Plan):
        return planned
    return planned._replace(requests=tuple(one._replace(most=most) for one in planned.requests))


@contextmanager
def uncounted(planner: LegPlanner, pair: Instrument) -> Iterator[None]:
    """While a leg is planned as if those had not been sent; on spot they hold what they sell."""
    sold = planner.sold.get(pair.base, Sold())
    kept = volume_of(resting(planner.before, pair, Side.SELL, margin=False))
    planner.sold[pair.base] = sold._replace(rests=sold.rests - kept)
    try:
        yield
    finally:
        planner.sold[pair.base] = sold


def volume_of(orders: Iterable[OrderRequest]) -> Decimal:
    """Of all of them."""
    return sum((one.volume for one in orders), _ZERO)


def planned_without(
    plan_leg: PlanLeg,
    planner: LegPlanner,
    denied: Denied,
    intent: Intent,
    pair: Instrument | None,
) -> Plan | NoOrder | Denied:
    """The close that was denied, as it is where it is for those alone, on spot."""
    if denied.rule != "POSITION_HELD" or pair is None or not isinstance(intent, PositionIntent):
        return denied
    if not resting(planner.before, pair, Side.SELL, margin=False):
        return denied
    with uncounted(planner, pair):
        return plan_leg(intent, pair)


def left_to_them(volume: Decimal, pair: Instrument) -> str:
    """What the answer says of it."""
    of, them = f"{plain(volume)} {asset_code(pair.base)}", "orders of this alert before it"
    return undone(NOT_ALL_CLOSED, f"{of} are left to {them}, which rest unless they have filled")
