"""What an operator may ask of a running function: the account, the ledger, a reconcile run."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webhook_core.errors import AlertMalformed, NotFound, Unauthenticated, VenueUnavailable
from webhook_core.events import event
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State
from webhook_core.ledger.reconcile import Reconciler, facts
from webhook_core.legs import Legs
from webhook_core.pair_rules import PairRules
from webhook_core.ports import Budget, Clock, Ledger, Venue

BUDGET_S = 25.0
"""Operators wait longer than TradingView; a scheduler's default is three minutes."""
MOST_ENTRIES = 200
NEWEST = 25


@dataclass(slots=True, eq=False, repr=False)
class Operators:
    """``token`` is the operator's; None switches these routes off."""

    token: str | None
    ledger: Ledger
    venue: Venue
    pair_rules: PairRules
    reconciler: Reconciler
    legs: Legs
    clock: Clock

    def authenticate(self, headers: Mapping[str, str]) -> None:
        """Raises NotFound where there are no operator routes, Unauthenticated for a wrong token."""
        if self.token is None:
            raise NotFound("No such route.")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.token.encode()):
            raise Unauthenticated("operator token")

    def account(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Balances, open orders and positions as the venue has them, and how old the pair rules are."""
        found = dict(self.venue.account(self._budget()))
        rules_as_of = self.pair_rules.refreshed_at()
        age = None if rules_as_of is None else int((self.clock.now() - rules_as_of).total_seconds())
        return {**found, "pair_rules": {"as_of": rules_as_of, "age_seconds": age}}

    def orders(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The ledger, newest first: ``state``, ``strategy``, ``limit`` (at most 200) and ``cursor``."""
        try:
            page = self.ledger.entries(
                states=_states(query.get("state")),
                strategy=query.get("strategy") or None,
                cursor=query.get("cursor") or None,
                limit=_limit(query.get("limit")),
            )
        except ValueError:
            raise AlertMalformed("cursor is not one that this route gave out.", field="cursor") from None
        return {"orders": [_row(entry) for entry in page.entries], "cursor": page.cursor}

    def reconcile(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Look up every unresolved order, expire what was never sent, legs included, ask what the newest orders have filled,
        refresh the pair rules, purge what is past 90 days."""
        budget = self._budget()
        try:
            found = self.reconciler.run(budget, query.get("cursor") or None)
        except ValueError:
            raise AlertMalformed("cursor is not one that this route gave out.", field="cursor") from None
        from webhook_core.fills import Fills  # no alert reconciles

        newest = self._newest()
        found["legs_missed"] = self.legs.miss(newest)
        found["fills"] = Fills(self.ledger, self.venue, self.clock).fill_in(newest, budget)
        found["purged"] = self.reconciler.purge()
        found["pair_rules_refreshed"] = self._refreshed(budget)
        event(logging.INFO, "reconcile.done", looked_at=len(found["looked_at"]), more=found["cursor"] is not None)
        return found

    def _newest(self) -> list[LedgerEntry]:
        """Our settled entries: few, since each may be a billed read, and many once an hour."""
        limit = MOST_ENTRIES if self.clock.now().minute == 0 else NEWEST
        page = self.ledger.entries(states=TERMINAL, limit=limit)
        return [entry for entry in page.entries if self.reconciler.is_ours(entry)]

    def _refreshed(self, budget: Budget) -> bool:
        try:
            return self.pair_rules.refresh_if_due(budget)
        except VenueUnavailable as error:
            event(logging.WARNING, "pair_rules.not_refreshed", reason=error.message)
            return False

    def _budget(self) -> Budget:
        return Budget.start(self.clock, BUDGET_S)


def _states(text: str | None) -> set[State] | None:
    if not text:
        return None
    try:
        return {State(name.strip().upper()) for name in text.split(",")}
    except ValueError:
        raise AlertMalformed(f"state is one or more of {', '.join(State)}.", field="state") from None


def _limit(text: str | None) -> int:
    if not text:
        return 50
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_ENTRIES):
        raise AlertMalformed(f"limit is a number from 1 to {MOST_ENTRIES}.", field="limit")
    return int(text)


def _row(entry: LedgerEntry) -> dict[str, Any]:
    from webhook_core.fills import shown

    attempt = entry.current
    return {
        **facts(entry),
        "trade_details": attempt.request.trade_details(),
        "received_at": entry.received_at,
        "settled_at": attempt.settled_at,
        "fill": shown(attempt),
        "warnings": list(entry.warnings),
    }
