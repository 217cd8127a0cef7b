"""Whether an order can't be held against the limits before the venue's last price is known."""

from __future__ import annotations

from webhook_core.trading.intent import OrderIntent
from webhook_core.trading.rules import TradingRules
from webhook_core.trading.worst_price import cap_needs_market


def needs_market(wanted: OrderIntent, rules: TradingRules) -> bool:
    """For a cap of its cost, or for a collar of its prices."""
    if cap_needs_market(wanted, rules):
        return True
    if not rules.has_guards:
        return False
    from webhook_core.trading import guards  # few strategies have any

    return guards.needs_last(wanted, rules)
