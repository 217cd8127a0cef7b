"""Whether an order that an alert was to replace has come since the alert was planned.

An alert that cancels and places stands for the one order that is to rest. Where it was interrupted
before its order went out, another alert may have placed one meanwhile, which its cancel never saw:
both would rest, and more be sold than is held.
"""

from __future__ import annotations

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger.contract import later_legs
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants


def check_nothing_newer(decider: Decider, wants: Wants, first: LedgerEntry, budget: Budget) -> None:
    """``first`` is leg 0 of the alert. Raises NotItsTurn where its cancels would hit another order
    by now than they did, or that can't be told; VenueUnavailable, LedgerUnavailable."""
    try:
        now = decider.decide(wants, budget).requests
    except OrderDenied as denied:
        raise NotItsTurn(f"What rests by now can't be told: {denied.message}") from denied
    known = [dict(one.parameters) for one in (first.current.request, *first.following)]
    own = {entry.current.order_id for entry in (first, *later_legs(decider.ledger, first))}
    for request in now:
        hits = dict(request.parameters)
        if request.method == "CancelOrder" and hits not in known and request.named not in own:
            raise _has_come()


def _has_come() -> NotItsTurn:
    return NotItsTurn(
        "Another order rests by now where this alert's was to be the only one, so it is not sent. "
        "Send a new alert if it is still wanted."
    )
