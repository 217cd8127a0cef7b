"""What we refuse to send: each rule is a check with a stable name, and its verdict carries the
numbers that made it.

The trader's own limits (ALLOWED_SYMBOLS, MAX_ORDER_COST), and what rounding must leave. Kraken's
rules stand in kraken_limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from webhook_core.trading import checks
from webhook_core.trading.assets import asset_code, same_asset
from webhook_core.trading.checks import Check
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.rounding import amounts_text, cost_of, plain
from webhook_core.trading.symbol_spelling import symbol_shown
from webhook_core.trading.symbols import display_name, names_pair

_NAMES_SHOWN = 10


def symbol_allowed(instrument: Instrument, allowed: Sequence[str]) -> Check:
    """The pair is named in the list, in any form of its name. An empty list allows nothing."""
    name = display_name(instrument)
    if any(names_pair(symbol, instrument) for symbol in allowed):
        return checks.passed("ALLOWED_SYMBOLS", symbol=name)
    shown = _listed(allowed)
    text = f"{name} is not among {shown or 'the (none) allowed'}"
    return checks.denied("ALLOWED_SYMBOLS", text, symbol=name, allowed=shown)


def none_listed(symbol: str, allowed: Sequence[str]) -> Check:
    """The refusal of a symbol that names no pair of the list."""
    shown = _listed(allowed)
    text = f"symbol {symbol_shown(symbol)} is not among {shown or 'the (none) allowed'}"
    return checks.denied("ALLOWED_SYMBOLS", text, allowed=shown)


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed[:_NAMES_SHOWN]) + (", …" if len(allowed) > _NAMES_SHOWN else "")


def volume_remains(instrument: Instrument, asked: Decimal, rounded: Decimal) -> Check:
    """Something is left of the volume after rounding: for Kraken a volume of 0
    means "the whole position"."""
    if rounded > 0:
        return checks.passed("VOLUME_ZERO", volume=plain(rounded))
    base, digits = asset_code(instrument.base), instrument.lot_decimals
    text = f"volume {plain(asked)} {base} is zero at the pair's {digits} decimals"
    return checks.denied("VOLUME_ZERO", text, volume=plain(asked), lot_decimals=str(digits))


def price_remains(name: str, asked: str, rounded: Decimal) -> Check:
    """Something is left of the price, or of the offset, after rounding.

    ``name``: the alert's field, ``asked`` its text.
    """
    text = f"{name} {asked} is below the pair's smallest price step"
    return checks.judged("PRICE_ZERO", text, holds=rounded > 0, **{name: asked})


def offset_leaves_a_price(
    name: str, offset: str, left: Decimal | None, market: Decimal | None
) -> Check:
    """Counted down from the market, the offset ends above zero."""
    if market is None or left is None:
        return checks.unchecked(
            "PRICE_BELOW_ZERO", "the market's price is not known", **{name: offset}
        )
    text = (
        f"{name} {offset} is as far down as the market at {plain(market)}: no price would be left"
    )
    numbers = {name: offset, "market": plain(market)}
    return checks.judged("PRICE_BELOW_ZERO", text, holds=left > 0, **numbers)


def currency_capped(instrument: Instrument, cap: Mapping[str, Decimal]) -> Check:
    """There is a cap for the pair's quote currency: without one it is refused, never unlimited.

    ``cap``: code -> amount.
    """
    quote = asset_code(instrument.quote)
    if _most(instrument, cap) is not None:
        return checks.passed("MAX_ORDER_COST_CURRENCY", currency=quote)
    stated = amounts_text(cap)
    text = (
        f"no cap is set for {quote}, the quote currency of {display_name(instrument)} (caps: "
        f"{stated or 'none'})"
    )
    return checks.denied(
        "MAX_ORDER_COST_CURRENCY", f"{text}; add one, such as 500 {quote}", currency=quote
    )


def cost_within_cap(
    instrument: Instrument, volume: Decimal, price: Decimal | None, cap: Mapping[str, Decimal]
) -> Check:
    """volume x price is at most the cap of the pair's quote currency.

    ``price``: the highest one known, None if none is.
    """
    quote, most = asset_code(instrument.quote), _most(instrument, cap)
    if most is None:
        return currency_capped(instrument, cap)
    if price is None:
        text = (
            f"no price is known, so the cost can't be held against {plain(most)} {quote}; "
            "send price"
        )
        return checks.denied("MAX_ORDER_COST_PRICE", text, max=plain(most), currency=quote)
    cost = cost_of(volume, price)
    numbers = {
        "cost": plain(cost),
        "max": plain(most),
        "volume": plain(volume),
        "price": plain(price),
        "currency": quote,
    }
    text = (
        f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is above the cap of "
        f"{plain(most)} {quote}"
    )
    return checks.judged("MAX_ORDER_COST", text, holds=cost <= most, **numbers)


def cost_of_exit() -> Check:
    """An exit that no cap holds up, whatever it costs."""
    return checks.passed("MAX_ORDER_COST", exit="true")


def _most(instrument: Instrument, cap: Mapping[str, Decimal]) -> Decimal | None:
    return next(
        (amount for code, amount in cap.items() if same_asset(code, instrument.quote)), None
    )
