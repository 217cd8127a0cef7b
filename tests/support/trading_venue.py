"""A FakeVenue on which orders trade, or rest, and change what is held; and whose figures
a test can hold back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.support.clock import START
from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from webhook_core.clock import Budget
from webhook_core.kraken.packaged_pairs import snapshot
from webhook_core.operations.replay import Replay
from webhook_core.trading.facts import Balance, OpenPosition, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import (
    Accepted,
    Fill,
    OrderRequest,
    Outcome,
    Rejected,
    VenueOrder,
)

ZERO = Decimal(0)
PAIRS = {pair.key: pair for pair in snapshot()}
BY_ALTNAME = {pair.altname: pair for pair in PAIRS.values()}


@dataclass
class TradingVenue(FakeVenue):
    """Everything trades at ``price`` (``quotes`` where a pair is named there), at a fee of ``fee``
    of the cost in quote.

    ``during``: what happens in the middle of the next call of that name, before it reads or does
    anything. ``gone``: the orders that rest no longer, by order id. ``hidden``: order ids that the
    reads of that name don't show, ``...`` for all. ``leaves_closes``: what fills leaves its
    conditional close behind.
    """

    fee: Decimal = ZERO
    during: dict[str, list[Callable[[], object]]] = field(default_factory=dict)
    gone: dict[str, RestingOrder] = field(default_factory=dict)
    hidden: dict[str, set[Any]] = field(default_factory=dict)
    leaves_closes: bool = False
    time: Any = None
    _closings: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _held_back: int = 0
    _shown: tuple[dict[str, Balance], tuple[OpenPosition, ...]] = ({}, ())
    _rows: dict[str, list[OpenPosition]] = field(default_factory=dict)

    def hold_back(self, reads: int) -> None:
        """So many reads of balances or positions from now on show what is held now,
        whatever is traded meanwhile."""
        self._held_back, self._shown = reads, (dict(self.held), self._open_positions())

    def submit(
        self, request: OrderRequest, client_order_id: str, deadline: datetime, budget: Budget
    ) -> Outcome:
        refusal = None if self.refuse or request.method != "AddOrder" else self._refusal(request)
        if refusal is not None:
            self.refuse.append(refusal)
        outcome = super().submit(request, client_order_id, deadline, budget)
        # The one that was not refused.
        if client_order_id in self.closed_orders and request.method == "AddOrder":
            order_id = f"OFAKE{len(self.submitted)}-AAAAA-AAAAAA"
            self._place(request.parameters, order_id, client_order_id)
        return outcome

    def _changed(self, request: OrderRequest) -> Outcome:
        before = {order.order_id: order for order in self.resting}
        outcome = super()._changed(request)
        if isinstance(outcome, Accepted) and request.method == "CancelOrder":
            (order_id,) = before.keys() - {order.order_id for order in self.resting}
            self.close(before[order_id], "canceled")
        return outcome

    def rest(self, order: RestingOrder) -> RestingOrder:
        """Lay an order into the book: what it would sell is held."""
        self.resting.append(order)
        self._hold(order, order.left)
        return order

    def close(self, order: RestingOrder, status: str) -> None:
        """It rests no longer; ``closed``: it has filled."""
        self.resting = [other for other in self.resting if other.order_id != order.order_id]
        self._hold(order, -order.left)
        executed = order.volume if status == "closed" else order.executed
        cost = executed * (order.limit or order.trigger or ZERO)
        earned = cost if order.side is Side.SELL else -cost
        self._end(order._replace(status=status, executed=executed, earned=earned))
        if status != "closed":
            price = (order.limit or order.trigger) if executed else None
            fill = self._filled(order, executed, price, cost, ZERO)
            self.filled[order.order_id] = fill._replace(status=status)

    def _end(self, order: RestingOrder) -> None:
        self.gone[order.order_id] = order._replace(
            closed_at=None if self.time is None else self.time.now()
        )

    def fill(self, order: RestingOrder) -> None:
        """All of a resting spot order, at its limit."""
        pair, price = BY_ALTNAME[order.pair], order.limit or order.trigger or ZERO
        sign = 1 if order.side is Side.BUY else -1
        self.close(order, "closed")
        self._add(pair.base, sign * order.left)
        self._add(pair.quote, -sign * order.left * price)
        cost = order.volume * price
        self.filled[order.order_id] = self._filled(order, order.volume, price, cost, ZERO)
        self.leave_close(self.gone[order.order_id], order.left)

    def fill_part(self, order: RestingOrder, volume: Decimal) -> None:
        """A part of a resting spot order, which rests on."""
        (at,) = (
            number for number, other in enumerate(self.resting) if other.order_id == order.order_id
        )
        self._hold(order, -volume)
        self.traded_at[order.order_id] = self._now()
        self.resting[at] = self.resting[at]._replace(executed=self.resting[at].executed + volume)
        self.leave_close(order, volume)

    def leave_close(self, parent: RestingOrder, volume: Decimal) -> None:
        """The order that Kraken places for what has filled, where the order asked for one."""
        sent = self._closings.get(parent.order_id)
        if sent is None or not self.leaves_closes:
            return
        number = len(self.resting) + len(self.gone)
        self.rest(
            RestingOrder(
                f"OCLOSE-AAAAA-AAAA{number:02}", parent.pair, parent.side.opposite,
                sent["close[ordertype]"], volume, ZERO,
                START, parent=parent.order_id, trigger=Decimal(sent["close[price]"]),
                margin=parent.margin,
                fires_at=Decimal(sent["close[price]"]),
            )
        )  # fmt: skip

    def open_orders(self, budget: Budget) -> tuple[RestingOrder, ...]:
        return tuple(
            order
            for order in super().open_orders(budget)
            if self._shows("open_orders", order.order_id)
        )

    def orders(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, RestingOrder]:
        gone = {name: self.gone[name] for name in order_ids if name in self.gone}
        shown = {**super().orders(order_ids, budget), **gone}
        return {name: order for name, order in shown.items() if self._shows("orders", name)}

    def orders_closed(self, since: datetime, budget: Budget) -> tuple[RestingOrder, ...]:
        super().orders_closed(since, budget)
        recent = (
            order
            for order in self.gone.values()
            if order.closed_at is None or order.closed_at >= since
        )
        return tuple(order for order in recent if self._shows("orders_closed", order.order_id))

    def _shows(self, read: str, order_id: str) -> bool:
        return not self.hidden.get(read, set()) & {order_id, ...}

    def fills(self, order_ids: Sequence[str], budget: Budget) -> Mapping[str, Fill]:
        open_ones = {
            order.order_id: Fill(
                "open",
                order.executed,
                None,
                order.executed * (order.limit or ZERO),
                ZERO,
                None,
                order.opened_at,
                int(bool(order.executed)),
            )
            for order in self.resting
        }
        shown = {name: open_ones[name] for name in order_ids if name in open_ones}
        return {**shown, **super().fills(order_ids, budget)}

    def order(self, order_id: str, budget: Budget) -> RestingOrder | None:
        return super().order(order_id, budget) or self.gone.get(order_id)

    def balances(self, budget: Budget) -> Mapping[str, Balance]:
        now = super().balances(budget)
        return self._shown[0] if self._is_held_back() else now

    def positions(self, budget: Budget) -> tuple[OpenPosition, ...]:
        super().positions(budget)
        return self._shown[1] if self._is_held_back() else self._open_positions()

    def _open_positions(self) -> tuple[OpenPosition, ...]:
        """What a test has set by hand is of an order that is not ours."""
        for pair in {*self.net, *self._rows}:
            known = sum((row.volume for row in self._rows.get(pair, [])), ZERO)
            self._open(pair, "OHAND-AAAAA-AAAAAA", self.net.get(pair, ZERO) - known)
        return tuple(row for rows in self._rows.values() for row in rows)

    def _open(self, pair: str, order_id: str, change: Decimal) -> None:
        """A fill closes the oldest positions on the other side first, and
        opens one of what is left."""
        rows = self._rows.get(pair, [])
        kept = []
        for row in rows:
            part = min(abs(row.volume), abs(change)) if row.volume * change < 0 else ZERO
            part = part.copy_sign(change)
            change -= part
            if row.volume + part:
                kept.append(row._replace(volume=row.volume + part, closed=row.closed + abs(part)))
        self._rows[pair] = [*kept, OpenPosition(pair, order_id, change)] if change else kept

    def fill_on_margin(self, order: RestingOrder) -> None:
        """All of a resting margin order."""
        pair, change = BY_ALTNAME[order.pair], order.left if order.side is Side.BUY else -order.left
        self._open_positions()
        self.close(order, "closed")
        self.net[pair.key] = self.net.get(pair.key, ZERO) + change
        self._open(pair.key, order.order_id, change)
        self.filled[order.order_id] = self._filled(order, order.volume, order.limit, ZERO, ZERO)

    def _filled(self, order: RestingOrder, *amounts: Any) -> Fill:
        done_at = self.gone[order.order_id].closed_at
        trades = 2 if order.order_id in self.traded_at else 1
        opened_at = None if done_at is None else self.gone[order.order_id].opened_at
        return Fill("closed", *amounts, done_at, opened_at, trades)

    def _is_held_back(self) -> bool:
        self._held_back -= 1
        return self._held_back >= 0

    def _called(self, name: str) -> None:
        waiting = self.during.get(name)
        if waiting:
            waiting.pop(0)()
        super()._called(name)

    def _price(self, key: str) -> Decimal:
        return self.quotes.get(key, self.price)

    def _refusal(self, request: OrderRequest) -> Rejected | None:
        sent = request.parameters
        pair, volume, price = (
            PAIRS[sent["pair"]],
            Decimal(sent["volume"]),
            self._price(sent["pair"]),
        )
        if "leverage" in sent:
            if sent.get("reduce_only") == "true" and not self.net.get(pair.key):
                return Rejected(("EOrder:Reduce only:No position exists",))
            return None
        if sent["type"] == "sell":
            short = volume > self.held.get(pair.base, Balance(ZERO)).free
        else:
            limit = Decimal(sent["price"]) if sent["ordertype"] == "limit" else price
            cost = volume if "viqc" in sent.get("oflags", "") else volume * limit
            short = cost * (1 + self.fee) > self.held.get(pair.quote, Balance(ZERO)).free
        return Rejected(("EOrder:Insufficient funds",)) if short else None

    def _place(self, sent: Mapping[str, str], order_id: str, client_order_id: str) -> None:
        price = self._price(sent["pair"])
        if "close[ordertype]" in sent:
            self._closings[order_id] = sent
        if sent["ordertype"] == "market":
            self._trade(sent, order_id, price)
            return
        pair, side, limit = PAIRS[sent["pair"]], Side(sent["type"]), Decimal(sent["price"])
        del self.closed_orders[client_order_id]
        self.listed_open[client_order_id] = VenueOrder(order_id, client_order_id, "open")
        trigger = None if sent["ordertype"] == "limit" else limit
        self.rest(
            RestingOrder(
                order_id, pair.altname, side, sent["ordertype"], Decimal(sent["volume"]), ZERO,
                self._now(),
                client_order_id=client_order_id, limit=limit if trigger is None else None,
                trigger=trigger,
                margin="leverage" in sent, closes="close[ordertype]" in sent, fires_at=trigger,
            )
        )  # fmt: skip

    def _trade(self, sent: Mapping[str, str], order_id: str, price: Decimal) -> None:
        pair, volume = PAIRS[sent["pair"]], Decimal(sent["volume"])
        if "viqc" in sent.get("oflags", ""):
            volume = (volume / price).quantize(Decimal("1E-8"))
        sign = 1 if sent["type"] == "buy" else -1
        cost = volume * price
        if "leverage" in sent:
            held = self.net.get(pair.key, ZERO)
            if sent.get("reduce_only") == "true":
                volume = min(volume, abs(held))
            self._open_positions()
            self.net[pair.key] = held + sign * volume
            self._open(pair.key, order_id, sign * volume)
        else:
            self._add(pair.base, sign * volume)
            self._add(pair.quote, -sign * cost - cost * self.fee)
        self._end(
            RestingOrder(
                order_id, pair.altname, Side(sent["type"]), "market", volume, volume, self._now(),
                status="closed",
                margin="leverage" in sent, closes=order_id in self._closings,
            )
        )  # fmt: skip
        self.filled[order_id] = self._filled(
            self.gone[order_id], volume, price, cost, cost * self.fee
        )
        self.leave_close(self.gone[order_id], volume)

    def _now(self) -> datetime:
        return START if self.time is None else self.time.now()

    def _add(self, asset: str, amount: Decimal) -> None:
        funds = self.held.get(asset, Balance(ZERO))
        self.held[asset] = funds._replace(total=funds.total + amount)

    def _hold(self, order: RestingOrder, amount: Decimal) -> None:
        pair = BY_ALTNAME[order.pair]
        if order.margin:
            return
        asset = pair.base if order.side is Side.SELL else pair.quote
        held = amount if order.side is Side.SELL else amount * (order.limit or ZERO)
        funds = self.held.get(asset, Balance(ZERO))
        self.held[asset] = funds._replace(held=max(ZERO, funds.held + held))


def trader(btc: Any = 0, usd: Any = 100_000, net: Any = 0, **options: Any) -> Function:
    """A function whose account holds so much, on spot and, ``net``, on margin; a bitcoin
    is 50,000 dollars."""
    venue = TradingVenue(price=Decimal(50_000), quotes={"XXBTZUSD": Decimal(50_000)})
    venue.held = {"XXBT": Balance(Decimal(btc)), "ZUSD": Balance(Decimal(usd))}
    venue.net = {"XXBTZUSD": Decimal(net)} if Decimal(net) else {}
    for name in ("worth", "fee"):
        if name in options:
            setattr(venue, name, Decimal(options.pop(name)))
    function = Function(venue=venue, **options)
    venue.time = function.clock
    return function


def sent(function: Function) -> list[tuple[str, str]]:
    """Side and volume of every order that reached Kraken."""
    return [
        (request.parameters["type"], request.parameters["volume"])
        for request, _, _ in function.venue.submitted
        if request.method == "AddOrder"
    ]


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status, answer["code"]


def replay_of(function: Function) -> Replay:
    app = function.application
    return Replay(
        app.settings, app.ledger, app.venue, app.clock, app.decider, app.alerts.legs.submission
    )
