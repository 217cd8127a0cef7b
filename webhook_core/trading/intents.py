"""From an alert to the order that it asks for. What contradicts itself is refused here, with the field at fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from webhook_core.errors import AlertMalformed
from webhook_core.trading import closing, terms
from webhook_core.trading.orders import (
    FeeCurrency,
    OrderIntent,
    OrderType,
    Relative,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerBy,
)
from webhook_core.trading.prices import Price, amount_of

_MOST_DIGITS = 18
"""Before or after the point; an amount beyond that is a mistake, and no exchange has a use for it."""


class AlertLike(Protocol):
    """What trading reads of an alert."""

    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def order_type(self) -> OrderType: ...
    @property
    def volume(self) -> Decimal | None: ...
    @property
    def price(self) -> Decimal | Relative | None: ...
    @property
    def stop_price(self) -> Decimal | Relative | None: ...
    @property
    def trail(self) -> Relative | None: ...
    @property
    def trail_limit(self) -> Relative | None: ...
    @property
    def leverage(self) -> int | None: ...
    @property
    def display_volume(self) -> Decimal | None: ...
    @property
    def trigger_by(self) -> TriggerBy | None: ...
    @property
    def reduce_only(self) -> bool: ...
    @property
    def self_trade(self) -> SelfTrade | None: ...
    @property
    def fee_currency(self) -> FeeCurrency | None: ...
    @property
    def post_only(self) -> bool: ...
    @property
    def time_in_force(self) -> TimeInForce | None: ...
    @property
    def starts(self) -> datetime | timedelta | None: ...
    @property
    def expires(self) -> datetime | timedelta | None: ...
    @property
    def take_profit(self) -> Decimal | Relative | None: ...
    @property
    def take_profit_limit(self) -> Decimal | Relative | None: ...
    @property
    def stop_loss(self) -> Decimal | Relative | None: ...
    @property
    def stop_loss_limit(self) -> Decimal | Relative | None: ...


def intent(alert: AlertLike, configured_volume: Decimal | None) -> OrderIntent:
    """The order that the alert asks for. ``price`` is the limit where the type takes one, else only a reference;
    ``stop_price`` is the trigger. Raises AlertMalformed naming the field that is missing, senseless or contradicts
    another; OrderDenied for a second conditional close."""
    kind = alert.order_type
    volume = alert.volume if alert.volume is not None else configured_volume
    if volume is None:
        raise AlertMalformed("volume is missing: send it, or configure a size for the strategy.", field="volume")
    _check_amounts(alert, volume)
    _check_prices(alert)
    close = closing.close_of(alert)
    wanted = OrderIntent(
        symbol=alert.symbol,
        side=alert.side,
        order_type=kind,
        volume=volume,
        limit=alert.price if kind.takes_limit else None,
        trigger=alert.stop_price,
        leverage=alert.leverage,
        reference_price=None if kind.takes_limit or isinstance(alert.price, Relative) else alert.price,
        trail=alert.trail,
        trail_limit=alert.trail_limit,
        terms=terms.terms_of(alert),
        close=close,
    )
    terms.check(wanted)
    return wanted


def _check_amounts(alert: AlertLike, volume: Decimal) -> None:
    if alert.leverage is not None and alert.leverage < 1:
        raise AlertMalformed("leverage must be a whole number from 1 up, or left out.", field="leverage")
    _check_amount("volume", volume)
    for name in ("price", "stop_price", "trail", "display_volume", *closing.FIELDS):
        _check_amount(name, getattr(alert, name))
    if alert.trail_limit is not None and alert.trail_limit.amount:
        _check_amount("trail_limit", alert.trail_limit)


def _check_amount(name: str, price: Price | None) -> None:
    if price is None:
        return
    amount = amount_of(price)
    if not amount.is_finite() or amount <= 0:
        raise AlertMalformed(f"{name} must be a number above zero.", field=name)
    if not -_MOST_DIGITS <= amount.adjusted() < _MOST_DIGITS or len(amount.as_tuple().digits) > 4 * _MOST_DIGITS:
        raise AlertMalformed(f"{name} is out of every market's range: send a plain decimal number.", field=name)
    below = isinstance(price, Relative) and price.percent and price.sign != "+"
    if below and amount >= 100 and name not in closing.FIELDS:  # where # has its sign first
        raise AlertMalformed(f"{name} is {amount:f} % below the market: nothing would be left.", field=name)


def _check_prices(alert: AlertLike) -> None:
    """Each order type has the prices that it needs, and none that it would ignore."""
    kind = alert.order_type
    if kind.takes_limit and alert.price is None:
        raise AlertMalformed(f"price is missing: {kind} needs it as its limit price.", field="price")
    if kind.takes_trigger and alert.stop_price is None:
        raise AlertMalformed(f"stop_price is missing: {kind} needs it as its trigger price.", field="stop_price")
    if isinstance(alert.price, Relative):
        if not kind.takes_limit:
            hint = "send the distance as trail" if kind.trails else "send a limit order, or an absolute reference"
            raise AlertMalformed(f"price is relative, and a {kind} order has no limit: {hint}.", field="price")
        if kind.takes_trigger and alert.price.sign == "#":
            raise AlertMalformed(
                "price must begin with + or -: which of them # means for a limit behind a trigger is not certain.",
                field="price",
            )
    if alert.trail is not None and alert.side is Side.SELL and alert.trail.percent and alert.trail.amount >= 100:
        raise AlertMalformed(
            "trail must be below 100%: a sell's trigger lies that far below the market.", field="trail"
        )
    _check_trail(alert, "trail", needed=kind.trails, example="2% or 150")
    _check_trail(alert, "trail_limit", needed=kind is OrderType.TRAILING_STOP_LIMIT, example="-50 or +0")


def _check_trail(alert: AlertLike, name: str, *, needed: bool, example: str) -> None:
    sent, kind = getattr(alert, name) is not None, alert.order_type
    if needed and not sent:
        raise AlertMalformed(f"{name} is missing: {kind} needs it, such as {example}.", field=name)
    if sent and not needed:
        trailing = "trailing-stop-limit" if name == "trail_limit" else "trailing-stop"
        raise AlertMalformed(
            f"{name} belongs to {trailing} orders, and this is a {kind} order: set order_type, or remove it.",
            field=name,
        )
