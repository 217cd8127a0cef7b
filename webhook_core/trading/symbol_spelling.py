"""How people write the name of a pair, and what Kraken would call a pair of that name."""

from __future__ import annotations

from webhook_core.trading.assets import HOUSE_NAMES, asset_code

_QUOTES = (
    *("PYUSD", "RLUSD", "USDT", "USDC", "USDQ", "USDR", "EURC", "EURQ", "EURR", "EURT", "DOGE"),
    *("USD", "EUR", "GBP", "CAD", "JPY", "AUD", "CHF", "AED", "DAI"),
    *("BTC", "XBT", "XDG", "ETH", "DOT", "SOL"),
)
"""Quote codes of Kraken's pairs, the longer ones first. They only split a name that we
are about to ask Kraken for."""
VENUES = (":BTNL",)
"""Suffixes of the pairs of Kraken's other venues (docs.kraken.com, get-tradable-asset-pairs
``execution_venue``)."""


def bare_name(symbol: str) -> str:
    """``symbol`` without KRAKEN: and with the slash for whatever separates base and
    quote, if anything does."""
    return _with_slash(without_kraken(symbol.strip()))


def without_kraken(symbol: str) -> str:
    """``symbol`` without KRAKEN: before it."""
    return symbol[7:].strip() if symbol[:7].upper() == "KRAKEN:" else symbol


def apart(name: str) -> tuple[str, str]:
    """A name and the suffix of its venue, in capitals; empty for a name without one."""
    venue = next((suffix for suffix in VENUES if name.upper().endswith(suffix)), "")
    return name[: len(name) - len(venue)], venue


def _with_slash(symbol: str) -> str:
    """One separator, whichever it is, becomes the slash; with several the symbol stays as
    it is and matches nothing."""
    name = symbol.replace("-", "/").replace("_", "/")
    return name if name.count("/") == 1 else symbol


def altname_of(name: str) -> str | None:
    """What Kraken would call a pair of that name; None where there can be none."""
    if not name.isascii():
        return None
    base, slash, quote = name.partition("/")
    if not slash:
        quote = next(
            (code for code in _QUOTES if name.upper().endswith(code) and len(name) > len(code)), ""
        )
        base = name[: len(name) - len(quote)]
    # xStocks alone have lower case in their names: one x, at the end of the base.
    base = base if base.endswith("x") and base[:-1].isupper() else base.upper()
    asked = "".join(
        HOUSE_NAMES.get(asset_code(code), asset_code(code)) for code in (base, quote.upper())
    )
    whole = bool(base and quote) if slash else True
    return asked if whole and 4 <= len(asked) <= 24 and asked.replace(".", "").isalnum() else None


def symbol_shown(symbol: str) -> str:
    """Whole if it is short or a ticker in capitals.

    A token in the wrong field has 16 characters or more.
    """
    if len(symbol) <= 15 or (symbol.isupper() and len(symbol) <= 40):
        return repr(symbol)
    return f"of {len(symbol)} characters"
