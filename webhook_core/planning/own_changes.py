"""What an order of ours has changed, or may have, of one figure of the
account, and when that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill, OrderRequest
from webhook_core.trading.rounding import cost_of
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.lagging_figures import Step

DONE = ("closed", "canceled", "expired")
"""Kraken's statuses of an order that trades no more."""
NEAR = timedelta(seconds=5)
"""A plan reads its figures a moment before it is claimed, and two clocks
differ by a second or two."""
AT_ONCE = timedelta(milliseconds=100)
"""An order that meets the book when it comes is done a few milliseconds after it was opened; one
that takes longer may have rested while another plan looked."""
_OWN = "strategy's "
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
_FEE, _SLIPPAGE = Decimal("0.02"), Decimal("0.05")
ROUNDED = Decimal("0.0001")
"""A balance in dollars has four decimals, what an order cost has more."""


class CountedOrders(NamedTuple):
    """Which orders of ours a figure has in it: those that were claimed by ``until``, None for none;
    ``named``, by client order id, are those of them that may have come into the ledger only then
    (``may_come_late``)."""

    until: datetime | None = None
    named: tuple[str, ...] = ()


NONE_COUNTED = CountedOrders()

InstrumentOf = Callable[[str], Instrument | None]
"""The instrument of a pair's key, None for one that is not known."""


def position_key(pair: str) -> str:
    """What the net margin position of a pair is called among ``LedgerEntry.figures``."""
    return f"position {pair}"


def is_position(name: str) -> bool:
    """Whether a figure of that name is one."""
    return name.startswith(position_key(""))


def pair_of(name: str) -> str:
    """The key of the pair whose position has that name."""
    return name.removeprefix(position_key(""))


def own_key(pair: str) -> str:
    """What a strategy bought of a pair and has not sold is called among them, signed base."""
    return f"{_OWN}{pair}"


def own_figure(figures: Mapping[str, Decimal]) -> Decimal | None:
    """Among the figures of an alert, which are of one pair; None where it is not among them."""
    return next((volume for name, volume in figures.items() if name.startswith(_OWN)), None)


def signed_by(side: Side, volume: Decimal) -> Decimal:
    """Up for a buy, down for a sale."""
    return volume if side is Side.BUY else -volume


def known_fill(entry: LedgerEntry, fills: Mapping[str, Fill]) -> Fill | None:
    """What it has filled, by ``fills``, which were asked for now, by order id, or by the ledger,
    which is right only of one that is done. None where that is not known."""
    asked, stored = fills.get(entry.current.order_id or ""), entry.current.fill
    return stored if asked is None and stored is not None and stored.status in DONE else asked


def last_moment(entry: LedgerEntry, fill: Fill | None) -> datetime:
    """Until when it may have changed a figure: as long as Kraken may have taken its order, or, of
    one that rested, when it traded last."""
    taken = entry.current.settled_at or entry.current.deadline
    traded = rested_until(entry, fill)
    return taken if traded is None else max(taken, traded)


def rested_until(entry: LedgerEntry, fill: Fill | None) -> datetime | None:
    """When it traded last, None for one that never rested, or has not traded."""
    if fill is None or fill.closed_at is None or not fill.volume or entry.current.request.at_market:
        return None
    if fill.opened_at is not None:  # by the same clock
        return fill.closed_at if fill.closed_at - fill.opened_at > AT_ONCE else None
    taken = entry.current.settled_at or entry.current.deadline
    return fill.closed_at if fill.closed_at - taken > NEAR else None


def change_of(
    entry: LedgerEntry, key: str, instrument_of: InstrumentOf, fill: Fill
) -> Decimal | None:
    """What its fill changed of that figure; None for an entry that has no part in it."""
    change = change_within(entry, key, instrument_of, fill)
    return None if change is None else change[0]


def change_within(
    entry: LedgerEntry, key: str, instrument_of: InstrumentOf, fill: Fill
) -> tuple[Decimal, Decimal] | None:
    """The same, and how far off that may be."""
    request = entry.current.request
    instrument = instrument_of(request.pair)
    if request.method != "AddOrder" or instrument is None or not touches(request, key, instrument):
        return None
    return _filled(request, key, instrument, fill)


def may_come_late(entry: LedgerEntry, moment: datetime) -> bool:
    """Whether it may have come into the ledger after that, and its order to Kraken: whatever its
    claim says, nothing is sent behind its deadline."""
    return entry.current.deadline > moment - NEAR


def counts_from(entry: LedgerEntry) -> datetime:
    """Its place among the others: behind all that its plan has counted, and before all that it has
    not, whatever the clocks of those say that claimed them. An order of a fixed size, or one that
    is sent again as it was, has counted none."""
    if not entry.figures:
        return entry.current.claimed_at
    return BEFORE_ALL if entry.counted_until is None else entry.counted_until + timedelta.resolution


def step_of(
    entry: LedgerEntry,
    key: str,
    may_be_cut: Callable[[LedgerEntry], bool],
    instrument_of: InstrumentOf,
    fill: Fill | None,
) -> Step | None:
    """None for an entry that has no part in this figure. ``may_be_cut``: it may fill less.

    What an order of another type than market fills only Kraken knows.
    """
    from webhook_core.trading.lagging_figures import Step

    before, request = entry.figures.get(key), entry.current.request
    instrument = instrument_of(request.pair)
    # A cancel may have seen it for the legs behind.
    if entry.state is State.NO_ACTION or request.method != "AddOrder":
        return None if before is None else Step(before, Decimal(0))
    if instrument is None or not touches(request, key, instrument):
        return None
    returns = request.leaves_exit
    at_market = request.at_market
    if (
        entry.state is State.ACCEPTED
        and fill is not None
        and (fill.status in DONE or not at_market)
    ):
        return Step(before, *_filled(request, key, instrument, fill), returns=returns)
    if entry.state is State.SUBMITTING or not at_market or may_be_cut(entry):
        return Step(before, None, sure=False)
    return Step(before, *_change(request, key, instrument), returns=returns)


def touches(request: OrderRequest, key: str, instrument: Instrument) -> bool:
    if request.on_margin:
        return key == position_key(instrument.key)
    return key in (instrument.base, instrument.quote)


def _filled(
    request: OrderRequest, key: str, instrument: Instrument, fill: Fill
) -> tuple[Decimal, Decimal]:
    """What a market order changed, and how far off that may be: in which currency its fee was taken
    is not for us to tell."""
    sign = 1 if request.side is Side.BUY else -1
    in_base = request.fee_in_base
    if key == instrument.quote:
        return -sign * fill.cost - fill.fee, ROUNDED + (fill.fee if in_base else Decimal(0))
    return sign * fill.volume, cost_of(fill.volume, _FEE) if in_base else Decimal(0)


def _change(
    request: OrderRequest, key: str, instrument: Instrument
) -> tuple[Decimal | None, Decimal]:
    """Of one market order that filled, and how far off that may be: a fee in base, a
    price that was not the alert's. Money counts as the least that is left or came in:
    what is spent next must be there."""
    sign = 1 if request.side is Side.BUY else -1
    if key == instrument.quote:
        return _money_change(request, sign)
    if request.in_quote:
        return None, Decimal(0)
    volume = request.volume
    return sign * volume, cost_of(volume, _FEE) if request.fee_in_base else Decimal(0)


def _money_change(request: OrderRequest, sign: int) -> tuple[Decimal | None, Decimal]:
    if request.in_quote:
        slack = cost_of(request.volume, _FEE)
        return -sign * request.volume - slack, slack
    if request.reference_price is None:
        return None, Decimal(0)
    cost = cost_of(request.volume, request.reference_price)
    slack = cost_of(cost, _FEE + _SLIPPAGE)
    return -sign * cost - slack, 2 * slack
