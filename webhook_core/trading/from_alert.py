"""From an alert to the orders that it asks for.

What contradicts itself is refused here, with the field at fault.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.errors import AlertMalformed
from webhook_core.trading import conditional_close, terms
from webhook_core.trading.alert import Alert, position
from webhook_core.trading.alert_prices import check_amounts, check_prices
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import OrderType, Relative, Side, is_margin
from webhook_core.trading.rounding import plain
from webhook_core.trading.rules import Size

if TYPE_CHECKING:
    from webhook_core.trading.intent import Intent, NoOrder

_NOISE = Decimal("1E-9")
_NO_SHORT = "spot has no short positions"


def intents(alert: Alert, configured: Size | None) -> tuple[Intent, ...]:
    """What the alert asks for, a leg each. ``configured``: the size of orders that name none.

    Raises AlertMalformed naming the field that is missing, senseless or contradicts another;
    OrderDenied for a second conditional close, and for a size beside a fixed one.
    """
    if not alert.orders:
        return (_intent(alert, configured),)
    return tuple(
        _leg(leg, configured, f"orders[{number}]") for number, leg in enumerate(alert.orders)
    )


def _leg(alert: Alert, configured: Size | None, place: str) -> Intent:
    try:
        return _intent(alert, configured)
    except AlertMalformed as error:
        field = place if error.field is None else f"{place}.{error.field}"
        raise AlertMalformed(f"{place}: {error.message}", field=field) from None


def _intent(alert: Alert, configured: Size | None) -> Intent:
    if configured is not None and configured.fixed:
        from webhook_core.trading import fixed_size  # few strategies have one

        fixed_size.check(alert)
    if alert.action == "order":
        return _on_spot_as_held(alert, order_intent(alert, configured))
    from webhook_core.trading import from_action  # an alert with a side needs none of these

    return from_action.intent(alert)


def order_intent(alert: Alert, configured: Size | None) -> OrderIntent:
    """The one order of an alert with a side.

    ``price`` is the limit where the type takes one, else only a reference;
    ``stop_price`` is the trigger.
    """
    kind = alert.order_type
    size = configured if alert.volume is None else Size(alert.volume, alert.quantity_type or "base")
    if size is None:
        raise AlertMalformed(
            "volume is missing: send it, or configure a size for the strategy.", field="volume"
        )
    if alert.symbol is None or alert.side is None:
        raise AlertMalformed("symbol and side are missing.", field="side")
    check_amounts(alert, size.volume)
    check_prices(alert)
    reference = None if kind.takes_limit or isinstance(alert.price, Relative) else alert.price
    wanted = OrderIntent(
        symbol=alert.symbol,
        side=alert.side,
        order_type=kind,
        volume=size.volume,
        limit=alert.price if kind.takes_limit else None,
        trigger=alert.stop_price,
        leverage=alert.leverage,
        reference_price=reference,
        trail=alert.trail,
        trail_limit=alert.trail_limit,
        close=conditional_close.close_of(alert, alert.side),
        terms=terms.terms_of(alert),
        quantity_type=size.quantity_type,
    )
    terms.check(wanted)
    _check_size(wanted)
    return wanted


def _check_size(wanted: OrderIntent) -> None:
    """A size that is no fixed volume goes with the orders whose cost or stop is known."""
    kind = wanted.quantity_type
    if kind == "base":
        return
    percent = kind.endswith("percent") or kind.startswith("percent")
    margin = is_margin(wanted.leverage)
    if percent and wanted.volume > 100 and (not margin or kind == "risk_percent"):
        raise AlertMalformed(
            f"volume is {wanted.volume:f} %: {kind} ends at 100 without leverage.", field="volume"
        )
    if kind == "percent_balance" and margin:
        raise AlertMalformed(
            "quantity_type percent_balance counts what is free for spot orders; with leverage "
            "send percent_equity.",
            field="quantity_type",
        )
    if kind == "risk_percent" and (wanted.close is None or wanted.close.field != "stop_loss"):
        raise AlertMalformed(
            "stop_loss is missing: risk_percent takes the distance to it.", field="stop_loss"
        )
    if wanted.terms.display_volume is not None or wanted.order_type is OrderType.SETTLE_POSITION:
        raise AlertMalformed(
            f"quantity_type {kind} does not go with a {wanted.order_type} order: send volume in "
            "base.",
            field="quantity_type",
        )


def _on_spot_as_held(alert: Alert, wanted: OrderIntent) -> OrderIntent | NoOrder:
    """TradingView reverses with one order of the old and the new size ("sell 15" from 10 long to 5
    short, Pine v6 reference, strategy.entry), and spot has no short: of an order that leads from or
    to a short position, the part is traded that is a long one. Only where positions and size of the
    alert agree: then the size is TradingView's own and no fixed one. An order between two positions
    of which none is long has no such part, whatever its size, and a sell from none either.
    """
    if is_margin(wanted.leverage):
        return wanted
    _check_end(alert)
    ends = alert.market_position or ("long" if alert.side is Side.BUY else "short")
    if "long" not in (alert.prev_market_position or "long", ends):
        return _nothing_on_spot(wanted, f"from {alert.prev_market_position} to {ends}")
    before, after = position(alert, "prev_market_position"), position(alert, "market_position")
    if before is None or after is None or min(before, after) >= 0:
        return wanted
    change = wanted.volume if wanted.side is Side.BUY else -wanted.volume
    if (
        wanted.quantity_type != "base"
        or alert.volume is None
        or abs(before + change - after) > wanted.volume * _NOISE
    ):
        return wanted
    part = abs(max(after, Decimal(0)) - max(before, Decimal(0)))
    text = f"from {plain(before)} to {plain(after)}"
    if part == 0:
        return _nothing_on_spot(wanted, text)
    note = (
        f"volume {plain(wanted.volume)} was cut to {plain(part)}: the strategy goes {text}, "
        f"and {_NO_SHORT}"
    )
    return wanted._replace(volume=part, notes=(*wanted.notes, note))


def _nothing_on_spot(wanted: OrderIntent, steps: str) -> NoOrder:
    from webhook_core.trading.intent import NoOrder

    return NoOrder(wanted.symbol, f"the strategy goes {steps}, and {_NO_SHORT}")


def _check_end(alert: Alert) -> None:
    """A buy that ends flat or short closed a short.

    Raises AlertMalformed where the alert does not say that one was there.
    """
    ends_below = alert.side is Side.BUY and alert.market_position in ("flat", "short")
    if ends_below and alert.prev_market_position not in ("flat", "short"):
        raise AlertMalformed(
            f"market_position {alert.market_position} contradicts side buy: without leverage a "
            "buy ends long. Send "
            'prev_market_position and its size too, or "action": "target" for the position that '
            "it means.",
            field="market_position",
        )
