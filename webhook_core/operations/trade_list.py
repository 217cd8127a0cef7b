"""TradingView's list of trades, exported as CSV: one row an entry or an exit, in any order, under
headings that changed
over the years."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from webhook_core.errors import AlertMalformed

MOST_BYTES = 8 * 1024 * 1024
_HEADINGS = {
    "trade": r"trade\s*#|trade number",
    "type": r"type",
    "signal": r"signal",
    "at": r"date\s*/\s*time|date and time",
    "price": r"price(?: \w+)?",
    "size": r"contracts|quantity|qty|(?:position )?size \(qty\)|position size",
}
_TYPE = r"(entry|exit|margin call)(?: (long|short))?"
_GROUPED = r"[1-9]\d{0,2}(?:,\d{3})+"
"""What a comma parts in a list whose cells commas part as well; any other is a decimal comma."""
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")


class ListedFill(NamedTuple):
    """One row. ``is_entry`` and ``is_long`` as its type says; ``at`` aware UTC, read as if the
    chart showed UTC."""

    trade: int
    is_entry: bool
    is_long: bool
    signal: str
    at: datetime
    price: Decimal
    size: Decimal

    @property
    def action(self) -> str:
        return "buy" if self.is_entry == self.is_long else "sell"


class TradeList(NamedTuple):
    """The rows in the order in which they were filled, and the numbers of the trades without an
    exit yet."""

    fills: list[ListedFill]
    still_open: list[int]


def read(path: Path) -> TradeList:
    """Raises AlertMalformed with the line that can't be read.

    Where the language writes decimals with a comma, the cells are parted by semicolons or tabs. A
    trade that is still open has an exit all the same, whose signal is "Open", or its time; or none.
    A margin call is an exit.
    """
    text = _text_of(path)
    try:
        headings = text.partition("\n")[0]
        parted_by = next((sign for sign in ";\t" if sign in headings), ",")
        rows = list(csv.reader(text.splitlines(), delimiter=parted_by))
    except csv.Error as error:
        raise AlertMalformed(f"{path.name} is no CSV: {error}.") from None
    if not rows:
        raise AlertMalformed(f"{path.name} is empty.")
    columns = _columns(rows[0], path.name)
    every = [
        _Cells(row, columns, number, decimal_comma=parted_by != ",")
        for number, row in enumerate(rows[1:], 2)
        if any(row)
    ]
    longs = {cells.trade: cells.is_long for cells in every if cells.is_long is not None}
    still_open = [cells.trade for cells in every if cells.is_still_open]
    fills = [cells.fill(longs) for cells in every if not cells.is_still_open]
    if not fills:
        raise AlertMalformed(f"{path.name} has no trade.")
    left = {fill.trade for fill in fills if not fill.is_entry} | set(still_open)
    still_open += sorted({fill.trade for fill in fills} - left)
    fills.sort(key=lambda fill: (fill.at, fill.trade, not fill.is_entry))
    return TradeList(fills, still_open)


def _text_of(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise AlertMalformed(f"{path.name} is larger than {MOST_BYTES} bytes.")
    try:
        data = path.read_bytes()
        if data.startswith(b"PK"):
            raise AlertMalformed(f"{path.name} is an Excel file: export the list as CSV.")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise AlertMalformed(f"{path.name} can't be read as UTF-8.") from None


def _columns(headings: Sequence[str], name: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for number, heading in enumerate(headings):
        for column, pattern in _HEADINGS.items():
            if column not in found and re.fullmatch(pattern, heading.strip(), re.IGNORECASE):
                found[column] = number
    if missing := [column for column in _HEADINGS if column not in found and column != "signal"]:
        raise AlertMalformed(
            f"{name} has no column for {', '.join(missing)}: export the list of trades in "
            "TradingView's strategy report as CSV, with TradingView set to English."
        )
    return found


class _Cells:
    """One row, by our names of its columns."""

    def __init__(
        self, row: Sequence[str], columns: Mapping[str, int], number: int, *, decimal_comma: bool
    ) -> None:
        self._cells = {
            name: row[place].strip() for name, place in columns.items() if place < len(row)
        }
        self._number = number
        self._decimal_comma = decimal_comma

    @property
    def trade(self) -> int:
        text = self._cells.get("trade", "")
        return int(text) if text.isdecimal() and text.isascii() else 0

    @property
    def is_still_open(self) -> bool:
        says_open = "open" in (self._text("signal").lower(), self._text("at").lower())
        return self._text("type").lower().startswith("exit") and says_open

    @property
    def is_long(self) -> bool | None:
        """As its type says; None where that says neither."""
        kind = re.fullmatch(_TYPE, self._text("type").lower())
        return kind[2] == "long" if kind is not None and kind[2] else None

    def fill(self, longs: Mapping[int, bool]) -> ListedFill:
        """``longs``: of the trades whose other row says it. Raises AlertMalformed."""
        kind = re.fullmatch(_TYPE, self._text("type").lower())
        is_long = longs.get(self.trade) if self.is_long is None else self.is_long
        if kind is None or is_long is None or (kind[1] != "margin call" and not kind[2]):
            raise self._fault("the type must be as Entry long or Exit short")
        return ListedFill(
            trade=self.trade,
            is_entry=kind[1] == "entry",
            is_long=is_long,
            signal=self._text("signal"),
            at=self._moment(),
            price=self._amount("price"),
            size=self._amount("size"),
        )

    def _text(self, column: str) -> str:
        return self._cells.get(column, "")

    def _moment(self) -> datetime:
        for form in _TIMES:
            try:
                return datetime.strptime(self._text("at"), form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise self._fault("the time must be as 2026-02-18 14:30")

    def _amount(self, column: str) -> Decimal:
        text = self._text(column)
        if text.rfind(",") > text.rfind(".") and (
            self._decimal_comma or not re.fullmatch(_GROUPED, text)
        ):
            text = text.replace(".", "").replace(",", ".")
        try:
            value = Decimal(re.sub(r"[,\s\u00a0\u202f]", "", text))
        except InvalidOperation:
            value = Decimal(0)
        if not value.is_finite() or not Decimal("1e-18") <= value <= Decimal("1e15"):
            raise self._fault(f"the {column} must be a number above 0")
        return value

    def _fault(self, text: str) -> AlertMalformed:
        return AlertMalformed(f"Line {self._number}: {text}.")
