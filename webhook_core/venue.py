"""What the application needs from outside. Adapters implement these; bootstrap knows which.

Small classes, here and elsewhere, are made of webhook_core.value, since a cold start pays for each:
a frozen Record with Value where money hangs on it, where two kinds must never be equal or where a
repr must hide something; a Record alone for what has services inside; a NamedTuple for every other
value. What a first alert does not load may be a dataclass, or a NamedTuple of typing's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from webhook_core.clock import Budget
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Fill, OrderRequest, Outcome, VenueOrder
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
    from webhook_core.trading.rules import Fees
    from webhook_core.trading.venue_trades import TradesPage


class Venue(Protocol):
    """Where orders go: Kraken, Kraken on paper, or another. Every call ends within its budget.

    Kraken's calls (AddOrder, OpenOrders …) say what each method is for; another venue has its own.
    """

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        """One AddOrder that can have been processed, at most; or the CancelOrder or AmendOrder that
        the request is. Never raises for an expected failure."""

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        """AddOrder with Kraken's validate flag: nothing can trade.

        Accepted (without an order id) means "would be taken".
        """

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        """None means that a complete read of the open orders lacks it.

        Raises VenueUnavailable when the read proves nothing.
        """

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        """The same for the closed orders from ``since`` on, all pages."""

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        """Pair rules from AssetPairs; None: all.

        An unknown pair: an empty list. Raises VenueUnavailable.
        """

    def last_price(
        self,
        instrument: Instrument,
        budget: Budget,
        reference: Decimal | None = None,
        *,
        max_age_s: float = 0.0,
    ) -> Decimal:
        """The last traded price from Ticker, or one that was read no longer ago than ``max_age_s``.
        ``reference``: the alert's idea of it, for a venue on paper. Raises VenueUnavailable."""

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        """The best bid and ask from Ticker, at most some seconds old; None for a venue on paper
        that has one price alone. Raises VenueUnavailable."""

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        """Pair key -> last traded price, from one Ticker; a pair without one is left out.

        ``reference`` (pair key -> price) is the alert's idea of them, for a venue on
        paper. Raises VenueUnavailable.
        """

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        """Asset id -> Balance, from BalanceEx; staked, opted-in and reward variants of an asset are
        left out. Raises VenueUnavailable."""

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        """Every open margin position of the account, oldest first, from OpenPositions.

        Raises VenueUnavailable.
        """

    def equity(self, quote: str, budget: Budget) -> Decimal:
        """Worth of the whole account in that asset, open margin positions included, from
        TradeBalance. Raises VenueUnavailable."""

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        """Pair key -> what the account pays there, in percent, from TradeVolume; a pair that Kraken
        does not answer for is left out. Raises VenueUnavailable."""

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        """Every open order of the account, from OpenOrders. Raises VenueUnavailable."""

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        """One order, open or closed, from QueryOrders; None for one that Kraken does not show.

        Raises VenueUnavailable.
        """

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        """Order id -> the order, open or closed, from a QueryOrders for every 50; one that Kraken
        does not show is left out. Raises VenueUnavailable."""

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        """The newest 200 orders that were closed since then, from ClosedOrders; fewer are all of
        them. Raises VenueUnavailable."""

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        """When an order traded last, from QueryOrders and QueryTrades; None where Kraken shows no
        trade of it. Raises VenueUnavailable."""

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        """Order id -> Fill, from a QueryOrders for every 50; one that Kraken does not show is left
        out. Raises VenueUnavailable."""

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        """What the account traded after ``since`` and no later than ``until``, from TradesHistory:
        all of it, or the oldest fifty behind ``skip`` pages. Raises VenueUnavailable."""

    def account(self, budget: Budget) -> Mapping[str, Any]:
        """balances, open_orders and positions, for the operator. Raises VenueUnavailable."""


class Opened(NamedTuple):
    """What the function comes to that VENUE names. ``modes`` are the values of TRADING_MODE in
    which it may be used; ``secrets`` are in no log line."""

    venue: Venue
    modes: Collection[str]
    secrets: Sequence[str] = ()


@runtime_checkable
class HasItsOwnWords(Protocol):
    """A venue that calls the fields of an order otherwise than Kraken does."""

    def words_for(self, request: OrderRequest) -> Mapping[str, str]:
        """What the venue is told of that order, cancel or amendment, but for the client order id
        and the deadline; kept with its claim. Pure.

        Raises OrderDenied for what the venue has no words for.
        """


@runtime_checkable
class RemembersItsKey(Protocol):
    """A venue that goes by what it was told of its own key."""

    def read_key_if_due(self) -> bool:
        """Ask again, where it was not asked for a day; whether it was asked.

        Raises VenueUnavailable.
        """


@runtime_checkable
class HearsPrices(Protocol):
    """A venue whose market can be told where it stands."""

    def tell_price(self, pair: str, price: Decimal) -> None: ...


@runtime_checkable
class SaysWhosePricesTheseAre(Protocol):
    """A venue that knows no price but what an alert says, or does."""

    @property
    def priced_by_alerts(self) -> bool:
        """Whether an alert's own price is the market's."""
