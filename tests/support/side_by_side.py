"""Tests that wait for seconds more than they compute, each at a Kraken and a function of its own:
the first of a file to be asked for begins all of them that were collected, and each tells how it
went.

    @side_by_side
    @pytest.mark.parametrize("late_s", [0, 2])
    def test_it_is_traded_once(late_s, function, exchange): ...

is given ``function`` and ``exchange`` by the file's fixture ``place``, once for each case. What it
takes beside them has to be parametrized.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.support.kraken_process import KrakenProcess
from tests.support.served_function import Function

AT_ONCE = 12
OF_THE_PLACE = ("function", "exchange")
Place = Callable[[], AbstractContextManager[tuple[Function, KrakenProcess]]]


def side_by_side(story: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(story)
    def test(request: pytest.FixtureRequest, side: Side, **_: Any) -> None:
        side.tell(request.node)

    own = inspect.signature(story).parameters.values()
    asked = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("request", "side")
    ]
    case = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for each in own
        if each.name not in OF_THE_PLACE
    ]
    test.__signature__ = inspect.Signature(asked + case)  # type: ignore[attr-defined]
    test.story = story  # type: ignore[attr-defined]
    return test


class Side:
    """Those of one file, while they are played."""

    def __init__(self, pool: ThreadPoolExecutor, place: Place, items: Iterable[Any]) -> None:
        self._running: dict[str, Future[None]] = {
            item.nodeid: pool.submit(_play, place, item) for item in items
        }

    def tell(self, item: pytest.Item) -> None:
        """Wait for its end; raises what it raised."""
        self._running.pop(item.nodeid).result()


def _play(place: Place, item: Any) -> None:
    case = item.callspec.params if hasattr(item, "callspec") else {}
    with place() as (function, exchange):
        item.function.story(**case, function=function, exchange=exchange)


@contextmanager
def played(place: Place, of: pytest.Item | pytest.Collector, items: list[Any]) -> Iterator[Side]:
    """Those of the file ``of`` among all ``items`` of the run; who is left out at its end never
    began."""
    pool = ThreadPoolExecutor(AT_ONCE)
    chosen = [item for item in items if item.path == of.path and hasattr(item.function, "story")]
    try:
        yield Side(pool, place, chosen)
    finally:
        pool.shutdown(cancel_futures=True)
