"""Pair rules and symbol resolution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """A pair with its rules, as AssetPairs states them. None means that our source lacks the rule: it is not applied.

    ``key``, ``altname`` and ``wsname`` are Kraken's three names of the pair; ``base`` and ``quote`` are asset ids (XXBT, ZUSD).
    ``as_of`` is when Kraken said so: rules older than a day still round but deny nothing.
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
