"""The operator's replay: an alert that ended without an order is sent once more,
because a person says so.

Three states prove that nothing was placed: REJECTED, NOT_PLACED and EXPIRED. The proof is not taken
on trust: every earlier attempt is looked up among Kraken's open and closed orders again, and one
that is found, or a read that fails, ends the replay. The new attempt is claimed by compare-and-set
on the entry that was looked at, so of two operators one sends. What goes out is the stored request
as it stands, neither rounded nor sized anew.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from webhook_core.clock import Budget, Clock
from webhook_core.errors import (
    AlertPaused,
    AlertSuperseded,
    LedgerUnavailable,
    LossUnknown,
    NotItsTurn,
    OrderDenied,
    VenueUnavailable,
)
from webhook_core.events import event
from webhook_core.ledger import transitions
from webhook_core.ledger.contract import Existing, Ledger
from webhook_core.ledger.entry import REPLAYABLE, LedgerEntry
from webhook_core.ledger.entry_report import facts
from webhook_core.operations.replay_search import (
    ASK,
    NOT_REPLAYABLE,
    EntrySearch,
    ReplayRefused,
    is_ours,
)
from webhook_core.planning.decide import Decider
from webhook_core.sending.reconcile import may_be_of
from webhook_core.sending.submission import Submission
from webhook_core.sending.won import allowed
from webhook_core.settings.settings import Settings
from webhook_core.trading import denials
from webhook_core.trading.denials import Need
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.requests import OrderRequest, Outcome
from webhook_core.trading.sent_orders import as_stored
from webhook_core.trading.symbols import UnknownSymbol
from webhook_core.venue import Venue

LOOK_AGAIN_AFTER = timedelta(seconds=30)
"""A person may think for long: what was not at Kraken then is looked for again."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An entry that may be replayed.

    ``absent_at``: when Kraken's lists were last seen to lack all of its attempts.
    """

    entry: LedgerEntry
    absent_at: datetime

    @property
    def request(self) -> OrderRequest:
        return self.entry.current.request

    @property
    def client_order_id(self) -> str:
        """The one that the new attempt will have."""
        return self.entry.unit.client_order_id(self.entry.current.number + 1)


@dataclass(frozen=True, slots=True)
class Replay:
    """Every method raises ReplayRefused with the reason, VenueUnavailable or LedgerUnavailable;
    then nothing was sent, unless the message says otherwise."""

    settings: Settings
    ledger: Ledger
    venue: Venue
    clock: Clock
    decider: Decider
    submission: Submission

    def find(
        self, alert_id: str, generation: int | None = None, unit_name: str | None = None
    ) -> LedgerEntry:
        """The entry that is meant. Raises SeveralEntries if several could be."""
        return EntrySearch(self.settings, self.ledger).find(alert_id, generation, unit_name)

    def check(self, entry: LedgerEntry, budget: Budget) -> Checked:
        """State, mode, today's limits, and that Kraken holds no order of any earlier attempt."""
        if entry.state not in REPLAYABLE:
            order = f" as {entry.current.order_id}" if entry.current.order_id else ""
            raise ReplayRefused(
                f"The alert is {entry.state}: {NOT_REPLAYABLE[entry.state]}{order}."
            )
        if not is_ours(entry, self.settings):
            ours = f"{self.settings.trading_mode} mode, account {self.settings.account}"
            raise ReplayRefused(
                f"The alert came in {entry.unit.mode} mode for account {entry.unit.account}; this "
                f"is {ours}."
            )
        if entry.current.number == 0:
            raise ReplayRefused(
                "No order was planned for it, since the alert never got as far as its claim: send "
                "a new alert."
            )
        if entry.current.request.method != "AddOrder":
            raise ReplayRefused(
                "A cancel or an amendment is not sent again as it was: send a new alert."
            )
        if entry.current.request.waits:
            raise ReplayRefused(
                "What was left to sell was never counted, so there is no size to send: look at the "
                "position, and send a close."
            )
        self._hold_against_rules(entry, budget)
        return self._looked_up(entry, budget)

    def _hold_against_rules(self, entry: LedgerEntry, budget: Budget) -> None:
        """Every rule that an alert's order is held against, first those that need no
        price of Kraken's."""
        request, now = entry.current.request, self.clock.now()
        rules = self.decider.with_losses(self.settings.rules_for(entry.strategy))
        try:
            instrument = self.decider.allowed_pair(request.pair, rules, budget)
            draft = as_stored(request, instrument, None)
        except (UnknownSymbol, OrderDenied) as unknown:
            raise ReplayRefused(
                f"The pair can't be held against today's limits: {unknown.message}"
            ) from None
        except ValueError:
            raise ReplayRefused(
                "What is stored is no order that today's limits can be held against."
            ) from None
        denied = denials.refusal(draft, rules, now, Need.SIZE)
        if denied is None:
            if needs_market(draft.wanted, rules):
                price = self.decider.market_price(draft.wanted, instrument, budget)
                draft = as_stored(request, instrument, price)
            try:
                denied = denials.refusal(draft, rules, now)
            except LossUnknown as unknown:
                raise ReplayRefused(unknown.message) from None
        if denied is not None:
            raise ReplayRefused(f"Today's limits forbid it: {denied.message}.")

    def _looked_up(self, entry: LedgerEntry, budget: Budget) -> Checked:
        asked_at = self.clock.now()
        for attempt in entry.attempts:
            try:
                order = self.venue.find_open(attempt.client_order_id, budget)
                if order is None or not may_be_of(attempt, order):
                    order = self.venue.find_closed(
                        attempt.client_order_id, attempt.claimed_at, budget
                    )
            except VenueUnavailable as error:
                raise ReplayRefused(
                    f"Whether attempt {attempt.number} was placed can't be seen: {error.message}"
                ) from error
            if order is not None and may_be_of(attempt, order):
                event(
                    logging.CRITICAL,
                    "order.contradicts_ledger",
                    **facts(entry),
                    venue_order_id=order.order_id,
                )
                raise ReplayRefused(
                    f"Attempt {attempt.number} was placed after all: Kraken has it as "
                    f"{order.order_id}, {order.status}, "
                    f"under client order id {attempt.client_order_id}."
                )
        return Checked(entry, asked_at)

    def send(self, checked: Checked, budget: Budget) -> LedgerEntry:
        """Claim the new attempt, send it, record what it came to: the entry as it stands then."""
        if not timedelta(0) <= self.clock.now() - checked.absent_at <= LOOK_AGAIN_AFTER:
            checked = self._looked_up(checked.entry, budget)
        entry = transitions.replayed_by_operator(
            checked.entry, checked.request, self.clock.now(), self.submission.deadline_s
        )
        try:
            claimed = allowed(self.ledger.claim_next(entry))
        except (AlertPaused, AlertSuperseded, NotItsTurn) as refused:
            raise ReplayRefused(refused.message) from None
        except LedgerUnavailable as error:
            raise LedgerUnavailable(f"{error.message} Nothing was sent.") from error
        if isinstance(claimed, Existing):
            raise ReplayRefused(
                f"Somebody was faster: the alert is {claimed.entry.state} by now. Nothing was "
                "sent here."
            )
        event(
            logging.INFO,
            "order.replayed_by_operator",
            **facts(claimed.entry),
            before=checked.entry.state,
        )
        try:
            return self.submission.send(claimed.entry, _AsStored(), budget)
        except LedgerUnavailable as error:
            raise LedgerUnavailable(
                f"{error.message} The order may have been placed, under client order id "
                f"{checked.client_order_id}, and the ledger does not know. {ASK}"
            ) from error


class _AsStored:
    """Submission asks for a new plan where Kraken refused the rounding: a replay has none."""

    def replanned(self, _leg: LedgerEntry, _budget: Budget) -> str:
        return (
            "a replay sends the stored request as it was; for one that fits the pair's rules "
            "of today send a new alert"
        )

    def why_none(
        self, _leg: LedgerEntry, _outcome: Outcome, _budget: Budget, said: str = ""
    ) -> str:
        return said
