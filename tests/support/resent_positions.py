"""Alerts that name a position, and a sender that resends them as TradingView does, only sooner."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from tests.support.served_function import Answer, Function

PRICES = {"BTCUSD": "60000", "ETHUSD": "2500"}
RESENDS = 3
PAUSE_S = 0.4
"""TradingView waits 5 s: its resends give up later than ours."""


def around(name: str, size: str | None) -> dict[str, str]:
    """``market_position`` or ``prev_market_position`` with its size, as TradingView fills them in.
    ``size`` is signed."""
    if size is None:
        return {}
    amount = Decimal(size)
    word = "long" if amount > 0 else "short" if amount < 0 else "flat"
    return {name: word, f"{name}_size": f"{abs(amount):f}"}


def target(
    function: Function,
    size: str,
    *,
    before: str | None = None,
    symbol: str = "ETHUSD",
    **fields: Any,
) -> dict[str, Any]:
    return position(
        function,
        "target",
        symbol,
        **around("market_position", size),
        **around("prev_market_position", before),
        **fields,
    )


def position(function: Function, action: str, symbol: str, **fields: Any) -> dict[str, Any]:
    named = {
        "side": None,
        "order_type": None,
        "volume": None,
        "price": PRICES.get(symbol),
        **fields,
    }
    return function.alert(action=action, symbol=symbol, **named)


def deliver(
    functions: Function | list[Function], alert: dict[str, Any], pause_s: float = PAUSE_S
) -> list[Answer]:
    """Every answer to it: sent again, to the next instance, as long as the last one was a 5xx."""
    fleet = functions if isinstance(functions, list) else [functions]
    answers = [fleet[0].post(alert)]
    while answers[-1].status >= 500 and len(answers) <= RESENDS:
        time.sleep(pause_s)
        answers.append(fleet[len(answers) % len(fleet)].post(alert))
    return answers
