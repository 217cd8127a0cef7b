"""What a text that is not read says of an order for sure: for the message to paste instead."""

from __future__ import annotations

import re
from typing import NamedTuple

_PAIR = r"(?a)[A-Za-z0-9]{2,10}[/_-]?[A-Za-z0-9]{2,6}"
SIDES = {"buy": "buy", "long": "buy", "sell": "sell"}
"""A short is no sell of what is held, so it is not sure."""


class Order(NamedTuple):
    """As far as the text says it for sure. ``action``: buy, sell, close, cancel, target. ``rest``:
    the names of what the message to paste does not have."""

    action: str | None = None
    symbol: str | None = None
    rest: tuple[str, ...] = ()


def lines(text: str) -> list[str]:
    """Those that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def agreed(orders: list[Order]) -> Order | None:
    """What several lines agree on."""
    if not orders:
        return None
    actions, symbols = {one.action for one in orders}, {one.symbol for one in orders}
    return Order(
        actions.pop() if len(actions) == 1 else None,
        symbols.pop() if len(symbols) == 1 else None,
        tuple(name for one in orders for name in one.rest),
    )


def pair(text: str | None) -> str | None:
    """A spot pair, whose exchange may stand before it; None for what is none."""
    name = (text or "").rpartition(":")[2].removesuffix(".P").removesuffix(".p")
    is_pair = re.fullmatch(_PAIR, name) and not re.search(r"(?i)(perp|swap|perpetual)$", name)
    return name.upper() if is_pair else None
