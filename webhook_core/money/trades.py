"""One trade of the account, as it is kept: whose it is, and what it moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from webhook_core.trading.orders import Side

_AMOUNTS = ("volume", "price", "cost", "fee", "asked")


class Role(StrEnum):
    """What the trade was for the bridge.

    ``OTHER``: not ours, made by hand or by another program.
    """

    ORDER = "order"
    EXIT = "exit"
    OTHER = "other"


class Trade(NamedTuple):
    """``volume`` counts base, ``price`` quote per base, ``cost`` quote. ``fee`` counts base where
    ``fee_in_base``, else quote. ``at`` is the venue's moment. ``strategy``, ``alert_id``: of the
    alert that it belongs to, None for ``Role.OTHER``; an exit belongs to the alert of its entry.
    ``asked``: the price that the order was sent with, if any. ``exit_type``: the order type of an
    exit, None also where an earlier version kept it. ``pair`` is the venue's key,
    ``symbol`` for people."""

    trade_id: str
    order_id: str
    pair: str
    symbol: str
    side: Side
    volume: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    at: datetime
    margin: bool = False
    role: Role = Role.OTHER
    strategy: str | None = None
    alert_id: str | None = None
    asked: Decimal | None = None
    fee_in_base: bool = False
    exit_type: str | None = None

    @property
    def base(self) -> str:
        return self.symbol.partition("/")[0]

    @property
    def quote(self) -> str:
        return self.symbol.partition("/")[2]

    @property
    def change(self) -> Decimal:
        """What it moved of the base, signed, its fee included where that was taken in base."""
        moved = self.volume if self.side is Side.BUY else -self.volume
        return moved - self.fee if self.fee_in_base else moved


def in_order(trade: Trade) -> tuple[datetime, bool, str]:
    """Oldest first. Of one moment what was bought comes before what was sold: it can only have been
    sold since."""
    return trade.at, trade.side is Side.SELL, trade.trade_id


def to_row(trade: Trade) -> dict[str, Any]:
    """As it is stored. What is not known is left out."""
    row = {**trade._asdict(), "at": trade.at.isoformat()}
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
        if value is not None and value is not False
    }


def from_row(row: Mapping[str, Any]) -> Trade:
    """Raises ValueError, KeyError, ArithmeticError for one that this version can't read."""
    known = {name: row[name] for name in Trade._fields if name in row}
    amounts = {name: Decimal(known[name]) for name in _AMOUNTS if name in known}
    role = Role(row.get("role", Role.OTHER))
    at, side = datetime.fromisoformat(row["at"]), Side(row["side"])
    return Trade(**{**known, **amounts, "role": role, "at": at, "side": side})
