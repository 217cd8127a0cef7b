"""What an alert may want beside an order of its own size: a position, a cancel, an amendment, or
nothing that can be done."""

from __future__ import annotations

from decimal import Decimal

from webhook_core.trading.orders import (
    Action,
    CancelScope,
    Close,
    Exit,
    OrderType,
    QuantityType,
    Relative,
    Side,
    Terms,
    is_margin,
)
from webhook_core.value import NamedTuple


class NoOrder(NamedTuple):
    """The alert asks for nothing that this account can do; ``why`` as a sentence."""

    symbol: str
    why: str


class PositionIntent(NamedTuple):
    """A position as the alert wants it; the order that leads there depends on what is held.

    ``percent`` is how much of the position a ``close`` closes. ``target`` is signed, base, and for
    ``reverse`` its size only; ``percent_of_equity``, signed too, stands in its place. ``before``
    and ``after`` are the strategy's own positions around this firing, signed, where the alert says
    them: they tell two firings of one second apart. ``own``: the position is what the strategy
    bought and has not sold, and not all that is held; of that no more than ``most``, signed base,
    where the alert comes again: what was bought since is none that it means.
    """

    symbol: str
    action: Action
    leverage: int | None = None
    percent: Decimal = Decimal(100)
    target: Decimal | None = None
    percent_of_equity: Decimal | None = None
    reference_price: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None
    own: bool = False
    most: Decimal | None = None

    @property
    def wants_flat(self) -> bool:
        """Nothing of the position is to be left, or less than is held, whatever that is."""
        if self.action == "close":
            return True
        return self.action == "target" and not self.target and self.percent_of_equity is None


class CancelIntent(NamedTuple):
    """Which open orders are to go: one by ``order_id`` or ``client_order_id``, those of the alert
    ``of_alert``, else all in ``scope``; ``symbol`` and ``side`` narrow it."""

    scope: CancelScope | None = None
    symbol: str | None = None
    side: Side | None = None
    order_id: str | None = None
    client_order_id: str | None = None
    of_alert: str | None = None

    @property
    def has_a_name(self) -> bool:
        """One order is meant, or those of one alert."""
        return (
            self.order_id is not None
            or self.client_order_id is not None
            or self.of_alert is not None
        )


class AmendIntent(NamedTuple):
    """What an open order is to become; None leaves it as it is.

    ``volume`` is its whole size in base, filled part included.
    """

    order_id: str | None = None
    client_order_id: str | None = None
    of_alert: str | None = None
    symbol: str | None = None
    volume: Decimal | None = None
    display_volume: Decimal | None = None
    limit: Decimal | Relative | None = None
    trigger: Decimal | Relative | None = None
    post_only: bool = False


class OrderIntent(NamedTuple):
    """One order as the alert wants it, before any rounding.

    ``limit`` and ``trigger`` are prices in quote per base, or offsets; ``trail`` is the distance of
    a trailing stop, ``trail_limit`` its limit as an offset from the trigger. ``quantity_type`` says
    what ``volume`` counts. ``notes`` are for the answer's warnings.

    ``reference_price`` is the alert's idea of the market: it prices the limits' cost and the paper
    venue, and is never sent. ``exit``: the alert names a position, and the order brings what is
    held nearer to flat. ``own``: a part of the position is one of what the strategy bought.
    ``only_own``: a sell on spot is no more than that either, whatever its size counts.
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
    exit: Exit | None = None
    own: bool = False
    only_own: bool = False

    @property
    def takes_quote(self) -> bool:
        """Kraken takes a size in the quote currency for a market buy without leverage
        (docs.kraken.com, add-order ``viqc``)."""
        return (
            self.order_type is OrderType.MARKET
            and self.side is Side.BUY
            and not is_margin(self.leverage)
        )

    @property
    def sells_own(self) -> bool:
        """A sell on spot: never of what others bought."""
        return self.only_own and self.side is Side.SELL and not is_margin(self.leverage)


class CloseOwnIntent(NamedTuple):
    """Close every position that orders of the bridge have bought: those of the strategy, or all."""

    scope: CancelScope
    symbol: str | None = None
    action: Action = "close"


Intent = OrderIntent | NoOrder | PositionIntent | CancelIntent | AmendIntent | CloseOwnIntent


def of_own(wanted: Intent, *, sales_too: bool = False) -> Intent:
    """The same, of what the strategy bought alone; ``sales_too``: those of a stated size too."""
    if isinstance(wanted, OrderIntent):
        return wanted._replace(own=True, only_own=sales_too)
    if isinstance(wanted, PositionIntent):
        return wanted._replace(own=True)
    return wanted


def is_of_own(wanted: Intent) -> bool:
    return isinstance(wanted, OrderIntent | PositionIntent) and wanted.own
