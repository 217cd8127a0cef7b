"""Virtual time and one scheduler: exactly one task runs, and every wait lets the seed
decide who goes on.

A task is a greenlet, so that ``Application.handle`` runs unchanged and synchronous. It
goes on only where it waits.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from greenlet import getcurrent, greenlet

SECOND = 1_000_000
"""All times inside are whole microseconds, so that nothing is ever rounded."""
START = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)


def in_seconds(delay: int) -> str:
    return f"{delay / SECOND:.6f} s"


class InstanceCrashed(BaseException):
    """The process is gone. No handler in the code under test may see it as an error of its own."""


class World:
    """``now``: microseconds since START. ``story``: the steps as lines, None where nobody
    wants to read them."""

    def __init__(self, seed: int, *, tell: bool = False) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now = 0
        self.story: list[str] | None = [] if tell else None
        self._due: list[tuple[int, float, int, Callable[[], object]]] = []
        self._count = 0
        self._hub = getcurrent()

    def moment(self) -> datetime:
        """True time, which is also the exchange's."""
        return START + timedelta(microseconds=self.now)

    def at(self, when: int, action: Callable[[], object]) -> None:
        """Do it then.

        What is due at the same microsecond comes in an order of the seed's choice.
        """
        self._count += 1
        heapq.heappush(self._due, (when, self.random.random(), self._count, action))

    def after(self, delay: int, action: Callable[[], object]) -> None:
        self.at(self.now + delay, action)

    def start(self, delay: int, task: Callable[[], object]) -> None:
        """The task begins after the delay; it may wait."""
        self.after(delay, greenlet(task, self._hub).switch)

    def wait(self, delay: int) -> None:
        """Called inside a task: everybody else has their turn meanwhile, if anybody is due."""
        when, task = self.now + delay, getcurrent()
        if task is self._hub or (self._due and self._due[0][0] <= when):
            self.at(when, task.switch)
            self._hub.switch()
        else:
            self._count += 1
            self.random.random()  # as ``at`` draws, so that a seed tells one story either way
            self.now = when

    def sleep_until_woken(self) -> None:
        """Called inside a task that somebody else will schedule again."""
        self._hub.switch()

    def run(self) -> None:
        """Until nothing is due any more."""
        while self._due:
            self.now, _, _, action = heapq.heappop(self._due)
            action()

    def tell(self, who: str, text: str) -> None:
        if self.story is not None:
            seconds = self.now / SECOND
            self.story.append(f"{len(self.story) + 1:4} {seconds:11.6f} s  {who:<14} {text}")
