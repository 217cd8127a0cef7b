"""A price as an alert names it: a number, or an offset from the last traded price that stays one on
its way to Kraken.

Kraken's form (docs.kraken.com, add-order): ``+5``, ``-2%``, ``#1.5%``; with ``#`` Kraken picks the
sign by side and order type.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from webhook_core.errors import AlertMalformed
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderType, Relative, Side
from webhook_core.trading.rounding import cost_of, plain, price_step, round_price, to_step

Price = Decimal | Relative

PERCENT_STEP = Decimal("0.0001")
"""Kraken prints percentages with four decimals; more are not sent."""


def text(price: Price) -> str:
    """The price as Kraken takes it."""
    if isinstance(price, Decimal):
        return plain(price)
    return f"{price.sign}{plain(price.amount)}{'%' if price.percent else ''}"


def parsed(sent: str) -> Price:
    """What ``text`` wrote. Raises decimal.InvalidOperation for anything else."""
    if sent[:1] in ("+", "-", "#"):
        return Relative(sent[0], Decimal(sent[1:].removesuffix("%")), sent.endswith("%"))
    return Decimal(sent)


def amount_of(price: Price) -> Decimal:
    """The number in it, without sign and unit."""
    return price if isinstance(price, Decimal) else price.amount


def rounded(instrument: Instrument, price: Price, side: Side, kind: OrderType) -> Price:
    """On the pair's grid, and never worse than asked: a buy's price moves down and a sell's up, an
    offset like a price.

    ``side`` and ``kind`` are those of the order that has the price. A percentage
    keeps four decimals.
    """
    if isinstance(price, Decimal):
        return round_price(instrument, price, side)
    away = goes_up(price.sign, side, kind) == (side is Side.SELL)
    return _with_steps(instrument, price, up=away)


def rounded_trail(instrument: Instrument, trail: Relative) -> Relative:
    """The distance of a trailing stop, down: it fires up to one step sooner, never later."""
    return _with_steps(instrument, trail, up=False)


def goes_up(sign: str, side: Side, kind: OrderType) -> bool:
    """Whether the offset lies above the last price.

    ``#``: a buy's stop and a sell's limit or profit do.
    """
    if sign != "#":
        return sign == "+"
    stop = kind in (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
    return (side is Side.BUY) == stop


def estimate(price: Price, last: Decimal | None) -> Decimal | None:
    """The price that it comes to at this last price, for ``#`` the higher one; None for an offset
    from an unknown price."""
    if isinstance(price, Decimal):
        return price
    if last is None:
        return None
    offset = cost_of(last, price.amount).scaleb(-2) if price.percent else price.amount
    return last - offset if price.sign == "-" else last + offset


def highest(kind: OrderType, prices: Iterable[Price], last: Decimal | None) -> Decimal | None:
    """The highest price that the order names, None if none is known.

    The limit of a trailing stop counts from its trigger.
    """
    known: list[Decimal] = []
    for price in prices:
        value = estimate(price, known[-1] if kind.trails and known else last)
        if value is not None:
            known.append(value)
    return max(known, default=None)


def _with_steps(instrument: Instrument, price: Relative, *, up: bool) -> Relative:
    step = PERCENT_STEP if price.percent else price_step(instrument)
    amount = price.amount if step is None else to_step(price.amount, step, up=up)
    return price._replace(amount=amount, sign=price.sign if amount else "+")


_MOST_DIGITS = 18
"""Before or after the point; an amount beyond that is a mistake, and no
exchange has a use for it."""


def check_amount(name: str, price: Price | None) -> None:
    """Raises AlertMalformed for a number that no market has."""
    if price is None:
        return
    amount = amount_of(price)
    if not amount.is_finite() or amount <= 0:
        raise AlertMalformed(f"{name} must be a number above zero.", field=name)
    if (
        not -_MOST_DIGITS <= amount.adjusted() < _MOST_DIGITS
        or len(amount.as_tuple().digits) > 4 * _MOST_DIGITS
    ):
        raise AlertMalformed(
            f"{name} is out of every market's range: send a plain decimal number.", field=name
        )
    below = isinstance(price, Relative) and price.percent and price.sign != "+"
    if below and amount >= 100 and name not in FIELDS:  # where # has its sign first
        raise AlertMalformed(
            f"{name} is {amount:f} % below the market: nothing would be left.", field=name
        )


FIELDS = ("take_profit", "take_profit_limit", "stop_loss", "stop_loss_limit")
