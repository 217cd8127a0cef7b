"""What holds the coins that a sale on spot lacks, beside other legs of its alert: Kraken refuses it
for lack of funds, and does not say what has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from webhook_core.clock import KEPT_FOR_THE_RECORD_S, Budget
from webhook_core.errors import WebhookError
from webhook_core.ledger.contract import later_legs
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decide import Decider
from webhook_core.planning.open_orders import read_open_orders
from webhook_core.trading.assets import asset_code
from webhook_core.trading.orders import Side
from webhook_core.trading.plans import INSTEAD
from webhook_core.trading.requests import Outcome, Rejected
from webhook_core.trading.rounding import plain
from webhook_core.trading.venue_refusals import Refusal


def with_holders(
    said: str, decider: Decider, leg: LedgerEntry, outcome: Outcome, budget: Budget
) -> str:
    """``said``, and which orders that rest have them, and what to send instead. The refusal is
    final whether that is known or not."""
    if not _lacks_coins(leg, outcome):
        return said
    try:
        held = _held_by(decider, leg, budget.less(KEPT_FOR_THE_RECORD_S))
    except WebhookError:
        return said
    return ". ".join(filter(None, (said, held)))


def _held_by(decider: Decider, leg: LedgerEntry, budget: Budget) -> str:
    """Empty where none is known to."""
    held = {**_put_back(decider, leg), **_listed(decider, leg, budget)}
    if not held:
        return ""
    base = asset_code(decider.instrument(leg.current.request.pair, budget).base)
    amount = plain(sum(held.values(), Decimal(0)))
    return f"POSITION_HELD: {amount} {base} are held by {', '.join(held)}; {INSTEAD}"


def _lacks_coins(entry: LedgerEntry, outcome: Outcome) -> bool:
    """Whether it is such a sale, and no exit: that is counted again."""
    if not isinstance(outcome, Rejected) or outcome.refusal is not Refusal.NO_FUNDS:
        return False
    request, is_alone = entry.current.request, not (entry.unit.leg or entry.following)
    return not (is_alone or request.exits or request.on_margin) and request.side is Side.SELL


def _put_back(decider: Decider, leg: LedgerEntry) -> Mapping[str, Decimal]:
    """The stops that the alert itself has placed for what its closes leave, which a list may lack
    yet."""
    first = decider.ledger.find(leg.unit.with_leg(0))
    before = () if first is None else (first, *later_legs(decider.ledger, first))
    placed = [one.current for one in before if one.state is State.ACCEPTED]
    stops = (one for one in placed if one.request.freeing and one.request.method == "AddOrder")
    of = leg.current.request.pair, False
    here = (one for one in stops if (one.request.pair, one.request.on_margin) == of)
    return {one.order_id or "": one.request.volume for one in here}


def _listed(decider: Decider, leg: LedgerEntry, budget: Budget) -> Mapping[str, Decimal]:
    """What else rests to sell of the same coins."""
    instrument_of, request = decider.known_pairs(budget), leg.current.request
    base = decider.instrument(request.pair, budget).base
    found = {}
    for order in read_open_orders(decider, budget):
        pair = instrument_of(order.pair)
        is_one = order.side is Side.SELL and not order.margin
        if is_one and pair is not None and pair.base == base:
            found[order.order_id] = order.left
    return found
