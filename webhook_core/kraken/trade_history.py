"""What the account has traded, from TradesHistory:
docs.kraken.com/api/docs/rest-api/get-trade-history.

Fifty a page, newest first. ``start`` is exclusive and ``end`` inclusive, both in Unix seconds.
Where there are more than fifty, the oldest are asked for up to the last whole second: what is
traded meanwhile is behind it and moves no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from webhook_core.errors import VenueUnavailable
from webhook_core.kraken.client import decimal
from webhook_core.kraken.listed_orders import count, moment
from webhook_core.trading.orders import Side
from webhook_core.trading.trades import TradesPage, VenueTrade

PAGE = 50
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)

Read = Callable[[Mapping[str, str]], Mapping[str, Any]]


def trades(read: Read, since: datetime, until: datetime, skip: int = 0) -> TradesPage:
    """All of the span, or its oldest fifty; ``skip``: behind so many pages of the oldest. Raises
    VenueUnavailable."""
    start, end = int(since.timestamp()), int(until.timestamp())
    page = read({"start": str(start), "end": str(end + 1), "ofs": "0"})
    length = count(page)
    if length > PAGE:
        first = max(0, length - PAGE * (skip + 1))
        page = read({"start": str(start), "end": str(end), "ofs": str(first)})
    found = page.get("trades")
    if not isinstance(found, Mapping):
        raise _unlike()
    rows = [_trade(trade_id, row) for trade_id, row in found.items()]
    return TradesPage(tuple(sorted(rows, key=lambda row: row.at)), length <= PAGE * (skip + 1))


def _trade(trade_id: str, row: Mapping[str, Any]) -> VenueTrade:
    try:
        return VenueTrade(
            trade_id,
            str(row["ordertxid"]),
            str(row["pair"]),
            Side(row["type"]),
            decimal(row["vol"]),
            decimal(row["price"]),
            decimal(row["cost"]),
            decimal(row["fee"]),
            moment(row["time"]),
            decimal(row.get("margin") or "0") != Decimal(0),
        )
    except _UNREADABLE:
        raise _unlike() from None


def _unlike() -> VenueUnavailable:
    return VenueUnavailable("Kraken's list of trades is not in its usual form.")
