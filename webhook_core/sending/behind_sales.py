"""What orders of the same alert before it leave an exit, or a sale in percent, where nobody knew
their outcome when the alert was planned: a limit or a stop, which may have traded by its turn.

Kraken bounds a sale on spot by what is free and one with ``reduce_only`` by the position, so most
exits go out as planned. Where they would go into what others hold, or were planned as if an order
that rests had not been sent, those orders are asked for. What one has sold, and what one that rests
is to sell, is not there for the exit, nor for the stop behind it. A sale in percent says by itself
what it is bound by (``most``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.clock import Budget
from webhook_core.ledger.attempts import no_action_attempt
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.transitions import next_nothing
from webhook_core.planning.behind_limits import left_to_them
from webhook_core.planning.decide import Decider
from webhook_core.planning.own_changes import DONE, own_key
from webhook_core.sending.opened_by_exits import may_lack
from webhook_core.sending.own_sales import is_all_that_is_held
from webhook_core.sending.parts_again import held_of
from webhook_core.sending.progress import is_kept
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain, round_volume
from webhook_core.value import replace

_ZERO = Decimal(0)
_NOTHING = "the orders of this alert before it leave nothing of what it means"


class Left(NamedTuple):
    """``most``: of the exit, base; ``resting``: what orders that rest are to trade in its place."""

    most: Decimal
    resting: Decimal
    pair: Instrument


def as_left(
    decider: Decider, leg: LedgerEntry, before: Sequence[LedgerEntry], budget: Budget
) -> LedgerEntry:
    """The leg as those before it leave it: as it is, smaller, or ended. Nothing is set free for an
    exit to which one that rests leaves nothing.

    Raises NotItsTurn while what one of them has traded is not known, VenueUnavailable.
    """
    request, exit_ = leg.current.request, _exit_of(leg, before[0])
    if request.most is not None:
        return _of_no_more(decider, leg, before, budget)
    left = None if exit_ is None else _left(decider, exit_, before, budget)
    if exit_ is not None and request.exits and is_kept(before):  # its stop holds it still
        left = Left(_ZERO, exit_.volume, decider.instrument(exit_.pair, budget))
    if left is None:
        return leg
    if request.method == "CancelOrder":
        keeps = left.resting and not left.most
        return _ended(leg, decider.clock.now()) if keeps else leg
    told = (left_to_them(left.resting, left.pair),) if left.resting and request.exits else ()
    said = replace(leg, warnings=(*leg.warnings, *told))
    return _of_size(said, left.most, decider.clock.now())


def _of_no_more(
    decider: Decider, leg: LedgerEntry, before: Sequence[LedgerEntry], budget: Budget
) -> LedgerEntry:
    """A sale in percent, as what those have traded leaves of what it is bound by. On spot what
    rests was not counted as there when it was planned."""
    request = leg.current.request
    unsure = [
        one
        for one in before
        if _is_of(request, one)
        and one.current.request.is_unsure
        and (request.on_margin or one.current.request.is_now_or_never)
    ]
    bound = request.volume if request.most is None else request.most
    if request.volume + sum(map(_volume, unsure), _ZERO) <= bound:
        return leg
    taken, _ = _taken(decider, unsure, budget)
    most = _as_taken(max(_ZERO, bound - taken), decider.instrument(request.pair, budget))
    return leg if most >= request.volume else _of_size(leg, most, decider.clock.now())


def _of_size(leg: LedgerEntry, volume: Decimal, now: datetime) -> LedgerEntry:
    """The same order of that size, ended for none."""
    if not volume:
        return _ended(leg, now)
    request = leg.current.request
    fields = {**request.parameters, "volume": plain(volume)}
    smaller = replace(leg.current, request=request._replace(parameters=fields))
    return replace(leg, attempts=(*leg.attempts[:-1], smaller))


def _as_taken(volume: Decimal, pair: Instrument) -> Decimal:
    """As an order may have it, zero for less than it takes."""
    rounded = round_volume(pair, volume)
    return _ZERO if pair.ordermin is not None and rounded < pair.ordermin else rounded


def _exit_of(leg: LedgerEntry, first: LedgerEntry) -> OrderRequest | None:
    """The exit that the leg is, or for which it sets something free, or the stop behind one."""
    request = leg.current.request
    if request.method == "CancelOrder" and request.freeing:
        behind = first.following[leg.unit.leg :]
        request = next((one for one in behind if one.method == "AddOrder"), request)
    is_one = request.method == "AddOrder" and (request.exits or request.freeing)
    return request if is_one and not request.waits else None


def _left(
    decider: Decider, exit_: OrderRequest, before: Sequence[LedgerEntry], budget: Budget
) -> Left | None:
    """None where as much as was planned is left, or Kraken lets no more be traded."""
    pair, figures = decider.instrument(exit_.pair, budget), before[0].figures
    sales = [one for one in before if _is_of(exit_, one)]
    held = held_of(figures, exit_, pair)
    if held is None or not any(one.current.request.is_unsure for one in sales):
        return None
    if own_key(pair.key) not in figures or is_all_that_is_held(exit_, before[0]):
        if exit_.on_margin:
            return None
        # Kraken refuses a close of all that is too large, and that is counted again; of a part it
        # would be counted by what is left.
        sales = [one for one in sales if not (exit_.whole and one.current.request.is_now_or_never)]
    if exit_.volume + sum((_volume(one) for one in sales), _ZERO) <= abs(held):
        return None
    taken, resting = _taken(decider, sales, budget)
    # What one that rests is to sell may have a stop: no more is without one than was before.
    kept = _ZERO if exit_.freeing else resting
    most = _as_taken(max(_ZERO, abs(held) - taken - kept), pair)
    return Left(most, min(resting, exit_.volume - most), pair) if most < exit_.volume else None


def _is_of(exit_: OrderRequest, before: LedgerEntry) -> bool:
    """Whether it is an order that trades what the exit does."""
    order = before.current.request
    if before.state is not State.ACCEPTED or order.method != "AddOrder":
        return False
    alike = (exit_.pair, exit_.on_margin, exit_.side)
    return (order.pair, order.on_margin, order.side) == alike


def _taken(
    decider: Decider, sales: Sequence[LedgerEntry], budget: Budget
) -> tuple[Decimal, Decimal]:
    """What they have traded, and what those that rest are to trade yet."""
    unsure = [one for one in sales if one.current.request.is_unsure]
    fills = decider.venue.fills([one.current.order_id or "" for one in unsure], budget)
    taken = sum((_volume(one) for one in sales if one not in unsure), _ZERO)
    resting = _ZERO
    for one in unsure:
        name = one.current.order_id or ""
        fill = fills.get(name)
        is_done = fill is not None and fill.status in DONE
        if fill is None or (one.current.request.is_now_or_never and not is_done):
            raise may_lack(name)
        taken += fill.volume
        resting += _ZERO if is_done else _volume(one) - fill.volume
    return taken, resting


def _volume(entry: LedgerEntry) -> Decimal:
    return entry.current.request.volume


def _ended(leg: LedgerEntry, now: datetime) -> LedgerEntry:
    """``leg``: ends with the attempt that is not made."""
    if len(leg.attempts) > 1:
        return next_nothing(replace(leg, attempts=leg.attempts[:-1]), now, _NOTHING)
    nothing = OrderRequest(leg.current.request.symbol, {})
    return replace(leg, attempts=(no_action_attempt(leg.unit, nothing, now, _NOTHING),), turn=None)
