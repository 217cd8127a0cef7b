"""The strategies that alerts are expected of, and which of them are silent now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from webhook_core.journal.rows import row_of_note
from webhook_core.ledger.keys import is_operators
from webhook_core.ledger.store import Store
from webhook_core.settings.expectations import Expected
from webhook_core.settings.strategy import Strategy

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
        moments = [*_newest_entry(store, whose, name), *_newest_note(store, whose, name)]
        if moments:
            found[name] = max(moments)
    return found


def _newest_entry(store: Store, whose: tuple[str, str], strategy: str) -> Iterator[datetime]:
    def read(cursor: str | None, limit: int) -> tuple[Collection[Any], str | None]:
        return store.entries(strategy=strategy, cursor=cursor, limit=limit)

    for entry in _searched(read):
        if (entry.unit.mode, entry.unit.account) == whose and not is_operators(entry.unit):
            yield entry.received_at
            return


def _newest_note(store: Store, whose: tuple[str, str], strategy: str) -> Iterator[datetime]:
    def read(cursor: str | None, limit: int) -> tuple[Collection[Any], str | None]:
        return store.notes(strategy=strategy, cursor=cursor, limit=limit)

    for note in _searched(read):
        if row_of_note(note).is_of(*whose):
            yield note.at
            return


def _searched(read: Callable[[str | None, int], tuple[Collection[Any], str | None]]) -> Any:
    """Newest first. As a rule the first is ours, and costs one billed read."""
    cursor, limit = None, 1
    for _ in range(MOST_PAGES):
        found, cursor = read(cursor, limit)
        yield from found
        if cursor is None:
            return
        limit = PAGE


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
