"""Whichever read is late, and by how much: rows that prove to contain the last orders lack none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.support.examples import examples
from tests.support.instruments import BTC_USD
from tests.support.ledger_entries import NOON
from webhook_core.planning.accounted_rows import AccountedRows
from webhook_core.planning.other_steps import MOST_OF_NOW
from webhook_core.planning.position_course import NO_EXITS, Parts
from webhook_core.trading.facts import OpenPosition, RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, OrderRequest

LAG_S = 60
ZERO = Decimal(0)
ENTRY = Decimal(8)
LATE_S = [0, 0, 0.5, 1, 2, 4, 8, 15, 30]


class Trade(NamedTuple):
    at: float
    volume: Decimal


class Done(NamedTuple):
    """An order as it went. ``end``: when it ceased to rest."""

    name: str
    ours: bool
    side: Side
    kind: str
    began: float
    trades: Sequence[Trade]
    end: float

    def executed(self, until: float) -> Decimal:
        return sum((trade.volume for trade in self.trades if trade.at <= until), ZERO)

    def last(self, until: float) -> float:
        """When it traded last."""
        return max((trade.at for trade in self.trades if trade.at <= until), default=self.began)

    def shown(self, until: float) -> RestingOrder:
        done = self.end <= until
        volume = sum((trade.volume for trade in self.trades), ZERO)
        return RestingOrder(
            self.name, BTC_USD.altname, self.side, self.kind, volume, self.executed(until),
            moment(self.began), "closed" if done else "open", margin=True,
            closed_at=moment(self.end) if done else None,
        )  # fmt: skip

    def entry(self) -> Any:
        volume = sum((trade.volume for trade in self.trades), ZERO)
        asked = {"type": self.side, "ordertype": self.kind, "volume": f"{volume}"}
        request = OrderRequest("BTC/USD", asked, None)
        claimed_at = moment(self.began - 0.05)
        current = SimpleNamespace(order_id=self.name, request=request, claimed_at=claimed_at)
        return SimpleNamespace(current=current)

    def fill(self, until: float) -> Fill:
        status = "closed" if self.end <= until else "open"
        return Fill(status, self.executed(until), None, ZERO, ZERO)


def moment(seconds: float) -> Any:
    return NOON + timedelta(seconds=seconds)


def history(random: Random) -> list[Done]:
    """An entry of ours, and what came behind it: seldom in its own direction."""
    found = [Done("O0", True, Side.BUY, "market", 0, [Trade(0, ENTRY)], 0)]
    began = random.choice([0.0, 100.0])
    for number in range(1, random.randint(3, 6)):
        began += random.choice([0.1, 1, 2, 5, 80])
        side = random.choice([Side.SELL, Side.SELL, Side.SELL, Side.BUY])
        kind, at = random.choice(["market", "market", "limit"]), began
        trades = []
        for _ in range(random.randint(1, 3)):
            at += 0 if kind == "market" else random.choice([0.1, 1, 3, 10])
            trades.append(Trade(at, Decimal(random.choice([1, 1, 2]))))
        end = at + (0 if kind == "market" else random.choice([0, 1, 1000]))
        found.append(Done(f"O{number}", random.random() < 0.5, side, kind, began, trades, end))
    return found


def rows(history: Sequence[Done], until: float) -> list[OpenPosition]:
    """Each trade closes the oldest first, and opens what is left of it."""
    trades = sorted((trade.at, one.name, place, one.side, trade.volume)
                    for one in history for place, trade in enumerate(one.trades)
                    if trade.at <= until)  # fmt: skip
    found: list[OpenPosition] = []
    for _, name, _, side, volume in trades:
        sign, left = (1 if side is Side.BUY else -1), volume
        for place, row in enumerate(found):
            if row.volume * sign < 0:
                part = min(left, abs(row.volume))
                found[place] = row._replace(
                    volume=row.volume + sign * part, closed=row.closed + part
                )
                left -= part
        found = [row for row in found if row.volume]
        if left:
            found.append(OpenPosition(BTC_USD.key, name, sign * left))
    return found


class Kraken:
    """Its reads and the ledger, each as it was at a moment of its own."""

    def __init__(self, history: Sequence[Done], now: float, listed: float) -> None:
        self.history, self.closed = history, listed
        self.read_lag, self.own_orders, self.clock = timedelta(seconds=LAG_S), self, self
        self._now = now

    def now(self) -> Any:
        return moment(self._now)

    def of_orders(self, names: Collection[str]) -> list[Any]:
        return [one.entry() for one in self.history if one.ours and one.name in names]

    def closed_since(self, _: Any) -> list[RestingOrder]:
        return [one.shown(self.closed) for one in self.history if one.end <= self.closed]


class Case(NamedTuple):
    """``positions``, ``closed``, ``opened``, ``orders``: the moment that each read shows."""

    history: Sequence[Done]
    now: float
    positions: float
    closed: float
    opened: float
    orders: float

    @property
    def is_told(self) -> bool:
        """Not of an order at the market that has no known outcome, and of a hand's that rests and
        has traded a part only if a list tells of it."""
        return bool(rows(self.history, self.positions)) and all(
            one.end <= self.orders
            if one.kind == "market" and one.ours
            else one.ours
            or one.end <= self.closed
            or one.began <= self.opened < one.end
            or not one.executed(self.positions)
            for one in self.history
        )

    def proves_it(self, beside: int = 0) -> bool:
        """``beside``: so many others have traded nothing."""
        ours = [one for one in self.history if one.ours and one.last(self.now) > self.now - LAG_S]
        young = [(one.entry(), one.fill(self.orders)) for one in ours]
        listed = [one for one in self.history if one.began <= self.opened < one.end]
        kraken: Any = Kraken(self.history, self.now, self.closed)
        parts = Parts(rows(self.history, self.positions), young, NO_EXITS)
        nothing = Done("ON", False, Side.SELL, "limit", 0, [], 0).shown(0)
        closed = [*kraken.closed_since(None), *[nothing] * beside]
        there = AccountedRows(kraken, lambda _: BTC_USD, parts, lambda _: closed)
        now: Any = SimpleNamespace(listed=[one.shown(self.opened) for one in listed])
        return there.contain(now)


def case(random: Random) -> Case:
    orders = history(random)
    now = orders[-1].began + random.choice([0.2, 1, 4])
    return Case(orders, now, *(now - random.choice(LATE_S) for _ in range(4)))


def test_rows_that_prove_it_lack_no_order():
    cases = (case(Random(seed)) for seed in range(examples(12_000)))
    proved = [one for one in cases if one.is_told and one.proves_it()]
    for one in proved:
        known = [order for order in one.history if order.ours or order.end <= one.closed]
        for order in known:
            assert order.executed(one.now) == order.executed(one.positions), (order, one)
    assert len(proved) > examples(300)


def test_a_list_that_may_not_reach_back_that_far_proves_nothing():
    cases = (case(Random(seed)) for seed in range(1000))
    proved = next(one for one in cases if one.is_told and one.proves_it())
    beside = MOST_OF_NOW - sum(one.end <= proved.closed for one in proved.history)
    assert proved.proves_it(beside - 1)
    assert not proved.proves_it(beside)
