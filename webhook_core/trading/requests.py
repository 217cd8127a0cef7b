"""Exactly what goes to a venue, the ways it can end, and what a venue shows of orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from webhook_core.trading.kraken_fields import OrderFields
from webhook_core.trading.orders import Exit
from webhook_core.value import NamedTuple, Value

if TYPE_CHECKING:
    from webhook_core.trading.venue_refusals import Refusal

Method = Literal["AddOrder", "CancelOrder", "AmendOrder"]
"""Kraken's names (docs.kraken.com, rest-api)."""


class _Sent(NamedTuple):
    symbol: str
    parameters: Mapping[str, str]
    reference_price: Decimal | None = None
    method: Method = "AddOrder"
    exits: bool = False
    counted: bool = False
    freeing: bool = False
    exit: Exit | None = None
    waits: bool = False
    words: Mapping[str, str] | None = None
    no_larger: bool = False
    whole: bool = False
    most: Decimal | None = None


class OrderRequest(OrderFields, _Sent):
    """What goes to the venue: an order, a cancel or an amendment, as ``method`` says.

    ``parameters`` are its fields as they are stored, each a text; what they mean is read from the
    properties of ``OrderFields``. ``words`` are what the venue is told where it calls them
    otherwise, None where they are sent as they are.

    The claim adds ``cl_ord_id`` to an AddOrder, and ``deadline`` to it and to an AmendOrder; the
    client adds the nonce. ``symbol`` is for people ("BTC/USD"). ``exits``: it closes what is held,
    or a part of it. ``counted``: its size follows from what the account holds. ``freeing``: it
    cancels an exit of the strategy's own for a sale, or stands in its place. ``waits``: it is
    counted once an order of unknown outcome is settled, whatever is planned here. ``exit``: the
    alert named a position, and the order only brings what was held nearer to flat; None too for one
    that an earlier version planned. ``no_larger``: an amendment that was seen to leave the order
    its size, or less; what an earlier version planned does not say so. ``whole``: it closes all
    that is held, however much that is; nor does that say so. ``most``: base, and no more than that
    together with what the orders of the alert before it have traded of which nobody knew; None
    where it is not bound by those.
    """

    __slots__ = ()

    @property
    def sent(self) -> Mapping[str, str]:
        """Exactly what the venue is told of it."""
        return self.parameters if self.words is None else self.words

    @property
    def venue(self) -> str:
        """Whom it goes to, for people."""
        return "Kraken" if self.words is None else "The venue"

    @property
    def asked_price(self) -> Decimal | None:
        """Its limit, else its trigger, else the alert's own; a relative one is none."""
        for price in (self.limit, self.trigger):
            if isinstance(price, Decimal):
                return price
        return self.reference_price

    @property
    def volume_in(self) -> str | None:
        """The currency that ``volume`` counts where that is not the base."""
        return self.symbol.partition("/")[2] or "quote" if self.in_quote else None

    def trade_details(self) -> dict[str, str | None]:
        """symbol, side, order_type, volume and price of the answer: the limit, else the trigger,
        else the reference. A relative price is shown as it is sent."""
        details = self.order_details()
        reference = None if self.reference_price is None else f"{self.reference_price:f}"
        price = details["price"] or reference
        return {"symbol": self.symbol or None, **details, "price": price}


class Accepted(NamedTuple):
    """The venue holds the order: there is a txid. ``description`` is Kraken's own wording of it."""

    order_id: str
    description: str = ""
    warnings: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """The venue refused it, proved by its own words: every error string is on the allow-list.

    ``stale_rules``: refused for a minimum or a precision, so the pair's rules that we
    planned with are out of date. ``because``: said by a venue whose errors are not Kraken's.
    """

    errors: tuple[str, ...]
    stale_rules: bool = False
    because: Refusal | None = None

    @property
    def refusal(self) -> Refusal | None:
        """Which of those it is of which something follows; None for most."""
        from webhook_core.trading.venue_refusals import refusal_of  # few orders are refused

        return self.because or refusal_of(self.errors)


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
