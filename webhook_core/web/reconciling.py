"""A reconcile run: what no alert's time is spent on, each part done although another can't be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from webhook_core.clock import Budget
from webhook_core.errors import AlertMalformed, LedgerUnavailable, NotItsTurn, VenueUnavailable
from webhook_core.events import event
from webhook_core.journal.asking import Asking
from webhook_core.ledger.entry import TERMINAL, LedgerEntry
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.money.accounts import Accounts
from webhook_core.money.daily_loss import LossOwner
from webhook_core.planning.decide import Decider
from webhook_core.risk import loss_figures
from webhook_core.risk.on_limit import pause
from webhook_core.risk.pausing import Pausing
from webhook_core.sending.reconcile import Reconciler
from webhook_core.settings.settings import Settings
from webhook_core.trading.loss_limit import RULE
from webhook_core.trading.rounding import amounts_text
from webhook_core.trading.rules import Loss
from webhook_core.venue import RemembersItsKey

if TYPE_CHECKING:
    from webhook_core.notify.telling import Telling


T = TypeVar("T")
NEWEST = 25
EVERY_MINUTES = 5
"""So often every unfinished order is asked for."""
MOST_UNFINISHED = 1000


@dataclass(slots=True, eq=False, repr=False)
class ReconcileRun:
    """``decider`` has the ledger, the venue and the clock of all of it."""

    settings: Settings
    decider: Decider
    money: Accounts
    history: Asking
    reconciler: Reconciler
    telling: Telling

    def run(self, query: Mapping[str, str], budget: Budget) -> dict[str, Any]:
        """Look up every unresolved order, expire what was never sent, legs included, ask what
        unfinished orders have filled, refresh the pair rules and once a day the account's fees,
        purge what is past 90 days, and tell whom NOTIFY names. ``venue_unavailable`` lists what
        could not be read of Kraken.

        Without ``cursor`` it goes on where the last run ended; an empty one begins
        at the oldest order.
        """
        found = self._looked_at(query, budget)
        unread = [
            {"read": "orders", "why": row["why"]}
            for row in found["looked_at"]
            if row["venue_unavailable"]
        ]
        recent, found["legs_missed"], is_new_day = self._legs_missed(found["looked_at"])
        if is_new_day:  # before the purge
            self._open_ones_kept(budget, unread)
        found["fills"] = self._filled_in(recent, budget, unread)
        found["trades"] = self._trades_read(budget, unread)
        found["losses"] = _keep_losses(self.money, self.decider.pausing, budget)
        self._see_figures(budget)
        found["purged"] = self.reconciler.purge() + self.history.purge()
        refresh = partial(self.decider.pair_rules.refresh_if_due, budget)
        found["pair_rules_refreshed"] = _read(
            "pair_rules", "pair_rules.not_refreshed", refresh, False, unread
        )
        found["fees_read"] = self._fees_read(budget)
        found["key_read"] = _read("key", "kraken.key_not_read", self._key_read, False, unread)
        found["venue_unavailable"] = unread
        found["told"] = self.telling.run(unread, self.money.prices, budget)
        _say_done(found)
        return found

    def _looked_at(self, query: Mapping[str, str], budget: Budget) -> dict[str, Any]:
        from webhook_core.sending.reconcile_rounds import go_on  # no alert reconciles

        if "cursor" not in query:
            return go_on(self.reconciler, self.decider.documents, budget)
        try:
            return self.reconciler.run(budget, query["cursor"] or None)
        except ValueError:
            raise AlertMalformed(
                "cursor is not one that this route gave out.", field="cursor"
            ) from None

    def _trades_read(self, budget: Budget, unread: list[dict[str, str]]) -> int:
        """How many trades of the account were not known before."""
        try:
            return self.money.collect(budget)
        except VenueUnavailable as error:
            unread.append({"read": "trades", "why": error.message})
        except LedgerUnavailable as error:  # no order depends on it; the next run reads them again
            event(logging.ERROR, "trades.not_kept", reason=error.message)
        return 0

    def _see_figures(self, budget: Budget) -> None:
        """For the plans behind orders to come. Nothing fails without: a key of orders alone may
        read no balance."""
        if self.decider.mode == "paper":
            return  # no read lags
        from webhook_core.sending.seeing import see_figures, see_resting  # no alert reconciles

        try:
            see_resting(self.decider, budget)
            see_figures(self.decider, budget)
        except (VenueUnavailable, LedgerUnavailable, NotItsTurn) as error:
            event(logging.INFO, "figures.not_seen", reason=error.message)

    def _open_ones_kept(self, budget: Budget, unread: list[dict[str, str]]) -> None:
        """Once a day, of the ninety that an entry is kept."""
        from webhook_core.sending.open_entries_kept import keep_open_entries

        try:
            keep_open_entries(self.reconciler, budget)
        except VenueUnavailable as error:
            unread.append({"read": "open_orders", "why": error.message})
        except LedgerUnavailable as error:
            event(logging.WARNING, "entries.not_kept", reason=error.message)

    def _legs_missed(
        self, looked_at: Sequence[Mapping[str, Any]]
    ) -> tuple[list[LedgerEntry], int, bool]:
        """Our settled entries that may need something yet, those among them that this run has
        settled; how many legs behind them will never be sent; and whether no run before has looked
        today. The next run begins here only if all of it was done."""
        from webhook_core.sending.missed_legs import miss_legs
        from webhook_core.sending.recent_entries import LastLook, settled_since

        reconciler, now = self.reconciler, self.decider.clock.now()
        last = LastLook(
            self.decider.documents,
            f"reconcile-looked:{reconciler.mode}:{reconciler.account}",
        )
        settled = [row["claimed_at"] for row in looked_at if row["before"] != row["after"]]
        fresh_for = timedelta(seconds=self.settings.alert_max_age_s)
        since = min([last.since(now, fresh_for), *settled])
        recent = list(filter(reconciler.is_ours, settled_since(self.decider.ledger, since)))
        missed = miss_legs(recent, self.decider.ledger, self.decider.clock.now())
        is_new_day = last.is_first_of_day(now)
        last.keep(now)
        return recent, missed, is_new_day

    def _filled_in(
        self, recent: list[LedgerEntry], budget: Budget, unread: list[dict[str, str]]
    ) -> int:
        """Of the recent ones each time, and of every order that is not known to be done
        each five minutes, however old: each is a billed read. Where there are many,
        others come first each time."""
        from webhook_core.sending.fills import MOST_ASKED, Fills  # no alert reconciles

        known: list[LedgerEntry] = []
        if self.decider.clock.now().minute % EVERY_MINUTES == 0:
            mode, account = self.reconciler.mode, self.reconciler.account
            known = list(
                self.decider.ledger.unfinished(mode, account, tuple(Unfinished), MOST_UNFINISHED)
            )
            most = MOST_ASKED - NEWEST
            round_ = int(self.decider.clock.now().timestamp()) // 60 // EVERY_MINUTES
            first = round_ * most % max(1, len(known))
            known = (known[first:] + known[:first])[:most]
        entries = list({entry.unit: entry for entry in (*recent[:NEWEST], *known)}.values())
        decider = self.decider
        fills = Fills(decider.ledger, decider.venue, decider.clock, self.reconciler.read_lag)
        return _read("fills", "fill.not_read", lambda: fills.fill_in(entries, budget), 0, unread)

    def _fees_read(self, budget: Budget) -> bool:
        """Behind the pair rules: only pairs that Kraken still lists are asked for."""
        account_fees = self.decider.account_fees
        if account_fees is None:
            return False
        return account_fees.read_if_due(
            self.decider.pair_rules.current(), self.settings.allowed_symbols, self._traded, budget
        )

    def _traded(self) -> Collection[str]:
        """The pairs of our last orders."""
        page = self.decider.ledger.entries(states=TERMINAL, limit=NEWEST)
        sent = (
            entry.current.request.pair for entry in filter(self.reconciler.is_ours, page.entries)
        )
        return dict.fromkeys(pair for pair in sent if pair)

    def _key_read(self) -> bool:
        venue = self.decider.venue
        return isinstance(venue, RemembersItsKey) and venue.read_key_if_due()


def _read(
    what: str, name: str, read: Callable[[], T], nothing: T, unread: list[dict[str, str]]
) -> T:
    """What was read of Kraken; ``nothing`` where it can't be, which ``unread`` and an event
    ``name`` tell."""
    try:
        return read()
    except VenueUnavailable as error:
        event(logging.WARNING, name, reason=error.message)
        unread.append({"read": what, "why": error.message})
        return nothing


def _say_done(found: Mapping[str, Any]) -> None:
    names = ("legs_missed", "fills", "trades", "purged", "pair_rules_refreshed", "told")
    event(
        logging.INFO,
        "reconcile.done",
        **{name: found[name] for name in names},
        looked_at=len(found["looked_at"]),
        unread=len(found["venue_unavailable"]),
        more=found["cursor"] is not None,
    )


def _keep_losses(money: Accounts, pausing: Pausing, budget: Budget) -> list[dict[str, Any]]:
    """Today's, a row for each owner of a daily limit. Where they can't be kept, entries wait."""
    try:
        kept = money.keep_losses(budget)
    except LedgerUnavailable as error:
        event(logging.ERROR, "loss.not_kept", reason=error.message)
        return []
    if kept is None:
        return []
    for owner in kept.reached:
        _reached(owner, kept.losses[owner.strategy], pausing)
    return loss_figures.rows(kept.losses)


def _reached(owner: LossOwner, loss: Loss, pausing: Pausing) -> None:
    """Told once, and paused where the owner says so: whoever resumes before the day ends finds
    every entry refused all the same."""
    lost = amounts_text(loss.worst)
    most = amounts_text(owner.most)
    since = f"{loss.day:%Y-%m-%dT%H:%M:%SZ}"
    strategy = owner.strategy or None
    event(logging.WARNING, "loss.reached", strategy=strategy, lost=lost, most=most, since=since)
    if owner.pauses:
        pause(pausing, strategy, RULE, f"{RULE}: {lost} lost since {since}, the limit is {most}")
