"""What is decided, in the words of a venue that has its own."""

from __future__ import annotations

from webhook_core.planning.decision import Decided
from webhook_core.trading.plans import Denied, Plan
from webhook_core.venue import HasItsOwnWords


def in_words_of(venue: HasItsOwnWords, decided: Decided | Denied) -> Decided | Denied:
    """The same, each request with the venue's words for it. Raises OrderDenied."""
    return decided._replace(plan=_worded(venue, decided.plan))


def _worded(venue: HasItsOwnWords, plan: Plan) -> Plan:
    requests = (one._replace(words=venue.words_for(one)) for one in plan.requests)
    return plan._replace(requests=tuple(requests))
