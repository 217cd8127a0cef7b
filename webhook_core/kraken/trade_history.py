"""What the account has traded, from TradesHistory:
docs.kraken.com/api/docs/rest-api/get-trade-history.

Fifty a page, newest first. ``start`` is exclusive and ``end`` inclusive, both in Unix seconds.
Where there are more than fifty, the oldest are asked for up to the last whole second: what is
traded meanwhile is behind it and moves no page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from webhook_core.kraken.client import decimal
from webhook_core.kraken.listed_orders import count, moment
from webhook_core.kraken.replies import in_usual_form
from webhook_core.trading.orders import Side
from webhook_core.trading.trades import TradesPage, VenueTrade

PAGE = 50

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
    with in_usual_form("list of trades"):
        rows = [_trade(trade_id, row) for trade_id, row in page["trades"].items()]
    return TradesPage(tuple(sorted(rows, key=lambda row: row.at)), length <= PAGE * (skip + 1))


def _trade(trade_id: str, row: Mapping[str, Any]) -> VenueTrade:
    order_id, pair, side = str(row["ordertxid"]), str(row["pair"]), Side(row["type"])
    volume, price, cost, fee = (decimal(row[name]) for name in ("vol", "price", "cost", "fee"))
    at, margin = moment(row["time"]), bool(decimal(row.get("margin") or "0"))
    return VenueTrade(trade_id, order_id, pair, side, volume, price, cost, fee, at, margin)
