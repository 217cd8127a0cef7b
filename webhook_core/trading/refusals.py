"""The refusals of a venue of which something follows here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

NO_SUCH_ORDER = ("EOrder:Invalid order", "EOrder:Unknown order")
"""What Kraken says of an order that is gone, or never was (docs.kraken.com,
cancel-order, amend-order)."""
NO_FUNDS = "EOrder:Insufficient funds"
NOTHING_HELD = "EOrder:Reduce only:No position exists"


class Refusal(StrEnum):
    """The names are stored: they stay."""

    NO_FUNDS = "no_funds"
    NO_SUCH_ORDER = "no_such_order"


def refusal_of(errors: Sequence[str]) -> Refusal | None:
    """What Kraken's errors say, where it is one of these and nothing beside it."""
    if tuple(errors) == (NO_FUNDS,):
        return Refusal.NO_FUNDS
    gone = bool(errors) and all(error.startswith(NO_SUCH_ORDER) for error in errors)
    return Refusal.NO_SUCH_ORDER if gone else None
