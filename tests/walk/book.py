"""What the exchange's book says, whatever a read shows: holdings, what is free, open orders, and
what all of it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.walk.exchange import LateKraken
from webhook_core.kraken.paper.book import Book as Stored
from webhook_core.kraken.paper.book import Order

ZERO = Decimal(0)
ASSETS = {"BTCUSD": ("XXBT", "XXBTZUSD"), "ETHUSD": ("XETH", "XETHZUSD")}


@dataclass(frozen=True)
class Book:
    """``prices`` by symbol."""

    stored: Stored
    prices: dict[str, Decimal]

    @classmethod
    def of(cls, kraken: LateKraken, prices: dict[str, Decimal]) -> Book:
        return cls(Stored.from_text(kraken.book_text()), dict(prices))

    def held(self, symbol: str, *, margin: bool) -> Decimal:
        asset, pair = ASSETS[symbol]
        if not margin:
            return self.stored.balances.get(asset, ZERO)
        own = (row for row in self.stored.positions if row.pair == pair)
        return sum(
            ((row.volume - row.closed) * (1 if row.side == "buy" else -1) for row in own), ZERO
        )

    def open(self, symbol: str) -> Sequence[Order]:
        return [order for order in self.stored.open.values() if order.pair == ASSETS[symbol][1]]

    @property
    def free_money(self) -> Decimal:
        kept = (
            order.hold for order in self.stored.open.values() if order.hold and order.side == "buy"
        )
        return self.stored.balances.get("ZUSD", ZERO) - sum(kept, ZERO)

    @property
    def worth(self) -> Decimal:
        coins = (self.held(symbol, margin=False) * price for symbol, price in self.prices.items())
        return self.stored.balances.get("ZUSD", ZERO) + sum(coins, ZERO)
