"""TradingView's placeholders, filled as one firing of a strategy on Kraken would fill them.

tradingview.com/support/solutions/43000531021 and 43000481368 list them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple

from webhook_core.intake.market_position import word_of

Firing = Literal["entry", "exit"]
SIZE = Decimal("0.01")
VOLUME = "12.34567891"
"""Of the bar: no size that anybody means."""
_EXIT = "Close entry(s) order Long"
_PLACEHOLDER = r"\{\{\s*([A-Za-z_.]+(?:\d+|\(\"[^\"{}]{0,64}\"\))?)\s*\}\}"
_PLOT = r"plot_\d{1,2}|plot\(\"[^\"]*\"\)"


class Filled(NamedTuple):
    """``unknown``: placeholders that TradingView has not; it leaves them as they stand."""

    text: str
    used: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_of_a_strategy(self) -> bool:
        return any(name.startswith("strategy.") for name in self.used)


def fill(
    text: str,
    now: datetime,
    price: Decimal,
    kind: Firing = "entry",
    given: Mapping[str, str] = MappingProxyType({}),
) -> Filled:
    """Plain replacement, as TradingView does it: nothing is quoted or escaped. ``given`` are values
    of a real firing."""
    values = {**values_at(now, price, kind), **given}
    used: list[str] = []
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        known = values.get(name) or (f"{price:f}" if re.fullmatch(_PLOT, name) else None)
        if known is None and name not in values:
            unknown.append(name)
            return match[0]
        used.append(name)
        return known or ""

    filled = re.sub(_PLACEHOLDER, value, text)
    return Filled(filled, tuple(dict.fromkeys(used)), tuple(dict.fromkeys(unknown)))


def values_at(now: datetime, price: Decimal, kind: Firing) -> Mapping[str, str]:
    """By placeholder, as one firing would have them."""
    enters, none = kind == "entry", Decimal(0)
    signal, before, after = ("Long", none, SIZE) if enters else (_EXIT, SIZE, none)
    at, bar = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (now, _opening(now)))
    return {
        "ticker": "BTCUSD",
        "exchange": "KRAKEN",
        **dict.fromkeys(("open", "high", "low", "close"), f"{price:f}"),
        "volume": VOLUME,
        "time": bar,
        "timenow": at,
        "interval": "60",
        "syminfo.currency": "USD",
        "syminfo.basecurrency": "BTC",
        "strategy.order.action": "buy" if enters else "sell",
        "strategy.order.alert_message": "",
        **of_fill(SIZE, price, signal, before, after),
    }


def of_fill(
    size: Decimal, price: Decimal, signal: str, before: Decimal, after: Decimal
) -> dict[str, str]:
    """What a strategy says of one fill beside its side, by placeholder. ``before`` and
    ``after``: its position, below zero a short one."""
    return {
        "strategy.order.contracts": f"{size:f}",
        "strategy.order.price": f"{price:f}",
        "strategy.order.id": signal,
        "strategy.order.comment": signal,
        "strategy.position_size": f"{after:f}",
        "strategy.market_position": word_of(after),
        "strategy.market_position_size": f"{abs(after):f}",
        "strategy.prev_market_position": word_of(before),
        "strategy.prev_market_position_size": f"{abs(before):f}",
    }


def _opening(now: datetime) -> datetime:
    """Of the hour's bar that has just closed."""
    return (now - timedelta(hours=1)).replace(minute=0, second=0)
