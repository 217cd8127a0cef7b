"""From an alert without a side of its own to what it asks for: a position, a
cancel, an amendment."""

from __future__ import annotations

from decimal import Decimal

from webhook_core.errors import AlertMalformed
from webhook_core.trading.alert import Alert, position
from webhook_core.trading.intent import (
    AmendIntent,
    CancelIntent,
    CloseOwnIntent,
    Intent,
    NoOrder,
    PositionIntent,
)
from webhook_core.trading.orders import Relative, is_margin
from webhook_core.trading.prices import check_amount


def intent(alert: Alert) -> Intent:
    """Raises AlertMalformed naming the field that is missing or senseless."""
    for name in (
        "price",
        "stop_price",
        "volume",
        "display_volume",
        "percent",
        "market_position_size",
    ):
        if getattr(alert, name) != 0:
            check_amount(name, getattr(alert, name))
    if alert.action == "cancel":
        return CancelIntent(
            alert.scope,
            alert.symbol,
            alert.side,
            alert.order_id,
            alert.client_order_id,
            alert.of_alert,
        )
    if alert.action in ("pause", "resume"):
        return NoOrder("", "an alert that pauses or resumes wants no order")
    if alert.action == "close" and alert.scope is not None:
        return CloseOwnIntent(alert.scope)
    return _amend(alert) if alert.action == "amend" else _position(alert)


def _position(alert: Alert) -> PositionIntent:
    if alert.symbol is None:
        raise AlertMalformed("symbol is missing.", field="symbol")
    reference = None if isinstance(alert.price, Relative) else alert.price
    wanted = PositionIntent(alert.symbol, alert.action, alert.leverage, reference_price=reference)
    if alert.action == "close":
        return wanted._replace(percent=alert.percent or Decimal(100))
    if alert.action == "reverse":
        return wanted._replace(target=alert.volume)
    before, after = position(alert, "prev_market_position"), position(alert, "market_position")
    if alert.quantity_type == "percent_equity" and alert.market_position != "flat":
        return _by_equity(alert, wanted._replace(before=before, after=after))
    if after is None:
        raise AlertMalformed(
            "market_position_size is missing: it is the target.", field="market_position_size"
        )
    return wanted._replace(target=after, before=before, after=after)


def _by_equity(alert: Alert, wanted: PositionIntent) -> PositionIntent:
    if alert.volume is None:
        raise AlertMalformed(
            "volume is missing: it is the percentage of the equity.", field="volume"
        )
    if is_margin(alert.leverage):
        # Position, equity, price and order would be four calls of Kraken; counted by the alert's
        # own price a wrong one would make the order as much larger.
        raise AlertMalformed(
            "quantity_type percent_equity does not go with a target and leverage: send "
            "market_position_size, or side with it.",
            field="quantity_type",
        )
    if alert.volume > 100:
        raise AlertMalformed("volume is above 100 %: a target on spot ends there.", field="volume")
    return wanted._replace(
        percent_of_equity=alert.volume if alert.market_position == "long" else -alert.volume
    )


def _amend(alert: Alert) -> AmendIntent:
    for name in ("price", "stop_price"):
        if isinstance(getattr(alert, name), Relative):
            # An answer that is lost could not be told from one that was never given: the price it
            # came to is in no list.
            raise AlertMalformed(f"{name} is relative: amend to a price.", field=name)
    # For the same reason.
    if alert.volume is None and alert.price is None and alert.stop_price is None:
        name = "post_only" if alert.display_volume is None else "display_volume"
        raise AlertMalformed(
            f"{name} shows in no list of Kraken's: amend volume, price or stop_price with it.",
            field=name,
        )
    return AmendIntent(
        order_id=alert.order_id,
        client_order_id=alert.client_order_id,
        of_alert=alert.of_alert,
        symbol=alert.symbol,
        volume=alert.volume,
        display_volume=alert.display_volume,
        limit=alert.price,
        trigger=alert.stop_price,
        post_only=alert.post_only,
    )
