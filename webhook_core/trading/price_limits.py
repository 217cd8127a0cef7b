"""Limits that hold an order against the market's price: how far off a price of the alert's own may
be, and how wide the book may stand for a market order. Few strategies have one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading import checks
from webhook_core.trading.checks import Check
from webhook_core.trading.drafts import Draft, limit_of, trigger_of
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import OrderType
from webhook_core.trading.prices import estimate
from webhook_core.trading.rounding import cost_of, difference, plain, quotient

_HUNDRED = Decimal(100)
_SHOWN = Decimal("0.0001")


class BidAsk(NamedTuple):
    """The best bid and ask."""

    bid: Decimal
    ask: Decimal


def names_price(wanted: OrderIntent) -> bool:
    """Whether the alert names a price that a collar is about."""
    named = (limit_of(wanted), trigger_of(wanted), wanted.reference_price)
    return any(price is not None for price in named)


def trades_at_once(wanted: OrderIntent) -> bool:
    """Whether the spread of the book is what it pays."""
    return wanted.order_type is OrderType.MARKET


def collar_checks(draft: Draft, most: Decimal) -> Iterator[Check]:
    """Each price that the alert names is within ``most`` percent of the venue's last one. Of an
    amendment those that it changes."""
    last = draft.market
    for field, price in _own_prices(draft):
        if last is None:
            yield checks.unchecked(
                "PRICE_COLLAR", "the market's price is not known", max=plain(most)
            )
            continue
        off = abs(difference(price, last))
        percent = quotient(cost_of(off, _HUNDRED), last)
        numbers = {
            "field": field,
            "price": plain(price),
            "last": plain(last),
            "distance_percent": _shown(percent),
            "max_percent": plain(most),
        }
        is_near = cost_of(off, _HUNDRED) <= cost_of(last, most)
        said = (
            f"{field} {plain(price)} lies {_shown(percent)} % from the last price {plain(last)}, "
            f"and {plain(most)} % is the most; is the chart that of another market?"
        )
        yield checks.judged("PRICE_COLLAR", said, holds=is_near, **numbers)


def spread_check(book: BidAsk | None, most: Decimal) -> Check:
    """The spread is at most so many percent of the middle between bid and ask. ``book``: None where
    there is none, on paper."""
    if book is None:
        why = "on paper with PAPER_PRICES=alert there is one price and no spread"
        return checks.unchecked("MAX_SPREAD", why, max_percent=plain(most))
    wide, both = difference(book.ask, book.bid), book.ask + book.bid
    percent = quotient(cost_of(wide, 2 * _HUNDRED), both)
    numbers = {
        "bid": plain(book.bid),
        "ask": plain(book.ask),
        "spread_percent": _shown(percent),
        "max_percent": plain(most),
    }
    is_narrow = cost_of(wide, 2 * _HUNDRED) <= cost_of(both, most)
    said = (
        f"the spread is {_shown(percent)} % (bid {plain(book.bid)}, ask {plain(book.ask)}), and "
        f"{plain(most)} % is the most for a market order"
    )
    return checks.judged("MAX_SPREAD", said, holds=is_narrow, **numbers)


def _own_prices(draft: Draft) -> Iterator[tuple[str, Decimal]]:
    rests = draft.amends
    kept = () if rests is None else (rests.limit, rests.trigger)
    for price in draft.prices:
        if price.field in ("price", "stop_price") and price.rounded not in kept:
            named = estimate(price.rounded, draft.market)
            if named is not None:
                yield price.field, named
    if draft.wanted.reference_price is not None:
        yield "price", draft.wanted.reference_price


def _shown(percent: Decimal) -> str:
    return plain(percent.quantize(_SHOWN)) if percent < _HUNDRED * _HUNDRED else plain(percent)
