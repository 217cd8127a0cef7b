"""What we want from the venue, exactly what goes to it, and the ways it can end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from webhook_core.value import NamedTuple


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """Kraken's names (docs.kraken.com, AddOrder ``ordertype``)."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LOSS = "stop-loss"
    TAKE_PROFIT = "take-profit"
    STOP_LOSS_LIMIT = "stop-loss-limit"
    TAKE_PROFIT_LIMIT = "take-profit-limit"
    TRAILING_STOP = "trailing-stop"
    TRAILING_STOP_LIMIT = "trailing-stop-limit"
    ICEBERG = "iceberg"
    SETTLE_POSITION = "settle-position"

    @property
    def takes_limit(self) -> bool:
        """Its limit is a price of its own, not an offset from a trailing trigger."""
        return self in (
            OrderType.LIMIT,
            OrderType.STOP_LOSS_LIMIT,
            OrderType.TAKE_PROFIT_LIMIT,
            OrderType.ICEBERG,
        )

    @property
    def takes_trigger(self) -> bool:
        return self in (
            OrderType.STOP_LOSS,
            OrderType.TAKE_PROFIT,
            OrderType.STOP_LOSS_LIMIT,
            OrderType.TAKE_PROFIT_LIMIT,
        )

    @property
    def trails(self) -> bool:
        return self in (OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT)


AT_MARKET = (OrderType.STOP_LOSS, OrderType.TAKE_PROFIT)
"""Once they are triggered they trade whole, and are canceled no more."""


class Exit(StrEnum):
    """In which way an order only brings a position nearer to flat. ``SALE``: on spot, of what is
    held, by an alert that names no position."""

    CLOSE = "close"
    TARGET = "target"
    REDUCE_ONLY = "reduce_only"
    SALE = "sale"


TimeInForce = Literal["GTC", "IOC", "GTD", "FOK"]
TriggerBy = Literal["last", "index"]
FeeCurrency = Literal["base", "quote"]
SelfTrade = Literal["cancel-newest", "cancel-oldest", "cancel-both"]
Action = Literal["order", "close", "reverse", "target", "cancel", "amend", "pause", "resume"]
QuantityType = Literal[
    "base", "quote", "percent_balance", "percent_equity", "percent_position", "risk_percent"
]
MarketPosition = Literal["long", "short", "flat"]
CancelScope = Literal["symbol", "strategy", "all"]


class Relative(NamedTuple):
    """An offset from the last traded price.

    ``sign`` is +, - or # (by side and order type); ``amount`` is quote, or percent.
    """

    sign: str
    amount: Decimal
    percent: bool = False


class Close(NamedTuple):
    """The order that Kraken places, on the other side, for what the entry fills.

    ``field``: take_profit or stop_loss.
    """

    field: str
    order_type: OrderType
    trigger: Decimal | Relative
    limit: Decimal | Relative | None = None


class Terms(NamedTuple):
    """How an order may be filled, and how long it lives.

    A timedelta is counted from when Kraken takes the order.
    """

    display_volume: Decimal | None = None
    trigger_by: TriggerBy | None = None
    reduce_only: bool = False
    self_trade: SelfTrade | None = None
    fee_currency: FeeCurrency | None = None
    post_only: bool = False
    time_in_force: TimeInForce | None = None
    starts: datetime | timedelta | None = None
    expires: datetime | timedelta | None = None


def is_margin(leverage: int | None) -> bool:
    """None and 1 are spot."""
    return leverage is not None and leverage > 1
