"""In which order the tests run: what takes long begins first, so that no worker is left
alone with it at the end."""

from __future__ import annotations

import pytest

LONG = ("walk", "simulation", "e2e", "matrix", "contract", "property")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    room = item.nodeid.split("/")[1]
    return LONG.index(room) if room in LONG else len(LONG)
