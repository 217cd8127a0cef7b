"""The way of one alert, from its bytes to its answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from webhook_core.clock import Clock
from webhook_core.errors import AlertStale, WebhookError
from webhook_core.events import bind, timed
from webhook_core.intake import parse
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.freshness import check_freshness
from webhook_core.intake.other_tools import in_ours
from webhook_core.ledger.contract import Claimed, Existing, Ledger
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided
from webhook_core.sending.again import Again
from webhook_core.sending.claims import Claiming
from webhook_core.sending.firing import DEFAULT_STRATEGY, Firing
from webhook_core.sending.legs import Legs
from webhook_core.sending.progress import Progress
from webhook_core.settings.settings import Settings
from webhook_core.value import Record
from webhook_core.venue import Venue
from webhook_core.web import answers
from webhook_core.web.delivery import Delivery, notice_reuse
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpResponse
from webhook_core.web.status_and_reason import warnings_of

if TYPE_CHECKING:
    from webhook_core.intake.dialects.dialect import Translated
    from webhook_core.web.first_readings import FirstReadings


class Alerts(Record):
    """Takes one alert after the other; everything it needs is a part of the application."""

    settings: Settings
    ledger: Ledger
    venue: Venue
    clock: Clock
    decider: Decider
    legs: Legs
    gate: Gate | ClosedGate
    open_readings: Callable[[], FirstReadings]

    def take(self, delivery: Delivery, *, only_validate: bool = False) -> HttpResponse:
        """Verify, read, plan and claim, send, answer.

        Raises WebhookError where it comes to no entry in the ledger.
        """
        verified = self._verify(delivery)
        only_validate = only_validate or self.settings.trading_mode == "validate"
        delivery.only_validates = only_validate  # whatever becomes of reading it
        try:
            firing, wants_validation = self._read(verified, delivery)
        except AlertStale as stale:
            if only_validate:
                raise
            return self._answer_though_stale(stale, verified, delivery)
        delivery.only_validates = only_validate or wants_validation
        if firing.switch is not None:
            from webhook_core.web.pause_requests import answer_alert  # few alerts do

            return answer_alert(self.decider.pausing, firing.switch, firing, delivery)
        if firing.closes_a_scope:
            return self._close_scope(firing, delivery)
        if delivery.only_validates:
            from webhook_core.web.validation import answer_validation

            return answer_validation(self.decider, self.venue, firing, delivery)
        firing = self._in_its_generation(firing)
        decided, claim = self._plan_and_claim(firing, delivery)
        if decided is None or isinstance(claim, Existing):
            return self._answer_known(claim.entry, firing, delivery)
        read = verified.translated
        if read is not None:
            self.open_readings().keep(firing.wants.strategy, read, delivery.request.received_at)
        progress = self.legs.begin(claim.entry, self._again(firing, decided), delivery.budget)
        return self._answer(progress, firing, delivery)

    def _verify(self, delivery: Delivery) -> VerifiedBody:
        """The sender's message, in our own fields where it is another tool's."""
        verified = delivery.verified = self.gate.admit_alert(delivery.request)
        verified = delivery.verified = self.gate.check_proved(verified, delivery.request)
        delivery.is_proved()
        try:
            delivery.verified = in_ours(verified)
        except Exception:
            self._tell_which(verified)
            raise
        return delivery.verified

    def _close_scope(
        self, firing: Firing, delivery: Delivery, *, is_stale: bool = False
    ) -> HttpResponse:
        from webhook_core.sending.closings import Closings
        from webhook_core.web import closing  # few alerts mean more than a pair

        closings = Closings(self.decider, self.legs, self.settings)
        if delivery.only_validates:
            return closing.validate_closing(closings, firing, delivery)
        firing = self._in_its_generation(firing)
        return closing.answer_closing(closings, firing, delivery, is_stale=is_stale)

    @timed("read")
    def _read(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        try:
            received_at = delivery.request.received_at
            check_freshness(verified, received_at, self.settings.alert_max_age_s)
            return self._parse(verified, delivery)
        except Exception:
            self._tell_which(verified)
            raise

    def _tell_which(self, verified: VerifiedBody) -> None:
        from webhook_core.intake.refused_alerts import facts  # only a refused alert pays for it

        bind(**facts(verified, DEFAULT_STRATEGY, self.settings.strategies))

    def _parse(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        alert = parse.parse(verified)
        firing = Firing.of(verified, alert, delivery.request.received_at, self.settings)
        if verified.translated is not None:
            firing = self._told_how(firing, verified.translated)
        delivery.warnings, delivery.firing = firing.warnings, firing
        delivery.wants(firing.wants.intents[0])
        bind(alert_id=firing.alert_id, strategy=firing.wants.strategy)
        return firing, alert.validate_only

    def _told_how(self, firing: Firing, read: Translated) -> Firing:
        """With what the tool's message leaves to say, and how it was read where it is the
        first of its kind."""
        first = self.open_readings().notice(firing.wants.strategy, read)
        return firing._replace(warnings=(*first, *read.notes, *firing.warnings))

    @timed("claim")
    def _in_its_generation(self, firing: Firing) -> Firing:
        if not firing.repeats:
            return firing
        window = timedelta(seconds=self.settings.duplicate_window_s)
        return firing.in_generation_after(self.ledger.newest_generation(firing.unit), window)

    def _plan_and_claim(
        self, firing: Firing, delivery: Delivery
    ) -> tuple[Decided | None, Claimed | Existing]:
        """The two come together: a plan that others have overtaken by its
        claim is made once more."""
        claiming = Claiming(
            self.ledger, self.decider, self.clock, self.settings.order_deadline_s, firing
        )
        try:
            return claiming.claimed(delivery.budget)
        finally:
            delivery.is_resend = claiming.missed is not None

    def _again(
        self, firing: Firing, plan: Decided | LedgerEntry, *, is_stale: bool = False
    ) -> Again:
        return Again(self.decider, self.settings.order_deadline_s, firing, plan, is_stale=is_stale)

    def _answer_though_stale(
        self, stale: AlertStale, verified: VerifiedBody, delivery: Delivery
    ) -> HttpResponse:
        """A known alert gets its answer however late it comes again, and nothing is sent for it any
        more. Raises AlertStale for every other one."""
        try:
            firing, wants_validation = self._parse(verified, delivery)
        except WebhookError:
            raise stale from None  # its age comes before whatever else is wrong with it
        first = None if wants_validation else self.ledger.find(firing.unit)
        if first is None:
            raise stale
        if firing.closes_a_scope:
            return self._close_scope(firing, delivery, is_stale=True)
        return self._answer_known(first, firing, delivery, is_stale=True)

    def _answer_known(
        self, first: LedgerEntry, firing: Firing, delivery: Delivery, *, is_stale: bool = False
    ) -> HttpResponse:
        """A redelivery goes on where the one before it stopped; ``first`` is leg 0."""
        bind(client_order_id=first.current.client_order_id)
        delivery.is_resend = True
        notice_reuse(delivery, firing, first)
        progress = self.legs.resume(
            first, self._again(firing, first, is_stale=is_stale), delivery.budget
        )
        if is_stale and progress.unclaimed:
            from webhook_core.sending.missed_legs import without_the_rest

            progress = without_the_rest(progress, self.ledger, self.clock.now())
        return self._answer(progress, firing, delivery)

    def _answer(self, progress: Progress, firing: Firing, delivery: Delivery) -> HttpResponse:
        if firing.confirms and not progress.unclaimed:
            from webhook_core.sending.fills import Fills  # few alerts ask for it

            fills = Fills(self.ledger, self.venue, self.clock, self.decider.read_lag)
            progress = progress._replace(
                entries=tuple(fills.confirmed(progress.entries, delivery.budget))
            )
        delivery.progress, delivery.replayed = progress, progress.replayed
        delivery.plans(progress.deciding.current.request)
        delivery.warnings = warnings_of(progress, delivery.reuse)
        return answers.of_progress(progress, delivery.frame, delivery.reuse)
