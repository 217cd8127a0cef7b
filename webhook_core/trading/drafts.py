"""An order with its numbers fitted to the pair, and what Kraken's AddOrder is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import Relative, Side
from webhook_core.trading.prices import (
    Price,
    estimate,
    goes_up,
    highest,
    rounded,
    rounded_trail,
    text,
)
from webhook_core.trading.rounding import plain, quotient, round_cost, round_volume
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.facts import RestingOrder


class Fitted(NamedTuple):
    """One price of the order: the alert's field, what it asked for, and what fits the pair.

    ``may_be_zero``: an offset that says "at the trigger itself".
    """

    field: str
    asked: Price
    rounded: Price
    may_be_zero: bool = False


class Draft(NamedTuple):
    """``volume`` is base, or quote where the order's size is (Kraken's ``viqc``). ``prices``: the
    trigger or the trail, then the limit, those that are sent; ``close_prices`` those of the close.
    ``highest_price``: the highest that is known of the order; ``close_price`` the same of its
    close. ``market``: the last price, else the alert's idea of it. ``amends``: the order that rests
    at Kraken and is to become this one; its leverage is not known."""

    wanted: OrderIntent
    instrument: Instrument
    volume: Decimal
    prices: tuple[Fitted, ...]
    highest_price: Decimal | None
    close_prices: tuple[Fitted, ...] = ()
    close_price: Decimal | None = None
    display_volume: Decimal | None = None
    market: Decimal | None = None
    amends: RestingOrder | None = None

    @property
    def in_quote(self) -> bool:
        """The size is in the quote currency, and its cost is its size."""
        return self.wanted.quantity_type == "quote"

    @property
    def cost_price(self) -> Decimal | None:
        """What the volume is multiplied with for the order's cost."""
        return Decimal(1) if self.in_quote else self.highest_price

    @property
    def base_volume(self) -> Decimal | None:
        """The size in base, None for one in quote at a price that is not known."""
        if not self.in_quote:
            return self.volume
        if self.highest_price is None:
            return None
        return round_volume(self.instrument, quotient(self.volume, self.highest_price))


def draft(wanted: OrderIntent, instrument: Instrument, ticker: Decimal | None) -> Draft:
    """``ticker``: the last price, None if it is not known."""
    prices, kind = tuple(_prices(wanted, instrument)), wanted.order_type
    in_quote = wanted.quantity_type == "quote"
    market = ticker if ticker is not None else wanted.reference_price
    own = highest(kind, (price.rounded for price in prices), market)
    known = [price for price in (own, wanted.reference_price, ticker) if price is not None]
    closing = tuple(_close_prices(wanted, instrument))
    close_price = (
        highest(wanted.close.order_type, (price.rounded for price in closing), own or market)
        if wanted.close
        else None
    )
    shown = wanted.terms.display_volume
    return Draft(
        wanted=wanted,
        instrument=instrument,
        volume=round_cost(instrument, wanted.volume)
        if in_quote
        else round_volume(instrument, wanted.volume),
        prices=prices,
        highest_price=max(known, default=None),
        close_prices=closing,
        close_price=close_price,
        display_volume=None if shown is None else round_volume(instrument, shown),
        market=market,
    )


def lowest(draft: Draft) -> Iterator[tuple[Fitted, Decimal | None]]:
    """Every price that counts downwards from the market, and what that leaves, None where the
    market is not known."""
    wanted, market = draft.wanted, draft.market
    kinds = [
        (price, wanted.side, wanted.order_type) for price in draft.prices if not price.may_be_zero
    ]
    if wanted.close is not None:
        kinds += [
            (price, wanted.side.opposite, wanted.close.order_type) for price in draft.close_prices
        ]
    for price, side, kind in kinds:
        offset = price.rounded
        if not isinstance(offset, Relative):
            continue
        down = side is Side.SELL if kind.trails else not goes_up(offset.sign, side, kind)
        if down:
            yield price, estimate(offset._replace(sign="-"), market)


def trigger_of(wanted: OrderIntent) -> Price | None:
    """The trigger, where the order type has one."""
    return wanted.trigger if wanted.order_type.takes_trigger else None


def limit_of(wanted: OrderIntent) -> Price | None:
    """The limit, where the order type has one that is a price."""
    return wanted.limit if wanted.order_type.takes_limit else None


def roundings(draft: Draft) -> Iterator[str]:
    """What fits the pair now and did not as the alert sent it, a sentence for each number."""
    wanted, shown = draft.wanted, draft.wanted.terms.display_volume
    if draft.volume != wanted.volume:
        yield f"volume {plain(wanted.volume)} was rounded down to {plain(draft.volume)}"
    if shown is not None and draft.display_volume is not None and shown != draft.display_volume:
        yield f"display_volume {plain(shown)} was rounded down to {plain(draft.display_volume)}"
    for price in (*draft.prices, *draft.close_prices):
        if price.rounded != price.asked:
            yield f"{price.field} {text(price.asked)} was rounded to {text(price.rounded)}"


def notes(draft: Draft) -> Iterator[str]:
    """What was rounded or left out, for the answer's warnings."""
    wanted = draft.wanted
    yield from wanted.notes
    yield from roundings(draft)
    if wanted.trigger is not None and not wanted.order_type.takes_trigger:
        yield (
            f"stop_price {text(wanted.trigger)} was not used: a {wanted.order_type} order has "
            "no trigger"
        )
    if wanted.close is not None:
        yield from _close_notes(wanted, wanted.close.field)


def _close_notes(wanted: OrderIntent, field: str) -> Iterator[str]:
    """A template that serves entries and exits alike would turn an exit into a new position."""
    margin = wanted.leverage is not None and wanted.leverage > 1
    if wanted.side is Side.SELL and not margin:
        yield (
            f"{field} of a sell without leverage buys back what is sold: leave it empty for an exit"
        )
    if wanted.side is Side.BUY and not margin and wanted.terms.fee_currency == "base":
        yield (
            f"{field} sells all that is bought, and fee_currency base takes the fee out of "
            "that: Kraken may refuse the close"
        )


def _prices(wanted: OrderIntent, instrument: Instrument) -> Iterator[Fitted]:
    side, kind = wanted.side, wanted.order_type
    for field, price in (("stop_price", trigger_of(wanted)), ("price", limit_of(wanted))):
        if price is not None:
            yield Fitted(field, price, rounded(instrument, price, side, kind))
    if wanted.trail is not None:
        yield Fitted("trail", wanted.trail, rounded_trail(instrument, wanted.trail))
    if wanted.trail_limit is not None:
        yield Fitted(
            "trail_limit",
            wanted.trail_limit,
            rounded(instrument, wanted.trail_limit, side, kind),
            may_be_zero=True,
        )


def _close_prices(wanted: OrderIntent, instrument: Instrument) -> Iterator[Fitted]:
    if wanted.close is None:
        return
    field, kind, trigger, limit = wanted.close
    side = wanted.side.opposite
    yield Fitted(field, trigger, rounded(instrument, trigger, side, kind))
    if limit is not None:
        yield Fitted(f"{field}_limit", limit, rounded(instrument, limit, side, kind))
