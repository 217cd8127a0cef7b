"""A venue that behaves: it keeps a book, and a test decides what the next calls
meet on the way to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.support.instruments import BTC_USD
from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import (
    Accepted,
    Fill,
    OrderRequest,
    Outcome,
    Rejected,
    Unknown,
    VenueOrder,
)
from webhook_core.trading.rules import Fees
from webhook_core.trading.venue_trades import TradesPage


@dataclass
class FakeVenue:
    """``lose_reply``: the next order is placed (the next cancel or amendment made) and its answer
    lost. ``refuse``: outcomes of the next submits instead.

    ``listed_open`` / ``closed_orders`` are what the look-ups show, by client order id. ``held`` are
    the balances, ``net`` the positions, ``quotes`` the prices, ``worth`` the equity, ``resting``
    the orders of the account, which a cancel takes out and an amendment changes, ``filled`` the
    fills by order id, ``charged`` what it pays by pair key. ``unreadable`` makes reads fail;
    ``spend_s`` is what each call takes of the clock.
    """

    clock: Any = None
    spend_s: float = 0.0
    lose_reply: bool = False
    refuse: list[Outcome] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    submitted: list[tuple[OrderRequest, str, datetime]] = field(default_factory=list)
    validated: list[OrderRequest] = field(default_factory=list)
    listed_open: dict[str, VenueOrder] = field(default_factory=dict)
    closed_orders: dict[str, VenueOrder] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    rules: list[Instrument] = field(default_factory=list)
    price: Decimal = Decimal(60000)
    held: dict[str, Balance] = field(default_factory=dict)
    net: dict[str, Decimal] = field(default_factory=dict)
    quotes: dict[str, Decimal] = field(default_factory=dict)
    worth: Decimal = Decimal(0)
    resting: list[RestingOrder] = field(default_factory=list)
    filled: dict[str, Fill] = field(default_factory=dict)
    traded_at: dict[str, datetime] = field(default_factory=dict)
    charged: dict[str, Fees] = field(default_factory=dict)

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        self._called("submit")
        self.submitted.append((request, client_order_id, deadline))
        if self.refuse:
            return self.refuse.pop(0)
        if request.method == "AddOrder":
            order_id = f"OFAKE{len(self.submitted)}-AAAAA-AAAAAA"
            self.closed_orders[client_order_id] = VenueOrder(order_id, client_order_id, "closed")
            outcome: Outcome = Accepted(order_id)
        else:
            outcome = self._changed(request)
        if self.lose_reply:
            self.lose_reply = False
            return Unknown("the reply was lost")
        return outcome

    def _changed(self, request: OrderRequest) -> Outcome:
        asked = request.parameters
        by_id = {order.order_id: order for order in self.resting}
        by_client_order_id = {order.client_order_id: order for order in self.resting}
        order = (
            by_id.get(asked["txid"])
            if "txid" in asked
            else by_client_order_id.get(asked["cl_ord_id"])
        )
        if order is None:
            return Rejected(("EOrder:Unknown order",))
        at = self.resting.index(order)
        fields = {"order_qty": "volume", "limit_price": "limit", "trigger_price": "trigger"}
        changes: dict[str, Any] = {
            own: Decimal(asked[name]) for name, own in fields.items() if name in asked
        }
        self.resting[at : at + 1] = (
            [] if request.method == "CancelOrder" else [order._replace(**changes)]
        )
        return Accepted(asked.get("txid", ""))

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        self._called("validate")
        self.validated.append(request)
        return self.refuse.pop(0) if self.refuse else Accepted("")

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        self._called("find_open")
        return self.listed_open.get(client_order_id)

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        self._called("find_closed")
        return self.closed_orders.get(client_order_id)

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        self._called("instruments")
        return [
            rule for rule in self.rules if pairs is None or {rule.key, rule.altname} & set(pairs)
        ]

    def last_price(
        self,
        instrument: Instrument,
        budget: Budget,
        reference: Decimal | None = None,
        *,
        max_age_s: float = 0.0,
    ) -> Decimal:
        self._called("last_price")
        return self.price

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        return None

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        self._called("prices")
        return {rule.key: self.quotes[rule.key] for rule in instruments if rule.key in self.quotes}

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        self._called("balances")
        return dict(self.held)

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        self._called("positions")
        return tuple(OpenPosition(pair, "", size) for pair, size in self.net.items())

    def equity(self, quote: str, budget: Budget) -> Decimal:
        self._called("equity")
        return self.worth

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        self._called("fees")
        return {pair.key: self.charged[pair.key] for pair in pairs if pair.key in self.charged}

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        self._called("open_orders")
        return tuple(self.resting)

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        self._called("order")
        return next((order for order in self.resting if order.order_id == order_id), None)

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        self._called("orders")
        return {order.order_id: order for order in self.resting if order.order_id in order_ids}

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        self._called("orders_closed")
        return ()

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        self._called("last_traded")
        return self.traded_at.get(order_id)

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        self._called("fills")
        return {
            order_id: self.filled[order_id] for order_id in order_ids if order_id in self.filled
        }

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        """None: what it fills is told by ``fills`` alone."""
        self._called("trades")
        return TradesPage((), complete=True)

    def account(self, budget: Budget) -> Mapping[str, Any]:
        self._called("account")
        return {"balances": {BTC_USD.base: {"balance": "1"}}, "open_orders": {}, "positions": {}}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.clock is not None:
            self.clock.sleep(self.spend_s)
        if name in self.unreadable:
            raise VenueUnavailable(f"{name} could not be read.")
