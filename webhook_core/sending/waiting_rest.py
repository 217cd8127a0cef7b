"""A leg that is counted once it is its turn, whatever was planned: the rest of an exit that has
sold what was shown free, once the buy that was in doubt has an outcome; and what an exit has traded
that was to be canceled (``opened_by_exits``).

Where that buy has left an exit of its own, which holds what it bought, that one is canceled first.
Nobody could know of it when the alert was planned: so the cancels are planned now, with leg 0 like
all others, and the rest is counted again behind them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger.contract import Existing, later_legs
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided, Wants
from webhook_core.sending.blockers import settle_unknown
from webhook_core.sending.opened_by_exits import check_shown, closing_what_they_opened
from webhook_core.sending.progress import is_behind_idle_exits, is_behind_plain_cancels
from webhook_core.trading.intent import NoOrder, PositionIntent
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import replace

SEEN_AFTER = timedelta(seconds=5)
"""Balances show a trade within a second or two, by every measurement but one
(github.com/btschwertfeger/kraken-infinity-grid, issue 82)."""


def count_rest(
    decider: Decider, wants: Wants, first: LedgerEntry, leg: LedgerEntry, budget: Budget
) -> tuple[OrderRequest | NoOrder | OrderDenied, str | None]:
    """What is sent now, a sale or a cancel before it, or why nothing is; and the line's mark from
    before. ``first`` is leg 0.

    Raises NotItsTurn while an order of ours has no outcome, or what is held may lack a buy;
    VenueUnavailable, LedgerUnavailable.
    """
    mark = None if leg.turn is None else decider.ledger.mark(leg.turn.line)
    before = [first, *later_legs(decider.ledger, first)][: leg.unit.leg]
    if is_behind_plain_cancels(before):
        from webhook_core.sending import traded_before_cancels  # few come to it

        behind = traded_before_cancels.counted(decider, wants, before, leg, budget)
        if behind is not None:
            return behind
    if is_behind_idle_exits(before, leg.current.request):
        return closing_what_they_opened(decider, wants, before, leg, budget), mark
    try:
        exits = tuple(one for one in wants.intents if isinstance(one, PositionIntent))
        decided = _decided(decider, wants._replace(intents=exits, refused=leg.unit), budget)
    except OrderDenied as denied:
        return denied, mark
    meant = [one for one in decided.requests if not (one.freeing or one.waits)]
    cancels = _cancels(decided, first)
    if meant or cancels:
        sale = meant[0]._replace(exits=True) if meant else leg.current.request
        return _behind(cancels, sale, decider, first, leg) if cancels else sale, mark
    _check_buys(decider, first, leg, budget)
    check_shown(decider, before, budget)
    return NoOrder(decided.symbol, decided.nothing), mark


def _decided(decider: Decider, wants: Wants, budget: Budget) -> Decided:
    try:
        return decider.decide(wants, budget)
    except NotItsTurn:
        if not settle_unknown(decider.own_orders, decider.look_up, budget):
            raise
    return decider.decide(wants, budget)


def _cancels(decided: Decided, first: LedgerEntry) -> list[OrderRequest]:
    """Lists may be late, so one that this alert has canceled may be shown as open."""
    planned = (first.current.request, *first.following)
    before = {request.named for request in planned if request.freeing}
    freeing = (one for one in decided.requests if one.freeing and one.method == "CancelOrder")
    return [request for request in freeing if request.named not in before]


def _behind(
    cancels: list[OrderRequest],
    sale: OrderRequest,
    decider: Decider,
    first: LedgerEntry,
    leg: LedgerEntry,
) -> OrderRequest:
    """The first of the cancels, with the others and the sale planned behind it. Raises NotItsTurn
    where another delivery is at it."""
    planned = first.following[: leg.unit.leg - 1]
    rest = (*cancels, sale._replace(waits=True))
    written = decider.ledger.record(replace(first, following=(*planned, *rest)))
    if isinstance(written, Existing):
        raise NotItsTurn("Another delivery of this alert is sending what is left of it.")
    return cancels[0]


def _check_buys(decider: Decider, first: LedgerEntry, leg: LedgerEntry, budget: Budget) -> None:
    """Nothing is held, unless the figure lacks a buy yet that had no outcome when leg 0 was
    planned. That one may have come to nothing, and names no pair then; a leg that waits does."""
    base, now = decider.instrument(leg.current.request.pair, budget).base, decider.clock.now()
    buys = {
        entry.current.order_id: entry
        for entry in decider.own_orders.maybe_open()
        if _was_unknown(entry, first.current.claimed_at)
        and decider.instrument(entry.current.request.pair, budget).base == base
    }
    if not buys:
        return
    fills = decider.venue.fills([order_id for order_id in buys if order_id], budget)
    for order_id, entry in buys.items():
        fill = fills.get(order_id or "")
        traded_at = None if fill is None else fill.closed_at
        recent = now - (traded_at or entry.current.deadline) < SEEN_AFTER
        if fill is None or (fill.volume and recent):
            raise NotItsTurn(
                f"What is held may lack what the alert {entry.alert_id} has bought. Nothing was "
                "sent for the rest; sending the same alert again soon is safe."
            )


def _was_unknown(entry: LedgerEntry, then: datetime) -> bool:
    request, settled_at = entry.current.request, entry.current.settled_at
    if request.side is not Side.BUY or request.on_margin:  # positions name the orders in them
        return False
    return entry.current.claimed_at < then and settled_at is not None and settled_at > then
