"""From a claim to a recorded outcome: one AddOrder that can have been processed,
and what it came to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget, Clock
from webhook_core.errors import (
    LedgerUnavailable,
    WebhookError,
)
from webhook_core.events import bind, event, timed
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import (
    Claimed,
    Existing,
    Ledger,
    Recorded,
)
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.entry_report import facts, report
from webhook_core.sending.won import Instead, claim_next
from webhook_core.trading.intent import NoOrder
from webhook_core.trading.requests import (
    Accepted,
    NotSent,
    OrderRequest,
    Outcome,
    Rejected,
    Unknown,
)
from webhook_core.value import Record, replace
from webhook_core.venue import Venue

RECORD_TRIES = 3
STANDS = "Kraken says that a position stands, and does not show it yet"
RECORD_AGAIN_AFTER_S = 0.05


class Replans(Protocol):
    """Who can plan a leg again."""

    def replanned(self, leg: LedgerEntry, budget: Budget) -> OrderRequest | NoOrder | str:
        """Its request on fresh pair rules, that nothing is left to do, or the sentence that denies
        it.

        Raises a WebhookError of status 503 where that is not known now.
        """
        ...

    def why_none(self, leg: LedgerEntry, outcome: Outcome, budget: Budget, said: str = "") -> str:
        """``said``, and of a sale that lacks coins what holds them."""
        ...


class Submission(Record):
    """``deadline_s`` is how long after its claim Kraken may still take an order."""

    ledger: Ledger
    venue: Venue
    clock: Clock
    deadline_s: int

    def send(
        self,
        entry: LedgerEntry,
        plans: Replans,
        budget: Budget,
        behind: Sequence[OrderRequest] = (),
    ) -> LedgerEntry:
        """Submit a freshly claimed entry and record the outcome. ``behind``: what is to be sent
        after it.

        Raises LedgerUnavailable if it can't be recorded.
        """
        if entry.state is not State.SUBMITTING:  # claimed as done: there is nothing to send
            report(entry)
            return entry
        outcome = self._submit(entry, budget)
        if isinstance(outcome, Rejected):
            from webhook_core.sending.refused import may_be_planned_again  # few orders are

            if may_be_planned_again(entry, outcome):
                return self._heal(entry, outcome, plans, budget)
            if behind:
                from webhook_core.sending.gone_orders import GoneOrders  # few cancels find none

                gone = GoneOrders(self.ledger, self.venue, budget.less(KEPT_FOR_THE_RECORD_S))
                outcome = gone.outcome(entry, outcome, behind)
            why = plans.why_none(entry, outcome, budget)
            return self._record(entry, outcome, budget, why)
        return self._record(entry, outcome, budget)

    def again(
        self,
        entry: LedgerEntry,
        plans: Replans,
        budget: Budget,
        instead: Instead = lambda _: None,
        behind: Sequence[OrderRequest] = (),
    ) -> LedgerEntry:
        """A fresh redelivery of an alert that was proved not sent: claim the next attempt, which
        ``entry`` ends with, and send that. ``instead``: what is claimed in its place where a pause
        holds it back, and why it does."""
        claimed = self._claim_next(entry, instead)
        return (
            self.send(claimed.entry, plans, budget, behind)
            if isinstance(claimed, Claimed)
            else claimed.entry
        )

    @timed("send")
    def _submit(self, entry: LedgerEntry, budget: Budget) -> Outcome:
        attempt = entry.current
        bind(client_order_id=attempt.client_order_id)
        if budget.remaining() < ENOUGH_TO_SEND_S:
            return NotSent("the claim took too long to leave time for the order")
        # This process stood still; Kraken would refuse it, or not.
        if self.clock.now() >= attempt.deadline:
            return NotSent("the order's deadline had passed before it could be sent")
        left = budget.less(KEPT_FOR_THE_RECORD_S)
        outcome = self.venue.submit(
            attempt.request, attempt.client_order_id, attempt.deadline, left
        )
        if isinstance(outcome, Rejected):
            from webhook_core.sending.refused import may_have_been_done

            if may_have_been_done(entry, outcome):
                return Unknown("an earlier attempt may have canceled it", outcome.errors)
        return outcome

    def _heal(
        self, entry: LedgerEntry, refusal: Rejected, plans: Replans, budget: Budget
    ) -> LedgerEntry:
        """The pair's rules have changed, or less is held than was planned: plan once more, as a new
        attempt. A second refusal of the rules is final. One for lack of funds is not, nor is one
        after which no plan could be made: it proves that nothing was placed, what is held may show
        soon, and a resend counts again."""
        from webhook_core.sending.refused import contradicts_nothing, final

        try:
            replanned = plans.replanned(entry, budget.less(ENOUGH_TO_SEND_S))
        except WebhookError as unsure:
            return self._record(entry, NotSent(unsure.message, refusal.errors), budget)
        if isinstance(replanned, NoOrder | str):
            is_unshown = isinstance(replanned, NoOrder) and contradicts_nothing(entry, refusal)
            told = NotSent(STANDS, refusal.errors) if is_unshown else refusal
            if isinstance(replanned, str):
                replanned = plans.why_none(entry, refusal, budget, replanned)
            return self._record(entry, told, budget, reason="" if is_unshown else replanned)
        if entry.current.request.freeing:  # by now an exit stands in the way of its stop
            return self._record(entry, refusal, budget)
        if replanned.sent == entry.current.request.sent:
            return self._record(entry, final(entry, refusal), budget)
        if entry.current.request.exits:  # whatever this plan finds in its way
            replanned = replanned._replace(exits=True)
        rejected = transitions.settle(entry, refusal, self.clock.now())
        claimed = self._claim_on(rejected, replanned, keeps_figures=refusal.stale_rules)
        if isinstance(claimed, Existing):
            return claimed.entry
        sent, refused = claimed.entry, list(refusal.errors)
        event(logging.WARNING, "order.replanned", **facts(sent), refused=refused)
        return self._record(sent, final(sent, self._submit(sent, budget)), budget)

    @timed("claim")
    def _claim_next(self, entry: LedgerEntry, instead: Instead) -> Claimed | Existing:
        return claim_next(self.ledger, entry, self.clock.now(), instead)

    @timed("claim")
    def _claim_on(
        self, entry: LedgerEntry, request: OrderRequest, *, keeps_figures: bool
    ) -> Recorded | Existing:
        """On the ledger it is still SUBMITTING, so it has its turn and keeps it.

        New rules of a pair change no figure, and the legs behind it are counted by
        those of this one.
        """
        now = self.clock.now()
        return self.ledger.record(
            transitions.next_attempt(
                entry, request, now, self.deadline_s, keeps_figures=keeps_figures
            )
        )

    @timed("record")
    def _record(
        self, entry: LedgerEntry, outcome: Outcome, budget: Budget, reason: NoOrder | str = ""
    ) -> LedgerEntry:
        """Compare-and-set; where a reconcile wrote in between, on top of what it wrote.

        That nothing was sent is written again where a write that takes as long ends inside the
        budget: nobody else can prove it, and the alert would be an unknown that no resend sends.
        """
        number, has_failed = entry.current.number, False
        for tries_left in reversed(range(RECORD_TRIES)):
            settled, began = self._settled(entry, outcome, reason), self.clock.monotonic()
            try:
                written = self.ledger.record(settled)
            except LedgerUnavailable:
                took = self.clock.monotonic() - began
                left = budget.remaining() - took
                if tries_left and isinstance(outcome, NotSent) and left > RECORD_AGAIN_AFTER_S:
                    has_failed = True
                    self.clock.sleep(RECORD_AGAIN_AFTER_S)
                    continue
                # The order may live and the ledger does not know: this line is all that a
                # reconcile by hand needs.
                event(logging.CRITICAL, "ledger.outcome_not_recorded", **facts(settled))
                raise
            entry = written.entry
            is_ours = has_failed and (entry.state, entry.current.number) == (settled.state, number)
            if isinstance(written, Recorded) or is_ours:
                report(entry)
                return entry
            if entry.state is not State.SUBMITTING or entry.current.number != number:
                break
        _tell_contradiction(entry, outcome)
        return entry

    def _settled(self, entry: LedgerEntry, outcome: Outcome, reason: NoOrder | str) -> LedgerEntry:
        settled = transitions.settle(entry, outcome, self.clock.now())
        if isinstance(reason, NoOrder):  # the refusal proves that nothing was placed
            return transitions.next_nothing(settled, self.clock.now(), reason.why)
        if reason:
            last = replace(settled.current, reason=reason)
            settled = replace(settled, attempts=(*settled.attempts[:-1], last))
        if not isinstance(outcome, Rejected):
            return settled
        from webhook_core.sending.opened_by_exits import proved_nothing  # few are refused

        return proved_nothing(settled, outcome, self.clock.now())


def _tell_contradiction(entry: LedgerEntry, outcome: Outcome) -> None:
    """``entry``: what a reconcile wrote."""
    if isinstance(outcome, Accepted) and entry.current.order_id != outcome.order_id:
        event(
            logging.CRITICAL,
            "order.contradicts_ledger",
            **facts(entry),
            venue_order_id=outcome.order_id,
        )
