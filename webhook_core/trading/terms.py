"""The terms of an order, which of them exclude each other, and which numbers and times of them
Kraken refuses (docs.kraken.com, add-order)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.errors import AlertMalformed
from webhook_core.trading import checks
from webhook_core.trading.checks import Check
from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.orders import OrderType, Terms
from webhook_core.trading.rounding import plain

if TYPE_CHECKING:
    from webhook_core.trading.alert import Alert
    from webhook_core.trading.drafts import Draft
    from webhook_core.trading.rules import TradingRules

ICEBERG_PARTS = 15
SOONEST_EXPIRY = timedelta(seconds=5)
LATEST_EXPIRY = timedelta(days=30)
"""Kraken says a month; which one, it does not say."""
_NONE = Terms()
_NEVER_RESTS = (OrderType.MARKET, OrderType.SETTLE_POSITION)
_AT_ONCE = {
    "IOC": (OrderType.MARKET, OrderType.LIMIT),
    "FOK": (OrderType.LIMIT,),
}


def terms_of(alert: Alert) -> Terms:
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


def display_volume_fits(volume: Decimal, shown: Decimal) -> Check:
    """An iceberg shows a fifteenth of its volume at least, and not all of it (docs.kraken.com,
    add-order ``displayvol``)."""
    numbers = {"display_volume": plain(shown), "volume": plain(volume)}
    fits = volume <= shown * ICEBERG_PARTS and shown < volume
    text = (
        f"display_volume {plain(shown)} must be below the volume {plain(volume)} and at least "
        "a fifteenth of it"
    )
    return checks.judged("DISPLAY_VOLUME", text, holds=fits, **numbers)


def start_is_ahead(starts: datetime, now: datetime) -> Check:
    numbers = {"starts": _shown(starts), "now": _shown(now)}
    text = f"starts {_shown(starts)} has passed; it is {_shown(now)}"
    return checks.judged("START_TIME", text, holds=starts > now, **numbers)


def expiry_in_reach(expires: datetime, starts: datetime | None, now: datetime) -> Check:
    """5 seconds to a month ahead (docs.kraken.com, add-order ``expiretm``), and after the start."""
    earliest, latest = now + SOONEST_EXPIRY, now + LATEST_EXPIRY
    numbers = {"expires": _shown(expires), "now": _shown(now)}
    is_in_reach = earliest <= expires <= latest and (starts is None or starts < expires)
    span = f"from {_shown(max(earliest, starts or earliest))} to {_shown(latest)}"
    text = (
        f"expires {_shown(expires)} is out of reach: Kraken takes 5 seconds to 30 days "
        f"ahead, after the start, here {span}"
    )
    return checks.judged("EXPIRY", text, holds=is_in_reach, **numbers)


def display_volume_checks(draft: Draft, _rules: TradingRules, _now: datetime) -> Iterator[Check]:
    """What an iceberg shows fits its volume."""
    if draft.display_volume is not None:
        yield display_volume_fits(draft.volume, draft.display_volume)


def time_checks(draft: Draft, _rules: TradingRules, now: datetime) -> Iterator[Check]:
    """Its start and its expiry lie where Kraken takes them."""
    terms = draft.wanted.terms
    starts = None if terms.starts is None else moment_of(terms.starts, now)
    if starts is not None:
        yield start_is_ahead(starts, now)
    if terms.expires is not None:
        yield expiry_in_reach(moment_of(terms.expires, now), starts, now)


def moment_of(when: datetime | timedelta, now: datetime) -> datetime:
    return now + when if isinstance(when, timedelta) else when


def _fault(field: str, text: str) -> AlertMalformed:
    return AlertMalformed(f"{field} {text}.", field=field)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
