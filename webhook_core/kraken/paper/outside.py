"""Prices from outside: paper trades at them, and never at one of before where they can't be had."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

from webhook_core.errors import VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken.paper.rules import Pair
from webhook_core.kraken.paper.wire import Unreachable

PriceSource = Callable[[str], Decimal | None]
"""The last price of an altname, None where it is stated to have none. Raises VenueUnavailable where
nobody can be asked."""


def price(pair: Pair, source: PriceSource | None) -> Decimal | None:
    """None where there is none. Raises Unreachable where it can't be seen now."""
    if source is None:
        return None
    try:
        return source(pair.altname)
    except VenueUnavailable as error:
        event(logging.WARNING, "paper.no_price", pair=pair.altname, reason=error.message)
        raise Unreachable from None
