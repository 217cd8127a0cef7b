"""What one request works with: the book, the rules, the fees and the moment; and
what is free to spend."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from webhook_core.kraken.paper.book import Book, Order
from webhook_core.kraken.paper.pairs import Pair, Pairs
from webhook_core.value import NamedTuple, Record

HUNDRED = Decimal(100)


class PaperFees(NamedTuple):
    """Percent of the cost."""

    maker: Decimal
    taker: Decimal


class MarketRules(NamedTuple):
    """How the market treats orders; a test may want it different.

    ``fill`` are the shares of an order's volume that trade at its first meeting with the
    market, its second, ...; the last share goes on. ``opening_fee`` is percent of what a
    margin order opens.
    """

    fill: tuple[Decimal, ...] = (Decimal(1),)
    opening_fee: Decimal = Decimal("0.02")


class Desk(Record):
    """``now`` is unix seconds. Every change of ``book`` lasts only if the whole
    request ends well."""

    book: Book
    pairs: Pairs
    fees: PaperFees
    now: float
    keep_closed: int
    market: MarketRules

    def fee(self, pair: Pair, cost: Decimal, *, maker: bool) -> Decimal:
        """In quote, to the nearest at the pair's cost decimals."""
        return pair.rounded(cost * (self.fees.maker if maker else self.fees.taker) / HUNDRED)

    def worst_fee(self, pair: Pair, cost: Decimal) -> Decimal:
        """What Kraken wants to be covered beside the cost."""
        return max(self.fee(pair, cost, maker=False), self.fee(pair, cost, maker=True))

    def part(self, pair: Pair, order: Order) -> Decimal:
        """How much of an order trades now, in the unit of its volume."""
        shares = self.market.fill
        share = shares[min(len(order.parts or ()), len(shares) - 1)]
        if share >= 1:
            return order.left
        digits = pair.cost_decimals if order.in_quote else pair.lot_decimals
        part = (order.volume * share).quantize(Decimal(1).scaleb(-digits), ROUND_DOWN)
        return min(part or order.left, order.left)

    def held(self, asset: str) -> Decimal:
        """What resting spot orders keep back of an asset."""
        holds = (
            order.hold
            for order in self.book.open.values()
            if order.hold
            and asset == getattr(self.pairs[order.pair], "quote" if order.side == "buy" else "base")
        )
        return sum(holds, Decimal(0))

    def available(self, asset: str) -> Decimal:
        return self.book.balances.get(asset, Decimal(0)) - self.held(asset)

    def add(self, asset: str, amount: Decimal) -> None:
        self.book.balances[asset] = self.book.balances.get(asset, Decimal(0)) + amount

    def moment(self, order: Order) -> float:
        """When an order that meets the market now trades or ends: a millisecond after it
        came, as Kraken's do."""
        return round(self.now + 0.001, 4) if order.opentm == self.now else self.now

    def finish(self, order: Order, status: str, reason: str | None = None) -> None:
        """Move an order out of the open ones."""
        order.status, order.reason = status, reason
        order.closetm = self.moment(order)
        self.book.close(order, self.keep_closed)
