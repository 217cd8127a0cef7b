"""What exits have traded that were to be canceled though nothing was held that they protect
(planning.idle_exits): with leverage they have opened a position then, which is closed again.

Kraken says of each what it has traded, so no figure is asked, which may be late, or have what came
since. One that has traded just before the plan may have closed what it was to protect: that is not
told from one that has opened something. So what closes it only reduces; Kraken takes no more than
is open, and where nothing is, it says so (``proved_nothing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn
from webhook_core.ledger import transitions
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_changes import DONE
from webhook_core.sending.progress import ahead_of_cancels, found_none_open, set_free
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import NoOrder, PositionIntent
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import OrderRequest, Outcome, Rejected
from webhook_core.trading.venue_refusals import is_nothing_held, is_nothing_to_reduce

_ZERO = Decimal(0)
NOTHING_LEFT = "Kraken says that nothing is held"
NOTHING_OPENED = "the exits that were canceled have opened nothing"


def closing_what_they_opened(
    decider: Decider, wants: Wants, before: Sequence[LedgerEntry], leg: LedgerEntry, budget: Budget
) -> OrderRequest | NoOrder:
    """``before``: the legs before this one, whose planned size is all that those exits had left.
    Raises NotItsTurn while what they have traded does not show, VenueUnavailable."""
    request = leg.current.request
    canceled = _canceled(decider, before, budget)
    canceled = _open_beside(decider, ahead_of_cancels(before), request, canceled, budget)
    side = Side.BUY if request.side is Side.SELL else Side.SELL
    traded = [order for order in canceled if order.side is side]
    other = next((one for one in canceled if one.side is not side and one.executed), None)
    if other is not None:
        raise may_lack(other.order_id)
    # Of what had traded before this alert was planned nothing was open any more.
    done_before = max(_ZERO, sum((order.volume for order in traded), -request.volume))
    opened = sum((order.executed for order in traded), -done_before) if traded else _ZERO
    if opened <= 0:
        return NoOrder(request.symbol, NOTHING_OPENED)
    from webhook_core.planning.idle_exits import closing

    pair = decider.instrument(request.pair, budget)
    back = closing(decider, side, opened, pair, _leverage(decider, wants, pair, budget))
    if not back:
        return NoOrder(request.symbol, f"they have opened {opened}, less than the pair takes")
    return back[0]


def proved_nothing(settled: LedgerEntry, outcome: Outcome, now: datetime) -> LedgerEntry:
    """The leg as it has just been settled; ended as nothing where its refusal proves that those
    exits have opened nothing, or that nothing is held any more of what was to be closed whole."""
    if not isinstance(outcome, Rejected) or not is_nothing_to_reduce(outcome.errors):
        return settled
    if settled.current.request.waits:
        return transitions.next_nothing(settled, now, NOTHING_OPENED)
    if settled.current.request.whole and is_nothing_held(outcome.errors):
        return transitions.next_nothing(settled, now, NOTHING_LEFT)
    return settled


def _open_beside(
    decider: Decider,
    ahead: LedgerEntry | None,
    request: OrderRequest,
    canceled: list[RestingOrder],
    budget: Budget,
) -> list[RestingOrder]:
    """Where the same alert has opened a position before these cancels, as much of each as is open
    beside that: positions name the orders that opened them. What an exit has traded on that side
    may have closed what it was to protect, or what stood on the other side may be closed by it."""
    if ahead is None or ahead.state is not State.ACCEPTED:
        return canceled
    order_id, sent = ahead.current.order_id or "", ahead.current.request
    if sent.method != "AddOrder" or sent.pair != request.pair:
        return canceled
    traded = [one for one in canceled if one.executed and one.side is sent.side]
    if not traded:
        return []
    now = decider.clock.now()
    rows = {row.order_id: row for row in decider.venue.positions(budget)}
    is_old = all(one.closed_at and now - one.closed_at > decider.read_lag for one in traded)
    if order_id not in rows and not is_old:
        raise may_lack(traded[0].order_id)
    opened = ((one, abs(rows[one.order_id].volume)) for one in traded if one.order_id in rows)
    return [one._replace(volume=volume, executed=volume) for one, volume in opened]


def check_shown(decider: Decider, before: Sequence[LedgerEntry], budget: Budget) -> None:
    """Raises NotItsTurn where the figures may lack what an exit has traded that these legs were to
    cancel, VenueUnavailable."""
    now = decider.clock.now()
    for order in _canceled(decider, before, budget):
        if order.executed and now - (order.closed_at or now) < decider.read_lag:
            raise may_lack(order.order_id)


def _canceled(
    decider: Decider, before: Sequence[LedgerEntry], budget: Budget
) -> list[RestingOrder]:
    """The margin orders among those of the cancels, as they are done. Raises NotItsTurn while one
    is not."""
    found_none = {
        entry.current.request.named or "": found_none_open(entry) for entry in set_free(before)
    }
    shown = decider.venue.orders(list(found_none), budget) if found_none else {}
    for name, is_gone in found_none.items():
        order = shown.get(name)
        may_lag = order is not None and not is_gone and _had_traded_nothing(order)
        if order is None or (order.status not in DONE and not may_lag):
            raise may_lack(name)
    return [order for order in shown.values() if order.margin]


def _had_traded_nothing(order: RestingOrder) -> bool:
    """Whether its cancel, which was taken, proves that it opened nothing."""
    return not order.margin or order.trades_whole


def _leverage(decider: Decider, wants: Wants, pair: Instrument, budget: Budget) -> int | None:
    """Of the alert's order in that pair."""
    meant = (one for one in wants.intents if isinstance(one, PositionIntent))
    return next(
        one.leverage for one in meant if decider.instrument(one.symbol, budget).key == pair.key
    )


def may_lack(name: str) -> NotItsTurn:
    """Why a leg is not sent while what that order has traded may be in no figure yet."""
    return NotItsTurn(
        f"What is held may lack what {name} has traded. Nothing was sent for the rest; "
        "sending the same alert again soon is safe."
    )
