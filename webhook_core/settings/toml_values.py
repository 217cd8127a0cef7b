"""Values of strategies.toml -> values.

Each parser raises ValueError that says what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, get_args

from webhook_core.settings import variables
from webhook_core.trading.orders import QuantityType


def symbols(value: object) -> tuple[str, ...] | None:
    """A list of pairs; with ``*`` alone None."""
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(entry, str) and "," not in entry for entry in value)
    ):
        raise ValueError('must be a list such as ["BTC/USD", "ETH/USD"]')
    return variables.symbols(",".join(value))


def cost_limits(value: object) -> Mapping[str, Decimal] | None:
    """The most that one order may cost, by quote asset."""
    if not isinstance(value, str):
        raise ValueError('must be a text such as "200 USD"')
    return variables.cost_limits(value)


def quantity_type(value: object) -> QuantityType:
    """What a volume counts."""
    for kind in get_args(QuantityType):
        if value == kind:
            found: QuantityType = kind
            return found
    raise ValueError(f"must be one of {', '.join(get_args(QuantityType))}")


def flag(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def volume(value: object) -> Decimal:
    """An amount above 0."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('must be a number above 0 such as "0.01"')
    return variables.volume(value if isinstance(value, str) else f"{Decimal(value):f}")


def close(value: object) -> Literal["own", "all"]:
    """What a strategy's close is about."""
    if value == "own":
        return "own"
    if value == "all":
        return "all"
    raise ValueError('must be "own" (what the strategy bought) or "all" (what the account holds)')
