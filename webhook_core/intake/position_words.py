"""A position that is the word of an order, such as exit."""

from __future__ import annotations

from typing import get_args

from webhook_core.intake import field_values as values
from webhook_core.intake import words
from webhook_core.intake.field_names import Sent
from webhook_core.trading.orders import MarketPosition


def refuse_order_word(sent: Sent) -> None:
    """Raises AlertMalformed for one; any other text that is no position is context."""
    is_plain = isinstance(sent.value, str) and not values.unexpanded(sent.value)
    said = words.of_value(sent.value) if is_plain else []
    if said and sent.value.lower() not in get_args(MarketPosition):
        raise sent.fault(
            f"is {values.shown(sent.value)}, and no position: for an order send action, such as "
            '"close"'
        )
