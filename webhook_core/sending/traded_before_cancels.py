"""What orders have traded that the same alert was to cancel, before it closes: that is to be closed
too, or alone, where nothing was held when it was planned.

Kraken says of each what it has traded. Only where that may be more than when the alert was planned
is the account read again, and the close counted as if it were new: what has filled may have left a
stop of its own, which gives way first.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger.contract import Existing
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning import idle_exits
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_changes import DONE
from webhook_core.sending.decided_again import decided_again
from webhook_core.sending.opened_by_exits import may_lack
from webhook_core.sending.progress import found_none_open
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import NoOrder, PositionIntent
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import replace

_ZERO = Decimal(0)


def have_traded(
    decider: Decider,
    planned: Sequence[RestingOrder],
    before: Sequence[LedgerEntry],
    request: OrderRequest,
    budget: Budget,
) -> bool:
    """Whether one of the orders that these legs were to cancel, as they were ``planned``, has left
    more to close since, or may. No call where none can have. Raises VenueUnavailable."""
    pair, named = decider.instrument(request.pair, budget), _named(before)
    may_have = [
        one
        for one in idle_exits.opening(planned, pair, margin=request.on_margin)
        if one.order_id in named and (found_none_open(named[one.order_id]) or not one.trades_whole)
    ]
    then = {one.order_id: one.executed for one in may_have}
    if not _leaving_more([(one, one.left) for one in may_have], request):
        return False
    try:
        now = _canceled(decider, before, request, budget)
    except NotItsTurn:
        return True
    since = [(one, one.executed - then[one.order_id]) for one in now if one.order_id in then]
    return bool(_leaving_more(since, request))


def counted(
    decider: Decider, wants: Wants, before: Sequence[LedgerEntry], leg: LedgerEntry, budget: Budget
) -> tuple[OrderRequest | NoOrder | OrderDenied, str | None] | None:
    """What is sent now, or why nothing is; and the line's mark from before. None for an exit whose
    size is as it was, as far as those orders tell. ``before``: the legs before this one, whose
    planned size is all that those orders had left, if it waits.

    Raises NotItsTurn while what they have traded does not show, VenueUnavailable,
    LedgerUnavailable.
    """
    request = leg.current.request
    mark = None if leg.turn is None else decider.ledger.mark(leg.turn.line)
    canceled = _canceled(decider, before, request, budget)
    traded = _leaving_more([(one, one.executed) for one in canceled], request)
    if traded:
        return _closing(decider, wants, traded, [*before, leg], budget), mark
    if not request.waits:
        return None
    return NoOrder(request.symbol, "the orders that were canceled have traded nothing"), mark


def _closing(
    decider: Decider,
    wants: Wants,
    traded: Sequence[RestingOrder],
    legs: Sequence[LedgerEntry],
    budget: Budget,
) -> OrderRequest | NoOrder | OrderDenied:
    """``legs``: those before it, and the one that closes it."""
    *before, leg = legs
    _check_shown(decider, traded, before[0].following[leg.unit.leg - 1], budget)
    try:
        decided = decided_again(decider, _meant(wants, traded, leg), budget)
    except OrderDenied as denied:
        return denied
    if all(one.freeing or one.waits for one in decided.requests):
        return NoOrder(decided.symbol, decided.nothing)
    named = _named(before)
    # Lists may be late, so one that this alert has canceled may be shown as open.
    left = [
        one for one in decided.requests if one.method != "CancelOrder" or one.named not in named
    ]
    return _first_of(decider, left, before[0], leg)


def _canceled(
    decider: Decider, before: Sequence[LedgerEntry], request: OrderRequest, budget: Budget
) -> list[RestingOrder]:
    """Those of the cancels that may have left something held, as they are done."""
    named = _named(before)
    shown = decider.venue.orders(list(named), budget)
    for name, entry in named.items():
        order = shown.get(name)
        if order is None and not request.waits:
            continue  # a name of the alert's own, which Kraken may never have known
        if order is None or (
            order.status not in DONE and (found_none_open(entry) or not order.trades_whole)
        ):
            raise may_lack(name)
    pair = decider.instrument(request.pair, budget)
    return idle_exits.opening(list(shown.values()), pair, margin=request.on_margin)


def _meant(wants: Wants, traded: Sequence[RestingOrder], leg: LedgerEntry) -> Wants:
    """The close alone. Of what the strategy bought it means no more than it did, and this."""
    net = sum((one.executed if one.side is Side.BUY else -one.executed for one in traded), _ZERO)
    closes = (one for one in wants.intents if isinstance(one, PositionIntent))
    meant = (one if one.most is None else one._replace(most=one.most + net) for one in closes)
    return wants._replace(intents=tuple(meant), refused=leg.unit)


def _first_of(
    decider: Decider, requests: Sequence[OrderRequest], first: LedgerEntry, leg: LedgerEntry
) -> OrderRequest:
    """Of what closes it, with the others planned behind. Raises NotItsTurn where another delivery
    is at it."""
    now, *behind = requests
    if behind:
        planned = first.following[: leg.unit.leg - 1]
        following = (*planned, leg.current.request, *behind)
        written = decider.ledger.record(replace(first, following=following))
        if isinstance(written, Existing):
            raise NotItsTurn("Another delivery of this alert is sending what is left of it.")
    return now


def _check_shown(
    decider: Decider, traded: Sequence[RestingOrder], planned: OrderRequest, budget: Budget
) -> None:
    """An order of ours is counted where figures lack it, what an exit has opened is not: positions
    name it once they have it. Of the side of the close only what is beyond it has opened any.
    Raises NotItsTurn where one has just traded and they do not, VenueUnavailable."""
    now = decider.clock.now()
    exits = [
        one
        for one in traded
        if one.margin and one.parent and now - (one.closed_at or now) < decider.read_lag
    ]
    rows = decider.venue.positions(budget) if exits else []
    shown = {row.order_id for row in rows}
    for one in exits:
        if one.order_id not in shown and (planned.waits or one.side is not planned.side):
            raise may_lack(one.order_id)
    turning = [] if planned.waits else [one for one in traded if one.side is planned.side]
    if any(one in exits for one in turning):
        opened = sum((one.executed for one in turning), -planned.volume)
        names = {one.order_id for one in turning}
        if sum(abs(row.volume) + row.closed for row in rows if row.order_id in names) < opened:
            raise may_lack(", ".join(sorted(names)))


def _named(before: Sequence[LedgerEntry]) -> dict[str, LedgerEntry]:
    """The cancels among these legs by what they name."""
    requests = ((entry.current.request, entry) for entry in before)
    return {one.named or "": entry for one, entry in requests if one.method == "CancelOrder"}


def _leaving_more(
    traded: Sequence[tuple[RestingOrder, Decimal]], request: OrderRequest
) -> list[RestingOrder]:
    """Those that have traded where all of their side together leave more to close than was planned:
    on the other side, or so much that they have turned what was held. Kraken lets no more be closed
    than is held. With nothing held either side leaves it, and what one had traded before is gone:
    the request waits for what the others had left then."""
    sums = {side: sum((size for one, size in traded if one.side is side), _ZERO) for side in Side}
    others = sum((one.volume for one, _ in traded if one.side is not request.side), _ZERO)
    closes, gone = request.volume, _ZERO
    if request.waits:
        closes, gone = _ZERO, max(_ZERO, others - request.volume)
    return [
        one
        for one, size in traded
        if size and sums[one.side] > (closes if one.side is request.side else gone)
    ]
