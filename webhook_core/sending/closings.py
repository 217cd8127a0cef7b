"""Closing what orders of the bridge have bought, position by position.

Each is closed as its own strategy would close it: counted anew, its stops set free first, by an
entry of its own in the ledger. That is told by whoever asks and the position, so nothing is sent
twice, and whoever asks again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget
from webhook_core.errors import (
    AlertStale,
    CallsUsedUp,
    LedgerUnavailable,
    NoTimeToSend,
    WebhookError,
)
from webhook_core.ledger.contract import Existing
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.keys import is_operators
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_closes import Held
from webhook_core.planning.shared_reads import SharedReads
from webhook_core.sending.again import Again
from webhook_core.sending.claims import Claiming
from webhook_core.sending.close_units import position_unit
from webhook_core.sending.danger import turn_of
from webhook_core.sending.firing import Firing
from webhook_core.sending.legs import Legs
from webhook_core.sending.progress import Progress
from webhook_core.settings.settings import Settings
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import PositionIntent
from webhook_core.value import replace

LEAST_S = ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S
"""Without so much time left no further position is begun."""
TO_CANCEL_S = 0.3
"""And without so much more none but the first of a delivery: its stop would be canceled, and the
sale behind it have to wait for a resend."""


class Closed(NamedTuple):
    """What became of one position: its entries, or why it came to none."""

    held: Held
    progress: Progress | None = None
    error: WebhookError | None = None


@dataclass(slots=True, eq=False, repr=False)
class _Run:
    """One delivery. ``begun``: whether it has planned a position. ``touched``: the assets whose
    figures it has changed since they were read. ``used_up``: once Kraken takes no more calls."""

    budget: Budget
    is_stale: bool
    begun: bool = False
    touched: set[str] = field(default_factory=set)
    used_up: CallsUsedUp | None = None

    def budget_to_begin(self) -> Budget:
        """For the plan and the claim of one more. Raises CallsUsedUp, NoTimeToSend."""
        if self.used_up is not None:
            raise CallsUsedUp(self.used_up.message)
        budget = self.budget.less(TO_CANCEL_S) if self.begun else self.budget
        if budget.remaining() < LEAST_S:
            raise NoTimeToSend(
                "No time was left to begin it; sending the same alert again soon is safe."
            )
        self.begun = True
        return budget


class Closings:
    """Of one account in one mode, for one delivery: its plans share their reads of the account, and
    see the account as ``shared`` does."""

    def __init__(self, decider: Decider, legs: Legs, settings: Settings) -> None:
        self.decider, self.legs, self.settings = decider, legs, settings
        self.reads = SharedReads(decider.venue, decider.clock)
        self.shared = replace(decider, venue=self.reads.as_venue())

    def close_each(
        self, asked: Firing, positions: Sequence[Held], budget: Budget, *, is_stale: bool = False
    ) -> list[Closed]:
        """One after the other, as far as the budget and Kraken's count of calls go; one that fails
        stops no other. ``is_stale``: nothing is begun any more. What is not begun is written down,
        so that it ends with an alarm if no resend comes for it. Raises LedgerUnavailable."""
        done: dict[Held, Closed] = {}
        found: list[tuple[Held, Firing, LedgerEntry | None]] = []
        for held in positions:
            firing = self._of(asked, held, None)
            try:
                firing = self.firing(asked, held, budget)
                found.append((held, firing, self.decider.ledger.find(firing.unit)))
            except LedgerUnavailable:
                raise
            except WebhookError as error:
                done[held] = Closed(held, error=error)
                self._write_down(firing, error)
        found.sort(key=lambda one: turn_of(one[0], one[2], self.decider.ledger))
        run = _Run(budget, is_stale)
        pairs = (self._pair(held, budget) for held, _, _ in found)
        self.reads.pairs = [pair for pair in pairs if pair is not None]
        for held, firing, known in found:
            done[held] = self._outcome(held, firing, known, run)
        return [done[held] for held in positions]

    def _outcome(self, held: Held, firing: Firing, known: LedgerEntry | None, run: _Run) -> Closed:
        try:
            return Closed(held, self._closed(held, firing, known, run))
        except LedgerUnavailable:
            raise
        except WebhookError as error:
            if isinstance(error, CallsUsedUp):
                run.used_up = error
            if known is None and isinstance(error, NoTimeToSend | CallsUsedUp):
                self._write_down(firing, error)
            return Closed(held, error=error)

    def firing(self, asked: Firing, held: Held, budget: Budget) -> Firing:
        """The close of one position, with what ``asked`` allows. Raises UnknownSymbol,
        VenueUnavailable."""
        return self._of(asked, held, self._leverage(held, budget))

    def _of(self, asked: Firing, held: Held, leverage: int | None) -> Firing:
        own = position_unit(asked.unit, held)
        rules = self.settings.rules_for(held.strategy)
        close = PositionIntent(held.symbol, "close", leverage, own=True, most=held.most)
        wants = Wants(
            (close,), rules._replace(permit=asked.wants.rules.permit), held.strategy, bound=True
        )
        if rules.limits_holdings:
            wants = wants._replace(own=own)
        return asked._replace(unit=own, wants=wants, warnings=(), repeats=False)

    def _write_down(self, firing: Firing, error: WebhookError) -> None:
        """The operator is told at once and asks again: that run has entries of its own."""
        from webhook_core.sending.missed import write_down  # most are begun

        if not is_operators(firing.unit):
            write_down(firing, error, None, self.decider.ledger, self.decider.clock)

    def _leverage(self, held: Held, budget: Budget) -> int | None:
        """The lowest that the pair offers: it opens nothing."""
        if not held.margin:
            return None
        pair = self.decider.instrument(held.symbol, budget)
        offered = pair.leverage_sell if held.volume > 0 else pair.leverage_buy
        return min(offered or (2,))

    def _closed(self, held: Held, firing: Firing, known: LedgerEntry | None, run: _Run) -> Progress:
        """Planned, claimed and sent, or gone on with where an earlier delivery stopped."""
        if known is None and run.is_stale:
            raise AlertStale("It was not begun while the alert was fresh, and is not any more.")
        if known is not None and (run.is_stale or known.state is not State.MISSED):
            return self._resumed(held, firing, known, run)
        budget, decider, deadline_s = run.budget_to_begin(), self.shared, self.legs.deadline_s
        self._share_reads(held, run)
        claiming = Claiming(decider.ledger, decider, decider.clock, deadline_s, firing)
        decided, claim = claiming.claimed(budget)
        if decided is None or isinstance(claim, Existing):
            return self._resumed(held, firing, claim.entry, run)
        run.touched |= self._assets(held, run)
        # From here on what is read is not shared: its own orders may have changed it.
        again = Again(self.decider, deadline_s, firing, decided)
        return self.legs.begin(claim.entry, again, run.budget)

    def _resumed(self, held: Held, firing: Firing, known: LedgerEntry, run: _Run) -> Progress:
        """Without a call of Kraken where it takes none."""
        budget = run.budget if run.used_up is None else run.budget.at_most(0)
        run.touched |= self._assets(held, run)
        again = Again(self.decider, self.legs.deadline_s, firing, known, is_stale=run.is_stale)
        return self.legs.resume(known, again, budget)

    def _share_reads(self, held: Held, run: _Run) -> None:
        """A figure that is older than an order of this delivery on that asset is read again: the
        size of a close follows from its base."""
        self.reads.begin_plan()
        pair = self._pair(held, run.budget)
        if pair is None or pair.base in run.touched:
            self.reads.forget_figures()
            run.touched.clear()

    def _assets(self, held: Held, run: _Run) -> set[str]:
        pair = self._pair(held, run.budget)
        return set() if pair is None else {pair.base, pair.quote}

    def _pair(self, held: Held, budget: Budget) -> Instrument | None:
        """None for one that its own plan will refuse."""
        try:
            return self.decider.instrument(held.symbol, budget)
        except WebhookError:
            return None
