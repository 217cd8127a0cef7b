"""Kraken as one instance meets it: over a network that delays and loses, in front of the
exchange with its book."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.simulation.exchange import BookOrder, Exchange, Message
from tests.simulation.process import Process
from tests.simulation.world import SECOND, START, in_seconds
from webhook_core.clock import Budget
from webhook_core.errors import VenueUnavailable
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import (
    Fill,
    NotSent,
    OrderRequest,
    Outcome,
    Unknown,
    VenueOrder,
)
from webhook_core.trading.rules import Fees
from webhook_core.trading.venue_trades import TradesPage

SIZES = "no alert of the simulation is sized by what the account is worth"
CHANGES = "no alert of the simulation changes an order"


@dataclass
class Flight:
    """One AddOrder under way. ``outcome`` is there once the engine has judged it."""

    message: Message
    outcome: Outcome | None = None


class SimulatedVenue:
    """Kraken over a network that delays and loses; every call ends within its budget, unless the
    process stands still."""

    def __init__(self, process: Process, exchange: Exchange) -> None:
        self._process, self._exchange = process, exchange

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        process, chaos = self._process, self._process.chaos
        process.point("submit", "begins")
        if self._left(budget) < SECOND:
            return self._ended(
                "submit", NotSent("the request's time was used up before it could be sent")
            )
        if chaos.happens("not_connected"):
            process.wait(chaos.travel())
            return self._ended("submit", NotSent("no connection to Kraken could be made"))
        if chaos.happens("message_paused"):
            pause = chaos.seconds(3, 400)
            process.tell(
                f"venue.submit: the process STANDS STILL for {pause / SECOND:.3f} s just before "
                "the bytes leave"
            )
            process.wait(pause)
        flight = Flight(self._message(request, client_order_id, deadline))
        outcome = self._exchanged(flight, process.world.now + max(self._left(budget), 1000))
        process.tell("venue.submit %s -> %s", client_order_id[:8], outcome)
        process.point("submit", "ends")
        return outcome

    def _message(self, request: OrderRequest, client_order_id: str, deadline: datetime) -> Message:
        """What leaves this machine."""
        assert request.method == "AddOrder", CHANGES
        return Message(dict(request.parameters), client_order_id, deadline)

    def _exchanged(self, flight: Flight, give_up_at: int) -> Outcome:
        """The message leaves now; its answer, or the lack of one by the time we stop waiting."""
        process, chaos, world = self._process, self._process.chaos, self._process.world
        travel = chaos.travel()
        if chaos.happens("message_late"):
            travel = chaos.seconds(1, 30) if chaos.random.random() < 0.6 else chaos.seconds(30, 400)
        lost = chaos.happens("message_lost")
        process.tell(
            "AddOrder %s leaves, deadline %s, %s",
            flight.message.client_order_id[:8],
            flight.message.deadline,
            "and is LOST" if lost else f"takes {in_seconds(travel)}",
        )
        if not lost:
            world.after(travel, lambda: self._arrive(flight))
        back_at = world.now + travel + 1 + chaos.travel()
        if lost or chaos.happens("reply_lost") or back_at > give_up_at:
            # Timed out, or cut off.
            process.wait(give_up_at - world.now if chaos.random.random() < 0.7 else 0)
            return Unknown("the exchange with Kraken broke off")
        process.wait(back_at - world.now)
        assert flight.outcome is not None
        if chaos.happens("venue_error"):
            return Unknown("Kraken's front answered with HTTP status 502")
        return flight.outcome

    def _arrive(self, flight: Flight) -> None:
        flight.outcome = self._exchange.arrive(flight.message)

    def validate(self, request: OrderRequest, budget: Budget) -> Outcome:
        raise AssertionError("no alert of the simulation only validates")

    def find_open(self, client_order_id: str, budget: Budget) -> VenueOrder | None:
        return self._read(
            "find_open", budget, lambda: self._find_open(client_order_id), client_order_id
        )

    def find_closed(
        self, client_order_id: str, since: datetime, budget: Budget
    ) -> VenueOrder | None:
        return self._read(
            "find_closed",
            budget,
            lambda: self._find_closed(client_order_id, since),
            client_order_id,
        )

    def _find_open(self, client_order_id: str) -> VenueOrder | None:
        return _listed(self._exchange.find_open(client_order_id), "open")

    def _find_closed(self, client_order_id: str, since: datetime) -> VenueOrder | None:
        return _listed(self._exchange.find_closed(client_order_id, since), "closed")

    def instruments(self, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
        def asked() -> list[Instrument]:
            rules = self._exchange.instruments()
            return [r for r in rules if pairs is None or {r.key, r.altname} & set(pairs)]

        return self._read("instruments", budget, asked)

    def last_price(
        self,
        instrument: Instrument,
        budget: Budget,
        reference: Decimal | None = None,
        *,
        max_age_s: float = 0.0,
    ) -> Decimal:
        return self._read("last_price", budget, self._exchange.price)

    def book(self, instrument: Instrument, budget: Budget) -> tuple[Decimal, Decimal] | None:
        return None

    def prices(
        self, instruments: Collection[Instrument], budget: Budget, reference: Mapping[str, Decimal]
    ) -> Mapping[str, Decimal]:
        def asked() -> Mapping[str, Decimal]:
            return {instrument.key: self._exchange.price() for instrument in instruments}

        return self._read("prices", budget, asked)

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        return self._read("balances", budget, self._exchange.balances)

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        return self._read("positions", budget, self._exchange.positions)

    def equity(self, quote: str, budget: Budget) -> Decimal:
        raise AssertionError(SIZES)

    def fees(self, pairs: Collection[Instrument], budget: Budget) -> Mapping[str, Fees]:
        return {}  # no size here follows from them

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        return self._read(
            "open_orders", budget, lambda: tuple(map(_resting, self._exchange.open()))
        )

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        raise AssertionError(CHANGES)

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        raise AssertionError(CHANGES)

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        def asked() -> tuple[RestingOrder, ...]:
            orders = map(_done, self._exchange.closed())
            return tuple(one for one in orders if one.closed_at and one.closed_at >= since)

        return self._read("orders_closed", budget, asked)

    def last_traded(self, order_id: str, budget: Budget) -> datetime | None:
        raise AssertionError(CHANGES)

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        return self._read("fills", budget, lambda: self._exchange.fills(order_ids))

    def trades(self, since: datetime, until: datetime, budget: Budget, skip: int = 0) -> TradesPage:
        return TradesPage((), complete=True)  # what is counted moves no order

    def account(self, budget: Budget) -> Mapping[str, Any]:
        raise AssertionError("nobody in the simulation asks for the account")

    def _read(self, what: str, budget: Budget, ask: Callable[[], Any], about: str = "") -> Any:
        process, chaos = self._process, self._process.chaos
        process.point(what, "begins")
        if self._left(budget) <= 0 or chaos.happens("read_failed"):
            process.wait(chaos.travel())
            process.tell("FAILED venue.%s %s", what, about[:8])
            raise VenueUnavailable("Kraken could not be read.")
        result = ask()
        process.tell("venue.%s %s -> %s", what, about[:8], result)
        process.point(what, "ends")
        return result

    def _ended(self, what: str, outcome: Outcome) -> Outcome:
        self._process.tell("venue.%s -> %s", what, outcome)
        return outcome

    def _left(self, budget: Budget) -> int:
        """The budget without a look at the port's clock: this adapter knows the time."""
        process = self._process
        return int(budget.ends_at * SECOND) - (process.world.now - process.booted_at)


def _listed(order: BookOrder | None, status: str) -> VenueOrder | None:
    return None if order is None else VenueOrder(order.order_id, order.client_order_id, status)


def _done(order: BookOrder) -> RestingOrder:
    closed_at = _moment(order.closed_at or 0)
    return _resting(order)._replace(executed=order.filled, status="closed", closed_at=closed_at)


def _resting(order: BookOrder) -> RestingOrder:
    return RestingOrder(
        order.order_id,
        order.parameters["pair"],
        Side(order.parameters["type"]),
        order.parameters["ordertype"],
        Decimal(order.volume),
        Decimal(0),
        _moment(order.placed_at),
        client_order_id=order.client_order_id,
        margin=order.is_margin,
    )


def _moment(at: int) -> datetime:
    return START + timedelta(microseconds=at)
