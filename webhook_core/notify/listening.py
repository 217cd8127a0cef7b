"""The strategies that alerts are expected of, and which of them are silent now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from webhook_core.journal.reading import Store
from webhook_core.settings.expectations import Expected
from webhook_core.settings.strategy import Strategy


def expected_of(strategies: Mapping[str, Strategy]) -> dict[str, Expected]:
    """By strategy."""
    found = {name: strategy.expect_every for name, strategy in strategies.items()}
    return {name: expected for name, expected in found.items() if expected is not None}


def newest_of(store: Store, strategies: Collection[str]) -> dict[str, datetime]:
    """When the newest alert of each came in, whatever became of it; without those that the store
    knows none of. Raises LedgerUnavailable."""
    found: dict[str, datetime] = {}
    for name in strategies:
        entries = [entry.received_at for entry in store.entries(strategy=name, limit=1).entries]
        moments = [*entries, *(note.at for note in store.notes(strategy=name, limit=1).notes)]
        if moments:
            found[name] = max(moments)
    return found


def silent_now(
    strategies: Mapping[str, Strategy], store: Store, now: datetime
) -> list[dict[str, Any]]:
    """``strategy``, ``last`` (None: no alert is known), ``expected`` and ``silent`` of each that
    alerts are expected of. Raises LedgerUnavailable."""
    expected = expected_of(strategies)
    newest = newest_of(store, expected)
    return [
        {
            "strategy": name,
            "last": newest.get(name),
            "expected": span.words,
            "silent": name not in newest or span.is_missed(newest[name], now),
        }
        for name, span in expected.items()
    ]
