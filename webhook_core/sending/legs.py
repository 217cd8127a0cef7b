"""The legs of one alert, one after the other: each with its own claim,
client order id and deadline.

The plan is made as a whole and stored with leg 0. A leg is claimed once the leg before it is
recorded as accepted, or had nothing to do. One that Kraken refuses stops those behind it, but for
an exit behind a cancel that finds no order; one whose outcome is unknown, or that was not sent,
holds them up until a fresh redelivery has found out. Cancels alone don't depend on each other, so
none of them stops or holds up another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget, Clock
from webhook_core.errors import NotItsTurn, VenueUnavailable
from webhook_core.events import event, timed
from webhook_core.ledger import transitions
from webhook_core.ledger.attempts import denied_attempt
from webhook_core.ledger.contract import (
    Claim,
    Claimed,
    Existing,
    HeldBack,
    Ledger,
    Outdated,
    later_legs,
)
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State
from webhook_core.ledger.entry_report import report
from webhook_core.sending.again import Again
from webhook_core.sending.progress import (
    Progress,
    _lets_pass,
    as_counted,
    ended_as_nothing,
    why_nothing,
)
from webhook_core.sending.submission import Submission
from webhook_core.value import Record, replace

Hold = Callable[[LedgerEntry, Budget], str]
"""Why the rules of now forbid the order that an entry is about to send; empty if they
don't. Raises VenueUnavailable."""
LookUp = Callable[[LedgerEntry, Budget], LedgerEntry]
"""``sending.reconcile.Reconciler.look_up``."""


class Legs(Record):
    """``deadline_s`` is how long after its claim Kraken may still take an order. ``hold`` comes
    before each that was planned earlier: the rules may be others by then."""

    ledger: Ledger
    submission: Submission
    look_up: LookUp
    clock: Clock
    deadline_s: int
    hold: Hold

    def begin(self, first: LedgerEntry, again: Again, budget: Budget) -> Progress:
        """Send leg 0, which this delivery has claimed, and those after it.

        Raises LedgerUnavailable, and what ``again`` raises.
        """
        sent = self.submission.send(first, again, budget, first.following)
        return self._on([sent], again, budget)

    def resume(self, first: LedgerEntry, again: Again, budget: Budget) -> Progress:
        """Go on where an earlier delivery stopped: look one leg in doubt up, send what was not
        sent, then what is left. Nothing is sent for a stale alert: what was not expires.

        Raises LedgerUnavailable, and what ``again`` raises.
        """
        entries = [first, *later_legs(self.ledger, first)]
        progress = Progress(tuple(entries), replayed=True)
        if progress.is_stopped or (
            not progress.unclaimed and all(entry.state in TERMINAL for entry in entries)
        ):
            event(logging.INFO, "alert.replayed", state=progress.deciding.state)
            return progress
        looked = False
        for number in range(len(entries)):
            if entries[number].state is State.SUBMITTING and not looked:
                looked = True
                entries[number] = self._looked_up(
                    entries[number], budget.less(KEPT_FOR_THE_RECORD_S)
                )
            entries[number] = self._revived(entries, number, again, budget)
        if again.is_stale:
            return Progress(tuple(entries))
        return self._on(entries, again, budget)

    def _on(self, entries: list[LedgerEntry], again: Again, budget: Budget) -> Progress:
        first = entries[0]
        while self._may_go_on(entries, budget):
            from webhook_core.ledger.later_leg import later_leg  # few alerts have several

            number = len(entries)
            leg = later_leg(first, number, self.clock.now(), self.deadline_s, entries[-1])
            claim = self._claimed_as_of_now(leg, entries, again, budget)
            if leg.current.request.waits or _is_another(
                claim, leg
            ):  # there may be more of them now
                first = entries[0] = self.ledger.find(first.unit) or first
            if isinstance(claim, Claimed):
                behind = first.following[number:]
                entries.append(self.submission.send(claim.entry, again, budget, behind))
                continue
            if isinstance(claim, Existing):  # another delivery is at it
                entries.append(claim.entry)
            break
        return Progress(tuple(entries))

    def _claimed_as_of_now(
        self, leg: LedgerEntry, before: Sequence[LedgerEntry], again: Again, budget: Budget
    ) -> Claim | None:
        """After what the legs before it came to."""
        nothing = why_nothing(leg.current.request, before, trade_whole=again.trade_whole)
        if nothing:
            return self._claimed(ended_as_nothing(leg, nothing, self.clock.now(), before))
        if again.is_resumed:
            self._check_way(before[0], leg, again, budget)
        try:
            leg = again.as_left(leg, before, budget.less(ENOUGH_TO_SEND_S))
        except NotItsTurn as waits:
            return _waits(leg, waits)
        outdated = leg.state is State.SUBMITTING and again.is_outdated(leg, before, budget)
        claim = Outdated() if outdated else self._claimed_if_held(leg, before, budget)
        if isinstance(claim, Outdated):
            return self._claimed_anew(before, leg, again, budget)
        return claim

    def _check_way(
        self, first: LedgerEntry, leg: LedgerEntry, again: Again, budget: Budget
    ) -> None:
        """Raises NotItsTurn for an order that may not be sent beside one that has come since. What
        the rules forbid isn't sent anyway."""
        left = budget.less(ENOUGH_TO_SEND_S)
        if again.replaces(leg) and not self.hold(leg, left):
            again.check_way(first, left)

    def _claimed_anew(
        self, before: Sequence[LedgerEntry], leg: LedgerEntry, again: Again, budget: Budget
    ) -> Claim | None:
        """Its size was counted, and the line was claimed since, perhaps by another alert."""
        if leg.turn is None:
            return None
        left = budget.less(ENOUGH_TO_SEND_S)
        try:
            counted, mark = again.counted(before[0], leg, left)
            anew = again.as_left(as_counted(leg, counted, mark, self.clock.now()), before, left)
        except NotItsTurn as waits:
            return _waits(leg, waits)
        return self._claimed_if_held(anew, before, budget)

    def _claimed_if_held(
        self, leg: LedgerEntry, before: Sequence[LedgerEntry], budget: Budget
    ) -> Claim | None:
        """Claimed as DENIED where the rules, or a pause, forbid by now what was planned; an exit
        that has begun is ended."""
        forbidden, claim = self._claimed_or_why_not(leg, budget)
        ended = _ended(leg, before, forbidden) if forbidden else None
        if ended is not None:
            still, claim = self._claimed_or_why_not(ended, budget)
            forbidden = still and forbidden
        if forbidden:
            attempt = denied_attempt(leg.unit, leg.current.request, self.clock.now(), forbidden)
            claim = self._claimed(replace(leg, attempts=(attempt,)))
        return claim

    def _claimed_or_why_not(self, leg: LedgerEntry, budget: Budget) -> tuple[str, Claim | None]:
        forbidden = self.hold(leg, budget.less(ENOUGH_TO_SEND_S))
        claim = None if forbidden else self._claimed(leg)
        return (claim.message, None) if isinstance(claim, HeldBack) else (forbidden, claim)

    @timed("claim")
    def _claimed(self, entry: LedgerEntry) -> Claim:
        return self.ledger.claim(entry)

    def _may_go_on(self, entries: Sequence[LedgerEntry], budget: Budget) -> bool:
        first = entries[0]
        return (
            len(entries) <= len(first.following)
            and (first.independent or _lets_pass(entries, first.following[len(entries) - 1]))
            and budget.remaining() >= ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S
            and self.clock.now() <= first.fresh_until
        )

    def _looked_up(self, entry: LedgerEntry, budget: Budget) -> LedgerEntry:
        try:
            return self.look_up(entry, budget)
        except VenueUnavailable as error:
            event(logging.WARNING, "order.not_looked_up", reason=error.message)
            return entry

    def _revived(
        self, entries: Sequence[LedgerEntry], number: int, again: Again, budget: Budget
    ) -> LedgerEntry:
        """Another one only where it was never sent: sent now, or expired.

        One that was MISSED and is fresh was claimed before it gets here.
        """
        now, entry = self.clock.now(), entries[number]
        if entry.state not in (State.NOT_SENT, State.MISSED):
            return entry
        if now <= entry.fresh_until:
            if again.is_stale or entry.state is State.MISSED:
                return entry
            return self._sent_again(entries, number, again, budget)
        written = self.ledger.record(transitions.expired(entry, now))
        if not isinstance(written, Existing):
            report(written.entry)
        return written.entry

    def _sent_again(
        self, entries: Sequence[LedgerEntry], number: int, again: Again, budget: Budget
    ) -> LedgerEntry:
        entry, before = entries[number], entries[:number]
        self._check_way(entries[0], entry, again, budget)
        renewed = again.as_left(again.next_attempt(entries[0], entry, budget), before, budget)
        forbidden = self.hold(renewed, budget.less(ENOUGH_TO_SEND_S))
        ended = _ended(renewed, before, forbidden) if forbidden else None
        if ended is not None and not self.hold(ended, budget.less(ENOUGH_TO_SEND_S)):
            renewed, forbidden = ended, ""
        if forbidden:
            renewed = transitions.next_denied(entry, self.clock.now(), forbidden)
        behind = entries[0].following[number:]
        return self.submission.again(
            renewed, again, budget, lambda why: _ended(renewed, before, why), behind
        )


def _waits(leg: LedgerEntry, why: NotItsTurn) -> Claim | None:
    event(logging.WARNING, "leg.not_counted", reason=why.message, alert_id=leg.alert_id)
    return None


def _is_another(claim: Claim | None, leg: LedgerEntry) -> bool:
    """Whether a cancel was claimed that stands before what was planned."""
    claimed = claim.entry.current.request if isinstance(claim, Claimed) else leg.current.request
    return claimed.freeing and not leg.current.request.freeing


def _ended(leg: LedgerEntry, before: Sequence[LedgerEntry], why: str) -> LedgerEntry | None:
    from webhook_core.sending.begun_exits import ended  # few legs are held back

    return ended(leg, before, why)
