"""The strategies that alerts are expected of, and which of them are silent now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from webhook_core.journal.rows import row_of_note
from webhook_core.ledger.entry import LedgerEntry
from webhook_core.ledger.keys import is_operators
from webhook_core.ledger.store import Store
from webhook_core.settings.expectations import Expected
from webhook_core.settings.strategy import Strategy

T = TypeVar("T")
PAGE = 50
MOST_PAGES = 20
"""Of alerts that other functions keep in the same store, and of cancels that the operator sent."""


def expected_of(strategies: Mapping[str, Strategy]) -> dict[str, Expected]:
    """By strategy."""
    found = {name: strategy.expect_every for name, strategy in strategies.items()}
    return {name: expected for name, expected in found.items() if expected is not None}


def newest_of(
    store: Store, whose: tuple[str, str], strategies: Collection[str]
) -> dict[str, datetime]:
    """When the newest alert of each came in, whatever became of it, in the mode and to the account
    ``whose``; without those that the store knows none of. Raises LedgerUnavailable."""
    found: dict[str, datetime] = {}
    for name in strategies:
        entries = newest_first(partial(store.entries, strategy=name), PAGE, MOST_PAGES)
        notes = newest_first(partial(store.notes, strategy=name), PAGE, MOST_PAGES)
        of_entries = (entry.received_at for entry in entries if _is_of(entry, whose))
        of_notes = (note.at for note in notes if row_of_note(note).is_of(*whose))
        moments = [*islice(of_entries, 1), *islice(of_notes, 1)]
        if moments:
            found[name] = max(moments)
    return found


def _is_of(entry: LedgerEntry, whose: tuple[str, str]) -> bool:
    return (entry.unit.mode, entry.unit.account) == whose and not is_operators(entry.unit)


def newest_first(
    read: Callable[..., tuple[Collection[T], str | None]], size: int, most: int
) -> Iterator[T]:
    """What so many pages of a list of the store hold. The first is of one row: as a rule it is
    enough, and one billed read."""
    cursor, limit = None, 1
    for _ in range(most):
        found, cursor = read(cursor=cursor, limit=limit)
        yield from found
        if cursor is None:
            return
        limit = size


def silent_now(
    strategies: Mapping[str, Strategy], store: Store, whose: tuple[str, str], now: datetime
) -> list[dict[str, Any]]:
    """``strategy``, ``last`` (None: no alert is known), ``expected`` and ``silent`` of each that
    alerts are expected of. Raises LedgerUnavailable."""
    expected = expected_of(strategies)
    newest = newest_of(store, whose, expected)
    return [
        {
            "strategy": name,
            "last": newest.get(name),
            "expected": span.words,
            "silent": name not in newest or span.is_missed(newest[name], now),
        }
        for name, span in expected.items()
    ]
