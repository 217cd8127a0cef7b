"""Which orders of ours an id, an alert or a strategy names, as the ledger knows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.money.trades import Trade
from webhook_core.planning.decision import Wants
from webhook_core.planning.sources import Sources
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import AmendIntent, CancelIntent
from webhook_core.trading.ours import Ours, plain_client_order_id


class MeantOrders:
    """For one alert. ``orders``: all open ones of the account, as far as they have been seen."""

    def __init__(
        self,
        sources: Sources,
        wants: Wants,
        orders: Sequence[RestingOrder],
        unlisted: UnlistedOrders,
    ) -> None:
        self.sources, self.wants, self.orders, self.unlisted = sources, wants, orders, unlisted
        self._named_alert: list[LedgerEntry] | None = None

    def meant(self, intent: CancelIntent | AmendIntent) -> Ours | None:
        """Those of ours that an id, an alert or a strategy names."""
        if intent.order_id is not None or intent.client_order_id is not None:
            return self.ours([self.unlisted.looked_up(entry) for entry in self._named(intent)])
        if intent.of_alert is not None:
            return self.ours(self.of_alert(intent.of_alert))
        if isinstance(intent, CancelIntent) and intent.scope == "strategy":
            return self.of_strategy
        return None

    def of_alert(self, alert_id: str) -> list[LedgerEntry]:
        """Those of one alert.

        Read once: an entry that moves meanwhile is not taken for one that was nothing all along.
        """
        if self._named_alert is None:
            self._named_alert = self._read_alert(alert_id)
        return self._named_alert

    def _read_alert(self, alert_id: str) -> list[LedgerEntry]:
        own_orders, strategy, bound = self.sources.own_orders, self.wants.strategy, self.wants.bound
        # A credential that is bound to none may name an alert of one that is:
        # strategy_name says whose it was.
        found = [] if bound else own_orders.of_alert(alert_id, None)
        found = found or own_orders.of_alert(alert_id, strategy)
        return [entry for entry in found if not bound or entry.strategy == strategy]

    def _named(self, intent: CancelIntent | AmendIntent) -> list[LedgerEntry]:
        """The entry of the order that an id names, if it is one of ours
        that this sender may name."""
        own_orders, strategy = self.sources.own_orders, self.wants.strategy
        if intent.order_id is not None:
            found = own_orders.of_orders([intent.order_id])
        else:
            found = [entry for entry in self.maybe_open if _is_named(entry, intent)]
        if not found:  # an earlier version may have written it
            found = [entry for entry in own_orders.of_strategy(None) if _is_named(entry, intent)]
        return [entry for entry in found if not self.wants.bound or entry.strategy == strategy]

    @cached_property
    def maybe_open(self) -> list[LedgerEntry]:
        """Every entry whose order may be open."""
        return self.sources.own_orders.maybe_open()

    @cached_property
    def own(self) -> list[LedgerEntry]:
        """The strategy's orders among the open ones, however old, and all that may be open unseen.

        The order that a close left is its parent's.
        """
        return self.owned_by(self.wants.strategy)

    @cached_property
    def of_strategy(self) -> Ours:
        """Those orders, and the exits of entries that the ledger has purged."""
        ours = self.ours(self.own)
        left = {order.order_id for order, _ in self.left_by_purged(self.wants.strategy)}
        return ours._replace(order_ids={*ours.order_ids, *left}) if left else ours

    def left_by_purged(self, strategy: str | None) -> list[tuple[RestingOrder, Trade]]:
        """Open exits of entries that the ledger has purged, of that strategy, of all for None; each
        with what its entry bought."""
        found = [(order, self.sources.bought_by_purged(order)) for order in self._of_open[1]]
        return [
            (order, bought)
            for order, bought in found
            if bought is not None and strategy in (None, bought.strategy)
        ]

    def owned_by(self, strategy: str | None) -> list[LedgerEntry]:
        """The same of any strategy, of all for None; what was placed by hand is nobody's."""
        found, strangers = self._of_open
        if strangers:
            found = [*found, *self.sources.own_orders.of_strategy(strategy)]
        return [entry for entry in found if strategy in (None, entry.strategy)]

    @cached_property
    def _of_open(self) -> tuple[list[LedgerEntry], list[RestingOrder]]:
        """All entries that may have an open order, and the open orders that none of them has:
        placed by hand, or by entries of an earlier version or that the ledger has purged."""
        own_orders = self.sources.own_orders
        named = {
            name
            for order in self.orders
            for name in (order.order_id, order.parent)
            if name is not None
        }
        known = {entry.current.order_id for entry in self.maybe_open}
        found = [*self.maybe_open, *own_orders.of_orders(named - known)]
        ours = self.ours(found)
        return found, [order for order in self.orders if not ours.has(order)]

    def ours(self, entries: list[LedgerEntry]) -> Ours:
        """The orders of these entries."""
        young = self.sources.clock.now() - self.sources.own_orders.read_lag
        listed = {plain_client_order_id(order.client_order_id or "") for order in self.orders}
        orders = (one for one in entries if one.current.request.method == "AddOrder")
        sent = [self.unlisted.latest(entry) for entry in orders]
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


def _is_named(entry: LedgerEntry, intent: CancelIntent | AmendIntent) -> bool:
    attempt = entry.current
    if intent.order_id is not None:
        return attempt.order_id == intent.order_id
    return plain_client_order_id(attempt.client_order_id) == plain_client_order_id(
        intent.client_order_id or ""
    )
