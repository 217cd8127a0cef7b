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
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")


class Fill(NamedTuple):
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


def read(path: Path) -> list[Fill]:
    """The rows in the order in which they were filled. Raises AlertMalformed with the line that
    can't be read."""
    if path.stat().st_size > MOST_BYTES:
        raise AlertMalformed(f"{path.name} is larger than {MOST_BYTES} bytes.")
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise AlertMalformed(f"{path.name} can't be read as UTF-8.") from None
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise AlertMalformed(f"{path.name} is no CSV: {error}.") from None
    if not rows:
        raise AlertMalformed(f"{path.name} is empty.")
    columns = _columns(rows[0], path.name)
    filled = ((number, row) for number, row in enumerate(rows[1:], 2) if any(row))
    fills = [_fill(row, columns, number) for number, row in filled]
    return sorted(fills, key=lambda fill: (fill.at, fill.trade, not fill.is_entry))


def _columns(headings: Sequence[str], name: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for number, heading in enumerate(headings):
        for column, pattern in _HEADINGS.items():
            if column not in found and re.fullmatch(pattern, heading.strip(), re.IGNORECASE):
                found[column] = number
    if missing := [column for column in _HEADINGS if column not in found and column != "signal"]:
        raise AlertMalformed(
            f"{name} has no column for {', '.join(missing)}: export the list of trades in "
            f"TradingView's strategy "
            "report, in English."
        )
    return found


def _fill(row: Sequence[str], columns: Mapping[str, int], number: int) -> Fill:
    def cell(column: str) -> str:
        place = columns.get(column)
        return row[place].strip() if place is not None and place < len(row) else ""

    kind = re.fullmatch(r"(entry|exit) (long|short)", cell("type").lower())
    if kind is None:
        raise AlertMalformed(f"Line {number}: the type must be as Entry long or Exit short.")
    return Fill(
        trade=int(cell("trade")) if cell("trade").isdecimal() and cell("trade").isascii() else 0,
        is_entry=kind[1] == "entry",
        is_long=kind[2] == "long",
        signal=cell("signal"),
        at=_moment(cell("at"), number),
        price=_number(cell("price"), "price", number),
        size=_number(cell("size"), "size", number),
    )


def _moment(text: str, number: int) -> datetime:
    for form in _TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise AlertMalformed(f"Line {number}: the time must be as 2026-02-18 14:30.")


def _number(text: str, what: str, number: int) -> Decimal:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not Decimal("1e-18") <= value <= Decimal("1e15"):
        raise AlertMalformed(f"Line {number}: the {what} must be a number above 0.")
    return value
