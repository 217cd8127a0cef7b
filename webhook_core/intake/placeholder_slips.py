"""Why a placeholder still stands in a value. Loaded for a value that is refused for one."""

from __future__ import annotations

import re
from difflib import get_close_matches

KNOWN = (
    *("ticker", "exchange", "open", "high", "low", "close", "volume", "time", "timenow"),
    *("interval", "syminfo.currency", "syminfo.basecurrency"),
    *("strategy.order.action", "strategy.order.contracts", "strategy.order.price"),
    *("strategy.order.id", "strategy.order.comment", "strategy.order.alert_message"),
    *("strategy.position_size", "strategy.market_position", "strategy.market_position_size"),
    *("strategy.prev_market_position", "strategy.prev_market_position_size"),
)
"""TradingView's own (tradingview.com/support/solutions/43000531021), beside its plots."""
_PLOT = r"(?a)plot_\d{1,2}"
_NEAR = 0.7


def slip_of(placeholder: str) -> str:
    """One sentence without its full stop. ``placeholder``: as it may be shown, else a word for one.

    Nothing of it is repeated: what is suggested is TradingView's.
    """
    if not placeholder.startswith("{{"):
        return "Check its spelling; {{strategy.…}} works in strategy alerts only"
    name = placeholder.strip("{} ")
    if name in KNOWN or re.fullmatch(_PLOT, name):
        where = (
            "in the alert of a strategy" if name.startswith("strategy.") else "when an alert fires"
        )
        return f"It does so {where}, and not where a message is sent by hand or by another tool"
    near = get_close_matches(name.lower(), KNOWN, n=1, cutoff=_NEAR)
    hint = f"; the nearest is {{{{{near[0]}}}}}" if near else ""
    return f"TradingView has no placeholder of that name{hint}"
