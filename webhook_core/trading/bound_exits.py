"""What a scoped token may exit that is bound in what it opens: what its strategy bought. Else
whoever has a token that may buy for a little could sell all that the account holds.

A sell of no more than the market buys before it in the same alert is one of what they buy, which
their own cost and count bind; no trade of theirs is known when it is planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from webhook_core.trading.intent import Intent, OrderIntent, of_own
from webhook_core.trading.orders import OrderType, Side, is_margin


def of_own_alone(wanted: Iterable[Intent]) -> Iterator[Intent]:
    """The legs of one alert, each of what the strategy bought."""
    bought: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in wanted:
        if not isinstance(one, OrderIntent) or is_margin(one.leverage):
            yield of_own(one)
        elif one.side is Side.BUY:
            bought[one.symbol] += _bought_at_once(one)
            yield of_own(one)
        elif one.quantity_type == "base" and one.volume <= bought[one.symbol]:
            bought[one.symbol] -= one.volume
            yield one
        else:
            yield of_own(one, sales_too=True)


def _bought_at_once(wanted: OrderIntent) -> Decimal:
    """A limit far below the market costs next to nothing, and buys nothing; what starts later can
    be canceled before."""
    at_once = wanted.order_type is OrderType.MARKET and wanted.terms.starts is None
    return wanted.volume if at_once and wanted.quantity_type == "base" else Decimal(0)
