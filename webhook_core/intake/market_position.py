"""The positions that a strategy reports around an order: {{strategy.market_position}} and its size, and those before it.

Only a ``target`` alert acts on them. Everywhere else they are context, and what can't be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake.field_names import Sent
from webhook_core.trading.orders import MarketPosition

Order = Mapping[str, Sequence[Sent]]


def position(sent: Sent) -> MarketPosition:
    text = values.order_text(sent).lower()
    for known in get_args(MarketPosition):
        if text == known:
            found: MarketPosition = known
            return found
    raise sent.fault(f"must be long, short or flat, not {values.shown(sent.value)}")


_READERS: Mapping[str, Callable[[Sent], Any]] = {
    "market_position": position,
    "market_position_size": values.number_or_zero,
    "prev_market_position": position,
    "prev_market_position_size": values.number_or_zero,
}


def read_strictly(order: Order) -> dict[str, Any]:
    """All four, None where the alert doesn't say it. Raises AlertMalformed, for a position that contradicts its size too."""
    read = {name: values.agreed(order.get(name, ()), reader) for name, reader in _READERS.items()}
    for name in ("market_position", "prev_market_position"):
        where, size = read[name], read[f"{name}_size"]
        if where is None or size is None or (where == "flat") == (size == 0):
            continue
        raise AlertMalformed(
            f"{name}_size must be above zero where {name} is {where}."
            if size == 0
            else f"{name}_size must be 0 where {name} is flat.",
            field=f"{name}_size",
        )
    return read


def read_leniently(order: Order) -> dict[str, Any]:
    return {name: value for name in _READERS if (value := _or_none(order.get(name, ()), _READERS[name])) is not None}


def _or_none(candidates: Sequence[Sent], read: Callable[[Sent], Any]) -> Any:
    try:
        return values.agreed(candidates, read)
    except AlertMalformed:
        return None
