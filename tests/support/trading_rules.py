"""The rules of a strategy for the tests, from lists of pairs and caps alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from webhook_core.trading.from_alert import order_intent
from webhook_core.trading.rules import Limits, TradingRules


def trading_rules(
    allow_lists: Sequence[tuple[str, ...]] = (),
    caps: Sequence[Mapping[str, Decimal]] = (),
    **others: Any,
) -> TradingRules:
    """The first list and the first cap are the global ones, the others
    those of the strategy trend."""
    pairs = enumerate(zip_longest(allow_lists, caps))
    limits = tuple(
        Limits(allowed, cap, "trend" if number else "") for number, (allowed, cap) in pairs
    )
    return TradingRules(limits, **others)


def intent(alert, rules):
    """The order that the alert asks for, of the configured size if it names none."""
    return order_intent(alert, rules.size)
