"""Closing what orders of the bridge have bought, position by position.

Each is closed as its own strategy would close it: counted anew, its stops set free first, by an
entry of its own in the ledger. That is told by whoever asks and the position, so nothing is sent
twice, and whoever asks again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget
from webhook_core.errors import AlertStale, LedgerUnavailable, NoTimeToSend, WebhookError
from webhook_core.ledger.by_operator import is_operators
from webhook_core.ledger.contract import Existing
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decide import Market
from webhook_core.planning.decision import Wants
from webhook_core.planning.own_closes import Held
from webhook_core.sending.again import Again
from webhook_core.sending.claims import Claiming
from webhook_core.sending.close_units import position_unit
from webhook_core.sending.firing import Firing
from webhook_core.sending.legs import Legs
from webhook_core.sending.progress import Progress
from webhook_core.settings.settings import Settings
from webhook_core.trading.intent import PositionIntent

LEAST_S = ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S
"""Without so much time left no further position is begun."""


class Closed(NamedTuple):
    """What became of one position: its entries, or why it came to none."""

    held: Held
    progress: Progress | None = None
    error: WebhookError | None = None


@dataclass(slots=True, eq=False, repr=False)
class Closings:
    """Of one account in one mode."""

    market: Market
    legs: Legs
    settings: Settings

    def close_each(
        self, asked: Firing, positions: Sequence[Held], budget: Budget, *, is_stale: bool = False
    ) -> list[Closed]:
        """One after the other, as far as the budget goes; one that fails stops no other, and of an
        alert that comes again those that it has begun come last. ``is_stale``: nothing is begun any
        more. What is not begun is written down, so that it ends with an alarm if no resend comes
        for it. Raises LedgerUnavailable."""
        done: dict[Held, Closed] = {}
        found: list[tuple[Held, Firing, LedgerEntry | None]] = []
        for held in positions:
            firing = self._of(asked, held, None)
            try:
                firing = self.firing(asked, held, budget)
                found.append((held, firing, self.market.ledger.find(firing.unit)))
            except LedgerUnavailable:
                raise
            except WebhookError as error:
                done[held] = Closed(held, error=error)
                self._write_down(firing, error)
        for held, firing, known in sorted(found, key=lambda one: _turn(one[2])):
            try:
                done[held] = Closed(held, self._closed(firing, known, budget, is_stale=is_stale))
            except LedgerUnavailable:
                raise
            except WebhookError as error:
                done[held] = Closed(held, error=error)
                if known is None and isinstance(error, NoTimeToSend):
                    self._write_down(firing, error)
        return [done[held] for held in positions]

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
            write_down(firing, error, None, self.market.ledger, self.market.clock)

    def _leverage(self, held: Held, budget: Budget) -> int | None:
        """The lowest that the pair offers: it opens nothing."""
        if not held.margin:
            return None
        pair = self.market.instrument(held.symbol, budget)
        offered = pair.leverage_sell if held.volume > 0 else pair.leverage_buy
        return min(offered or (2,))

    def _closed(
        self, firing: Firing, known: LedgerEntry | None, budget: Budget, *, is_stale: bool
    ) -> Progress:
        """Planned, claimed and sent, or gone on with where an earlier delivery stopped."""
        market, deadline_s = self.market, self.legs.deadline_s
        if known is None and is_stale:
            raise AlertStale("It was not begun while the alert was fresh, and is not any more.")
        if known is not None and is_stale:
            again = Again(market, deadline_s, firing, known, is_stale=True)
            return self.legs.resume(known, again, budget)
        not_begun = known is None or known.state is State.MISSED
        if not_begun and budget.remaining() < LEAST_S:
            raise NoTimeToSend(
                "No time was left to begin it; sending the same alert again soon is safe."
            )
        claiming = Claiming(market.ledger, market, market.clock, deadline_s, firing)
        decided, claim = claiming.claimed(budget)
        if decided is None or isinstance(claim, Existing):
            again = Again(market, deadline_s, firing, claim.entry)
            return self.legs.resume(claim.entry, again, budget)
        return self.legs.begin(claim.entry, Again(market, deadline_s, firing, decided), budget)


def _turn(known: LedgerEntry | None) -> tuple[int, float]:
    """What was never tried first, then what was missed last, then what is only looked up."""
    if known is None:
        return 0, 0.0
    missed = known.state is State.MISSED
    return 1 if missed else 2, -known.current.claimed_at.timestamp()
