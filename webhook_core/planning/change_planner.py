"""Cancels and amendments of open orders: which are meant, and whether this
sender may touch them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webhook_core.clock import Budget
from webhook_core.errors import InDoubt, OrderDenied
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decision import Unsent, Wants
from webhook_core.planning.meant_orders import MeantOrders
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.sources import Sources
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.planning.unsent_orders import WITHDRAWN, UnsentOrders
from webhook_core.trading import cancel_and_amend, denials, limits
from webhook_core.trading.appraisal import Appraisal
from webhook_core.trading.drafts import Draft
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import AmendIntent, CancelIntent, NoOrder
from webhook_core.trading.market_needs import needs_market
from webhook_core.trading.ours import Allowed, Ours
from webhook_core.trading.planner import costs_of, denied_by
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.reduces import exit_of
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.sent_orders import as_amended
from webhook_core.trading.symbols import display_name


class Changes:
    """For one alert.

    ``orders``: all open ones of the account, as a read that began at ``read_at`` shows them; a
    cancel adds those of ours that it lacks, and ``notes`` of what was never seen.
    """

    def __init__(
        self,
        sources: Sources,
        wants: Wants,
        orders: Sequence[RestingOrder],
        read_at: datetime,
        budget: Budget,
    ) -> None:
        self.sources, self.wants, self.budget = sources, wants, budget
        self.unlisted = UnlistedOrders(sources, orders, read_at, budget)
        self.notes: tuple[str, ...] = ()
        self.unsent = Unsent()
        self.known = MeantOrders(sources, wants, orders, self.unlisted)

    @property
    def orders(self) -> Sequence[RestingOrder]:
        """The open ones, as far as they have been seen."""
        return self.known.orders

    def cancels(
        self, intent: CancelIntent, instrument: Instrument | None
    ) -> Plan | NoOrder | Denied:
        """A CancelOrder for each order that is meant.

        Raises NotItsTurn while one of them may or may not be.
        """
        unsent = UnsentOrders(self.sources, intent, instrument)
        if intent.order_id is None and intent.of_alert is None:
            unsent.read()
        if intent.order_id is None and intent.client_order_id is None:
            self._add_unlisted(intent, instrument)
            named = self.known.meant(intent)
            named = None if named is None else named._replace(just_sent=())
        else:
            named = self.known.meant(intent)
            if named is not None and named.unknown:
                raise _not_certain()
        self.unsent = self._unsent(intent, unsent)
        found = cancel_and_amend.cancels(intent, self.orders, named, self._allowed(), instrument)
        if isinstance(found, NoOrder) and self.unsent.is_withdrawn:
            return found._replace(why=WITHDRAWN)
        if not isinstance(found, Plan):
            return found
        return found._replace(
            requests=tuple(
                request._replace(symbol=self._shown(request.symbol)) for request in found.requests
            )
        )

    def amendment(self, intent: AmendIntent, instrument: Instrument | None) -> Plan | Denied:
        """The AmendOrder, what it makes of the order held against the limits.

        Raises OrderDenied unless one order is meant, NotItsTurn while it may not be in
        Kraken's list yet.
        """
        order = self._one_meant(intent)
        pair = self.sources.instrument(order.pair, self.budget)
        if instrument is not None and instrument.key != pair.key:
            raise OrderDenied(
                f"AMEND_SYMBOL: the order {order.order_id} is one of {pair.altname}, not of "
                f"{intent.symbol}.",
                field="symbol",
            )
        request = cancel_and_amend.amendment(intent, order, pair)
        if isinstance(request, Denied):
            return request
        draft = as_amended(intent, order, request, pair)
        if needs_market(draft.wanted, self.wants.rules):
            market = self.sources.market_price(draft.wanted, pair, self.budget)
            draft = as_amended(intent, order, request, pair, market)
        no_larger = cancel_and_amend.is_no_larger(request, order)
        request = request._replace(exit=exit_of(draft), no_larger=no_larger)
        return self._limited(request, draft, tuple(cancel_and_amend.roundings(intent, request)))

    def _one_meant(self, intent: AmendIntent) -> RestingOrder:
        allowed, named = self._allowed(), self.known.meant(intent)
        meant = cancel_and_amend.meant(intent, self.orders, named)
        found = [order for order in meant if allowed.has(order)]
        if not found and named is not None and self._may_be_unseen(named):
            raise _not_certain()
        if len(found) != 1:
            exits = [one for one in self.orders if one.parent and named and named.has(one)]
            raise cancel_and_amend.not_one(found, filter(allowed.has, exits))
        return found[0]

    def _limited(
        self, request: OrderRequest, draft: Draft, notes: tuple[str, ...]
    ) -> Plan | Denied:
        rules = self.wants.rules
        checks = tuple(denials.checks(draft, rules, self.sources.clock.now()))
        refused = denials.first(checks)
        if rules.has_guards:
            from webhook_core.trading import guards  # few strategies have any

            notes += guards.unjudged(draft.wanted, rules)
        appraisals = (Appraisal(checks, notes),)
        plan = Plan((request,), notes, appraisals, costs_of(draft, rules), checks)
        return plan if refused is None else denied_by(refused, notes)._replace(plan=plan)

    def _may_be_unseen(self, named: Ours) -> bool:
        return named.unknown or not self._are_done(named.just_sent)

    def _are_done(self, just_sent: Sequence[tuple[str, str]]) -> bool:
        """Whether these trade no more.

        Kraken's list lacks such orders, and those that it does not show yet.
        """
        if not just_sent:
            return True
        fills = self.sources.venue.fills([order_id for order_id, _ in just_sent], self.budget)
        return all(
            order_id in fills and fills[order_id].status in DONE for order_id, _ in just_sent
        )

    def _add_unlisted(self, intent: CancelIntent, instrument: Instrument | None) -> None:
        """Raises NotItsTurn while an order that is meant may be in the book unseen."""
        if intent.of_alert is not None:
            entries = self.known.of_alert(intent.of_alert)
        else:
            entries = self.known.maybe_open
            if self.wants.bound or intent.scope == "strategy":
                entries = [entry for entry in entries if entry.strategy == self.wants.strategy]
        placed = [entry for entry in entries if _may_trade(entry)]
        pairs = self._allowed_pairs({entry.current.request.pair for entry in placed})
        found = self.unlisted.of(
            [
                entry
                for entry in placed
                if (pairs is None or entry.current.request.pair in pairs)
                and (instrument is None or entry.current.request.pair == instrument.key)
            ],
            intent.side,
        )
        self.known.orders, self.notes = (*self.orders, *found.orders), found.notes

    def _unsent(self, intent: CancelIntent, unsent: UnsentOrders) -> Unsent:
        if intent.order_id is not None:
            return Unsent()
        if intent.of_alert is not None:
            return unsent.of_alert(self.known.of_alert(intent.of_alert))
        mine = self.wants.bound or intent.scope == "strategy"
        return unsent.of_all(
            self.wants.strategy if mine else None, self._allowed_pairs(set()), self.known.maybe_open
        )

    def _shown(self, pair: str) -> str:
        known = self.sources.pair_rules.current().find(pair)
        return pair if known is None else display_name(known)

    def _allowed(self) -> Allowed:
        """A credential that is bound to a strategy touches its orders alone, and none touches a
        pair that may not be traded."""
        own = self.known.of_strategy if self.wants.bound else None
        return Allowed(own, self._allowed_pairs({order.pair for order in self.orders}))

    def _allowed_pairs(self, shown: set[str]) -> set[str] | None:
        """All names of the pairs that may be traded, None for every pair."""
        lists = self.wants.rules.allow_lists
        if not lists:
            return None
        known = self.sources.pair_rules.current()
        names = {name for instrument in known for name in (instrument.altname, instrument.key)}
        learn = self.sources.known_pairs(self.budget)
        for pair in shown - names:  # another instance may have learnt it
            learn(pair)
        return {
            name
            for instrument in self.sources.pair_rules.current()
            if all(limits.symbol_allowed(instrument, allowed).passed for allowed in lists)
            for name in (instrument.altname, instrument.key)
        }


def _not_certain() -> InDoubt:
    return InDoubt(
        "The order that is meant may not be in Kraken's list yet, or its outcome is not known."
    )


def _may_trade(entry: LedgerEntry) -> bool:
    """Whether it is an order that was placed, or may have been."""
    placed = entry.state in (State.ACCEPTED, State.SUBMITTING)
    return placed and entry.current.request.method == "AddOrder"
