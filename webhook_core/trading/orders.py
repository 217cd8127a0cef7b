"""What we want from the venue, exactly what goes to it, and the ways it can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from webhook_core.value import Value


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


TimeInForce = Literal["GTC", "IOC", "GTD", "FOK"]
TriggerBy = Literal["last", "index"]
FeeCurrency = Literal["base", "quote"]
SelfTrade = Literal["cancel-newest", "cancel-oldest", "cancel-both"]
Action = Literal["order", "close", "reverse", "target", "cancel", "amend"]
QuantityType = Literal["base", "quote", "percent_balance", "percent_equity", "percent_position", "risk_percent"]
MarketPosition = Literal["long", "short", "flat"]
CancelScope = Literal["symbol", "strategy", "all"]
Method = Literal["AddOrder", "CancelOrder", "AmendOrder"]
"""Kraken's names (docs.kraken.com, rest-api)."""


class Relative(NamedTuple):
    """An offset from the last traded price. ``sign`` is +, - or # (by side and order type); ``amount`` is quote, or percent."""

    sign: str
    amount: Decimal
    percent: bool = False


class Close(NamedTuple):
    """The order that Kraken places, on the other side, for what the entry fills. ``field``: take_profit or stop_loss."""

    field: str
    order_type: OrderType
    trigger: Decimal | Relative
    limit: Decimal | Relative | None = None


class Terms(NamedTuple):
    """How an order may be filled, and how long it lives. A timedelta is counted from when Kraken takes the order."""

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


class OrderIntent(NamedTuple):
    """One order as the alert wants it, before any rounding. ``limit`` and ``trigger`` are prices in quote per base, or
    offsets; ``trail`` is the distance of a trailing stop, ``trail_limit`` its limit as an offset from the trigger.
    ``quantity_type`` says what ``volume`` counts. ``notes`` are for the answer's warnings.

    ``reference_price`` is the alert's idea of the market: it prices the limits' cost and the paper venue, and is never sent.
    """

    symbol: str
    side: Side
    order_type: OrderType
    volume: Decimal
    limit: Decimal | Relative | None = None
    trigger: Decimal | Relative | None = None
    leverage: int | None = None
    reference_price: Decimal | None = None
    trail: Relative | None = None
    trail_limit: Relative | None = None
    terms: Terms = Terms()
    close: Close | None = None
    quantity_type: QuantityType = "base"
    notes: tuple[str, ...] = ()

    @property
    def takes_quote(self) -> bool:
        """Kraken takes a size in the quote currency for a market buy without leverage (docs.kraken.com, add-order ``viqc``)."""
        return self.order_type is OrderType.MARKET and self.side is Side.BUY and not is_margin(self.leverage)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OrderRequest(Value):
    """Exactly what goes to the venue: the parameters of Kraken's ``method``, as the strings that are sent.

    The claim adds ``cl_ord_id`` to an AddOrder, and ``deadline`` to it and to an AmendOrder; the client adds the nonce.
    ``symbol`` is for people ("BTC/USD"). ``exits``: it closes what is held, or a part of it.
    ``counted``: its size follows from what the account holds.
    """

    symbol: str
    parameters: Mapping[str, str]
    reference_price: Decimal | None = None
    method: Method = "AddOrder"
    exits: bool = False
    counted: bool = False

    @property
    def pair(self) -> str:
        return self.parameters["pair"]

    def trade_details(self) -> dict[str, str | None]:
        """symbol, side, order_type, volume and price of the answer: the limit, else the trigger, else the reference.
        A relative price is shown as it is sent."""
        sent = self.parameters
        price = sent.get("price2") or sent.get("price") or sent.get("limit_price") or sent.get("trigger_price")
        reference = None if self.reference_price is None else f"{self.reference_price:f}"
        return {
            "symbol": self.symbol or None,
            "side": sent.get("type"),
            "order_type": sent.get("ordertype"),
            "volume": sent.get("volume") or sent.get("order_qty"),
            "price": price or reference,
        }

    def prices(self) -> dict[str, Any]:
        """limit, trigger and exit as they are sent, or None. A trail is the trigger; the exit is the take profit or stop loss
        that rides with the order: its order_type, trigger and limit."""
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

    ``stale_rules``: refused for a minimum or a precision, so the pair's rules that we planned with are out of date.
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
    """What became of an order so far: Kraken's ``status``, and ``volume`` (base), ``cost`` and ``fee`` (quote) of what has
    traded; ``price`` is its average, None before anything has. ``closed_at``: when it was done."""

    status: str
    volume: Decimal
    price: Decimal | None
    cost: Decimal
    fee: Decimal
    closed_at: datetime | None = None
