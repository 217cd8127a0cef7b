"""The answer to an alert that is only validated."""

from __future__ import annotations

import logging

from webhook_core.clock import Budget
from webhook_core.errors import AlertPaused, LedgerUnavailable, OrderRejected, VenueUnavailable
from webhook_core.events import event
from webhook_core.ledger.contract import HeldBack
from webhook_core.ledger.later_leg import later_leg
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided
from webhook_core.risk.gates import held_back, pauses_of
from webhook_core.sending.firing import Firing
from webhook_core.trading.plans import Denied, Plan, refusal_of
from webhook_core.trading.requests import Accepted, Rejected
from webhook_core.venue import Venue
from webhook_core.web import answers
from webhook_core.web.delivery import Delivery
from webhook_core.web.messages import HttpResponse


def _held_back(decider: Decider, firing: Firing, decided: Decided) -> HeldBack | None:
    """Whether a pause would hold one of its legs back.

    It may have ended, or begun, by the claim.
    """
    now = decider.clock.now()
    first = firing.entry(decided, now, 0)
    legs = (first, *(later_leg(first, n + 1, now, 0) for n in range(len(first.following))))
    documents = decider.documents
    found = {name: documents.read(name) for name in pauses_of(first)}
    texts = {name: one.text for name, one in found.items() if one is not None}
    return next((held for leg in legs if (held := held_back(leg, texts))), None)


def answer_validation(
    decider: Decider, venue: Venue, firing: Firing, delivery: Delivery
) -> HttpResponse:
    """The plan, checked by Kraken's own validate flag; neither the ledger nor the
    paper book hears of it."""
    decided = appraised(decider, firing, delivery.budget)
    if isinstance(decided, Denied):
        delivery.orders = answers.orders_of(decided.plan, "DENIED", "order_denied")
        raise refusal_of(decided)
    plan = decided.plan
    held = None
    try:
        held = _held_back(decider, firing, decided)
    except LedgerUnavailable as error:
        unread = f"Whether a pause would stop it could not be read: {error.message}"
        firing = firing._replace(warnings=(*firing.warnings, unread))
    if held is not None:
        delivery.orders = answers.orders_of(plan, "DENIED", held.rule)
        raise AlertPaused(held.message)
    check_at_venue(venue, plan, delivery)
    delivery.warnings = (*firing.warnings, *plan.notes)
    return answers.of_validation(
        plan, delivery.frame, delivery.warnings, firing.alert_id, decided.nothing
    )


def appraised(decider: Decider, firing: Firing, budget: Budget) -> Decided | Denied:
    """What the alert comes to, held against what limits have counted too."""
    decided = decider.appraise(firing.wants, budget)
    if isinstance(decided, Denied) or not firing.is_counted:
        return decided
    from webhook_core.sending import places  # few strategies count their orders

    documents, rules = decider.documents, firing.wants.rules
    return places.shown(decided, rules, firing.unit, documents, decider.clock.now())


def check_at_venue(venue: Venue, plan: Plan, delivery: Delivery) -> None:
    """Each order with Kraken's own validate flag. Raises OrderRejected, VenueUnavailable."""
    for request in plan.requests:
        delivery.plans(request)
        if request.method != "AddOrder":  # Kraken has no validate flag for these
            continue
        outcome = venue.validate(request, delivery.budget)
        if isinstance(outcome, Rejected):
            delivery.orders = answers.orders_of(plan, "REJECTED", "order_rejected")
            raise OrderRejected(
                f"{request.venue} would refuse the order: {'; '.join(outcome.errors)}"
            )
        if not isinstance(outcome, Accepted):
            raise VenueUnavailable(
                f"{request.venue} could not be asked: {outcome.reason}. Nothing was sent."
            )
    delivery.orders = answers.orders_of(plan, "VALIDATED", "validated")
    event(
        logging.INFO, "alert.validated", requests=[dict(request.sent) for request in plan.requests]
    )
