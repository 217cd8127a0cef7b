"""What we refuse to send: each refusal has a stable rule name and the numbers that made it.

The trader's own limits (ALLOWED_SYMBOLS, MAX_ORDER_COST) always apply. Kraken's rules deny only while they are fresh: a stale
number must not lose an order that Kraken would take, and Kraken's own refusal costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderType, Side
from webhook_core.trading.rounding import cost_of, plain
from webhook_core.trading.symbols import asset_code, display_name, names_pair, same_asset

RULES_DENY_FOR = timedelta(hours=24)
"""So long after Kraken stated them do a pair's rules deny an order."""
STATUS_DENIES_FOR = timedelta(minutes=1)
"""A pair's status is a matter of minutes. Kraken's own refusal of it is one that a resend may overcome; ours would be final."""
ICEBERG_PARTS = 15
SOONEST_EXPIRY = timedelta(seconds=5)
LATEST_EXPIRY = timedelta(days=30)
"""Kraken says a month; which one, it does not say."""
_NAMES_SHOWN = 10


class Denied(NamedTuple):
    """We refuse to send it. ``message`` begins with ``rule``; ``numbers`` are its facts as plain strings."""

    rule: str
    message: str
    numbers: Mapping[str, str] = MappingProxyType({})


def rules_are_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's rules are young enough to deny an order."""
    return now - instrument.as_of <= RULES_DENY_FOR


def status_is_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's status is young enough to deny an order."""
    return now - instrument.as_of <= STATUS_DENIES_FOR


def symbol_allowed(instrument: Instrument, allowed: Sequence[str]) -> Denied | None:
    """The pair is named in the list, in any form of its name. An empty list allows nothing."""
    if any(names_pair(symbol, instrument) for symbol in allowed):
        return None
    shown = ", ".join(allowed[:_NAMES_SHOWN]) + (", …" if len(allowed) > _NAMES_SHOWN else "")
    name = display_name(instrument)
    return _denied(
        "ALLOWED_SYMBOLS", f"{name} is not among {shown or 'the (none) allowed'}", symbol=name, allowed=shown
    )


def volume_remains(instrument: Instrument, asked: Decimal, rounded: Decimal) -> Denied | None:
    """Something is left of the volume after rounding: for Kraken a volume of 0 means "the whole position"."""
    if rounded > 0:
        return None
    numbers = {"volume": plain(asked), "lot_decimals": str(instrument.lot_decimals)}
    base = asset_code(instrument.base)
    text = f"volume {plain(asked)} {base} is zero at the pair's {instrument.lot_decimals} decimals"
    return _denied("VOLUME_ZERO", text, **numbers)


def price_remains(name: str, asked: str, rounded: Decimal) -> Denied | None:
    """Something is left of the price, or of the offset, after rounding. ``name``: the alert's field, ``asked`` its text."""
    if rounded > 0:
        return None
    return _denied("PRICE_ZERO", f"{name} {asked} is below the pair's smallest price step", **{name: asked})


def offset_leaves_a_price(name: str, offset: str, left: Decimal, market: Decimal | None) -> Denied | None:
    """Counted down from the market, the offset ends above zero."""
    if left > 0 or market is None:
        return None
    text = f"{name} {offset} is as far down as the market at {plain(market)}: no price would be left"
    return _denied("PRICE_BELOW_ZERO", text, **{name: offset}, market=plain(market))


def cost_within_cap(
    instrument: Instrument, volume: Decimal, price: Decimal | None, cap: Mapping[str, Decimal]
) -> Denied | None:
    """volume x price is at most the cap of the pair's quote currency; a currency without a cap is refused, never unlimited.

    ``cap``: currency code -> amount. ``price``: the highest one known, None if none is.
    """
    quote = asset_code(instrument.quote)
    most = next((amount for code, amount in cap.items() if same_asset(code, instrument.quote)), None)
    if most is None:
        stated = ", ".join(f"{plain(amount)} {code}" for code, amount in cap.items())
        text = (
            f"no cap is set for {quote}, the quote currency of {display_name(instrument)} (caps: {stated or 'none'}); "
        )
        return _denied(
            "MAX_ORDER_COST_CURRENCY", text + f"add one to MAX_ORDER_COST, such as 500 {quote}", currency=quote
        )
    if price is None:
        text = f"no price is known, so the cost can't be held against {plain(most)} {quote}; send price"
        return _denied("MAX_ORDER_COST_PRICE", text, max=plain(most), currency=quote)
    cost = cost_of(volume, price)
    if cost <= most:
        return None
    numbers = {"cost": plain(cost), "max": plain(most), "volume": plain(volume), "price": plain(price)}
    text = f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is above the cap of {plain(most)} {quote}"
    return _denied("MAX_ORDER_COST", text, **numbers, currency=quote)


def volume_minimum(instrument: Instrument, volume: Decimal) -> Denied | None:
    """``ordermin``, in base currency, after rounding."""
    least = instrument.ordermin
    if least is None or volume >= least:
        return None
    text = f"volume {plain(volume)} is below the pair's minimum {plain(least)} {asset_code(instrument.base)}"
    return _denied("ORDER_MINIMUM", text, volume=plain(volume), minimum=plain(least))


def cost_minimum(instrument: Instrument, volume: Decimal, price: Decimal | None) -> Denied | None:
    """``costmin``, in quote currency, at the highest price known: which one Kraken takes is its own affair."""
    least = instrument.costmin
    if least is None or price is None or (cost := cost_of(volume, price)) >= least:
        return None
    quote = asset_code(instrument.quote)
    text = f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is below the pair's minimum {plain(least)} {quote}"
    return _denied(
        "COST_MINIMUM", text, cost=plain(cost), minimum=plain(least), volume=plain(volume), price=plain(price)
    )


def close_minimum(instrument: Instrument, volume: Decimal, price: Decimal | None, field: str) -> Denied | None:
    """``costmin`` again, for the order that take profit or stop loss leaves behind: at its own price, as far as it is known."""
    denied = cost_minimum(instrument, volume, price)
    if denied is None:
        return None
    text = denied.message.replace("COST_MINIMUM: ", f"the order that {field} leaves: ", 1)
    return _denied("CLOSE_COST_MINIMUM", text, **denied.numbers)


def display_volume_fits(volume: Decimal, shown: Decimal) -> Denied | None:
    """An iceberg shows a fifteenth of its volume at least, and not all of it (docs.kraken.com, add-order ``displayvol``)."""
    if volume <= shown * ICEBERG_PARTS and shown < volume:
        return None
    text = f"display_volume {plain(shown)} must be below the volume {plain(volume)} and at least a fifteenth of it"
    return _denied("DISPLAY_VOLUME", text, display_volume=plain(shown), volume=plain(volume))


def start_is_ahead(starts: datetime, now: datetime) -> Denied | None:
    if starts > now:
        return None
    text = f"starts {_moment(starts)} has passed; it is {_moment(now)}"
    return _denied("START_TIME", text, starts=_moment(starts), now=_moment(now))


def expiry_in_reach(expires: datetime, starts: datetime | None, now: datetime) -> Denied | None:
    """5 seconds to a month ahead (docs.kraken.com, add-order ``expiretm``), and after the start."""
    earliest, latest = now + SOONEST_EXPIRY, now + LATEST_EXPIRY
    if earliest <= expires <= latest and (starts is None or starts < expires):
        return None
    span = f"from {_moment(max(earliest, starts or earliest))} to {_moment(latest)}"
    text = f"expires {_moment(expires)} is out of reach: Kraken takes 5 seconds to 30 days ahead, after the start, here {span}"
    return _denied("EXPIRY", text, expires=_moment(expires), now=_moment(now))


def leverage_offered(instrument: Instrument, side: Side, leverage: int | None) -> Denied | None:
    """The pair's list for this side has it. None and 1 are spot and need no list."""
    offered = instrument.leverage_buy if side is Side.BUY else instrument.leverage_sell
    if leverage is None or leverage <= 1 or offered is None or leverage in offered:
        return None
    shown = ", ".join(map(str, offered)) or "none"
    text = f"leverage {leverage} is not offered for a {side} of {display_name(instrument)}; offered: {shown}"
    return _denied("LEVERAGE", text, leverage=str(leverage), offered=shown)


def status_permits(
    instrument: Instrument, order_type: OrderType, leverage: int | None, *, post_only: bool = False
) -> Denied | None:
    """The pair's ``status`` takes such an order. A leveraged order may be the one that reduces: Kraken decides that."""
    status = instrument.status
    spot = leverage is None or leverage <= 1
    limited = order_type.takes_limit or order_type is OrderType.TRAILING_STOP_LIMIT
    refused = (
        status == "cancel_only"
        or (status == "reduce_only" and spot)
        or (status == "post_only" and not post_only)
        or (status == "limit_only" and not limited)
    )
    if not refused:
        return None
    hint = "; a limit order with post_only can be sent" if status == "post_only" else ""
    text = f"{display_name(instrument)} is {status} at Kraken and takes no such {order_type} order{hint}"
    return _denied("PAIR_STATUS", text, status=str(status))


def first(checks: Iterable[Denied | None]) -> Denied | None:
    """The first refusal; the checks after it are not made."""
    return next((denied for denied in checks if denied is not None), None)


def _denied(rule: str, text: str, **numbers: str) -> Denied:
    return Denied(rule, f"{rule}: {text}", numbers)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
