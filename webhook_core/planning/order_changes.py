"""Cancels and amendments of open orders: which are meant, and whether this sender may touch them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from webhook_core.clock import Budget
from webhook_core.errors import NotItsTurn, OrderDenied
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning.decision import Unsent, Wants
from webhook_core.planning.own_changes import DONE
from webhook_core.planning.sources import Sources
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.planning.unsent_orders import WITHDRAWN, UnsentOrders
from webhook_core.trading import denials, limits
from webhook_core.trading import order_changes as open_orders
from webhook_core.trading.appraisal import Appraisal
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import AmendIntent, CancelIntent, NoOrder
from webhook_core.trading.order_changes import Allowed, Ours, plain_client_order_id
from webhook_core.trading.planner import denied_by
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.sent_orders import as_amended
from webhook_core.trading.symbols import UnknownSymbol, display_name


class Changes:
    """For one alert. ``orders``: all open ones of the account, as a read that began at ``read_at`` shows them; a cancel adds
    those of ours that it lacks, and ``notes`` of what was never seen."""

    def __init__(
        self,
        sources: Sources,
        wants: Wants,
        orders: Sequence[RestingOrder],
        read_at: datetime,
        budget: Budget,
    ) -> None:
        self.sources, self.wants, self.orders, self.budget = sources, wants, orders, budget
        self.unlisted = UnlistedOrders(sources, orders, read_at, budget)
        self.notes: tuple[str, ...] = ()
        self.unsent = Unsent()
        self._named_alert: list[LedgerEntry] | None = None

    def cancels(
        self, intent: CancelIntent, instrument: Instrument | None
    ) -> Plan | NoOrder | Denied:
        """A CancelOrder for each order that is meant. Raises NotItsTurn while one of them may or may not be."""
        unsent = UnsentOrders(self.sources, intent, instrument)
        if intent.order_id is None and intent.of_alert is None:
            unsent.read()
        if intent.order_id is None and intent.client_order_id is None:
            self._add_unlisted(intent, instrument)
            named = self._meant(intent)
            named = None if named is None else named._replace(just_sent=())
        else:
            named = self._meant(intent)
            if named is not None and named.unknown:
                raise _not_certain()
        self.unsent = self._unsent(intent, unsent)
        found = open_orders.cancels(intent, self.orders, named, self._allowed(), instrument)
        if isinstance(found, NoOrder) and self.unsent.is_withdrawn:
            return found._replace(why=WITHDRAWN)
        if not isinstance(found, Plan):
            return found
        return found._replace(
            requests=tuple(
                replace(request, symbol=self._shown(request.symbol)) for request in found.requests
            )
        )

    def amendment(self, intent: AmendIntent, instrument: Instrument | None) -> Plan | Denied:
        """The AmendOrder, what it makes of the order held against the limits. Raises OrderDenied unless one order is meant,
        NotItsTurn while it may not be in Kraken's list yet."""
        allowed, named = self._allowed(), self._meant(intent)
        meant = open_orders.meant(intent, self.orders, named)
        found = [order for order in meant if allowed.has(order)]
        if (
            not found
            and named is not None
            and (named.unknown or not self._are_done(named.just_sent))
        ):
            raise _not_certain()
        if len(found) != 1:
            which = (
                "no such order is open"
                if not found
                else f"{len(found)} orders are meant: name one by order_id"
            )
            raise OrderDenied(f"AMEND_ORDER: {which}.")
        (order,) = found
        pair = self.sources.instrument(order.pair, self.budget)
        if instrument is not None and instrument.key != pair.key:
            raise OrderDenied(
                f"AMEND_SYMBOL: the order {order.order_id} is one of {pair.altname}, not of {intent.symbol}."
            )
        request = open_orders.amendment(intent, order, pair)
        if isinstance(request, Denied):
            return request
        draft = as_amended(intent, order, request, pair)
        rules, now = self.wants.rules, self.sources.clock.now()
        checks = tuple(denials.checks(draft, rules, now))
        refused = denials.first(checks)
        notes = tuple(open_orders.roundings(intent, request))
        plan = Plan((request,), notes, (Appraisal(checks, notes),))
        return plan if refused is None else denied_by(refused, notes)._replace(plan=plan)

    def _are_done(self, just_sent: Sequence[tuple[str, str]]) -> bool:
        """Whether these trade no more. Kraken's list lacks such orders, and those that it does not show yet."""
        if not just_sent:
            return True
        fills = self.sources.venue.fills([order_id for order_id, _ in just_sent], self.budget)
        return all(
            order_id in fills and fills[order_id].status in DONE for order_id, _ in just_sent
        )

    def _add_unlisted(self, intent: CancelIntent, instrument: Instrument | None) -> None:
        """Raises NotItsTurn while an order that is meant may be in the book unseen."""
        if intent.of_alert is not None:
            entries = self._of_alert(intent.of_alert)
        else:
            entries = self._maybe_open
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
        self.orders, self.notes = (*self.orders, *found.orders), found.notes

    def _unsent(self, intent: CancelIntent, unsent: UnsentOrders) -> Unsent:
        if intent.order_id is not None:
            return Unsent()
        if intent.of_alert is not None:
            return unsent.of_alert(self._of_alert(intent.of_alert))
        mine = self.wants.bound or intent.scope == "strategy"
        return unsent.of_all(
            self.wants.strategy if mine else None, self._allowed_pairs(set()), self._maybe_open
        )

    def _meant(self, intent: CancelIntent | AmendIntent) -> Ours | None:
        """Those of ours that an id, an alert or a strategy names."""
        if intent.order_id is not None or intent.client_order_id is not None:
            return self._ours([self.unlisted.looked_up(entry) for entry in self._named(intent)])
        if intent.of_alert is not None:
            return self._ours(self._of_alert(intent.of_alert))
        if isinstance(intent, CancelIntent) and intent.scope == "strategy":
            return self._ours(self._own)
        return None

    def _shown(self, pair: str) -> str:
        try:
            return display_name(self.sources.pair_rules.current().resolve(pair))
        except UnknownSymbol:
            return pair

    def _of_alert(self, alert_id: str) -> list[LedgerEntry]:
        """Read once: an entry that moves meanwhile is not taken for one that was nothing all along."""
        if self._named_alert is None:
            self._named_alert = self._read_alert(alert_id)
        return self._named_alert

    def _read_alert(self, alert_id: str) -> list[LedgerEntry]:
        own_orders, strategy, bound = self.sources.own_orders, self.wants.strategy, self.wants.bound
        # A credential that is bound to none may name an alert of one that is: strategy_name says whose it was.
        found = [] if bound else own_orders.of_alert(alert_id, None)
        found = found or own_orders.of_alert(alert_id, strategy)
        return [entry for entry in found if not bound or entry.strategy == strategy]

    def _named(self, intent: CancelIntent | AmendIntent) -> list[LedgerEntry]:
        """The entry of the order that an id names, if it is one of ours that this sender may name."""
        own_orders, strategy = self.sources.own_orders, self.wants.strategy
        if intent.order_id is not None:
            found = own_orders.of_orders([intent.order_id])
        else:
            found = [entry for entry in self._maybe_open if _is_named(entry, intent)]
        if not found:  # an earlier version may have written it
            found = [entry for entry in own_orders.of_strategy(None) if _is_named(entry, intent)]
        return [entry for entry in found if not self.wants.bound or entry.strategy == strategy]

    @cached_property
    def _maybe_open(self) -> list[LedgerEntry]:
        return self.sources.own_orders.maybe_open()

    @cached_property
    def _own(self) -> list[LedgerEntry]:
        """The strategy's orders among the open ones, however old, and all that may be open unseen. The order that a close
        left is its parent's."""
        own_orders, strategy = self.sources.own_orders, self.wants.strategy
        named = {
            name
            for order in self.orders
            for name in (order.order_id, order.parent)
            if name is not None
        }
        known = {entry.current.order_id for entry in self._maybe_open}
        found = [*self._maybe_open, *own_orders.of_orders(named - known)]
        ours = self._ours(found)
        if not all(
            ours.has(order) for order in self.orders
        ):  # placed by hand, or written by an earlier version
            found += own_orders.of_strategy(strategy)
        return [entry for entry in found if entry.strategy == strategy]

    def _allowed(self) -> Allowed:
        """A credential that is bound to a strategy touches its orders alone, and none touches a pair that may not be traded."""
        own = self._ours(self._own) if self.wants.bound else None
        return Allowed(own, self._allowed_pairs({order.pair for order in self.orders}))

    def _allowed_pairs(self, shown: set[str]) -> set[str] | None:
        """All names of the pairs that may be traded, None for every pair."""
        lists = self.wants.rules.allow_lists
        if not lists:
            return None
        known = self.sources.pair_rules.current()
        names = {name for instrument in known for name in (instrument.altname, instrument.key)}
        for pair in shown - names:  # another instance may have learnt it
            with suppress(UnknownSymbol):
                self.sources.instrument(pair, self.budget)
        return {
            name
            for instrument in self.sources.pair_rules.current()
            if all(limits.symbol_allowed(instrument, allowed).passed for allowed in lists)
            for name in (instrument.altname, instrument.key)
        }

    def _ours(self, entries: list[LedgerEntry]) -> Ours:
        young = self.sources.clock.now() - self.sources.own_orders.margin
        listed = {plain_client_order_id(order.client_order_id or "") for order in self.orders}
        sent = [entry for entry in entries if entry.current.request.method == "AddOrder"]
        accepted = [
            entry for entry in sent if entry.state is State.ACCEPTED and entry.current.order_id
        ]
        names = {plain_client_order_id(entry.current.client_order_id) for entry in sent}
        shown = {
            one.order_id
            for one in self.orders
            if plain_client_order_id(one.client_order_id or "") in names
        }
        return Ours(
            order_ids=shown | {entry.current.order_id or "" for entry in accepted},
            client_order_ids={entry.current.client_order_id for entry in sent},
            unknown=any(
                entry.state is State.SUBMITTING
                and plain_client_order_id(entry.current.client_order_id) not in listed
                for entry in sent
            ),
            just_sent=[
                (entry.current.order_id or "", entry.current.request.symbol)
                for entry in accepted
                if entry.current.claimed_at > young and not entry.current.request.at_market
            ],
        )


def _not_certain() -> NotItsTurn:
    return NotItsTurn(
        "The order that is meant may not be in Kraken's list yet, or its outcome is not known. Nothing was sent; sending the "
        "same alert again soon is safe."
    )


def _may_trade(entry: LedgerEntry) -> bool:
    """Whether it is an order that was placed, or may have been."""
    placed = entry.state in (State.ACCEPTED, State.SUBMITTING)
    return placed and entry.current.request.method == "AddOrder"


def _is_named(entry: LedgerEntry, intent: CancelIntent | AmendIntent) -> bool:
    attempt = entry.current
    if intent.order_id is not None:
        return attempt.order_id == intent.order_id
    return plain_client_order_id(attempt.client_order_id) == plain_client_order_id(
        intent.client_order_id or ""
    )
