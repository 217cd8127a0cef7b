"""The answer to an alert that is only validated."""

from __future__ import annotations

import logging

from webhook_core.errors import OrderRejected, VenueUnavailable
from webhook_core.events import event
from webhook_core.planning.decide import Market
from webhook_core.sending.firing import Firing
from webhook_core.trading.plans import Denied, refusal_of
from webhook_core.trading.requests import Accepted, Rejected
from webhook_core.venue import Venue
from webhook_core.web import answers
from webhook_core.web.delivery import Delivery
from webhook_core.web.messages import HttpResponse


def answer_validation(
    market: Market, venue: Venue, firing: Firing, delivery: Delivery
) -> HttpResponse:
    """The plan, checked by Kraken's own validate flag; neither the ledger nor the paper book hears of it."""
    decided = market.appraise(firing.wants, delivery.budget)
    if isinstance(decided, Denied):
        delivery.orders = answers.orders_of(decided.plan, "DENIED", "order_denied")
        raise refusal_of(decided)
    plan = decided.plan
    for request in plan.requests:
        delivery.plans(request)
        if request.method != "AddOrder":  # Kraken has no validate flag for these
            continue
        outcome = venue.validate(request, delivery.budget)
        if isinstance(outcome, Rejected):
            delivery.orders = answers.orders_of(plan, "REJECTED", "order_rejected")
            raise OrderRejected(f"Kraken would refuse the order: {'; '.join(outcome.errors)}")
        if not isinstance(outcome, Accepted):
            raise VenueUnavailable(
                f"Kraken could not be asked: {outcome.reason}. Nothing was sent."
            )
    event(
        logging.INFO,
        "alert.validated",
        requests=[dict(request.parameters) for request in plan.requests],
    )
    delivery.warnings = (*firing.warnings, *plan.notes)
    return answers.of_validation(
        plan, delivery.frame, delivery.warnings, firing.alert_id, decided.nothing
    )
