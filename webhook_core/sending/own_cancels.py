"""The operator's cancel of the bridge's own open orders: those of one strategy, or of all.

What is open is read of Kraken, and whose it is of the ledger: an order that somebody placed by hand
is never meant. An alert's cancel waits while one of the orders that it means may be in the book
unseen; this one takes out what is seen, and says which are in doubt. Every cancel is an entry of
its own in the ledger, so one whose reply was lost is looked up like any other. A second run finds
what is open by then, and where nothing is, does nothing.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from webhook_core.clock import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Budget
from webhook_core.errors import NotItsTurn
from webhook_core.events import event
from webhook_core.ledger.attempts import first_attempt
from webhook_core.ledger.contract import Claimed
from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.ledger.entry_report import facts
from webhook_core.ledger.keys import operators_unit
from webhook_core.planning.decide import Decider
from webhook_core.planning.decision import Decided, Unsent, Wants
from webhook_core.planning.meant_orders import MeantOrders
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.planning.unsent_orders import UnsentOrders
from webhook_core.sending.submission import Submission
from webhook_core.sending.withdrawals import withdraw
from webhook_core.sending.won import allowed
from webhook_core.trading.cancel_and_amend import cancel
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import CancelIntent
from webhook_core.trading.ours import plain_client_order_id
from webhook_core.trading.plans import Plan
from webhook_core.trading.reduces import exit_of_request
from webhook_core.trading.requests import OrderRequest, Outcome
from webhook_core.trading.rules import TradingRules
from webhook_core.venue import HasItsOwnWords


class OpenOrder(NamedTuple):
    """``strategy`` and ``alert_id`` are those of the order's own entry, or of the one whose
    conditional close it is. ``is_exit``: it only makes a position smaller."""

    order: RestingOrder
    strategy: str
    alert_id: str
    symbol: str
    is_exit: bool


class OwnOrdersFound(NamedTuple):
    """``open``: what is to be cancelled. ``left``: exits, which stay where only entries are meant.
    ``in_doubt``: entries whose order, or what it left, may be in the book unseen. ``unsent``:
    alerts that a resend could have placed yet, as they are to be written."""

    open: tuple[OpenOrder, ...]
    left: tuple[OpenOrder, ...] = ()
    in_doubt: tuple[LedgerEntry, ...] = ()
    unsent: tuple[LedgerEntry, ...] = ()


class Cancelled(NamedTuple):
    """What became of each, in the order in which they were found; None: no time was left."""

    order: OpenOrder
    entry: LedgerEntry | None


@dataclass(slots=True, eq=False, repr=False)
class OwnCancels:
    """Of one account in one mode."""

    decider: Decider
    submission: Submission

    def find(
        self, strategy: str | None, budget: Budget, *, entries_only: bool = False
    ) -> OwnOrdersFound:
        """Those of ``strategy``, of all for None, whatever pairs are allowed by now. Raises
        VenueUnavailable, LedgerUnavailable, NotItsTurn where there are too many to tell."""
        decider = self.decider
        unsent = UnsentOrders(decider, CancelIntent(), None)
        unsent.read()
        read_at = decider.clock.now()
        listed = decider.venue.open_orders(budget)
        unlisted = UnlistedOrders(decider, listed, read_at, budget)
        known = MeantOrders(decider, Wants((), TradingRules(), ""), listed, unlisted)
        entries = [
            entry
            for entry in known.owned_by(strategy)
            if entry.current.request.method == "AddOrder"
        ]
        seen, in_doubt = _unlisted(unlisted, entries)
        found = list(_owned((*listed, *seen), entries))
        for order, bought in known.left_by_purged(strategy):
            whose = (bought.strategy or "", bought.alert_id or "", bought.symbol)
            found.append(OpenOrder(order, *whose, is_exit=True))
        never = unsent.of_all(strategy, None, ()).denied
        if entries_only:
            never = tuple(one for one in never if exit_of_request(one.current.request) is None)
        return OwnOrdersFound(
            tuple(one for one in found if not (entries_only and one.is_exit)),
            tuple(one for one in found if entries_only and one.is_exit),
            in_doubt,
            never,
        )

    def cancel(self, found: OwnOrdersFound, by: str, budget: Budget) -> list[Cancelled]:
        """One after the other, as far as the budget goes; ``by`` is for the log. Raises
        LedgerUnavailable, after which a run begins anew with what is open then."""
        decider, run = self.decider, uuid.uuid4().hex
        if found.unsent:
            decided = Decided(Plan(()), unsent=Unsent(found.unsent))
            withdraw(decided, self._unit(run, ""), decider.ledger, decider.clock.now())
        return [Cancelled(one, self._canceled(one, run, by, budget)) for one in found.open]

    def _canceled(self, one: OpenOrder, run: str, by: str, budget: Budget) -> LedgerEntry | None:
        if budget.remaining() < ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S:
            return None
        claim = allowed(self.decider.ledger.claim(self._entry(one, run)))
        event(logging.WARNING, "order.canceled_by_operator", **facts(claim.entry), by=by)
        if not isinstance(claim, Claimed):
            return claim.entry
        return self.submission.send(claim.entry, _NoNewPlan(), budget)

    def _entry(self, one: OpenOrder, run: str) -> LedgerEntry:
        """Never sent again by itself: it is fresh at its claim alone."""
        now = self.decider.clock.now()
        unit = self._unit(run, one.order.order_id)
        return LedgerEntry(
            unit=unit,
            alert_id=f"operator-cancel-{one.order.order_id}",
            body_sha256=hashlib.sha256(unit.alert_key.encode()).hexdigest(),
            strategy=one.strategy,
            received_at=now,
            fresh_until=now,
            attempts=(first_attempt(unit, self._request(one), now, self.submission.deadline_s),),
            independent=True,
        )

    def _request(self, one: OpenOrder) -> OrderRequest:
        request = cancel(one.order.order_id, one.symbol)
        venue = self.decider.venue
        if isinstance(venue, HasItsOwnWords):
            return request._replace(words=venue.words_for(request))
        return request

    def _unit(self, run: str, order_id: str) -> Unit:
        return operators_unit(self.decider.mode, self.decider.account, f"{run}:{order_id}")


class _NoNewPlan:
    """Submission asks for a new plan where Kraken refused a rounding: a cancel has none."""

    def replanned(self, _leg: LedgerEntry, _budget: Budget) -> str:
        return "a cancel has nothing to plan again"

    def why_none(
        self, _leg: LedgerEntry, _outcome: Outcome, _budget: Budget, said: str = ""
    ) -> str:
        return said


def _unlisted(
    unlisted: UnlistedOrders, entries: Sequence[LedgerEntry]
) -> tuple[tuple[RestingOrder, ...], tuple[LedgerEntry, ...]]:
    """Open orders that Kraken's list lacks, and those in doubt: asked for together, and one by one
    where one of them is."""
    try:
        return unlisted.of(entries, None).orders, ()
    except NotItsTurn:
        seen: list[RestingOrder] = []
        in_doubt: list[LedgerEntry] = []
        for entry in entries:
            try:
                seen += unlisted.of([entry], None).orders
            except NotItsTurn:
                in_doubt.append(entry)
        return tuple(seen), tuple(in_doubt)


def _owned(orders: Iterable[RestingOrder], entries: Sequence[LedgerEntry]) -> Iterator[OpenOrder]:
    """Each of ours once, with its entry."""
    by_id = {one.current.order_id: one for one in entries if one.current.order_id}
    by_client = {plain_client_order_id(one.current.client_order_id): one for one in entries}
    for order in {order.order_id: order for order in orders}.values():
        own = by_id.get(order.order_id)
        own = own or by_client.get(plain_client_order_id(order.client_order_id or ""))
        if own is not None:
            yield _open(order, own, is_exit=exit_of_request(own.current.request) is not None)
        elif order.parent in by_id:
            yield _open(order, by_id[order.parent], is_exit=True)


def _open(order: RestingOrder, entry: LedgerEntry, *, is_exit: bool) -> OpenOrder:
    symbol = entry.current.request.symbol
    return OpenOrder(order, entry.strategy, entry.alert_id, symbol, is_exit)
