"""The venue's own side: an engine with a book, as Kraken's public documents and two assumptions have it.

A1: an order that arrives after its ``deadline`` is not placed. A2: REST reads show every order after a minute at most,
open and closed ones each with a lag of their own. A client order id is unique among open orders only, and a market
order closes at once (docs.kraken.com, add-order and spot-clordid). Nothing here looks at the code under test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from tests.simulation.chaos import Chaos
from tests.simulation.world import SECOND, START, World
from tests.support.instruments import BTC_USD
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Accepted, Fill, NotSent, Outcome, Rejected, Unknown

ETH_USD = replace(BTC_USD, key="XETHZUSD", altname="ETHUSD", wsname="ETH/USD", base="XETH", pair_decimals=2)


@dataclass(frozen=True, slots=True)
class Message:
    """An AddOrder on its way."""

    parameters: Mapping[str, str]
    client_order_id: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class BookOrder:
    """``closed_at``: known from the start, since nothing that we do closes an order. None: it rests for good."""

    order_id: str
    client_order_id: str
    parameters: Mapping[str, str]
    placed_at: int
    closed_at: int | None

    @property
    def volume(self) -> str:
        return self.parameters["volume"]

    def is_open(self, at: int) -> bool:
        return self.placed_at <= at and (self.closed_at is None or at < self.closed_at)

    def is_closed(self, at: int) -> bool:
        return self.closed_at is not None and self.closed_at <= at


class Listener(Protocol):
    def arrived(self, message: Message) -> None: ...

    def placed(self, order: BookOrder) -> None: ...


class Exchange:
    """``tick_decimals``: what the engine asks of prices by now; the packaged rules may not know it yet."""

    def __init__(self, world: World, chaos: Chaos, listener: Listener) -> None:
        self.book: list[BookOrder] = []
        self._world, self._chaos, self._listener = world, chaos, listener
        self._price = Decimal(50000)
        self._volatile = not chaos.calm and world.random.random() < 0.4
        self._coarser = world.random.random() < 0.25

    def arrive(self, message: Message) -> Outcome:
        """Kraken's answer to an AddOrder that has reached it."""
        self._listener.arrived(message)
        outcome = self._judge(message)
        if outcome is None:
            order = self._place(message)
            outcome = Accepted(order.order_id, f"{message.parameters['type']} {order.volume}")
        self._world.tell("kraken", f"AddOrder {message.client_order_id[:8]} arrived: {outcome}")
        return outcome

    def _judge(self, message: Message) -> Outcome | None:
        chaos, parameters = self._chaos, message.parameters
        if chaos.happens("throttled"):
            return NotSent("refused before processing", ("EOrder:Rate limit exceeded",))
        if self._world.moment() > message.deadline:
            return Unknown("the answer proves nothing", ("EService:Deadline elapsed",))
        if chaos.happens("refused"):
            return Rejected(("EOrder:Insufficient funds",))
        price = parameters.get("price")
        if price is not None and -Decimal(price).as_tuple().exponent > self._decimals(parameters["pair"]):
            return Rejected(("EOrder:Tick size check failed",), stale_rules=True)
        now = self._world.now
        if any(order.client_order_id == message.client_order_id and order.is_open(now) for order in self.book):
            return Unknown("the answer proves nothing", ("EGeneral:Invalid arguments:cl_ord_id not unique",))
        return None

    def _place(self, message: Message) -> BookOrder:
        now = self._world.now
        closed_at = None if (rests := self._rests(message)) is None else now + rests
        order = BookOrder(f"O{len(self.book) + 1:05}", message.client_order_id, message.parameters, now, closed_at)
        self.book.append(order)
        self._listener.placed(order)
        return order

    def _rests(self, message: Message) -> int | None:
        """How long it stays open: a market order not at all, a limit order for a while, often a minute or two, or for good."""
        draw = self._world.random.random()
        if message.parameters["ordertype"] == "market":
            return 0
        if draw < 0.15:
            return None
        return self._chaos.seconds(0, 240) if draw < 0.5 else self._chaos.seconds(40, 130)

    def find_open(self, client_order_id: str) -> BookOrder | None:
        """What OpenOrders shows now, each order as it was a lag ago."""
        now = self._world.now
        return next((o for o in self._own(client_order_id) if o.is_open(now - self._chaos.lag())), None)

    def find_closed(self, client_order_id: str, since: datetime) -> BookOrder | None:
        """The same for ClosedOrders, for orders that were opened or closed since then."""
        now, start = self._world.now, int((since - START) / timedelta(microseconds=1)) - 60 * SECOND
        own = (order for order in self._own(client_order_id) if max(order.placed_at, order.closed_at or 0) >= start)
        return next((order for order in own if order.is_closed(now - self._chaos.lag())), None)

    def fills(self, order_ids: Sequence[str]) -> dict[str, Fill]:
        """QueryOrders: what each order came to, as it was a lag ago; one that was not there yet is left out."""
        found: dict[str, Fill] = {}
        for order in (order for order in self.book if order.order_id in order_ids):
            at = self._world.now - self._chaos.lag()
            if order.is_closed(at):
                found[order.order_id] = Fill("closed", Decimal(order.volume), self._price, Decimal(250), Decimal(1))
            elif order.is_open(at):
                found[order.order_id] = Fill("open", Decimal(0), None, Decimal(0), Decimal(0))
        return found

    def _own(self, client_order_id: str) -> list[BookOrder]:
        return [order for order in self.book if order.client_order_id == client_order_id]

    def price(self) -> Decimal:
        """The market, which may double and halve between any two reads."""
        if self._volatile and self._world.random.random() < 0.5:
            self._price = Decimal(50000) if self._price > 100000 else Decimal(150000)
        return self._price

    def instruments(self) -> list[Instrument]:
        """AssetPairs."""
        as_of = self._world.moment()
        return [replace(rules, pair_decimals=self._decimals(rules.key), tick_size=None, as_of=as_of) for rules in RULES]

    def _decimals(self, pair: str) -> int:
        rules = next(rules for rules in RULES if rules.key == pair)
        assert rules.pair_decimals is not None
        return rules.pair_decimals - 1 if self._coarser else rules.pair_decimals


RULES = (BTC_USD, ETH_USD)
SNAPSHOT = (replace(BTC_USD, tick_size=None, as_of=START - timedelta(hours=1)),)
"""What the instances are deployed with: ETH/USD is not in it, so its first alert has to ask."""
