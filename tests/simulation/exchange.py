"""The venue's own side: an engine with a book, as Kraken's public documents and two
assumptions have it.

A1: an order that arrives after its ``deadline`` is not placed. A2: REST reads show every order
after a minute at most, open and closed ones, balances and positions each with a lag of their own.
A3: a balance or position that is read after QueryOrders has shown an order as closed has that order
in it. A client order id is unique among open orders only, and a market order closes at once
(docs.kraken.com, add-order and spot-clordid). Nothing here looks at the code under test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from tests.simulation.chaos import Chaos
from tests.simulation.world import SECOND, START, World
from tests.support.instruments import BTC_USD
from webhook_core.trading.facts import Balance, OpenPosition
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.requests import Accepted, Fill, NotSent, Outcome, Rejected, Unknown

ETH_USD = BTC_USD._replace(
    key="XETHZUSD", altname="ETHUSD", wsname="ETH/USD", base="XETH", pair_decimals=2
)


@dataclass(frozen=True, slots=True)
class Message:
    """An AddOrder on its way."""

    parameters: Mapping[str, str]
    client_order_id: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class BookOrder:
    """``closed_at``: known from the start, since nothing that we do closes an order. None: it rests
    for good. ``filled``: how much of it by then."""

    order_id: str
    client_order_id: str
    parameters: Mapping[str, str]
    placed_at: int
    closed_at: int | None
    filled: Decimal

    @property
    def is_margin(self) -> bool:
        return "leverage" in self.parameters

    @property
    def change(self) -> Decimal:
        """Of what is held, in base, once it has filled."""
        return self.filled if self.parameters["type"] == "buy" else -self.filled

    @property
    def cut(self) -> Decimal:
        """What it lacks of the change that it was to be: an order that only
        reduces stops at zero."""
        asked = Decimal(self.volume) - self.filled
        return asked if self.parameters["type"] == "buy" else -asked

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
    """``margin`` and ``held``: the account before everything, as ``alerts.Plan`` has it."""

    def __init__(
        self, world: World, chaos: Chaos, listener: Listener, *, margin: bool, held: Decimal
    ) -> None:
        self.book: list[BookOrder] = []
        self._margin, self._held_before = margin, held
        self._figures_from = 0
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
        lacks = "EOrder:Insufficient funds" if chaos.happens("refused") else self._lacks(parameters)
        if lacks is not None:
            return Rejected((lacks,))
        price = parameters.get("price")
        if price is not None and -Decimal(price).as_tuple().exponent > self._decimals(
            parameters["pair"]
        ):
            return Rejected(("EOrder:Tick size check failed",), stale_rules=True)
        now = self._world.now
        if any(
            order.client_order_id == message.client_order_id and order.is_open(now)
            for order in self.book
        ):
            return Unknown(
                "the answer proves nothing", ("EGeneral:Invalid arguments:cl_ord_id not unique",)
            )
        return None

    def _lacks(self, parameters: Mapping[str, str]) -> str | None:
        """What the account does not hold that the order would reduce, or sell."""
        held, sells = self._held(parameters, self._world.now), parameters["type"] == "sell"
        if "reduce_only" in parameters and (held == 0 or sells != (held > 0)):
            return "EOrder:Reduce only:No position exists"
        uncovered = sells and "leverage" not in parameters and Decimal(parameters["volume"]) > held
        return "EOrder:Insufficient funds" if uncovered else None

    def _place(self, message: Message) -> BookOrder:
        now = self._world.now
        closed_at = None if (rests := self._rests(message)) is None else now + rests
        filled = Decimal(message.parameters["volume"])
        if "reduce_only" in message.parameters:
            filled = min(filled, abs(self._held(message.parameters, now)))
        order = BookOrder(
            f"O{len(self.book) + 1:05}",
            message.client_order_id,
            message.parameters,
            now,
            closed_at,
            filled,
        )
        self.book.append(order)
        self._listener.placed(order)
        return order

    def _rests(self, message: Message) -> int | None:
        """How long it stays open: a market order not at all, a limit order for a while, often a
        minute or two, or for good."""
        draw = self._world.random.random()
        if message.parameters["ordertype"] == "market":
            return 0
        if draw < 0.15:
            return None
        return self._chaos.seconds(0, 240) if draw < 0.5 else self._chaos.seconds(40, 130)

    def find_open(self, client_order_id: str) -> BookOrder | None:
        """What OpenOrders shows now, each order as it was a lag ago."""
        now = self._world.now
        return next(
            (o for o in self._own(client_order_id) if o.is_open(now - self._chaos.lag())), None
        )

    def find_closed(self, client_order_id: str, since: datetime) -> BookOrder | None:
        """The same for ClosedOrders, for orders that were opened or closed since then."""
        now, start = self._world.now, int((since - START) / timedelta(microseconds=1)) - 60 * SECOND
        own = (
            order
            for order in self._own(client_order_id)
            if max(order.placed_at, order.closed_at or 0) >= start
        )
        return next((order for order in own if order.is_closed(now - self._chaos.lag())), None)

    def open(self) -> list[BookOrder]:
        """OpenOrders, each order as it was a lag ago."""
        now = self._world.now
        return [order for order in self.book if order.is_open(now - self._chaos.lag())]

    def closed(self) -> list[BookOrder]:
        """ClosedOrders, each order as it was a lag ago."""
        now = self._world.now
        return [order for order in self.book if order.is_closed(now - self._chaos.lag())]

    def fills(self, order_ids: Sequence[str]) -> dict[str, Fill]:
        """What QueryOrders shows now, each order as it was a lag ago."""
        found = {}
        for order in self.book:
            at = self._world.now - self._chaos.lag()
            if order.order_id not in order_ids or not (order.is_open(at) or order.is_closed(at)):
                continue
            if order.is_closed(at):
                self._figures_from = max(self._figures_from, order.closed_at or 0)
                cost = order.filled * self._price
                found[order.order_id] = Fill("closed", order.filled, self._price, cost, Decimal(0))
            else:
                found[order.order_id] = Fill("open", Decimal(0), None, Decimal(0), Decimal(0))
        return found

    def balances(self) -> dict[str, Balance]:
        """BalanceEx: as everything was a lag ago."""
        at = self._seen_at()
        base = self._total(at, margin=False)
        return {
            BTC_USD.base: Balance(base),
            BTC_USD.quote: Balance(Decimal(1_000_000) - base * 50000),
        }

    def positions(self) -> tuple[OpenPosition, ...]:
        """OpenPositions: as everything was a lag ago, each row by the order that opened it."""
        at = self._seen_at()
        start = self._held_before if self._margin else Decimal(0)
        rows = [OpenPosition(BTC_USD.key, "OBEFORE", start)] if start else []
        done = [
            o
            for o in self.book
            if o.is_margin and o.is_closed(at) and o.parameters["pair"] == BTC_USD.key
        ]
        for order in sorted(done, key=lambda o: o.closed_at or 0):
            rows = _traded(rows, order)
        return tuple(rows)

    def _seen_at(self) -> int:
        return max(self._world.now - self._chaos.lag(), self._figures_from)

    def _held(self, parameters: Mapping[str, str], at: int) -> Decimal:
        return self._total(at, margin="leverage" in parameters)

    def _total(self, at: int, *, margin: bool) -> Decimal:
        """What the account truly had then."""
        start = self._held_before if margin == self._margin else Decimal(0)
        done = (
            o
            for o in self.book
            if o.is_margin == margin and o.is_closed(at) and o.parameters["pair"] == BTC_USD.key
        )
        return sum((order.change for order in done), start)

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
        return [
            rules._replace(pair_decimals=self._decimals(rules.key), tick_size=None, as_of=as_of)
            for rules in RULES
        ]

    def _decimals(self, pair: str) -> int:
        rules = next(rules for rules in RULES if rules.key == pair)
        assert rules.pair_decimals is not None
        return rules.pair_decimals - 1 if self._coarser else rules.pair_decimals


RULES = (BTC_USD, ETH_USD)
SNAPSHOT = (BTC_USD._replace(tick_size=None, as_of=START - timedelta(hours=1)),)
"""What the instances are deployed with: ETH/USD is not in it, so its first alert has to ask."""


def _traded(rows: list[OpenPosition], order: BookOrder) -> list[OpenPosition]:
    """A fill closes the oldest positions on the other side, and opens one of what is left of it."""
    change, kept = order.change, []
    for row in rows:
        part = (
            min(abs(row.volume), abs(change)).copy_sign(change)
            if row.volume * change < 0
            else Decimal(0)
        )
        change -= part
        if row.volume + part:
            kept.append(row._replace(volume=row.volume + part, closed=row.closed + abs(part)))
    return [*kept, OpenPosition(BTC_USD.key, order.order_id, change)] if change else kept
