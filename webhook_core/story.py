"""The way of one alert, from its bytes to its answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from webhook_core.clock import Budget, Clock
from webhook_core.errors import (
    AlertStale,
    OrderDenied,
    OrderRejected,
    VenueUnavailable,
    WebhookError,
)
from webhook_core.events import bind, event, timed
from webhook_core.intake import parse
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.freshness import check_freshness
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import Existing, Ledger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decide import Market
from webhook_core.planning.decision import Decided
from webhook_core.sending.claims import Claiming
from webhook_core.sending.firing import DEFAULT_STRATEGY, Firing
from webhook_core.sending.legs import Legs
from webhook_core.sending.progress import Progress
from webhook_core.sending.submission import Replan
from webhook_core.settings.settings import Settings
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.plans import Denied
from webhook_core.trading.requests import Accepted, OrderRequest, Rejected
from webhook_core.venue import Venue
from webhook_core.web import answers
from webhook_core.web.delivery import Delivery, notice_reuse
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpResponse
from webhook_core.web.outcome_words import reason_of, warnings_of

if TYPE_CHECKING:
    from webhook_core.sending.legs_again import LegsAgain
    from webhook_core.trading.intent import Intent, NoOrder


@dataclass(slots=True, eq=False, repr=False)
class Alerts:
    """Takes one alert after the other; everything it needs is a part of the application."""

    settings: Settings
    ledger: Ledger
    venue: Venue
    clock: Clock
    market: Market
    legs: Legs
    gate: Gate | ClosedGate

    def take(self, delivery: Delivery, *, only_validate: bool = False) -> HttpResponse:
        """Raises WebhookError for every alert that comes to no entry in the ledger."""
        verified = self.gate.admit_alert(delivery.request)
        only_validate = only_validate or self.settings.trading_mode == "validate"
        try:
            firing, wants_validation = self._read(verified, delivery)
        except AlertStale as stale:
            if only_validate:
                raise
            return self._known_though_stale(stale, verified, delivery)
        if only_validate or wants_validation:
            return self._validate(firing, delivery)
        firing = self._in_its_generation(firing)
        claiming = Claiming(self.ledger, self.market, self.clock, self.settings.order_deadline_s, firing)
        decided, claim = claiming.claimed(delivery.budget)
        if isinstance(claim, Existing):
            return self._redelivered(claim.entry, firing, delivery)
        replan_of, recount = partial(self._replan, firing, decided), partial(self._counted_again, firing)
        progress = self.legs.begin(claim.entry, replan_of, recount, delivery.budget)
        return self._told(progress, firing, delivery)

    @timed("read")
    def _read(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        try:
            return self._understood(verified, delivery)
        except Exception:
            from webhook_core.intake.refused_alerts import facts  # only a refused alert pays for it

            bind(**facts(verified, DEFAULT_STRATEGY, self.settings.strategies))
            raise

    def _understood(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        received_at = delivery.request.received_at
        check_freshness(verified, received_at, self.settings.alert_max_age_s)
        return self._parsed(verified, delivery)

    def _parsed(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        alert = parse.parse(verified)
        firing = Firing.of(verified, alert, delivery.request.received_at, self.settings)
        delivery.alert_id = firing.alert_id
        delivery.warnings = firing.warnings
        delivery.wants(firing.wants.intents[0])
        bind(alert_id=firing.alert_id, strategy=firing.wants.strategy)
        return firing, alert.validate_only

    @timed("claim")
    def _in_its_generation(self, firing: Firing) -> Firing:
        if not firing.repeats:
            return firing
        window = timedelta(seconds=self.settings.duplicate_window_s)
        return firing.in_generation_after(self.ledger.newest_generation(firing.unit), window)

    def _known_though_stale(self, stale: AlertStale, verified: VerifiedBody, delivery: Delivery) -> HttpResponse:
        """A known alert gets its answer however late it comes again, and nothing is sent for it any more.
        Raises AlertStale for every other one."""
        try:
            firing, wants_validation = self._parsed(verified, delivery)
        except WebhookError:
            raise stale from None  # its age comes before whatever else is wrong with it
        first = None if wants_validation else self.ledger.find(firing.unit)
        if first is None:
            raise stale
        return self._redelivered(first, firing, delivery, is_stale=True)

    def _redelivered(
        self, first: LedgerEntry, firing: Firing, delivery: Delivery, *, is_stale: bool = False
    ) -> HttpResponse:
        bind(client_order_id=first.current.client_order_id)
        notice_reuse(delivery, firing, first)
        budget = delivery.budget
        next_attempt = None if is_stale else partial(self._next_attempt, firing=firing, first=first, budget=budget)
        replan_of, recount = partial(self._replan, firing, first), partial(self._counted_again, firing)
        progress = self.legs.resume(first, next_attempt, replan_of, recount, budget)
        if is_stale and progress.unclaimed:
            from webhook_core.sending.missed_legs import without_the_rest

            progress = without_the_rest(progress, self.ledger, self.clock.now())
        return self._told(progress, firing, delivery)

    def _next_attempt(self, entry: LedgerEntry, *, firing: Firing, first: LedgerEntry, budget: Budget) -> LedgerEntry:
        """What was proved not sent may be sent as it was; what followed from the account is planned again."""
        from webhook_core.trading.needs import follows_from_the_account

        now, deadline_s = self.clock.now(), self.settings.order_deadline_s
        if len(firing.wants.intents) > 1:
            return self._legs_again(firing).next_attempt(entry, first, budget)
        if not follows_from_the_account(firing.wants.intents[0]):
            return transitions.next_attempt(entry, entry.current.request, now, deadline_s)
        try:
            decided = self.market.decide(firing.wants, budget)
        except OrderDenied as denied:
            ended = transitions.next_denied(entry, now, denied.message)
            return replace(ended, warnings=(*firing.warnings, *denied.notes))
        if decided.nothing:
            renewed = transitions.next_nothing(entry, now, decided.nothing)
        else:
            renewed = transitions.next_attempt(entry, decided.requests[0], now, deadline_s)
        renewed = replace(renewed, figures=decided.figures, counted_until=decided.counted_until)
        return replace(renewed, turn=firing.turn(decided), warnings=(*firing.warnings, *decided.plan.notes))

    def _counted_again(
        self, firing: Firing, first: LedgerEntry, leg: LedgerEntry, budget: Budget
    ) -> tuple[OrderRequest | NoOrder | OrderDenied, str | None]:
        """Raises NotItsTurn."""
        return self._legs_again(firing).counted(first, leg, budget)

    def _legs_again(self, firing: Firing) -> LegsAgain:
        from webhook_core.sending.legs_again import LegsAgain  # few alerts come to it

        return LegsAgain(self.market, firing, self.settings.order_deadline_s)

    def _told(self, progress: Progress, firing: Firing, delivery: Delivery) -> HttpResponse:
        if firing.confirms and not progress.unclaimed:
            from webhook_core.sending.fills import Fills  # few alerts ask for it

            fills = Fills(self.ledger, self.venue, self.clock, self.market.margin)
            progress = progress._replace(entries=tuple(fills.confirmed(progress.entries, delivery.budget)))
        delivery.entry, delivery.replayed = progress.deciding, progress.replayed
        delivery.plans(progress.deciding.current.request)
        delivery.warnings = warnings_of(progress, delivery.reuse)
        delivery.reason = reason_of(progress)
        return answers.of_progress(progress, delivery.frame, delivery.reuse)

    def _replan(self, firing: Firing, decided: Decided | LedgerEntry | None, number: int) -> Replan:
        """``decided``: the plan, where it was made for this delivery, else leg 0, which has the requests. Of several legs an exit
        can be told from its request, and an order by its place, where each leg is one order of a size of its own."""

        def replan(budget: Budget) -> OrderRequest | str:
            intents = firing.wants.intents
            if isinstance(decided, Decided):
                intent = intents[decided.sources[number]]
            elif len(intents) == 1:
                intent = intents[0]
            elif decided is not None and _is_exit(decided, number) and len(_closes(firing)) == 1:
                intent = _closes(firing)[0]
            elif decided is not None and len(decided.following) + 1 == len(intents) and all(map(_has_a_size, intents)):
                intent = intents[number]
            else:
                return "it can't be planned again: send a new alert"
            try:
                return self.market.replan(intent, firing.wants, firing.unit.with_leg(number), budget)
            except WebhookError as error:
                if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                return error.message

        return replan

    def _validate(self, firing: Firing, delivery: Delivery) -> HttpResponse:
        """The plan, checked by Kraken's own validate flag; neither the ledger nor the paper book hears of it."""
        decided = self.market.appraise(firing.wants, delivery.budget)
        if isinstance(decided, Denied):
            delivery.orders = answers.orders_of(decided.plan, "DENIED", "order_denied")
            raise OrderDenied(decided.message, notes=decided.notes)
        plan = decided.plan
        for request in plan.requests:
            delivery.plans(request)
            if request.method != "AddOrder":  # Kraken has no validate flag for these
                continue
            outcome = self.venue.validate(request, delivery.budget)
            if isinstance(outcome, Rejected):
                delivery.orders = answers.orders_of(plan, "REJECTED", "order_rejected")
                raise OrderRejected(f"Kraken would refuse the order: {'; '.join(outcome.errors)}")
            if not isinstance(outcome, Accepted):
                raise VenueUnavailable(f"Kraken could not be asked: {outcome.reason}. Nothing was sent.")
        event(logging.INFO, "alert.validated", requests=[dict(request.parameters) for request in plan.requests])
        delivery.warnings = (*firing.warnings, *plan.notes)
        return answers.of_validation(plan, delivery.frame, delivery.warnings, firing.alert_id, decided.nothing)


def _closes(firing: Firing) -> list[Intent]:
    return [intent for intent in firing.wants.intents if getattr(intent, "action", "") == "close"]


def _is_exit(first: LedgerEntry, number: int) -> bool:
    return (first.current.request if number == 0 else first.following[number - 1]).exits


def _has_a_size(intent: Intent) -> bool:
    """It comes to one order, whatever the account holds."""
    return isinstance(intent, OrderIntent) and intent.quantity_type in ("base", "quote")
