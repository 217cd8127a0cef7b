"""A close of a part whose size is counted again behind its cancels: it leads no further than it was
planned to.

A stop that fires in the moment before its cancel has closed a part already, and the other stops
stand, or are put back, over what was to be left by the plan. So no more is closed than leads there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from webhook_core.clock import Budget
from webhook_core.errors import OrderDenied
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning import own_changes
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants
from webhook_core.sending.decided_again import decided_again
from webhook_core.trading.facts import part_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import NoOrder, PositionIntent
from webhook_core.trading.orders import is_margin
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rounding import plain, round_volume

_WHOLE = 100


def is_part(close: PositionIntent) -> bool:
    """Whether it names a part of what is held."""
    return close.action == "close" and close.percent < _WHOLE


def one_of_several(
    decider: Decider,
    wants: Wants,
    closes: Sequence[PositionIntent],
    legs: tuple[LedgerEntry, LedgerEntry],
    budget: Budget,
) -> OrderRequest | NoOrder:
    """Of several closes of one position as planned, but no further; of several positions as
    planned. ``legs``: as for ``no_further``. Raises what ``decide`` does but OrderDenied."""
    _, leg = legs
    request = leg.current.request
    pair = decider.instrument(request.pair, budget)
    for one in closes:
        here = one.symbol and decider.instrument(one.symbol, budget).key == pair.key
        is_of_it = here and is_margin(one.leverage) is request.on_margin
        if not is_of_it or one.action != "close":
            return request
    try:
        alone = wants._replace(intents=(closes[-1],), refused=leg.unit)
        decided = decided_again(decider, alone, budget)
    except OrderDenied:
        return request
    if decided.nothing:
        return NoOrder(decided.symbol, decided.nothing)
    return no_further(request, legs, decided.figures, pair)


def no_further(
    again: OrderRequest,
    legs: tuple[LedgerEntry, LedgerEntry],
    now: Mapping[str, Decimal],
    pair: Instrument,
) -> OrderRequest | NoOrder:
    """``again``: the order by the figures of ``now``; ``legs``: leg 0, with the plan and the
    figures that it was made on, and the one that the order is for."""
    first, leg = legs
    then, held = held_of(first.figures, again, pair), held_of(now, again, pair)
    if then is None or held is None or then * held <= 0:
        return again
    planned = (first.current.request, *first.following)[: leg.unit.leg + 1]
    closed = sum((one.volume for one in planned if _closes(one, again)), Decimal(0))
    most = round_volume(pair, abs(held) - (abs(then) - closed))
    if most >= again.volume:
        return again
    if most <= 0 or (pair.ordermin is not None and most < pair.ordermin):
        return NoOrder(again.symbol, "as much as was to be closed is closed already")
    return again._replace(parameters={**again.parameters, "volume": plain(most)})


def held_of(
    figures: Mapping[str, Decimal], request: OrderRequest, pair: Instrument
) -> Decimal | None:
    """What it closes, by the figures of its alert: signed base, None where it is not among them."""
    name = own_changes.position_key(pair.key) if request.on_margin else pair.base
    whole, own = figures.get(name), figures.get(own_changes.own_key(pair.key))
    return whole if whole is None or own is None else part_of(whole, own)


def _closes(planned: OrderRequest, request: OrderRequest) -> bool:
    is_here = (planned.pair, planned.on_margin) == (request.pair, request.on_margin)
    at_once = planned.method == "AddOrder" and not planned.rests
    return is_here and at_once and planned.side is request.side
