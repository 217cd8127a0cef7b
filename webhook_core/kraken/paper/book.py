"""The state of the paper account as plain data, and its JSON text. Amounts are Decimal here and
strings in the text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field
from decimal import Decimal
from typing import Any, TypeVar

from webhook_core.value import NamedTuple, Record

_MODULUS = 36**16
# Odd and no multiple of 3: coprime to the modulus, so no id comes twice.
_STRIDE = 4_862_736_451_923_847_561_021_763
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Order(Record):
    """An order as Kraken keeps it. ``price`` is the limit of a limit order and the trigger of a
    stop; ``price2`` its limit.

    ``pair`` is the AssetPairs key. Times are unix seconds. ``hold`` is what a resting spot order
    keeps back: quote for a buy, base for a sell. ``average`` is the price it filled at. ``said``
    and ``said2`` are relative prices as they are shown, ``peak`` is what a trailing stop follows,
    ``close`` the conditional close as it was asked for. ``parts`` are the fills of an order that
    didn't fill at once and whole; ``spent`` counts against a volume in quote.
    """

    txid: str
    pair: str
    side: str
    ordertype: str
    volume: Decimal
    opentm: float
    price: Decimal = Decimal(0)
    price2: Decimal = Decimal(0)
    leverage: int = 0
    oflags: str = "fciq"
    timeinforce: str = "GTC"
    expiretm: int = 0
    cl_ord_id: str | None = None
    hold: Decimal = Decimal(0)
    triggered: bool = False
    status: str = "open"
    reason: str | None = None
    closetm: float = 0
    trade: str | None = None
    maker: bool = False
    vol_exec: Decimal = Decimal(0)
    average: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    said: str = ""
    said2: str = ""
    peak: Decimal = Decimal(0)
    trigger: str = "last"
    starttm: int = 0
    refid: str | None = None
    reduce_only: bool = False
    close: list[str] | None = None
    parts: list[list[Any]] | None = None
    spent: Decimal = Decimal(0)
    amended: bool = False

    @property
    def in_quote(self) -> bool:
        """Whether the volume is an amount of quote."""
        return self.oflags.endswith("viqc")

    @property
    def left(self) -> Decimal:
        """What is still to fill, in the unit of ``volume``."""
        return self.volume - (self.spent if self.in_quote else self.vol_exec)

    def fills(self) -> list[PaperTrade]:
        """Oldest first."""
        if self.parts is not None:
            return [
                PaperTrade._make([*part[:2], *map(Decimal, part[2:6]), part[6]])
                for part in self.parts
            ]
        if self.trade is None:
            return []
        amounts = (self.average, self.vol_exec, self.cost, self.fee)
        return [PaperTrade(self.trade, self.closetm, *amounts, self.maker)]


class PaperTrade(NamedTuple):
    """One trade. ``volume`` is base; ``cost`` and ``fee`` are quote."""

    txid: str
    time: float
    price: Decimal
    volume: Decimal
    cost: Decimal
    fee: Decimal
    maker: bool


class Position(Record):
    """One margin fill that opened a position. ``cost``, ``fee`` and ``margin`` are quote, as they
    were at the opening."""

    txid: str
    ordertxid: str
    pair: str
    side: str
    ordertype: str
    time: float
    cost: Decimal
    fee: Decimal
    volume: Decimal
    margin: Decimal
    closed: Decimal = Decimal(0)


class Book(Record):
    """Balances and prices by id (``XXBT``, ``XXBTZUSD``); closed orders oldest first,
    still in their JSON form."""

    balances: dict[str, Decimal]
    prices: dict[str, Decimal] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    minted: int = 0
    open: dict[str, Order] = field(default_factory=dict)
    closed: dict[str, dict[str, Any]] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)

    @classmethod
    def from_text(cls, text: str) -> Book:
        """Raises ValueError, KeyError or TypeError for a text that ``to_text`` didn't write."""
        data = json.loads(text)
        return cls(
            balances={asset: Decimal(amount) for asset, amount in data["balances"].items()},
            prices={pair: Decimal(price) for pair, price in data["prices"].items()},
            nonces=data["nonces"],
            minted=data["minted"],
            open={row["txid"]: _read(Order, row) for row in data["open"]},
            closed={row["txid"]: row for row in data["closed"]},
            positions=[_read(Position, row) for row in data["positions"]],
        )

    def to_text(self) -> str:
        return json.dumps(
            {
                "balances": {asset: f"{amount:f}" for asset, amount in self.balances.items()},
                "prices": {pair: f"{price:f}" for pair, price in self.prices.items()},
                "nonces": self.nonces,
                "minted": self.minted,
                "open": [_data(order) for order in self.open.values()],
                "closed": list(self.closed.values()),
                "positions": [_data(position) for position in self.positions],
            },
            separators=(",", ":"),
        )

    def mint(self, letter: str) -> str:
        """A txid of Kraken's form that this book never gave before: ``O`` for
        orders, ``T`` for trades."""
        self.minted += 1
        number = self.minted * _STRIDE % _MODULUS
        text = ""
        for _ in range(16):
            number, digit = divmod(number, 36)
            text += _DIGITS[digit]
        return f"{letter}{text[:5]}-{text[5:10]}-{text[10:]}"

    def gave(self, txid: str) -> bool:
        """Whether an order of this id ever existed, also one that is no longer kept."""
        text = txid[1:].replace("-", "")
        if len(txid) != 19 or txid[0] != "O" or len(text) != 16 or not set(text) <= set(_DIGITS):
            return False
        number = int(text[::-1], 36) * pow(_STRIDE, -1, _MODULUS) % _MODULUS
        return 0 < number <= self.minted

    def close(self, order: Order, keep: int) -> None:
        """Move an order to the closed ones, of which the newest ``keep`` stay."""
        self.open.pop(order.txid, None)
        order.hold = Decimal(0)
        self.closed[order.txid] = _data(order)
        while len(self.closed) > keep:
            del self.closed[next(iter(self.closed))]

    def closed_orders(self) -> Iterator[Order]:
        """Newest first."""
        return (_read(Order, row) for row in reversed(self.closed.values()))

    def find(self, txid: str) -> Order | None:
        if txid in self.open:
            return self.open[txid]
        return _read(Order, self.closed[txid]) if txid in self.closed else None


_Row = TypeVar("_Row", Order, Position)
_MONEY = frozenset(
    name
    for kind in (Order, Position)
    for name, annotation in kind.__annotations__.items()
    if annotation == "Decimal"
)
"""The fields that are Decimal."""


def _data(row: Order | Position) -> dict[str, Any]:
    """Without what equals its default: five hundred closed orders stay far below a
    Firestore document's limit."""
    data: dict[str, Any] = {}
    for name in row._fields:
        value = getattr(row, name)
        if name not in row._field_defaults or value != row._field_defaults[name]:
            data[name] = f"{value:f}" if isinstance(value, Decimal) else value
    return data


def _read(kind: type[_Row], data: dict[str, Any]) -> _Row:
    """What an earlier version kept beside is left out."""
    values: dict[str, Any] = {
        name: Decimal(data[name]) if name in _MONEY else data[name]
        for name in kind._fields
        if name in data
    }
    return kind(**values)
