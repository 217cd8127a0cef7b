"""The rules of Kraken's many pairs, as public records hold them: rows of a sorted file.

known_pairs.csv says at its head which records, of which day. They are too old to deny anything, and
so serve paper alone: a live order in such a pair has its rules from AssetPairs. Rows are in
AssetPairs' shape, each with its own ``as_of``.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from pathlib import Path
from typing import Any

from webhook_core.trading.assets import asset_code

Rows = dict[str, dict[str, Any]]
"""By the pair's key."""

FILE = Path(__file__).with_name("known_pairs.csv")
_FIELDS = (
    "key",
    "wsname",
    "base",
    "quote",
    "pair_decimals",
    "lot_decimals",
    "tick_size",
    "ordermin",
    "costmin",
)
_LONGEST_NAME = 30  # twice as long as any; a symbol is text from outside
_NEAR = 3  # rows, before and behind


def named(symbol: str) -> Rows:
    """The pairs that ``symbol`` may mean, in any of its forms: few, and perhaps none of them.

    Whoever asks decides.
    """
    lines = _lines()
    return dict(_row(lines[name]) for name in _names(symbol) if name in lines)


def near(symbol: str) -> Rows:
    """The neighbours in the alphabet of a name that isn't there."""
    lines, names = _lines(), _names(symbol)
    if not names:
        return {}
    at = bisect_left(list(lines), names[0])
    return dict(map(_row, list(lines.values())[max(0, at - _NEAR) : at + _NEAR]))


def every() -> Rows:
    """All of them."""
    return dict(map(_row, _lines().values()))


@cache
def _lines() -> dict[str, str]:
    """By the name that each begins with."""
    lines = FILE.read_text("utf-8").splitlines()
    return {line.partition(",")[0]: line for line in lines if not line.startswith("#")}


def _names(symbol: str) -> list[str]:
    """What the rows would be called: the symbol cut in two at every place, each
    part in its modern code."""
    name = (
        symbol.strip().upper().removeprefix("KRAKEN:").strip().replace("-", "/").replace("_", "/")
    )
    if not name.isascii() or not 2 < len(name) <= _LONGEST_NAME or name.count("/") > 1:
        return []
    base, slash, quote = name.partition("/")
    if slash:
        return [asset_code(base) + asset_code(quote)]
    cuts = (asset_code(name[:at]) + asset_code(name[at:]) for at in range(1, len(name)))
    return list(dict.fromkeys((name, *cuts)))


def _row(line: str) -> tuple[str, dict[str, Any]]:
    _, *values, leverage, as_of = line.split(",")
    row: dict[str, Any] = {
        field: value for field, value in zip(_FIELDS, values, strict=True) if value
    }
    altname = row["wsname"].replace("/", "")
    if leverage:
        lowest, highest = map(int, leverage.split("-"))
        row["leverage_buy"] = list(range(lowest, highest + 1))
    return row.pop("key", altname), {"altname": altname, **row, "as_of": as_of}
