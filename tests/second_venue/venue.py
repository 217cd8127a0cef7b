"""The Quay as the Venue of the application, and the function that VENUE names."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from tests.second_venue import words
from webhook_core.clock import Budget, Clock
from webhook_core.errors import VenueUnavailable
from webhook_core.findings import Finding, ok
from webhook_core.ledger.contract import Documents
from webhook_core.settings.settings import Settings
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import (
    Accepted,
    Fill,
    NotSent,
    OrderRequest,
    Outcome,
    Rejected,
    Unknown,
    VenueOrder,
)
from webhook_core.trading.rules import Fees
from webhook_core.trading.venue_trades import TradesPage
from webhook_core.venue import Opened

READ_S = 2.0
FEES = Fees(Decimal("0.1"), Decimal("0.1"))
ZERO = Decimal(0)


def open_quay(_settings: Settings, _documents: Documents, clock: Clock) -> Opened:
    """At QUAY_URL, with QUAY_KEY. It has no validation and no paper account of its own."""
    key = os.environ["QUAY_KEY"]
    venue = QuayVenue(os.environ["QUAY_URL"], key, clock)
    return Opened(venue, modes=("live", "validate"), secrets=(key,))


def open_empty_quay(settings: Settings, documents: Documents, clock: Clock) -> Opened:
    """Another venue, as far as the ledger knows: it lists no order."""
    opened = open_quay(settings, documents, clock)
    return opened._replace(venue=EmptyQuay(os.environ["QUAY_URL"], os.environ["QUAY_KEY"], clock))


class QuayVenue:
    name = "the Quay"

    def __init__(self, url: str, key: str, clock: Clock) -> None:
        self._url, self._clock = url, clock
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Quay-Key"] = key

    def words_for(self, request: OrderRequest) -> Mapping[str, str]:
        return words.words_for(request)

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        told = dict(request.sent)
        if request.method == "AddOrder":
            told |= {"tag": client_order_id, "void_after": str(words.milliseconds(deadline))}
            return self._told("POST", "tickets", told, budget)
        number = told.pop("ticket", None) or self._number_of(told.pop("tag"), budget)
        method = "DELETE" if request.method == "CancelOrder" else "PATCH"
        return self._told(method, f"tickets/{number}", told, budget)

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        told = {**request.sent, "tag": ""}
        return self._told("POST", "tickets?try=yes", told, budget)

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        return self._found(client_order_id, "yes", budget)

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        return self._found(client_order_id, "no", budget)

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        now = self._clock.now()
        listed = self._read("markets", budget).items()
        every = [words.instrument_of(code, row, now) for code, row in listed]
        return [one for one in every if pairs is None or {one.key, one.altname} & set(pairs)]

    def last_price(
        self,
        instrument: Instrument,
        budget: Budget,
        reference: Decimal | None = None,
        *,
        max_age_s: float = 0.0,
    ) -> Decimal:
        return Decimal(self._read("prices", budget)[instrument.key])

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        price = self.last_price(instrument, budget)
        return price, price

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        known = self._read("prices", budget)
        return {one.key: Decimal(known[one.key]) for one in instruments if one.key in known}

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        return {
            asset: Balance(Decimal(row["owned"]), Decimal(row["reserved"]))
            for asset, row in self._read("purse", budget).items()
        }

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        return ()

    def equity(self, quote: str, budget: Budget) -> Decimal:
        markets, prices = self._read("markets", budget), self._read("prices", budget)
        worth = {quote: Decimal(1)}
        worth |= {
            row["coin"]: Decimal(prices[code])
            for code, row in markets.items()
            if row["money"] == quote
        }
        purse = self._read("purse", budget)
        return sum((Decimal(purse[a]["owned"]) * worth.get(a, ZERO) for a in purse), ZERO)

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        return {pair.key: FEES for pair in pairs}

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        return tuple(map(words.resting_order, self._read("tickets?working=yes", budget)))

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        return self.orders([order_id], budget).get(order_id)

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        shown = map(words.resting_order, self._tickets(order_ids, budget))
        return {order.order_id: order for order in shown}

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        gone = map(words.resting_order, self._read("tickets?working=no", budget))
        return tuple(one for one in gone if one.closed_at is None or one.closed_at >= since)

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        order = self.order(order_id, budget)
        return None if order is None or not order.executed else order.closed_at

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        return {one["ticket"]: words.fill(one) for one in self._tickets(order_ids, budget)}

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        after, last = words.milliseconds(since), words.milliseconds(until)
        deals = self._read(f"deals?after={after}&until={last}", budget)
        return TradesPage(tuple(map(words.trade, deals)), complete=True)

    def account(self, budget: Budget) -> Mapping[str, Any]:
        working = {one["ticket"]: one for one in self._read("tickets?working=yes", budget)}
        purse = {asset: row["owned"] for asset, row in self._read("purse", budget).items()}
        return {"balances": purse, "open_orders": working, "positions": {}}

    def diagnose(self, deadline_s: int) -> Iterator[Finding]:
        markets = self._read("markets", Budget.start(self._clock, READ_S))
        yield ok("markets", f"{len(markets)} listed")

    def _told(self, method: str, path: str, told: Mapping[str, str], budget: Budget) -> Outcome:
        """Sent once. Refused is only what the Quay refuses in words of its own; a reply that is
        lost, or that says anything else, proves nothing."""
        try:
            reply = self._session.request(
                method, f"{self._url}/{path}", json=dict(told), timeout=budget.remaining()
            )
            said = reply.json()
        except requests.ConnectionError as error:
            if isinstance(
                getattr(error.args[0], "reason", None), NewConnectionError | ConnectTimeoutError
            ):
                return NotSent("no connection to the Quay could be made")
            return Unknown("the reply of the Quay was lost")
        except (requests.RequestException, ValueError):
            return Unknown("the Quay gave no answer that can be read")
        if reply.status_code == 200:
            return Accepted(said.get("ticket", ""))
        refused = tuple(said.get("refused", ()))
        if reply.status_code not in (401, 404, 422) or not refused:
            return Unknown(f"the Quay answered {reply.status_code}")
        because = words.REFUSALS.get(refused[0])
        return Rejected(refused, stale_rules="too_small" in refused, because=because)

    def _read(self, path: str, budget: Budget) -> Any:
        try:
            seconds = min(READ_S, budget.remaining())
            reply = self._session.get(f"{self._url}/{path}", timeout=seconds)
            reply.raise_for_status()
            return reply.json()
        except (requests.RequestException, ValueError) as error:
            raise VenueUnavailable(f"The Quay could not be read: {type(error).__name__}") from None

    def _tickets(self, order_ids: Sequence[str], budget: Budget) -> list[Mapping[str, Any]]:
        return [one for name in order_ids for one in self._read(f"tickets/{name}", budget)]

    def _found(self, tag: str, working: str, budget: Budget) -> VenueOrder | None:
        found = self._read(f"tickets?working={working}&tag={tag}", budget)
        return words.venue_order(found[0]) if found else None

    def _number_of(self, tag: str, budget: Budget) -> str:
        found = self.find_open(tag, budget)
        return "none" if found is None else found.order_id


class EmptyQuay(QuayVenue):
    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        return None

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        return None
