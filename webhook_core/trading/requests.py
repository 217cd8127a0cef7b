"""Exactly what goes to a venue, the ways it can end, and what a venue shows of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from webhook_core.trading.orders import Exit, OrderType, Side
from webhook_core.value import Value

Method = Literal["AddOrder", "CancelOrder", "AmendOrder"]
"""Kraken's names (docs.kraken.com, rest-api)."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OrderRequest(Value):
    """Exactly what goes to the venue: the parameters of Kraken's ``method``, as the
    strings that are sent.

    The claim adds ``cl_ord_id`` to an AddOrder, and ``deadline`` to it and to an AmendOrder; the
    client adds the nonce. ``symbol`` is for people ("BTC/USD"). ``exits``: it closes what is held,
    or a part of it. ``counted``: its size follows from what the account holds. ``freeing``: it
    cancels an exit of the strategy's own for a sale, or stands in its place. ``waits``: it is
    counted once an order of unknown outcome is settled, whatever is planned here. ``exit``: the
    alert named a position, and the order only brings what was held nearer to flat; None too for one
    that an earlier version planned.
    """

    symbol: str
    parameters: Mapping[str, str]
    reference_price: Decimal | None = None
    method: Method = "AddOrder"
    exits: bool = False
    counted: bool = False
    freeing: bool = False
    exit: Exit | None = None
    waits: bool = False

    @property
    def pair(self) -> str:
        """The key of its pair, empty for a request that names none."""
        return self.parameters.get("pair", "")

    @property
    def side(self) -> Side | None:
        sent = self.parameters.get("type")
        return None if sent is None else Side(sent)

    @property
    def kind(self) -> str:
        """The type of its order, empty for a request that places none."""
        return self.parameters.get("ordertype", "")

    @property
    def volume(self) -> Decimal:
        """As it is sent: base, or quote where ``in_quote``; zero for a request that names none."""
        return Decimal(self.parameters.get("volume", "0"))

    @property
    def named(self) -> str | None:
        """The order id that a cancel or an amendment names, if it names one."""
        return self.parameters.get("txid")

    @property
    def named_by_client(self) -> str | None:
        """The client order id that a cancel or an amendment names, if it names one."""
        return self.parameters.get("cl_ord_id")

    @property
    def at_market(self) -> bool:
        return self.kind == OrderType.MARKET

    @property
    def rests(self) -> bool:
        """Whether it may lie in the book."""
        return self.kind not in (OrderType.MARKET, OrderType.SETTLE_POSITION)

    @property
    def on_margin(self) -> bool:
        return "leverage" in self.parameters

    @property
    def reduces_only(self) -> bool:
        return "reduce_only" in self.parameters

    @property
    def leaves_exit(self) -> bool:
        """Whether what it fills leaves a conditional close."""
        return "close[ordertype]" in self.parameters

    @property
    def in_quote(self) -> bool:
        """Whether its volume counts quote."""
        return "viqc" in self.parameters.get("oflags", "")

    @property
    def fee_in_base(self) -> bool:
        return "fcib" in self.parameters.get("oflags", "")

    @property
    def asked_price(self) -> Decimal | None:
        """Its limit, else its trigger, else the alert's own; a relative one is none."""
        for sent in (self.parameters.get(name, "") for name in ("price2", "price")):
            if sent[:1].isdigit() and not sent.endswith("%"):
                return Decimal(sent)
        return self.reference_price

    def trade_details(self) -> dict[str, str | None]:
        """symbol, side, order_type, volume and price of the answer: the limit, else the trigger,
        else the reference. A relative price is shown as it is sent."""
        sent = self.parameters
        price = (
            sent.get("price2")
            or sent.get("price")
            or sent.get("limit_price")
            or sent.get("trigger_price")
        )
        reference = None if self.reference_price is None else f"{self.reference_price:f}"
        return {
            "symbol": self.symbol or None,
            "side": sent.get("type"),
            "order_type": sent.get("ordertype"),
            "volume": sent.get("volume") or sent.get("order_qty"),
            "price": price or reference,
        }

    def prices(self) -> dict[str, Any]:
        """limit, trigger and exit as they are sent, or None.

        A trail is the trigger; the exit is the take profit or stop loss that rides with the order:
        its order_type, trigger and limit.
        """
        sent, kind = self.parameters, self.parameters.get("ordertype", "")
        prices = [sent.get("price"), sent.get("price2")]
        limit, trigger = sent.get("limit_price"), sent.get("trigger_price")  # those of an amendment
        if kind in (OrderType.LIMIT, OrderType.ICEBERG):
            limit = prices[0]
        elif kind not in (OrderType.MARKET, OrderType.SETTLE_POSITION, ""):
            trigger, limit = prices
        close = {"order_type": "ordertype", "trigger": "price", "limit": "price2"}
        exits = {name: sent.get(f"close[{field}]") for name, field in close.items()}
        return {"limit": limit, "trigger": trigger, "exit": exits if exits["order_type"] else None}


class Accepted(NamedTuple):
    """The venue holds the order: there is a txid. ``description`` is Kraken's own wording of it."""

    order_id: str
    description: str = ""
    warnings: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """The venue refused it, proved by its own words: every error string is on the allow-list.

    ``stale_rules``: refused for a minimum or a precision, so the pair's rules that we
    planned with are out of date.
    """

    errors: tuple[str, ...]
    stale_rules: bool = False


class _WithoutOrder(Value):
    """``reason`` is ours, ``errors`` are Kraken's words. Outcomes of two kinds are never equal."""

    __slots__ = ("errors", "reason")
    __match_args__ = ("reason", "errors")

    def __init__(self, reason: str, errors: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.errors = errors


class Unknown(_WithoutOrder):
    """Sent, and no proof either way. Only reconcile may decide."""

    __slots__ = ()


class NotSent(_WithoutOrder):
    """Proved never processed: a later attempt is safe."""

    __slots__ = ()


class Unchanged(_WithoutOrder):
    """The order is already as the request wants it: nothing was done, and nothing is left to do."""

    __slots__ = ()


Outcome = Accepted | Rejected | Unknown | NotSent | Unchanged


class VenueOrder(NamedTuple):
    """An order as the venue lists it. ``status`` is Kraken's: pending, open, closed, canceled,
    expired. ``opened_at`` is None where the venue does not say."""

    order_id: str
    client_order_id: str | None
    status: str
    facts: Mapping[str, object] = MappingProxyType({})
    opened_at: datetime | None = None


class Fill(NamedTuple):
    """What became of an order so far: Kraken's ``status``, and ``volume`` (base),
    ``cost`` and ``fee`` (quote) of what has traded; ``price`` is its average, None before
    anything has. ``closed_at``: when it was done, or, where a size follows from it, when
    it traded last; ``opened_at``: when it was taken; both by the venue's clock.
    ``trades``: how many there were. None: not known."""

    status: str
    volume: Decimal
    price: Decimal | None
    cost: Decimal
    fee: Decimal
    closed_at: datetime | None = None
    opened_at: datetime | None = None
    trades: int | None = None


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
