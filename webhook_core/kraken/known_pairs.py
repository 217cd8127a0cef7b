"""The rules of Kraken's many pairs, as public records hold them: one row of a sorted
file, found by bisection.

known_pairs.csv says at its head which records, of which day. They are too old to deny anything, and
so serve paper alone: a live order in such a pair has its rules from AssetPairs. Rows are in
AssetPairs' shape, each with its own ``as_of``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

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
_LEGACY = {
    **{
        f"X{code}": code for code in ("ETH", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "MLN", "REP")
    },
    **{f"Z{code}": code for code in ("USD", "EUR", "GBP", "CAD", "JPY", "AUD")},
    "XBT": "BTC",
    "XXBT": "BTC",
    "XDG": "DOGE",
    "XXDG": "DOGE",
}
_LONGEST_NAME = 30  # twice as long as any; a symbol is text from outside
_NEAR = 150  # bytes: two rows


def named(symbol: str) -> Rows:
    """The pairs that ``symbol`` may mean, in any of its forms: few, and perhaps none of them.

    Whoever asks decides.
    """
    return _rows(line for name in _names(symbol) for line in _lines(name))


def near(symbol: str) -> Rows:
    """The neighbours in the alphabet of a name that isn't there."""
    names = _names(symbol)
    return _rows(_neighbours(names[0]) if names else ())


def every() -> Rows:
    """All of them, from the whole file."""
    return _rows(FILE.read_text("utf-8").splitlines())


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
        return [_modern(base) + _modern(quote)]
    cuts = (_modern(name[:at]) + _modern(name[at:]) for at in range(1, len(name)))
    return list(dict.fromkeys((name, *cuts)))


def _modern(code: str) -> str:
    return _LEGACY.get(code, code)


@lru_cache(maxsize=256)
def _lines(name: str) -> tuple[str, ...]:
    with FILE.open("rb") as file:
        file.seek(_place(file, name.encode()))
        return tuple(_while_named(file, name))


def _neighbours(name: str) -> list[str]:
    with FILE.open("rb") as file:
        file.seek(max(0, _place(file, name.encode()) - _NEAR))
        return file.read(2 * _NEAR).decode().split("\n")[1:-1]


def _place(file: IO[bytes], name: bytes) -> int:
    """Where the first row that isn't before ``name`` begins.

    The lines of the head are before all.
    """
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        start = _next_line(file, middle)
        line = file.readline() if start < high else b""
        if line and line.partition(b",")[0] < name:
            low = start + len(line)
        else:  # the row that is wanted doesn't begin behind the first line after the middle
            high = middle
    return low


def _next_line(file: IO[bytes], at: int) -> int:
    """The first place from ``at`` on where a line begins; the file stands there afterwards."""
    file.seek(max(0, at - 1))
    if at:
        file.readline()
    return file.tell()


def _while_named(file: IO[bytes], name: str) -> Iterator[str]:
    for line in file:
        text = line.decode().rstrip("\n")
        if text.partition(",")[0] != name:
            return
        yield text


def _rows(lines: Iterable[str]) -> Rows:
    return dict(_row(line) for line in lines if not line.startswith("#"))


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
