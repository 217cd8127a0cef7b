"""In which order the tests run: what takes long begins first, so that no worker is left
alone with it at the end. And no example of a property has to be fast: a loaded machine is slow."""

from __future__ import annotations

import atexit
import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import examples
from tests.support.firestore_emulator import PORT_OF_THE_RUN, is_installed, new_emulator

settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")

gc.set_threshold(50_000, 20, 100)
"""A worker holds twenty thousand cases to its end. To look through them again and again was a
fifth of what it takes to collect them."""

LONG = ("walk", "simulation", "e2e", "matrix", "contract", "property")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    room = item.nodeid.split("/")[1]
    return LONG.index(room) if room in LONG else len(LONG)


def pytest_configure(config: pytest.Config) -> None:
    """The workers of a run of all tests share one emulator of Firestore, or each starts its own."""
    all_of_them = config.args == ["tests"] and bool(config.getoption("numprocesses", None))
    if all_of_them and PORT_OF_THE_RUN not in os.environ and is_installed():
        emulator = new_emulator()
        emulator.launch()
        atexit.register(emulator.stop)
        os.environ[PORT_OF_THE_RUN] = str(emulator.port)
