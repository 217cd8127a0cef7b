"""The plan of a new alert and its claim. Nothing is decided twice: a known alert is its entry,
whatever a plan would say now. Only one that was MISSED was never decided; while it is fresh it is
claimed as if it were new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget, Clock
from webhook_core.errors import (
    NoTimeToSend,
    NotItsTurn,
    OrderDenied,
    VenueUnavailable,
    WebhookError,
)
from webhook_core.events import timed
from webhook_core.ledger.contract import Claim, Claimed, Existing, Ledger, Outdated
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.transitions import claimed_at_last
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided
from webhook_core.sending.firing import Firing
from webhook_core.sending.won import allowed
from webhook_core.value import Record, replace

if TYPE_CHECKING:
    from webhook_core.ledger.takes import Take

CLAIMS = 2
"""A plan that others of its line have overtaken is made once more."""


class Claiming(Record):
    """Of one delivery of an alert. ``missed``: its entry, where it is MISSED and may be claimed."""

    ledger: Ledger
    decider: Decider
    clock: Clock
    deadline_s: int
    firing: Firing
    missed: LedgerEntry | None = None
    least: bool = False

    def claimed(self, budget: Budget) -> tuple[Decided | None, Claimed | Existing]:
        """The plan with its claim, or the entry of a known alert.

        Raises WebhookError where there is neither; then the ledger knows what became of the alert,
        unless it was denied outright.
        """
        try:
            return self._in_turn(budget)
        except WebhookError as error:
            if isinstance(error, OrderDenied) and error.rule:
                from webhook_core.risk.on_limit import after_refusal  # few orders are refused

                wants = self.firing.wants
                only = wants.strategy if wants.bound else None
                after_refusal(error, wants.rules, self.decider.pausing, only)
            from webhook_core.sending.missed import write_down  # few alerts are not claimed

            write_down(self.firing, error, self.missed, self.ledger, self.clock)
            raise

    def _in_turn(self, budget: Budget) -> tuple[Decided | None, Claimed | Existing]:
        """Once more where an order of ours had no outcome, and has one now; where it still
        has none, an exit from all sells what is free."""
        try:
            return self._planned_and_claimed(budget)
        except NotItsTurn as waits:
            from webhook_core.planning.least_held import sells_all  # few alerts wait
            from webhook_core.sending.blockers import settle_unknown

            kept = budget.less(KEPT_FOR_THE_RECORD_S)
            if not settle_unknown(self.decider.own_orders, self.decider.look_up, kept):
                self.least = sells_all(self.firing.wants.intents)
                if not self.least:
                    raise
            first = waits
        try:
            return self._planned_and_claimed(budget)
        except (NotItsTurn, VenueUnavailable):
            if self.least:
                raise first from None
            raise

    def _planned_and_claimed(self, budget: Budget) -> tuple[Decided | None, Claimed | Existing]:
        """Where another claim of the line came in between, the plan is made once
        more on new facts."""
        for _ in range(CLAIMS):
            decided = self._decide(budget)
            if isinstance(decided, LedgerEntry):
                return None, Existing(decided)
            if budget.remaining() < ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S:
                raise NoTimeToSend(
                    "Too little time was left to send the order; sending the same alert again "
                    "soon is safe."
                )
            if any(decided.unsent):
                # Few alerts cancel what was never sent.
                from webhook_core.sending.withdrawals import (
                    withdraw,
                )

                withdraw(decided, self.firing.unit, self.ledger, self.clock.now())
            claim = self._claim(decided)
            if not isinstance(claim, Outdated):
                return decided, allowed(claim)
        raise NotItsTurn(
            "Other alerts of this strategy and pair came in between; nothing was sent, "
            "and sending it again soon is safe."
        )

    def _takes(self, decided: Decided) -> tuple[Take, ...]:
        """What the claim takes of counts, the strategy's and its token's; few have any."""
        held: tuple[Take, ...] = ()
        unit, now = self.firing.unit, self.clock.now()
        if decided.reserves is not None:
            held = decided.reserves.takes(unit, now)
        if not self.firing.is_counted:
            return held
        from webhook_core.sending.places import takes_of

        return (*held, *takes_of(decided.requests, self.firing.wants.rules, unit, now))

    @timed("plan")
    def _decide(self, budget: Budget) -> Decided | LedgerEntry:
        """What remains once nothing can be sent any more is kept, so that a failure can be written
        down."""
        wants = self.firing.wants._replace(least=self.least)
        if self.decider.must_ask(wants):
            known = self._known()
            if known is not None:
                return known
        try:
            return self.decider.decide(wants, budget.less(KEPT_FOR_THE_RECORD_S))
        except WebhookError:
            known = self._known()
            if known is None:
                raise
            return known

    def _known(self) -> LedgerEntry | None:
        """The entry that answers; None for a new alert, and for one that may be claimed yet."""
        known = self.ledger.find(self.firing.unit)
        if known is None or not self._may_claim(known):
            return known
        self.missed = known
        return None

    def _may_claim(self, known: LedgerEntry) -> bool:
        same_body = known.body_sha256 == self.firing.body_sha256
        return known.state is State.MISSED and same_body and self.clock.now() <= known.fresh_until

    @timed("claim")
    def _claim(self, decided: Decided) -> Claim:
        entry = self.firing.entry(decided, self.clock.now(), self.deadline_s)
        takes = self._takes(decided)
        if not takes:
            return self._claim_entry(entry)
        from webhook_core.sending.places import with_checks_of, with_places_given_back

        store = (self.ledger, self.decider.documents)
        try:
            claim = with_places_given_back(
                lambda: self._claim_entry(replace(entry, takes=takes)), takes, entry.unit, store
            )
        except NotItsTurn:  # somebody has claimed under the same limit since the plan was made
            return Outdated()
        except OrderDenied as refused:
            refused.checks = (*entry.checks, *refused.checks)
            raise
        return with_checks_of(takes, claim)

    def _claim_entry(self, entry: LedgerEntry) -> Claim:
        if self.missed is None:
            claim = self.ledger.claim(entry)
            if not isinstance(claim, Existing) or not self._may_claim(claim.entry):
                return claim
            self.missed = claim.entry
        return self.ledger.claim_next(claimed_at_last(self.missed, entry))
