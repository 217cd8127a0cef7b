"""Which accepted orders may still trade, as far as the ledger knows: every store keeps them in an
index of their own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.trading.requests import Fill

_OPEN = ("open", "pending")
"""Kraken's statuses of an order that is not done (docs.kraken.com, get-orders-info)."""


class Unfinished(StrEnum):
    """An order at the market fills at once, and only what it came to is not known; any other one
    may fill at any time."""

    MARKET = "market"
    RESTING = "resting"


def is_final(fill: Fill) -> bool:
    """The order trades no more."""
    return fill.status not in _OPEN


def place_of(mode: str, account: str, kind: Unfinished) -> str:
    """What every store indexes: the unfinished orders of one kind, in one account of one mode."""
    return f"{mode}/{account}/{kind}"


def places_of(mode: str, account: str, kinds: Collection[Unfinished]) -> list[str]:
    return [place_of(mode, account, kind) for kind in kinds]


def has_placed(entry: LedgerEntry, mode: str, account: str) -> bool:
    """Whether an entry has placed its order in that account and mode. Those that amend or cancel an
    order come to its id too."""
    is_of = (entry.unit.mode, entry.unit.account) == (mode, account)
    return is_of and entry.current.request.method == "AddOrder"


def unfinished_place(entry: LedgerEntry) -> str | None:
    """Where the entry stands in that index, None for one that does not."""
    kind = unfinished(entry)
    return None if kind is None else place_of(entry.unit.mode, entry.unit.account, kind)


def unfinished(entry: LedgerEntry) -> Unfinished | None:
    """None for an entry that is no accepted order, or whose fill is known and final, its
    conditional close long in Kraken's list."""
    attempt = entry.current
    request, fill = attempt.request, attempt.fill
    if entry.state is not State.ACCEPTED or request.method != "AddOrder" or not attempt.order_id:
        return None
    if fill is not None and is_final(fill) and not attempt.close_unseen:
        return None
    at_market = request.at_market
    return Unfinished.MARKET if at_market else Unfinished.RESTING


def kept_since(entry: LedgerEntry) -> datetime:
    """From when on the days count for which a store keeps the entry."""
    return entry.claimed_at if entry.open_at is None else max(entry.claimed_at, entry.open_at)
