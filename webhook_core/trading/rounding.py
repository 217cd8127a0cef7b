"""Exact Decimal rounding to a pair's steps.

It never raises a size, and never makes a price worse than asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Context, Decimal, localcontext

from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import Side

_EXACT = Context(prec=120)
"""Digits enough that no product, quotient or remainder of two amounts here is rounded by the
arithmetic itself."""
_QUOTIENT = Context(prec=60, rounding=ROUND_DOWN)
_FEWEST_COST_DECIMALS = 5
"""5 of XBTUSD, 9 of XDGUSD, 10 of ETHXBT (AssetPairs, September 2026)."""
_FLOAT_NOISE = Decimal("1E-12")
"""Charts compute in binary floats: 100.10000000000001 means 100.1. This part of a price is far
above that noise (2E-16) and far below anything a trader can mean."""


def round_volume(instrument: Instrument, volume: Decimal) -> Decimal:
    """Base volume, down to ``lot_decimals``: never more than asked, possibly zero.

    Without the rule, as it is.
    """
    return _cut(volume, instrument.lot_decimals)


def round_cost(instrument: Instrument, cost: Decimal) -> Decimal:
    """An amount of the quote currency, down to ``cost_decimals``.

    Without the rule, to as many as every pair has: such an amount is often a quotient, and Kraken
    refuses its endless digits.
    """
    decimals = instrument.cost_decimals
    return _cut(cost, _FEWEST_COST_DECIMALS if decimals is None else decimals)


def _cut(amount: Decimal, decimals: int | None) -> Decimal:
    if decimals is None:
        return amount
    step = Decimal(1).scaleb(-decimals)
    with localcontext(_EXACT):
        return amount // step * step


def round_price(instrument: Instrument, price: Decimal, side: Side) -> Decimal:
    """A limit or a trigger on the pair's price grid: a buy's price goes down, a sell's goes up, by
    less than one step.

    So a limit is never worse than asked; a stop never fires later than asked, only up to one step
    sooner (Kraken rounds its own trailing stops towards the market in the same way); a take-profit
    never takes less; and as every price of an order moves the same way, a trigger never changes
    sides with its limit. A price within float noise of a grid point is that point. The grid
    satisfies ``tick_size`` and ``pair_decimals`` alike; without both, as it is.
    """
    step = price_step(instrument)
    return price if step is None else to_step(price, step, up=side is Side.SELL)


def to_step(amount: Decimal, step: Decimal, *, up: bool) -> Decimal:
    """The next whole number of steps below the amount, or above it; within float
    noise of one, that one."""
    with localcontext(_EXACT):
        steps, rest = divmod(amount, step)
        noise = min(amount * _FLOAT_NOISE, step / 4)
        if step - rest <= noise or (rest > noise and up):
            steps += 1
        return steps * step


def price_step(instrument: Instrument) -> Decimal | None:
    """The smallest step that is whole in ``tick_size`` and in ``pair_decimals``: Kraken
    checks each on its own."""
    tick, decimals = instrument.tick_size, instrument.pair_decimals
    if decimals is None:
        return tick
    unit = Decimal(1).scaleb(-decimals)
    if tick is None:
        return unit
    with localcontext(_EXACT):
        ticks_per_unit = tick / unit  # exact: the unit is a power of ten
        return unit * ticks_per_unit.as_integer_ratio()[0]


def cost_of(volume: Decimal, price: Decimal) -> Decimal:
    """Quote cost, exact: a cap is not passed by the rounding of a product."""
    with localcontext(_EXACT):
        return volume * price


def difference(amount: Decimal, other: Decimal) -> Decimal:
    """Exact, where Decimal's own minus rounds at 28 digits."""
    with localcontext(_EXACT):
        return amount - other


def quotient(amount: Decimal, divisor: Decimal) -> Decimal:
    """amount / divisor, never more than exact: a size does not grow by the division."""
    with localcontext(_QUOTIENT):
        return amount / divisor


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Exact."""
    return cost_of(amount, percent).scaleb(-2, _EXACT)


def amounts_text(amounts: Mapping[str, Decimal]) -> str:
    """By currency: "500 USD, 450 EUR"."""
    return ", ".join(f"{plain(amount)} {code}" for code, amount in amounts.items())


def plain(number: Decimal) -> str:
    """The number as Kraken takes it: no exponent, no zeros at the end (they count as decimals)."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
