"""Log events: a stable dotted name (``order.accepted``) with its facts beside it.

The facts of the request in hand (request id, alert id) are bound once and stand in every later line of it.
No fact is ever a secret, a token, a signature, a request body or a URL's query.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

LOGGER = logging.getLogger("webhook_core")
_bound: ContextVar[dict[str, Any]] = ContextVar("webhook_core_bound_facts", default={})  # noqa: B039  replaced, never mutated


def event(level: int, name: str, *, exc_info: bool = False, **facts: Any) -> None:
    """One line: ``name`` is what an alert policy watches, ``facts`` are its fields."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, name, exc_info=exc_info, extra={"facts": {**_bound.get(), **facts}})


def bind(**facts: Any) -> None:
    """Add facts to every later event of the request in hand."""
    _bound.set({**_bound.get(), **facts})


@contextmanager
def request_facts(**facts: Any) -> Iterator[None]:
    """The facts of one request, forgotten at its end."""
    token = _bound.set(facts)
    try:
        yield
    finally:
        _bound.reset(token)
