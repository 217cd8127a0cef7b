"""The terms of an order, and which of them exclude each other (docs.kraken.com, add-order)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webhook_core.errors import AlertMalformed
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import OrderType, Terms

if TYPE_CHECKING:
    from webhook_core.trading.alert_like import AlertLike

_NONE = Terms()
_NEVER_RESTS = (OrderType.MARKET, OrderType.SETTLE_POSITION)
_AT_ONCE = {
    "IOC": (OrderType.MARKET, OrderType.LIMIT),
    "FOK": (OrderType.LIMIT,),
}


def terms_of(alert: AlertLike) -> Terms:
    """As the alert says; an expiry alone means GTD."""
    gtd = alert.time_in_force is None and alert.expires is not None
    return Terms(
        display_volume=alert.display_volume,
        trigger_by=alert.trigger_by,
        reduce_only=alert.reduce_only,
        self_trade=alert.self_trade,
        fee_currency=alert.fee_currency,
        post_only=alert.post_only,
        time_in_force="GTD" if gtd else alert.time_in_force,
        starts=alert.starts,
        expires=alert.expires,
    )


def check(wanted: OrderIntent) -> None:
    """Raises AlertMalformed for terms that contradict each other or the order type."""
    kind, terms = wanted.order_type, wanted.terms
    margin = wanted.leverage is not None and wanted.leverage > 1
    if kind is OrderType.SETTLE_POSITION and not margin:
        raise _fault("leverage", "is missing: settle-position settles a margin position")
    if kind is OrderType.ICEBERG and terms.display_volume is None:
        raise _fault(
            "display_volume",
            "is missing: an iceberg order needs the part of its volume that it shows",
        )
    if terms == _NONE:
        return
    if terms.display_volume is not None and kind is not OrderType.ICEBERG:
        raise _fault("display_volume", f"belongs to iceberg orders, and this is a {kind} order")
    if terms.reduce_only and not margin:
        raise _fault("reduce_only", "needs leverage: only a margin position can be reduced")
    if terms.trigger_by is not None and not (kind.takes_trigger or kind.trails or wanted.close):
        raise _fault(
            "trigger_by",
            f"says which price triggers, and a {kind} order without a close has no trigger",
        )
    if terms.post_only and kind is not OrderType.LIMIT:
        raise _fault("post_only", f"is for limit orders only, and this is a {kind} order")
    _check_life(kind, terms)


def _check_life(kind: OrderType, terms: Terms) -> None:
    force = terms.time_in_force
    if force in _AT_ONCE:
        if terms.post_only:
            raise _fault(
                "post_only",
                f"rests in the book, and time_in_force {force} does not: send one of the two",
            )
        if kind not in _AT_ONCE[force]:
            allowed = " and ".join(_AT_ONCE[force])
            raise _fault(
                "time_in_force", f"{force} is for {allowed} orders only, and this is a {kind} order"
            )
    if force == "GTD" and terms.expires is None:
        raise _fault(
            "expires", "is missing: time_in_force GTD needs it, such as +3600 (seconds) or a time"
        )
    if terms.expires is not None and force != "GTD":
        raise _fault("expires", f"needs time_in_force GTD, not {force}")
    if force == "GTD" and kind in _NEVER_RESTS:
        raise _fault("expires", f"is for orders that rest, and a {kind} order does not")


def moment_of(when: datetime | timedelta, now: datetime) -> datetime:
    return now + when if isinstance(when, timedelta) else when


def _fault(field: str, text: str) -> AlertMalformed:
    return AlertMalformed(f"{field} {text}.", field=field)
