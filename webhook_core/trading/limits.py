"""What we refuse to send: each rule is a check with a stable name, and its verdict carries the numbers that made it.

The trader's own limits (ALLOWED_SYMBOLS, MAX_ORDER_COST) always apply. Kraken's rules deny only while they are fresh: a stale
number must not lose an order that Kraken would take, and Kraken's own refusal costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from webhook_core.trading.checks import Check
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
_NO_RULE = "Kraken's rule for the pair is not known"


def rules_are_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's rules are young enough to deny an order."""
    return now - instrument.as_of <= RULES_DENY_FOR


def status_is_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's status is young enough to deny an order."""
    return now - instrument.as_of <= STATUS_DENIES_FOR


def symbol_allowed(instrument: Instrument, allowed: Sequence[str]) -> Check:
    """The pair is named in the list, in any form of its name. An empty list allows nothing."""
    name = display_name(instrument)
    if any(names_pair(symbol, instrument) for symbol in allowed):
        return _passed("ALLOWED_SYMBOLS", symbol=name)
    shown = _listed(allowed)
    text = f"{name} is not among {shown or 'the (none) allowed'}"
    return _denied("ALLOWED_SYMBOLS", text, symbol=name, allowed=shown)


def none_listed(allowed: Sequence[str]) -> Check:
    """The refusal of a symbol that names no pair of the list."""
    shown = _listed(allowed)
    return _denied("ALLOWED_SYMBOLS", f"the symbol names none of {shown}", allowed=shown)


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed[:_NAMES_SHOWN]) + (", …" if len(allowed) > _NAMES_SHOWN else "")


def volume_remains(instrument: Instrument, asked: Decimal, rounded: Decimal) -> Check:
    """Something is left of the volume after rounding: for Kraken a volume of 0 means "the whole position"."""
    if rounded > 0:
        return _passed("VOLUME_ZERO", volume=plain(rounded))
    base, digits = asset_code(instrument.base), instrument.lot_decimals
    text = f"volume {plain(asked)} {base} is zero at the pair's {digits} decimals"
    return _denied("VOLUME_ZERO", text, volume=plain(asked), lot_decimals=str(digits))


def price_remains(name: str, asked: str, rounded: Decimal) -> Check:
    """Something is left of the price, or of the offset, after rounding. ``name``: the alert's field, ``asked`` its text."""
    if rounded > 0:
        return _passed("PRICE_ZERO", **{name: asked})
    return _denied(
        "PRICE_ZERO", f"{name} {asked} is below the pair's smallest price step", **{name: asked}
    )


def offset_leaves_a_price(
    name: str, offset: str, left: Decimal | None, market: Decimal | None
) -> Check:
    """Counted down from the market, the offset ends above zero."""
    if market is None or left is None:
        return _unchecked("PRICE_BELOW_ZERO", "the market's price is not known", **{name: offset})
    if left > 0:
        return _passed("PRICE_BELOW_ZERO", **{name: offset}, market=plain(market))
    text = (
        f"{name} {offset} is as far down as the market at {plain(market)}: no price would be left"
    )
    return _denied("PRICE_BELOW_ZERO", text, **{name: offset}, market=plain(market))


def currency_capped(instrument: Instrument, cap: Mapping[str, Decimal]) -> Check:
    """There is a cap for the pair's quote currency: without one it is refused, never unlimited. ``cap``: code -> amount."""
    quote = asset_code(instrument.quote)
    if _most(instrument, cap) is not None:
        return _passed("MAX_ORDER_COST_CURRENCY", currency=quote)
    stated = ", ".join(f"{plain(amount)} {code}" for code, amount in cap.items())
    text = f"no cap is set for {quote}, the quote currency of {display_name(instrument)} (caps: {stated or 'none'})"
    return _denied(
        "MAX_ORDER_COST_CURRENCY", f"{text}; add one, such as 500 {quote}", currency=quote
    )


def cost_within_cap(
    instrument: Instrument, volume: Decimal, price: Decimal | None, cap: Mapping[str, Decimal]
) -> Check:
    """volume x price is at most the cap of the pair's quote currency. ``price``: the highest one known, None if none is."""
    quote, most = asset_code(instrument.quote), _most(instrument, cap)
    if most is None:
        return currency_capped(instrument, cap)
    if price is None:
        text = f"no price is known, so the cost can't be held against {plain(most)} {quote}; send price"
        return _denied("MAX_ORDER_COST_PRICE", text, max=plain(most), currency=quote)
    cost = cost_of(volume, price)
    numbers = {
        "cost": plain(cost),
        "max": plain(most),
        "volume": plain(volume),
        "price": plain(price),
    }
    if cost <= most:
        return _passed("MAX_ORDER_COST", **numbers, currency=quote)
    text = f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is above the cap of {plain(most)} {quote}"
    return _denied("MAX_ORDER_COST", text, **numbers, currency=quote)


def _most(instrument: Instrument, cap: Mapping[str, Decimal]) -> Decimal | None:
    return next(
        (amount for code, amount in cap.items() if same_asset(code, instrument.quote)), None
    )


def volume_minimum(instrument: Instrument, volume: Decimal | None) -> Check:
    """``ordermin``, in base currency, after rounding; None: the size is in quote, and no price is known to count it by."""
    least = instrument.ordermin
    if volume is None:
        return _unchecked("ORDER_MINIMUM", "no price is known")
    if least is None:
        return _unchecked("ORDER_MINIMUM", _NO_RULE, volume=plain(volume))
    numbers = {"volume": plain(volume), "minimum": plain(least)}
    if volume >= least:
        return _passed("ORDER_MINIMUM", **numbers)
    text = f"volume {plain(volume)} is below the pair's minimum {plain(least)} {asset_code(instrument.base)}"
    return _denied("ORDER_MINIMUM", text, **numbers)


def cost_minimum(instrument: Instrument, volume: Decimal, price: Decimal | None) -> Check:
    """``costmin``, in quote currency, at the highest price known: which one Kraken takes is its own affair."""
    least = instrument.costmin
    if least is None:
        return _unchecked("COST_MINIMUM", _NO_RULE, volume=plain(volume))
    if price is None:
        return _unchecked(
            "COST_MINIMUM", "no price is known", minimum=plain(least), volume=plain(volume)
        )
    cost, quote = cost_of(volume, price), asset_code(instrument.quote)
    numbers = {
        "cost": plain(cost),
        "minimum": plain(least),
        "volume": plain(volume),
        "price": plain(price),
    }
    if cost >= least:
        return _passed("COST_MINIMUM", **numbers)
    text = f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is below the pair's minimum {plain(least)} {quote}"
    return _denied("COST_MINIMUM", text, **numbers)


def close_minimum(
    instrument: Instrument, volume: Decimal, price: Decimal | None, field: str
) -> Check:
    """``costmin`` again, for the order that take profit or stop loss leaves behind: at its own price, as far as it is known."""
    check = cost_minimum(instrument, volume, price)
    text = check.message.replace(
        "COST_MINIMUM: ", f"CLOSE_COST_MINIMUM: the order that {field} leaves: ", 1
    )
    return check._replace(rule="CLOSE_COST_MINIMUM", message=text)


def display_volume_fits(volume: Decimal, shown: Decimal) -> Check:
    """An iceberg shows a fifteenth of its volume at least, and not all of it (docs.kraken.com, add-order ``displayvol``)."""
    numbers = {"display_volume": plain(shown), "volume": plain(volume)}
    if volume <= shown * ICEBERG_PARTS and shown < volume:
        return _passed("DISPLAY_VOLUME", **numbers)
    text = f"display_volume {plain(shown)} must be below the volume {plain(volume)} and at least a fifteenth of it"
    return _denied("DISPLAY_VOLUME", text, **numbers)


def start_is_ahead(starts: datetime, now: datetime) -> Check:
    numbers = {"starts": _moment(starts), "now": _moment(now)}
    if starts > now:
        return _passed("START_TIME", **numbers)
    return _denied(
        "START_TIME", f"starts {_moment(starts)} has passed; it is {_moment(now)}", **numbers
    )


def expiry_in_reach(expires: datetime, starts: datetime | None, now: datetime) -> Check:
    """5 seconds to a month ahead (docs.kraken.com, add-order ``expiretm``), and after the start."""
    earliest, latest = now + SOONEST_EXPIRY, now + LATEST_EXPIRY
    numbers = {"expires": _moment(expires), "now": _moment(now)}
    if earliest <= expires <= latest and (starts is None or starts < expires):
        return _passed("EXPIRY", **numbers)
    span = f"from {_moment(max(earliest, starts or earliest))} to {_moment(latest)}"
    text = f"expires {_moment(expires)} is out of reach: Kraken takes 5 seconds to 30 days ahead, after the start, here {span}"
    return _denied("EXPIRY", text, **numbers)


def leverage_offered(instrument: Instrument, side: Side, leverage: int | None) -> Check:
    """The pair's list for this side has it. None and 1 are spot and need no list."""
    offered = instrument.leverage_buy if side is Side.BUY else instrument.leverage_sell
    if leverage is None or leverage <= 1:
        return _passed("LEVERAGE", leverage="1")
    if offered is None:
        return _unchecked("LEVERAGE", _NO_RULE, leverage=str(leverage))
    numbers = {"leverage": str(leverage), "offered": ", ".join(map(str, offered)) or "none"}
    if leverage in offered:
        return _passed("LEVERAGE", **numbers)
    pair = display_name(instrument)
    text = (
        f"leverage {leverage} is not offered for a {side} of {pair}; offered: {numbers['offered']}"
    )
    return _denied("LEVERAGE", text, **numbers)


def status_permits(
    instrument: Instrument, order_type: OrderType, leverage: int | None, *, post_only: bool = False
) -> Check:
    """The pair's ``status`` takes such an order. A leveraged order may be the one that reduces: Kraken decides that."""
    status = instrument.status
    if status is None:
        return _unchecked("PAIR_STATUS", _NO_RULE)
    spot = leverage is None or leverage <= 1
    limited = order_type.takes_limit or order_type is OrderType.TRAILING_STOP_LIMIT
    refused = (
        status == "cancel_only"
        or (status == "reduce_only" and spot)
        or (status == "post_only" and not post_only)
        or (status == "limit_only" and not limited)
    )
    if not refused:
        return _passed("PAIR_STATUS", status=status)
    hint = "; a limit order with post_only can be sent" if status == "post_only" else ""
    text = f"{display_name(instrument)} is {status} at Kraken and takes no such {order_type} order{hint}"
    return _denied("PAIR_STATUS", text, status=status)


def outdated(check: Check, instrument: Instrument) -> Check:
    """The same, of a rule that is too old to deny: Kraken decides."""
    if check.passed is None:
        return check
    as_of = _moment(instrument.as_of)
    why = f"what Kraken said at {as_of} is too old to deny by; Kraken decides"
    return _unchecked(check.rule, why, **check.numbers, as_of=as_of)


def _passed(rule: str, **numbers: str) -> Check:
    return Check(rule, True, "", numbers, "kraken")


def _denied(rule: str, text: str, **numbers: str) -> Check:
    return Check(rule, False, f"{rule}: {text}", numbers, "kraken")


def _unchecked(rule: str, why: str, **numbers: str) -> Check:
    return Check(rule, None, f"{rule}: not checked: {why}", numbers, "kraken")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
