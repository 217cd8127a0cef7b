"""A sale of what the strategy bought, behind cancels of the same alert: what one of those orders
has sold before its cancel is not there to be sold once more.

A close is counted again by what is held (traded_before_cancels). An order of a size of its own is
bounded by what the strategy bought alone, and Kraken would sell what others bought beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_changes import DONE, own_key
from webhook_core.sending.decided_again import decided_again
from webhook_core.sending.opened_by_exits import may_lack
from webhook_core.sending.progress import found_none_open, is_plain_cancel
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import NoOrder, OrderIntent, PositionIntent
from webhook_core.trading.needs import follows_from_own
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import OrderRequest

_ZERO = Decimal(0)


def is_own_sale(request: OrderRequest, wants: Wants) -> bool:
    """Whether it is an order, and no exit, whose size follows from what the strategy bought."""
    sells = request.side is Side.SELL and not request.on_margin and not request.exits
    return sells and request.counted and any(map(follows_from_own, _orders(wants)))


def have_sold(
    decider: Decider,
    planned: Sequence[RestingOrder],
    before: Sequence[LedgerEntry],
    request: OrderRequest,
    budget: Budget,
) -> bool:
    """Whether an order that these legs have canceled has sold a part since it was ``planned``, or
    may have; of one that is not among those, whether it has sold any. No call where none can have.
    Raises VenueUnavailable."""
    then = {one.order_id: one for one in planned}
    names = [name for name in _named(before) if name not in then or _may_sell(then[name])]
    shown = decider.venue.orders(names, budget) if names else {}
    for name in names:
        order = shown.get(name)
        if order is None or order.status not in DONE:
            return True
        had = then[name].executed if name in then else _ZERO
        if order.executed > had and _sells(decider, order, request, budget):
            return True
    return False


def any_has_traded(decider: Decider, before: Iterable[LedgerEntry], budget: Budget) -> bool:
    """Whether one of the orders that these legs canceled, for an exit too, had traded, or may have.
    Raises VenueUnavailable."""
    requests = ((entry.current.request, entry) for entry in before)
    named = {one.named: entry for one, entry in requests if one.method == "CancelOrder"}
    named.pop(None, None)
    shown = decider.venue.orders([name for name in named if name], budget) if named else {}
    for name, entry in named.items():
        order = shown.get(name or "")
        if order is None or order.executed:
            return True
        # Where it was gone by its cancel, what shows it at rest is late.
        if order.status not in DONE and (found_none_open(entry) or not order.trades_whole):
            return True
    return False


def counted(
    decider: Decider, wants: Wants, before: Sequence[LedgerEntry], leg: LedgerEntry, budget: Budget
) -> tuple[OrderRequest | NoOrder | OrderDenied, str | None]:
    """What is sent for the leg now, never more than was planned, or why nothing is; and the line's
    mark from before. ``before``: the legs before this one.

    Raises NotItsTurn while what the canceled orders have sold does not show, or where the leg can't
    be told from its request; VenueUnavailable, LedgerUnavailable.
    """
    mark = None if leg.turn is None else decider.ledger.mark(leg.turn.line)
    names = _named(before)
    shown = decider.venue.orders(names, budget)
    for name in names:
        if name not in shown or shown[name].status not in DONE:
            raise may_lack(name)
    request, intent = leg.current.request, _intent_of(wants, before[0], leg)
    if intent is None:
        raise NotItsTurn("What this leg is to sell by now can't be told, so it is not sent.")
    try:
        decided = decided_again(
            decider, wants._replace(intents=(intent,), refused=leg.unit), budget
        )
    except OrderDenied as denied:
        return denied, mark
    if not decided.requests:
        return NoOrder(decided.symbol, decided.nothing), mark
    (now,) = decided.requests
    return (now if now.volume < request.volume else request), mark


def is_all_that_is_held(request: OrderRequest, first: LedgerEntry) -> bool:
    """Whether the account held nothing of it but what the strategy bought, by the figures that leg
    0 was planned on."""
    figures = dict(first.figures)
    own = figures.pop(own_key(request.pair), None)
    return own is not None and [abs(own) >= abs(held) for held in figures.values()] == [True]


def _intent_of(wants: Wants, first: LedgerEntry, leg: LedgerEntry) -> OrderIntent | None:
    """By its place among the orders, where each has come to one."""
    requests = [first.current.request, *first.following]
    orders, intents = [one for one in requests if one.method == "AddOrder"], _orders(wants)
    if len(orders) != len(intents) or any(isinstance(one, PositionIntent) for one in wants.intents):
        return None
    return intents[sum(one.method == "AddOrder" for one in requests[: leg.unit.leg])]


def _orders(wants: Wants) -> list[OrderIntent]:
    return [one for one in wants.intents if isinstance(one, OrderIntent)]


def _named(before: Iterable[LedgerEntry]) -> list[str]:
    """What the alert's own cancels among these legs have canceled."""
    taken = (one for one in before if is_plain_cancel(one) and one.state is State.ACCEPTED)
    return [entry.current.request.named for entry in taken if entry.current.request.named]


def _may_sell(order: RestingOrder) -> bool:
    """Whether it may have sold a part before its cancel was taken."""
    return order.side is Side.SELL and not order.margin and not order.trades_whole


def _sells(decider: Decider, order: RestingOrder, request: OrderRequest, budget: Budget) -> bool:
    """Of the same coins."""
    if order.side is not Side.SELL or order.margin:
        return False
    base = decider.instrument(request.pair, budget).base
    return decider.instrument(order.pair, budget).base == base
