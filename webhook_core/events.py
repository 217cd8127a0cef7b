"""Log events: a stable dotted name (``order.accepted``) with its facts beside it.

The facts of the request in hand (request id, alert id) are bound once and stand in every later line
of it, and what it costs is tallied for its summary. No fact is ever a secret, a token, a signature,
a request body or a URL's query.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

LOGGER = logging.getLogger("webhook_core")
_bound: ContextVar[dict[str, Any]] = ContextVar("webhook_core_bound_facts", default={})  # noqa: B039  replaced, never mutated
P = ParamSpec("P")
R = TypeVar("R")


class Tally:
    """What one request has cost so far: calls by name, seconds by stage.

    No stage counts inside another. ``sums_up``: the request ends with a line that sums it up.
    """

    __slots__ = ("counts", "in_a_stage", "seconds", "sums_up")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.in_a_stage = False
        self.sums_up = False


_tally: ContextVar[Tally | None] = ContextVar("webhook_core_tally", default=None)


def event(level: int, name: str, *, exc_info: bool = False, **facts: Any) -> None:
    """One line: ``name`` is what an alert policy watches, ``facts`` are its fields."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(
            level, name, exc_info=exc_info, extra={"facts": {**_bound.get(), **facts}}, stacklevel=2
        )


def bind(**facts: Any) -> None:
    """Add facts to every later event of the request in hand."""
    _bound.set({**_bound.get(), **facts})


@contextmanager
def request_facts(**facts: Any) -> Iterator[Tally]:
    """The facts of one request, and what it costs; both forgotten at its end."""
    tally = Tally()
    bound, tallied = _bound.set(facts), _tally.set(tally)
    try:
        yield tally
    finally:
        _bound.reset(bound)
        _tally.reset(tallied)


def is_summed_up() -> bool:
    """Whether the request in hand ends with a line that sums it up."""
    tally = _tally.get()
    return tally is not None and tally.sums_up


def count(name: str) -> None:
    """One more of it in the request in hand; outside of a request nobody counts."""
    tally = _tally.get()
    if tally is not None:
        tally.counts[name] = tally.counts.get(name, 0) + 1


class _Clock(Protocol):
    def monotonic(self) -> float: ...


class _HasClock(Protocol):
    @property
    def clock(self) -> _Clock: ...


Timed = TypeVar("Timed", bound=_HasClock)


def timed(
    stage: str,
) -> Callable[[Callable[Concatenate[Timed, P], R]], Callable[Concatenate[Timed, P], R]]:
    """For a method of something with a clock: its seconds go to that stage
    of the request in hand."""

    def around(method: Callable[Concatenate[Timed, P], R]) -> Callable[Concatenate[Timed, P], R]:
        @wraps(method)
        def timed_method(self: Timed, /, *args: P.args, **kwargs: P.kwargs) -> R:
            tally = _tally.get()
            if tally is None or tally.in_a_stage:
                return method(self, *args, **kwargs)
            tally.in_a_stage = True
            begun = self.clock.monotonic()
            try:
                return method(self, *args, **kwargs)
            finally:
                tally.in_a_stage = False
                tally.seconds[stage] = (
                    tally.seconds.get(stage, 0.0) + self.clock.monotonic() - begun
                )

        return timed_method

    return around
