"""The refusals of a venue of which something follows here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

NO_SUCH_ORDER = ("EOrder:Invalid order", "EOrder:Unknown order")
"""What Kraken says of an order that is gone, or never was (docs.kraken.com,
cancel-order, amend-order)."""
NO_FUNDS = "EOrder:Insufficient funds"
_NOTHING_HELD = "EOrder:Reduce only:No position exists"
_OWN_SIDE = "EOrder:Reduce only:Cannot increase position"


class Refusal(StrEnum):
    """The names are stored: they stay."""

    NO_FUNDS = "no_funds"
    NO_SUCH_ORDER = "no_such_order"


def is_nothing_to_reduce(errors: Sequence[str]) -> bool:
    """Whether an order that may only reduce was refused since no position is open, or since the one
    that is stands on the order's own side."""
    return tuple(errors) in ((_NOTHING_HELD,), (_OWN_SIDE,))


def is_nothing_held(errors: Sequence[str]) -> bool:
    """Whether it was, since no position is open."""
    return tuple(errors) == (_NOTHING_HELD,)


def refusal_of(errors: Sequence[str]) -> Refusal | None:
    """What Kraken's errors say, where it is one of these and nothing beside it."""
    if tuple(errors) == (NO_FUNDS,):
        return Refusal.NO_FUNDS
    gone = bool(errors) and all(error.startswith(NO_SUCH_ORDER) for error in errors)
    return Refusal.NO_SUCH_ORDER if gone else None
