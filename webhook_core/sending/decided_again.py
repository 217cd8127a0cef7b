"""The plan of an alert that was claimed before and proved not sent, made once more."""

from __future__ import annotations

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, VenueUnavailable
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided, Wants


def decided_again(decider: Decider, wants: Wants, budget: Budget) -> Decided:
    """As a new alert would be: one that an order without an outcome keeps from its turn asks for
    that outcome, and an exit from all sells what is free meanwhile. Raises what ``decide`` does."""
    try:
        return decider.decide(wants, budget)
    except NotItsTurn as waits:
        from webhook_core.planning.least_held import sells_all  # few alerts wait
        from webhook_core.sending.blockers import settle_unknown

        if settle_unknown(decider.own_orders, decider.look_up, budget):
            return decider.decide(wants, budget)
        if not sells_all(wants.intents):
            raise
        first = waits
    try:
        return decider.decide(wants._replace(least=True), budget)
    except (NotItsTurn, VenueUnavailable):
        raise first from None
