"""What keeps an alert from its turn: an order of ours whose outcome nobody knows. The alert that
waits for it asks for that outcome itself, so that an exit need not wait for a reconcile."""

from __future__ import annotations

import logging
from collections.abc import Callable

from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.events import event
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.transitions import has_never_traded
from webhook_core.planning.own_orders import OwnOrders

MOST_UNKNOWN = 20
"""So many are read to find the ones that can be looked up; more than a few are an outage."""
LOOKED_UP = 2
LEFT_TO_PLAN_S = 1.2
"""A look-up and the plan behind it need as long, with Kraken at its usual 0.1 s a call."""

LookUp = Callable[[LedgerEntry, Budget], LedgerEntry]


def settle_unknown(own: OwnOrders, look_up: LookUp, budget: Budget) -> bool:
    """Asks for the oldest of our orders without an outcome. Whether one has an outcome now, or has
    traded nothing, so that a plan may be made once more. Raises LedgerUnavailable."""
    unknown = own.ledger.entries(states=(State.SUBMITTING,), limit=MOST_UNKNOWN, newest_first=False)
    ours = [entry for entry in unknown.entries if own.is_ours(entry)]
    settled = False
    for entry in ours[:LOOKED_UP]:
        if budget.remaining() < LEFT_TO_PLAN_S:
            break
        try:
            found = look_up(entry, budget)
            settled |= found.state is not State.SUBMITTING
            settled |= has_never_traded(found) and not has_never_traded(entry)
        except VenueUnavailable as error:
            event(logging.WARNING, "order.not_looked_up", reason=error.message)
            break
    return settled
