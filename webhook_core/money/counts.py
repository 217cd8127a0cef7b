"""What the trades of one strategy and pair came to in a span of time: counted trade by trade, and
spans that follow each other put together, to the same last digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.money.trade_book import Realised
from webhook_core.money.trades import Role
from webhook_core.trading.orders import Side

_ZERO = Decimal(0)
_PERCENT = Decimal("0.0001")
_SUMS = ("turnover", "realised", "highest", "lowest", "drawdown", "beyond_volume", "beyond_cost")


class PricedOrder(NamedTuple):
    """An order that was sent with a price, ``asked``; what it has traded, base and quote."""

    side: Side
    asked: Decimal
    volume: Decimal
    cost: Decimal

    @property
    def slippage(self) -> Decimal | None:
        """Percent of the price that it was sent with, by its average; above zero it was worse."""
        if not self.volume:
            return None
        average = self.cost / self.volume
        worse = average - self.asked if self.side is Side.BUY else self.asked - average
        return (worse / self.asked * 100).quantize(_PERCENT)


@dataclass(slots=True)
class Counts:
    """Of one line. ``turnover``, ``realised`` and the others of ``_SUMS`` count quote, but
    ``beyond_volume``, which counts base (``Realised`` says what both are of): ``highest`` and
    ``lowest`` are the ends of the realised profit on its way, which begins at zero, and
    ``drawdown`` is how far it fell from its highest. ``fees`` by currency. ``earned``: by order, of
    those that closed something; ``sent``: by order. An order may trade in two spans."""

    fills: int = 0
    turnover: Decimal = _ZERO
    realised: Decimal = _ZERO
    highest: Decimal = _ZERO
    lowest: Decimal = _ZERO
    drawdown: Decimal = _ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    earned: dict[str, Decimal] = field(default_factory=dict)
    sent: dict[str, PricedOrder] = field(default_factory=dict)
    beyond_volume: Decimal = _ZERO
    beyond_cost: Decimal = _ZERO

    def take(self, done: Realised) -> None:
        """The next trade of the line."""
        trade = done.trade
        self.fills += 1
        self.turnover += trade.cost
        self.realised += done.profit
        self.highest = max(self.highest, self.realised)
        self.lowest = min(self.lowest, self.realised)
        self.drawdown = max(self.drawdown, self.highest - self.realised)
        self.beyond_volume += done.beyond_volume
        self.beyond_cost += done.beyond_cost
        _more(self.fees, trade.base if trade.fee_in_base else trade.quote, trade.fee)
        if done.closed:
            _more(self.earned, trade.order_id, done.earned)
        if trade.role is Role.ORDER and trade.asked:
            self._sent(
                trade.order_id, PricedOrder(trade.side, trade.asked, trade.volume, trade.cost)
            )

    def add(self, later: Counts) -> None:
        """What came right behind."""
        self.fills += later.fills
        self.turnover += later.turnover
        fallen = self.highest - (self.realised + later.lowest)
        self.drawdown = max(self.drawdown, later.drawdown, fallen)
        self.lowest = min(self.lowest, self.realised + later.lowest)
        self.highest = max(self.highest, self.realised + later.highest)
        self.realised += later.realised
        self.beyond_volume += later.beyond_volume
        self.beyond_cost += later.beyond_cost
        for asset, fee in later.fees.items():
            _more(self.fees, asset, fee)
        for order_id, earned in later.earned.items():
            _more(self.earned, order_id, earned)
        for order_id, sent in later.sent.items():
            self._sent(order_id, sent)

    def copy(self) -> Counts:
        """One of its own, that takes further trades."""
        other = Counts()
        other.add(self)
        return other

    @property
    def trades(self) -> int:
        """Orders that closed something."""
        return len(self.earned)

    @property
    def won(self) -> int:
        """Those of them that earned more with what they closed than its fees came to, those of its
        opening too."""
        return sum(earned > 0 for earned in self.earned.values())

    @property
    def slippage(self) -> list[Decimal]:
        """Of each order that was sent with a price."""
        return [found for sent in self.sent.values() if (found := sent.slippage) is not None]

    def _sent(self, order_id: str, more: PricedOrder) -> None:
        """By the price that the order had first."""
        before = self.sent.get(order_id)
        if before is not None:
            volume, cost = before.volume + more.volume, before.cost + more.cost
            more = before._replace(volume=volume, cost=cost)
        self.sent[order_id] = more


def _more(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = sums.get(name, _ZERO) + amount


def to_row(counts: Counts) -> dict[str, Any]:
    """As it is stored."""
    return {
        "fills": counts.fills,
        **{name: str(getattr(counts, name)) for name in _SUMS},
        "fees": _texts(counts.fees),
        "earned": _texts(counts.earned),
        "sent": {
            order_id: [str(value) for value in sent] for order_id, sent in counts.sent.items()
        },
    }


def from_row(row: Mapping[str, Any]) -> Counts:
    """Raises ValueError, KeyError, TypeError, ArithmeticError for one that this version can't
    read."""
    counts = Counts(int(row["fills"]), fees=_amounts(row["fees"]), earned=_amounts(row["earned"]))
    for name in _SUMS:
        setattr(counts, name, Decimal(row[name]))
    for order_id, (side, *amounts) in row["sent"].items():
        asked, volume, cost = map(Decimal, amounts)
        counts.sent[order_id] = PricedOrder(Side(side), asked, volume, cost)
    return counts


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}


def _amounts(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}
