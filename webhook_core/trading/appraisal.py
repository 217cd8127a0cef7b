"""What a validation tells of an order that is not sent: every check, what was rounded,
and what it would cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.trading.assets import asset_code
from webhook_core.trading.checks import Check
from webhook_core.trading.drafts import Draft, roundings
from webhook_core.trading.orders import Relative, Side
from webhook_core.trading.prices import Price, estimate, goes_up
from webhook_core.trading.rounding import cost_of

if TYPE_CHECKING:
    from webhook_core.trading.rules import Fees


class Estimate(NamedTuple):
    """``price`` is where the order is expected to trade, ``cost`` and ``fee`` are in ``currency``,
    the pair's quote. None: not known, for want of a price. The fee is that of the trade; what
    margin costs to open and to hold comes on top."""

    price: Decimal | None
    cost: Decimal | None
    fee: Decimal | None
    currency: str


class Appraisal(NamedTuple):
    """Of one request.

    ``checks`` are in the order in which they are made, ``rounding`` has a
    sentence for each number.
    """

    checks: tuple[Check, ...] = ()
    rounding: tuple[str, ...] = ()
    estimate: Estimate | None = None


def of(draft: Draft, checks: tuple[Check, ...], fees: Fees) -> Appraisal:
    return Appraisal(checks, tuple(roundings(draft)), estimated(draft, fees))


def estimated(draft: Draft, fees: Fees) -> Estimate:
    """A post-only order pays the maker's fee; any other may take, and is taken to."""
    price = expected_price(draft)
    cost = _cost(draft, price)
    percent = fees.maker if draft.wanted.terms.post_only else fees.taker
    fee = None if cost is None else cost_of(cost, percent.scaleb(-2))
    return Estimate(price, cost, fee, asset_code(draft.instrument.quote))


def expected_price(draft: Draft) -> Decimal | None:
    """The limit, else the trigger as it stands now, else the market's; None where it counts from a
    market that is not known.

    An order may trade at a better price than its limit, and at a worse one than its trigger.
    """
    side, kind, market = draft.wanted.side, draft.wanted.order_type, draft.market
    named = [price.rounded for price in draft.prices]
    if kind.trails:  # the trigger follows at the trail's distance, and the limit counts from it
        trail, *limits = named
        trigger = estimate(_signed(trail, up=side is Side.BUY), market)
        expected = estimate(limits[0], trigger) if limits else trigger
    elif named:
        limit = named[-1]
        up = isinstance(limit, Relative) and goes_up(limit.sign, side, kind)
        expected = estimate(_signed(limit, up=up), market)
    else:
        expected = market
    return expected if expected is not None and expected > 0 else None


def _cost(draft: Draft, price: Decimal | None) -> Decimal | None:
    if draft.in_quote:
        return draft.volume
    return None if price is None else cost_of(draft.volume, price)


def _signed(price: Price, *, up: bool) -> Price:
    if not isinstance(price, Relative):
        return price
    return price._replace(sign="+" if up else "-")
