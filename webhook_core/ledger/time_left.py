"""How long a wait for the ledger may take: no longer than the request in hand has left.

What comes before a claim may be several reads, each with a time-out of its own; together they must
not outlast the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from webhook_core.clock import Budget

_budget: ContextVar[Budget | None] = ContextVar("webhook_core_ledger_budget", default=None)


@contextmanager
def within(budget: Budget) -> Iterator[None]:
    """Inside, waits for the ledger end with this budget."""
    before = _budget.set(budget)
    try:
        yield
    finally:
        _budget.reset(before)


def seconds_at_most(seconds: float) -> float:
    """So many, or what the request in hand has left of them; outside of a request all of them."""
    budget = _budget.get()
    return seconds if budget is None else min(seconds, budget.remaining())
