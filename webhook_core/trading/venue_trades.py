"""What an account has traded, as its venue lists it."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from webhook_core.trading.orders import Side


class VenueTrade(NamedTuple):
    """One trade of the account. ``pair`` is the pair's key, ``volume`` base, ``cost`` and ``fee``
    quote; ``at`` by the venue's clock."""

    trade_id: str
    order_id: str
    pair: str
    side: Side
    volume: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    at: datetime
    margin: bool


class TradesPage(NamedTuple):
    """Oldest trades of a span of time. ``complete``: all of them."""

    trades: tuple[VenueTrade, ...]
    complete: bool
