"""What the application needs from outside. Adapters implement these; bootstrap alone knows which.

Three kinds of small classes are built here and elsewhere, since a cold start pays for each: a frozen dataclass (0.6 ms) where
money hangs on it, where two kinds must never be equal or where a repr must hide something; a NamedTuple (0.1 ms) for every
other value; a dataclass without comparison and repr (0.2 ms) for what has services inside.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from webhook_core.ledger.entry import LedgerEntry, State, Unit
from webhook_core.ledger.unfinished import Unfinished
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Fill, OrderRequest, Outcome, VenueOrder
from webhook_core.value import Value

if TYPE_CHECKING:
    from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
    from webhook_core.trading.rules import Fees


class Clock(Protocol):
    """Time as a value that a test can hold still."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Budget(NamedTuple):
    """How long one request may still take. ``ends_at`` is in the clock's monotonic seconds."""

    clock: Clock
    ends_at: float

    @classmethod
    def start(cls, clock: Clock, seconds: float) -> Budget:
        return cls(clock, clock.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.ends_at - self.clock.monotonic())

    def at_most(self, seconds: float) -> Budget:
        """The same budget, or the next ``seconds``, whichever ends first."""
        return Budget(self.clock, min(self.ends_at, self.clock.monotonic() + seconds))

    def less(self, seconds: float) -> Budget:
        """The same budget, ended ``seconds`` earlier: what comes after keeps that much."""
        return Budget(self.clock, self.ends_at - seconds)


class Venue(Protocol):
    """Kraken, or Kraken on paper. Every call ends within its budget."""

    def submit(self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget) -> Outcome:
        """One AddOrder that can have been processed, at most; or the CancelOrder or AmendOrder that the request is. Never raises
        for an expected failure."""
        ...

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        """AddOrder with Kraken's validate flag: nothing can trade. Accepted (without an order id) means "would be taken"."""
        ...

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        """None means that a complete read of the open orders lacks it. Raises VenueUnavailable when the read proves nothing."""
        ...

    def find_closed(self, client_order_id: str, since: datetime, budget: Budget) -> VenueOrder | None:
        """The same for the closed orders from ``since`` on, all pages."""
        ...

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        """Pair rules from AssetPairs; None: all. An unknown pair: an empty list. Raises VenueUnavailable."""
        ...

    def last_price(self, instrument: Instrument, budget: Budget, reference: Decimal | None = None) -> Decimal:
        """The last traded price from Ticker. ``reference``: the alert's idea of it, for a venue on paper. Raises
        VenueUnavailable."""
        ...

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        """Pair key -> last traded price, from one Ticker; a pair without one is left out. ``reference`` (pair key -> price)
        is the alert's idea of them, for a venue on paper. Raises VenueUnavailable."""
        ...

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        """Asset id -> Balance, from BalanceEx; staked, opted-in and reward variants of an asset are left out. Raises
        VenueUnavailable."""
        ...

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        """Every open margin position of the account, oldest first, from OpenPositions. Raises VenueUnavailable."""
        ...

    def equity(self, quote: str, budget: Budget) -> Decimal:
        """Worth of the whole account in that asset, open margin positions included, from TradeBalance. Raises
        VenueUnavailable."""
        ...

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        """Pair key -> what the account pays there, in percent, from TradeVolume; a pair that Kraken does not answer for is
        left out. Raises VenueUnavailable."""
        ...

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        """Every open order of the account, from OpenOrders. Raises VenueUnavailable."""
        ...

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        """One order, open or closed, from QueryOrders; None for one that Kraken does not show. Raises VenueUnavailable."""
        ...

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        """Order id -> the order, open or closed, from a QueryOrders for every 50; one that Kraken does not show is left
        out. Raises VenueUnavailable."""
        ...

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        """The newest 200 orders that were closed since then, from ClosedOrders: older ones may be missing. Raises
        VenueUnavailable."""
        ...

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        """When an order traded last, from QueryOrders and QueryTrades; None where Kraken shows no trade
        of it. Raises VenueUnavailable."""
        ...

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        """Order id -> Fill, from a QueryOrders for every 50; one that Kraken does not show is left out. Raises
        VenueUnavailable."""
        ...

    def account(self, budget: Budget) -> Mapping[str, Any]:
        """balances, open_orders and positions, for the operator. Raises VenueUnavailable."""
        ...


class _Stored(Value):
    """``entry`` is what is stored now. Answers of two kinds are never equal, whatever they hold."""

    __slots__ = ("entry",)
    __match_args__ = ("entry",)

    def __init__(self, entry: LedgerEntry) -> None:
        self.entry = entry


class Claimed(_Stored):
    """We are the one delivery that may send."""

    __slots__ = ()


class Existing(_Stored):
    """Somebody was here before, or wrote in between."""

    __slots__ = ()


class Waiting(_Stored):
    """Nothing was written: ``entry``, another one of its line, is SUBMITTING. It may be claimed later."""

    __slots__ = ()


class Superseded(_Stored):
    """Nothing was written, nor ever will be: ``entry``, which was fired later, has been claimed before."""

    __slots__ = ()


class Outdated(NamedTuple):
    """Nothing was written: the line has been claimed since ``turn.mark`` was read, so the plan rests on old facts."""

    def __bool__(self) -> bool:
        return True  # an empty tuple is not, and this is an answer


class Recorded(_Stored):
    """The write happened; ``entry`` carries its new version."""

    __slots__ = ()


Claim = Claimed | Existing | Waiting | Superseded | Outdated


class Page(NamedTuple):
    """Entries, and the cursor of the next page (None at the end)."""

    entries: Sequence[LedgerEntry]
    cursor: str | None


class Ledger(Protocol):
    """What we know of every alert. Every method raises LedgerUnavailable, and then nothing can be concluded."""

    def claim(self, entry: LedgerEntry) -> Claim:
        """Write once, durably, if the unit is absent. One winner across threads, processes and instances.

        A unit that is there is Existing, whatever its line says. Else its turn is checked in one step with the write:
        Superseded, Waiting, Outdated, in this order. The entry may be in a terminal state already: it takes its turn and
        leaves the line free.
        """
        ...

    def claim_next(self, entry: LedgerEntry) -> Claim:
        """Write the next attempt of an entry that is stored and not SUBMITTING, or the first of one that was MISSED: a record
        that checks the turn again, and in which the entry takes its place in its line."""
        ...

    def record(self, entry: LedgerEntry) -> Recorded | Existing:
        """Write if the stored version is still ``entry.version``; else Existing with what is stored."""
        ...

    def mark(self, line: str) -> str:
        """Changes with every claim in that line, first and next attempts alike; empty before the first."""
        ...

    def find(self, unit: Unit) -> LedgerEntry | None: ...

    def newest_generation(self, unit: Unit) -> LedgerEntry | None:
        """The entry of the highest generation of this unit, whatever generation ``unit`` names."""
        ...

    def entries(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
        newest_first: bool = True,
    ) -> Page:
        """By time of the first claim; one that can't be read is left out, and logged. Raises ValueError for a cursor that is
        not ours."""
        ...

    def unfinished(self, mode: str, account: str, kinds: Collection[Unfinished], limit: int) -> Sequence[LedgerEntry]:
        """Accepted orders of that mode and account, of these kinds, whose fill is not known to be final: at most ``limit`` of
        them, in no order."""
        ...

    def of_orders(self, mode: str, account: str, order_ids: Collection[str]) -> Sequence[LedgerEntry]:
        """The entries of that mode and account whose last attempt came to one of these orders, by the venue's ids, in no
        order. One that an earlier version wrote may be missing."""
        ...

    def purge(self, claimed_before: datetime, limit: int) -> int:
        """Delete at most ``limit`` terminal entries claimed before that moment; how many."""
        ...


class Document(NamedTuple):
    """A small text and the version that a compare-and-set names."""

    text: str
    version: str


@runtime_checkable
class RemembersItsKey(Protocol):
    """A venue that goes by what it was told of its own key."""

    def read_key_if_due(self) -> bool:
        """Ask again, where it was not asked for a day; whether it was asked. Raises VenueUnavailable."""
        ...


class Documents(Protocol):
    """A few named texts beside the ledger: the pair rules, the paper book. Raises LedgerUnavailable."""

    def read(self, name: str) -> Document | None: ...

    def write(self, name: str, text: str, version: str | None) -> bool:
        """True if the stored version was still ``version`` (None: absent) and the text is written now."""
        ...
