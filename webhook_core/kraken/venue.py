"""Kraken as the Venue of the application: submit, look up, read the market."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from webhook_core.clock import ENOUGH_TO_SEND_S, Budget, Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.client import READ_S, KrakenClient
from webhook_core.kraken.replies import outcome_of, result_of
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import (
    Fill,
    Method,
    NotSent,
    OrderRequest,
    Outcome,
    Unknown,
    VenueOrder,
)

if TYPE_CHECKING:
    from webhook_core.findings import Finding
    from webhook_core.kraken.order_reads import OrderReads
    from webhook_core.kraken.tickers import Tickers
    from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
    from webhook_core.trading.rules import Fees
    from webhook_core.trading.venue_trades import TradesPage

RESENDS = 2


class KrakenVenue:
    """``note_price`` hears the alert's reference price before each order; the paper venue trades at
    it, and a plan counts by it too (``priced_by_alerts``).

    What a plain order doesn't need (reads of the account, cancels) is imported when
    it is first asked for.
    """

    name = "Kraken"

    def __init__(
        self,
        client: KrakenClient,
        clock: Clock,
        note_price: Callable[[str, Decimal], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._note_price = note_price
        self.priced_by_alerts = note_price is not None

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        parameters = dict(request.parameters)
        if request.method == "AddOrder":
            parameters["cl_ord_id"] = client_order_id  # elsewhere it says which order is meant
        if request.method != "CancelOrder":
            parameters["deadline"] = rfc3339(deadline)
        try:
            return self._no_book(request) or self._send(request.method, parameters, budget)
        except Exception:  # noqa: BLE001  after a claim nothing may escape: what we can't explain is unknown
            event(
                logging.ERROR, "order.submit_failed", exc_info=True, client_order_id=client_order_id
            )
            return Unknown("an unexpected failure while sending")

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        """Raises ValueError for a cancel or an amendment: Kraken would carry it out."""
        if request.method != "AddOrder":
            raise ValueError(f"{request.method} can't be validated")
        # Any value means validate: never send "false".
        parameters = {**request.parameters, "validate": "true"}
        return outcomes.of_validation(self._client.private("AddOrder", parameters, budget))

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        return self._orders(budget).find_open(client_order_id)

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        return self._orders(budget).find_closed(client_order_id, since)

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        if pairs is None and self.priced_by_alerts:
            # The paper Kraken's own are in the records, and a thousand stored rows
            # would slow every start.
            return []
        from webhook_core.kraken import market_data

        return market_data.instruments(self._client, self._clock, pairs, budget)

    def last_price(
        self,
        instrument: Instrument,
        budget: Budget,
        reference: Decimal | None = None,
        *,
        max_age_s: float = 0.0,
    ) -> Decimal:
        if reference is not None and self.priced_by_alerts:
            return reference
        return self._tickers.last(instrument, budget, reference, max_age_s)

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        return self._tickers.book(instrument, budget)

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        return self._tickers.prices(instruments, budget, reference)

    @cached_property
    def _tickers(self) -> Tickers:
        from webhook_core.kraken.tickers import Tickers

        return Tickers(self._client, priced_by_alerts=self.priced_by_alerts)

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        from webhook_core.kraken import account

        return account.balances(self._read("BalanceEx", {}, budget))

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        from webhook_core.kraken import account

        return account.positions(self._read("OpenPositions", {}, budget))

    def equity(self, quote: str, budget: Budget) -> Decimal:
        from webhook_core.kraken import account

        return account.equity(self._read("TradeBalance", {"asset": quote}, budget))

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        from webhook_core.kraken import account

        asked = ",".join(pair.key for pair in pairs)
        return account.fees(self._read("TradeVolume", {"pair": asked}, budget), pairs)

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        return self._orders(budget).open()

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        return self.orders([order_id], budget).get(order_id)

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        return self._orders(budget).named(order_ids)

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        return self._orders(budget).closed(since)

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        return self._orders(budget).last_traded(order_id)

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        return self._orders(budget).fills(order_ids)

    def _orders(self, budget: Budget) -> OrderReads:
        from webhook_core.kraken.order_reads import OrderReads

        return OrderReads(lambda method, asked: self._read(method, asked, budget))

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        return self._orders(budget).trades(since, until, skip)

    def account(self, budget: Budget) -> Mapping[str, Any]:
        return {
            "balances": self._read("BalanceEx", {}, budget),
            "open_orders": self._read("OpenOrders", {}, budget).get("open", {}),
            "positions": self._read("OpenPositions", {}, budget),
        }

    def read_key_if_due(self) -> bool:
        """Ask once a day how far the nonces of the key may overtake each other; whether it was
        asked. Raises VenueUnavailable."""
        if not self._client.window_is_due:
            return False
        from webhook_core.kraken import key_diagnosis

        key_diagnosis.read_nonce_window(self._client, self._clock)
        return True

    def diagnose(self, deadline_s: int) -> Iterator[Finding]:
        """What the doctor asks of Kraken: its status, the clock, by which deadlines of so many
        seconds are set, the key."""
        from webhook_core.kraken import diagnosis  # only the doctor needs it

        return diagnosis.diagnose(self._client, self._clock, deadline_s)

    def _send(self, method: Method, parameters: Mapping[str, str], budget: Budget) -> Outcome:
        """Sent again, with a fresh nonce, only after a proof that Kraken didn't process it."""
        for resend in range(RESENDS):
            reply = self._client.private(method, parameters, budget, ENOUGH_TO_SEND_S)
            if not outcomes.resend_is_safe(reply):
                return outcome_of(method, parameters, reply, self._clock.now())
            self._clock.sleep(min(0.1 * resend, budget.remaining()))
        reply = self._client.private(method, parameters, budget, ENOUGH_TO_SEND_S)
        return outcome_of(method, parameters, reply, self._clock.now())

    def tell_price(self, pair: str, price: Decimal) -> None:
        """What the paper market of a pair stands at; Kraken's own is not told.

        Raises ValueError.
        """
        if self._note_price is not None:
            self._note_price(pair, price)

    def _no_book(self, request: OrderRequest) -> NotSent | None:
        """Tell the paper venue the alert's price. None unless its book can't be written."""
        price = request.reference_price
        named = "pair" in request.parameters  # a cancel names none
        if self._note_price is None or price is None or not named:
            return None
        try:
            self._note_price(request.pair, price)
        except LedgerUnavailable as error:
            return NotSent(error.message)
        except ValueError:  # no pair or price of paper's: its answer to the order will say so
            return None
        return None

    def _read(
        self, method: str, parameters: Mapping[str, str], budget: Budget
    ) -> Mapping[str, Any]:
        return result_of(self._client.private(method, parameters, budget.at_most(READ_S)), method)


def rfc3339(moment: datetime) -> str:
    """Whole seconds and Z, as in Kraken's own example of ``deadline``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
