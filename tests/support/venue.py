"""A venue that behaves: it keeps a book, and a test decides what the next calls meet on the way to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.support.instruments import BTC_USD
from webhook_core.errors import VenueUnavailable
from webhook_core.ports import Budget
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Accepted, OrderRequest, Outcome, Unknown, VenueOrder


@dataclass
class FakeVenue:
    """``lose_reply``: the next order is placed and its answer lost. ``refuse``: outcomes of the next submits instead.

    ``open_orders`` / ``closed_orders`` are what the reads show; ``unreadable`` makes them fail; ``spend_s`` is what each
    call takes of the clock.
    """

    clock: Any = None
    spend_s: float = 0.0
    lose_reply: bool = False
    refuse: list[Outcome] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    submitted: list[tuple[OrderRequest, str, datetime]] = field(default_factory=list)
    validated: list[OrderRequest] = field(default_factory=list)
    open_orders: dict[str, VenueOrder] = field(default_factory=dict)
    closed_orders: dict[str, VenueOrder] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    rules: list[Instrument] = field(default_factory=list)
    price: Decimal = Decimal(60000)

    def submit(self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget) -> Outcome:
        self._called("submit")
        self.submitted.append((request, client_order_id, deadline))
        if self.refuse:
            return self.refuse.pop(0)
        order_id = f"OFAKE{len(self.submitted)}-AAAAA-AAAAAA"
        self.closed_orders[client_order_id] = VenueOrder(order_id, client_order_id, "closed")
        if self.lose_reply:
            self.lose_reply = False
            return Unknown("the reply was lost")
        return Accepted(order_id)

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        self._called("validate")
        self.validated.append(request)
        return self.refuse.pop(0) if self.refuse else Accepted("")

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        self._called("find_open")
        return self.open_orders.get(client_order_id)

    def find_closed(self, client_order_id: str, since: datetime, budget: Budget) -> VenueOrder | None:
        self._called("find_closed")
        return self.closed_orders.get(client_order_id)

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        self._called("instruments")
        return [rule for rule in self.rules if pairs is None or {rule.key, rule.altname} & set(pairs)]

    def last_price(self, instrument: Instrument, budget: Budget) -> Decimal:
        self._called("last_price")
        return self.price

    def account(self, budget: Budget) -> Mapping[str, Any]:
        self._called("account")
        return {"balances": {BTC_USD.base: {"balance": "1"}}, "open_orders": {}, "positions": {}}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.clock is not None:
            self.clock.sleep(self.spend_s)
        if name in self.unreadable:
            raise VenueUnavailable(f"{name} could not be read.")
