"""Prices relative to the last one: ``+5``, ``-2%``, ``#1.5%``. And trailing stops: the trigger
follows the best price of the market at such a distance, and never goes back; ``price`` and
``price2`` of the order are what they are at the moment.

Rules: docs.kraken.com/api/docs/rest-api/add-order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.pairs import Pair
from webhook_core.value import NamedTuple

PERCENT_DECIMALS = 4  # as Kraken prints them
_FORM = re.compile(r"([+\-#])([0-9]{1,15}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(%?)", re.ASCII)


class Offset(NamedTuple):
    """A signed amount of quote, or of percent."""

    amount: Decimal
    percent: bool

    def beside(self, price: Decimal) -> Decimal:
        return price + (price * self.amount / 100 if self.percent else self.amount)

    def shown(self, pair: Pair) -> str:
        if self.percent:
            return f"{self.amount:+.{PERCENT_DECIMALS}f}%"
        return f"{self.amount:+.{pair.pair_decimals}f}"


def parse(field: str, text: str, pair: Pair, *, signs: str = "+-#", rising: bool = True) -> Offset:
    """``#`` becomes plus or minus by ``rising``. Raises Refused."""
    found = _FORM.fullmatch(text)
    if found is None or found[1] not in signs:
        raise invalid(field)
    amount, percent = Decimal(found[2]), bool(found[3])
    most = PERCENT_DECIMALS if percent else pair.pair_decimals
    if amount != amount.quantize(Decimal(1).scaleb(-most)):
        raise invalid(field) if percent else pair.too_fine()
    negative = found[1] == "-" or (found[1] == "#" and not rising)
    return Offset(-amount if negative else amount, percent)


def on_tick(pair: Pair, price: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """The price at the pair's tick, one tick at least."""
    return max(
        pair.tick_size, (price / pair.tick_size).quantize(Decimal(1), rounding) * pair.tick_size
    )


def read_trailing(
    texts: Mapping[str, str], pair: Pair, order: Order, market: Decimal | None
) -> None:
    """The distances of a trailing stop, and its first trigger where the market is known.

    Raises Refused.
    """
    distance = parse("price", texts.get("price", ""), pair, signs="+")
    if not distance.amount:
        raise invalid("price")
    order.said = distance.shown(pair)
    if order.ordertype.endswith("-limit"):
        order.said2 = parse("price2", texts.get("price2", ""), pair, signs="+-").shown(pair)
    if market is not None:
        if order.side == "sell" and distance.amount >= (100 if distance.percent else market):
            raise Refused("EOrder:Invalid price")
        follow(pair, order, market)


def follow(pair: Pair, order: Order, market: Decimal) -> None:
    """The market moved: a new peak (sell) or trough (buy) takes the trigger along,
    rounded to the tick towards it."""
    selling = order.side == "sell"
    if order.peak:
        market = max(order.peak, market) if selling else min(order.peak, market)
    if market == order.peak:
        return
    order.peak = market
    distance = parse("price", order.said, pair)
    if selling:
        distance = Offset(-distance.amount, distance.percent)
    order.price = on_tick(pair, distance.beside(market), ROUND_CEILING if selling else ROUND_FLOOR)
    if order.said2:
        order.price2 = on_tick(pair, parse("price2", order.said2, pair).beside(order.price))
