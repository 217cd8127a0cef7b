"""A pair with its rules, read from Kraken's AssetPairs and stored as a small JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from webhook_core.value import NamedTuple

_OWN_VENUE = "international"
"""``execution_venue`` of all pairs but those with a suffix (docs.kraken.com,
get-tradable-asset-pairs)."""
MOST_DECIMALS = 18
"""More digits than any pair of Kraken has; a rule beyond it is a misreading and is not applied."""


class Instrument(NamedTuple):
    """A pair with its rules, as AssetPairs states them.

    None means that our source lacks the rule: it is not applied.

    ``key``, ``altname`` and ``wsname`` are Kraken's three names of the pair; ``base`` and
    ``quote`` are asset ids (XXBT, ZUSD). ``as_of`` is when Kraken said so: rules older
    than a day still round but deny nothing.
    """

    key: str
    altname: str
    wsname: str
    base: str
    quote: str
    pair_decimals: int | None
    lot_decimals: int | None
    cost_decimals: int | None
    tick_size: Decimal | None
    ordermin: Decimal | None
    costmin: Decimal | None
    leverage_buy: tuple[int, ...] | None
    leverage_sell: tuple[int, ...] | None
    status: str | None
    as_of: datetime

    @property
    def is_tokenized(self) -> bool:
        """xStocks, alone in lower case, need their asset class named."""
        return self.base.endswith("x")

    @property
    def venue(self) -> str:
        """The suffix of a pair of another venue of Kraken's than its own, with its colon (":BTNL");
        empty for all others."""
        return suffix_of(self.key)

    @property
    def market_names(self) -> tuple[str, ...]:
        """What Ticker may call the pair; it knows none with a suffix, only Kraken's own
        pair of the same assets."""
        names = (self.key, self.altname, self.wsname)
        if not self.venue:
            return names
        return (*(name.removesuffix(self.venue) for name in names), self.base + self.quote)


class Records(Protocol):
    """Instruments too many to be held: read one by one, where a name is none of
    those that are held."""

    def named(self, symbol: str) -> Sequence[Instrument]:
        """Whatever ``symbol`` may mean; some of it may be other pairs."""

    def near(self, symbol: str) -> Sequence[Instrument]:
        """A few whose names are like that one."""

    def every(self) -> Sequence[Instrument]:
        """All of them."""


def parse_asset_pairs(pairs: Mapping[str, Any], as_of: datetime) -> list[Instrument]:
    """The ``result`` of one AssetPairs answer; a row that can't be an instrument is left
    out, never an error.

    Numbers may be text, int or Decimal. A missing, blank or senseless rule becomes None, an empty
    leverage list the empty tuple (docs.kraken.com, get-tradable-asset-pairs).
    """
    return [
        found for key, row in pairs.items() if (found := _instrument(key, row, as_of)) is not None
    ]


class Listed(NamedTuple):
    """Instruments of a document.

    ``whole``: when Kraken had listed no others, None if it was never asked for all.
    """

    instruments: Sequence[Instrument] = ()
    whole: datetime | None = None


def to_document(instruments: Iterable[Instrument], whole: datetime | None = None) -> str:
    """The instruments as compact JSON in AssetPairs' shape, each with its own
    ``as_of``; nothing is lost."""
    pairs = {instrument.key: row_of(instrument) for instrument in instruments}
    dated = {} if whole is None else {"whole": whole.astimezone(UTC).isoformat()}
    return json.dumps({"pairs": pairs, **dated}, separators=(",", ":"))


def from_document(text: str) -> list[Instrument]:
    """The instruments that ``to_document`` wrote. Raises ValueError for a text of another shape."""
    return list(stored_in(text).instruments)


def stored_in(text: str) -> Listed:
    """What ``to_document`` wrote.

    An ``as_of`` beside ``pairs`` dates every row that has none of its own.

    Raises ValueError for a text of another shape; a row that can't be an instrument is left out.
    """
    document = json.loads(text, parse_float=Decimal)
    pairs = document.get("pairs") if isinstance(document, dict) else None
    if not isinstance(pairs, dict):
        raise ValueError('not a document of pairs: {"pairs": {KEY: {...}}} is missing')
    shared = _moment(document.get("as_of"))
    found = []
    for key, row in pairs.items():
        as_of = (_moment(row.get("as_of")) or shared) if isinstance(row, dict) else None
        instrument = None if as_of is None else _instrument(key, row, as_of)
        if instrument is not None:
            found.append(instrument)
    return Listed(found, _moment(document.get("whole")))


def suffix_of(name: str) -> str:
    """Of a pair's name: its venue, with the colon; empty for a name without one."""
    _, colon, venue = name.partition(":")
    return colon + venue


def _instrument(key: object, row: object, as_of: datetime) -> Instrument | None:
    if not isinstance(row, Mapping):
        return None
    name, base, quote = _text(key), _text(row.get("base")), _text(row.get("quote"))
    if not (name and base and quote):
        return None
    venue = suffix_of(name)
    if not venue and _text(row.get("execution_venue")) not in ("", _OWN_VENUE):
        return None  # it would take the place of Kraken's own pair
    return Instrument(
        key=name,
        altname=_on(venue, _text(row.get("altname")) or name),
        wsname=_on(venue, _text(row.get("wsname"))),
        base=base,
        quote=quote,
        pair_decimals=_digits(row.get("pair_decimals")),
        lot_decimals=_digits(row.get("lot_decimals")),
        cost_decimals=_digits(row.get("cost_decimals")),
        tick_size=_amount(row.get("tick_size")) or None,  # a step of zero is no step
        ordermin=_amount(row.get("ordermin")),
        costmin=_amount(row.get("costmin")),
        leverage_buy=_levels(row.get("leverage_buy")),
        leverage_sell=_levels(row.get("leverage_sell")),
        status=_text(row.get("status")) or None,
        as_of=as_of,
    )


def _on(venue: str, name: str) -> str:
    """A pair's name with its venue, so that it is never one of the pair without."""
    return name if not name or name.endswith(venue) else name + venue


def row_of(instrument: Instrument) -> dict[str, Any]:
    """The instrument in AssetPairs' shape without its key, beside its own ``as_of``;
    unknown rules are left out."""
    row: dict[str, Any] = {}
    for name in Instrument._fields:
        value = getattr(instrument, name)
        if isinstance(value, Decimal):
            row[name] = f"{value:f}"
        elif isinstance(value, datetime):
            row[name] = value.astimezone(UTC).isoformat()
        elif value is not None and name != "key":
            row[name] = value
    return row


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if (
        not number.is_finite()
        or number < 0
        or not -MOST_DECIMALS <= number.adjusted() <= MOST_DECIMALS
    ):
        return None
    return number


def _whole(value: object) -> int | None:
    if type(value) is int:  # as nearly all are: a first alert reads hundreds of them
        return value if 0 <= value < 10 ** (MOST_DECIMALS + 1) else None
    number = _amount(value)
    return int(number) if number is not None and number == int(number) else None


def _digits(value: object) -> int | None:
    number = _whole(value)
    return number if number is not None and number <= MOST_DECIMALS else None


def _levels(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    levels = tuple(level for level in map(_whole, value) if level is not None)
    return levels if len(levels) == len(value) else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
