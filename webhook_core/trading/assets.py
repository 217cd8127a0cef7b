"""The codes of assets: Kraken's own ids, its house names, and what people write."""

from __future__ import annotations

CODES = {
    "XBT": "BTC",
    "XDG": "DOGE",
    **{
        f"X{code}": code for code in ("ETH", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "MLN", "REP")
    },
    **{f"Z{code}": code for code in ("USD", "EUR", "GBP", "CAD", "JPY", "AUD")},
    "XXBT": "BTC",
    "XXDG": "DOGE",
}
"""Kraken's prefixed asset ids and its two house names. A table and no rule: XTZ, ZRX and
XCN are whole codes."""
HOUSE_NAMES = {"BTC": "XBT", "DOGE": "XDG"}


def asset_code(asset_id: str) -> str:
    """The code people use: XXBT and XBT -> BTC, ZUSD -> USD, XXDG -> DOGE;
    SOL, XTZ and AAPLx stay."""
    return CODES.get(asset_id, asset_id)


def asset_id(name: str) -> str:
    """What Kraken's balances call the asset of that id, altname or code: XBT and BTC -> XXBT, USD
    -> ZUSD; SOL stays."""
    code = asset_code(name)
    return next((full for full, short in CODES.items() if short == code and len(full) == 4), name)


def same_asset(code: str, asset_id: str) -> bool:
    """Whether ``code``, as a person writes it ("usd", "XBT", "BTC"), means that asset id.

    Lower case inside an id (AAPLx) tells assets apart, so such an id matches only as written.
    """
    return asset_code(asset_id) in (asset_code(code), asset_code(code.upper()))
