"""A person on a real socket, and the function that tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.faked_function import Function
from tests.support.told_person import Person, told_person


@pytest.fixture
def person() -> Iterator[Person]:
    with told_person() as person:
        yield person


@pytest.fixture
def told(person: Person) -> Callable[..., Function]:
    """A function that has run once, so that what comes from now on is told."""

    def make(**options: Any) -> Function:
        env = {"NOTIFY": person.url(), "ALLOWED_SYMBOLS": "BTC/USD", **options.pop("env", {})}
        function = Function(env=env, **options)
        function.operate("POST", "/reconcile")
        return function

    return make


def next_run(function: Function, minutes: float = 1) -> int:
    function.clock.sleep(60 * minutes)
    answer = function.operate("POST", "/reconcile")
    assert answer.status == 200, answer.document
    return answer["told"]
