"""The pairs and assets that paper knows: Kraken's AssetPairs answer, and Kraken-like
defaults where it is silent.

Fields: docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, Protocol

from webhook_core.kraken.paper.envelope import Refused
from webhook_core.value import NamedTuple

Rows = Mapping[str, Mapping[str, Any]]
"""AssetPairs' rows by the pair's key."""

# The ids that carry a class letter; every other asset's id is its name.
_LEGACY = frozenset(
    {
        "X" + name
        for name in ("XBT", "ETH", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "MLN", "REP", "XDG")
    }
    | {"Z" + name for name in ("USD", "EUR", "GBP", "CAD", "JPY", "AUD")}
)
_ALIASES = {"BTC": "XBT", "DOGE": "XDG"}
_COSTMIN = {"ZUSD": "0.5", "USDT": "0.5", "USDC": "0.5", "ZEUR": "0.45", "XXBT": "0.00002"}
_DECIMALS = {"XXDG": 8, "USDT": 8, "USDC": 8, "CHF": 4}


class Pair(NamedTuple):
    """One row of AssetPairs.

    Prices are quote per base; ``tick_size`` and ``costmin`` are quote, ``ordermin`` is base.
    """

    key: str
    altname: str
    wsname: str
    aclass_base: str
    base: str
    quote: str
    pair_decimals: int
    lot_decimals: int
    cost_decimals: int
    tick_size: Decimal
    ordermin: Decimal
    costmin: Decimal
    leverage_buy: tuple[int, ...]
    leverage_sell: tuple[int, ...]
    status: str

    @classmethod
    def from_row(cls, key: str, row: Mapping[str, Any]) -> Pair:
        """``row`` as AssetPairs has it; absent fields get the default that most of
        Kraken's pairs have."""
        decimals = int(row.get("pair_decimals", 5))
        return cls(
            key=key,
            altname=row["altname"],
            wsname=row.get("wsname", row["altname"]),
            aclass_base=_aclass(row),
            base=row["base"],
            quote=row["quote"],
            pair_decimals=decimals,
            lot_decimals=int(row.get("lot_decimals", 8)),
            cost_decimals=int(row.get("cost_decimals", 5)),
            tick_size=Decimal(str(row.get("tick_size", Decimal(1).scaleb(-decimals)))),
            ordermin=Decimal(str(row.get("ordermin", 0))),
            costmin=Decimal(str(row.get("costmin", _COSTMIN.get(row["quote"], 0)))),
            leverage_buy=tuple(row.get("leverage_buy", ())),
            leverage_sell=tuple(row.get("leverage_sell", row.get("leverage_buy", ()))),
            status=row.get("status", "online"),
        )

    def row(self) -> dict[str, Any]:
        """The row as AssetPairs answers it."""
        said = {name: part for name, part in self._asdict().items() if name != "key"}
        amounts = {name: f"{said[name]:f}" for name in ("ordermin", "costmin", "tick_size")}
        return {
            **said,
            **amounts,
            "aclass_quote": "currency",
            "lot": "unit",
            "lot_multiplier": 1,
            "fees": [],  # empty on every pair since 2026: TradeVolume is the only source of a fee
            "fees_maker": [],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "execution_venue": self.execution_venue,
        }

    @property
    def execution_venue(self) -> str:
        """Kraken's second venue has a suffix in the names of its pairs: XBTUSD:BTNL."""
        return "bitnomial_exchange" if ":" in self.key else "international"

    def price(self, value: Decimal) -> str:
        return f"{value:.{self.pair_decimals}f}"

    def volume(self, value: Decimal) -> str:
        return f"{value:.{self.lot_decimals}f}"

    def cost(self, value: Decimal) -> str:
        return f"{value:.{self.cost_decimals}f}"

    def rounded(self, cost: Decimal) -> Decimal:
        """An amount of quote to the nearest at ``cost_decimals``, as Kraken
        rounds costs and fees."""
        return cost.quantize(Decimal(1).scaleb(-self.cost_decimals))

    def lots(self, volume: Decimal) -> Decimal:
        """An amount of base, down to ``lot_decimals``."""
        return volume.quantize(Decimal(1).scaleb(-self.lot_decimals), ROUND_DOWN)

    def too_fine(self) -> Refused:
        """The refusal of a price with too many decimals."""
        return Refused(
            f"EOrder:Invalid price:{self.wsname} price can only be specified up to "
            f"{self.pair_decimals} decimals."
        )


class More(Protocol):
    """Pairs beyond those that are at hand."""

    def named(self, name: str) -> Iterable[Rows]:
        """Those among which one of that key or altname may be; the first that have it count."""

    def every(self) -> Rows:
        """All of them."""


class Pairs:
    """Looks pairs up in ``rows`` as they are now: a test may change a rule between two orders.

    What they lack may be in ``more``.
    """

    def __init__(self, rows: Rows, more: More | None = None) -> None:
        self._rows = rows
        self._more = more

    def __iter__(self) -> Iterator[Pair]:
        return (Pair.from_row(key, row) for key, row in self._every().items())

    def find(self, name: str, aclass: str = "currency") -> Pair:
        """By key or altname, exact before any case; never by wsname, which Kraken doesn't take.

        Raises Refused.
        """
        rows = self._rows
        if (key := _key(rows, name)) is None:
            rows = self._named(name)
            key = _key(rows, name)
        if key is None or _aclass(rows[key]) != aclass:
            raise Refused("EQuery:Unknown asset pair")
        return Pair.from_row(key, rows[key])

    def __getitem__(self, key: str) -> Pair:
        """The pair of an order that is in the book. Raises Refused when the rules have lost it."""
        row = self._rows.get(key) or self._named(key).get(key)
        if row is None:
            raise Refused("EQuery:Unknown asset pair")
        return Pair.from_row(key, row)

    def of_one_price(self, key: str) -> Iterator[Pair]:
        """The pair, and the one of the same assets on Kraken's other venue: Kraken shows
        one price for both."""
        pair = self[key]
        yield pair
        plain, suffix, _ = pair.altname.partition(":")
        other = _key(self._rows, plain) if suffix else f"{plain}:BTNL"
        if other is not None and other in self._rows:
            yield self[other]

    def _named(self, name: str) -> Rows:
        found = self._more.named(name) if self._more else ()
        return next((rows for rows in found if _key(rows, name) is not None), {})

    def _every(self) -> Rows:
        return {**(self._more.every() if self._more else {}), **self._rows}

    def assets(self) -> list[str]:
        """Every asset id of every pair."""
        return sorted({row[side] for row in self._every().values() for side in ("base", "quote")})


def _key(rows: Rows, name: str) -> str | None:
    if name in rows:
        return name
    folded = name.upper()
    exact = (key for key, row in rows.items() if row["altname"] == name)
    close = (key for key, row in rows.items() if folded in (key.upper(), row["altname"].upper()))
    return next(exact, None) or next(close, None)


def _aclass(row: Mapping[str, Any]) -> str:
    """A stored row doesn't say; xStocks alone end in an x of lower case."""
    named: str | None = row.get("aclass_base")
    return named or ("tokenized_asset" if row["base"].endswith("x") else "currency")


def packaged_rows() -> dict[str, dict[str, Any]]:
    """The snapshot of AssetPairs that stands beside this package, fresh on every call."""
    text = Path(__file__).parent.with_name("asset_pairs.json").read_text("utf-8")
    rows: dict[str, dict[str, Any]] = json.loads(text, parse_float=Decimal)["pairs"]
    return rows


def asset_id(name: str) -> str:
    """``BTC`` -> ``XXBT``, ``USD`` -> ``ZUSD``, ``DOGE`` -> ``XXDG``; ids and newer
    names stay as they are."""
    upper = name.upper()
    upper = _ALIASES.get(upper, upper)
    for candidate in (upper, "X" + upper, "Z" + upper):
        if candidate in _LEGACY:
            return candidate
    return name if name[:-1].isupper() else upper  # AAPLx keeps its small x


def asset_decimals(asset: str) -> int:
    """Digits of a balance (Assets.decimals)."""
    return 4 if asset in _LEGACY and asset.startswith("Z") else _DECIMALS.get(asset, 10)
