"""Prices relative to the last one: ``+5``, ``-2%``, ``#1.5%``.

Rules: docs.kraken.com/api/docs/rest-api/add-order.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import invalid
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
        return (
            f"{self.amount:+.{PERCENT_DECIMALS}f}%"
            if self.percent
            else f"{self.amount:+.{pair.pair_decimals}f}"
        )


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
