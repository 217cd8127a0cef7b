"""In which order the tests run: what takes long begins first, so that no worker is left
alone with it at the end. And no example of a property has to be fast: a loaded machine is slow."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, settings

from tests.support.crossed import cut
from tests.support.examples import ALL, examples
from tests.support.firestore_emulator import PORT_OF_THE_RUN, is_installed, new_emulator
from tests.support.project import ROOT
from tests.support.worked_out_once import work_out_once

settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")

work_out_once()

gc.set_threshold(50_000, 20, 100)
"""A worker holds twenty thousand cases to its end. To look through them again and again was a
fifth of what it takes to collect them."""

IN_MEMORY, LEAST_BYTES = Path("/dev/shm"), 2 * 2**30


def _holds_our_files(folder: Path) -> bool:
    return (
        folder.is_dir()
        and not os.statvfs(folder).f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
        and shutil.disk_usage(folder).free > LEAST_BYTES
    )


if "TMPDIR" not in os.environ and _holds_our_files(IN_MEMORY):
    # Each ledger waits for its disk at each claim. That it does is counted, not timed.
    os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)

LONG = ("walk", "simulation", "e2e", "matrix", "contract", "property")


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not ALL and metafunc.definition.get_closest_marker("crossed"):
        cut(metafunc, metafunc.config.args)


def pytest_itemcollected(item: pytest.Item) -> None:
    if getattr(getattr(item, "module", None), "examples", None) is examples:
        item.add_marker("seeded")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    room = item.nodeid.split("/")[1]
    return LONG.index(room) if room in LONG else len(LONG)


def pytest_collection_finish() -> None:
    gc.freeze()  # nor is any looked through at the end, which took a second a worker


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    """For what goes as deep as Python lets it: whatever is finalized down there fails for want of
    depth, and that would be told of the test though it is some earlier one's."""
    gc.disable()
    yield
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.two_queues import TwoQueues

    return TwoQueues(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Of a test that passed a worker tells its passing, once, not that it began, was set up, taken
    down and ended: half of what the telling and the hearing of it take."""
    if not hasattr(item.config, "workerinput"):
        return None
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


def pytest_configure(config: pytest.Config) -> None:
    """The workers of a run of all tests share one emulator of Firestore, or each starts its own."""
    worker = getattr(config, "workerinput", None)
    if worker is not None and config.args == ["tests"]:
        _import_share(int(worker["workerid"].removeprefix("gw")), worker["workercount"])
    all_of_them = config.args == ["tests"] and bool(config.getoption("numprocesses", None))
    if all_of_them and PORT_OF_THE_RUN not in os.environ and is_installed():
        emulator = new_emulator()
        emulator.launch()
        atexit.register(emulator.stop)
        os.environ[PORT_OF_THE_RUN] = str(emulator.port)


def _import_share(number: int, of: int) -> None:
    """Before all workers collect in step: what one of them has compiled, with the asserts of its
    tests, the others then read. What fails here fails again, and is told, when it is collected."""
    for path in sorted((ROOT / "tests").rglob("test_*.py"))[number::of]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        with (
            warnings.catch_warnings(action="error"),
            contextlib.suppress(Exception, pytest.skip.Exception),
        ):
            importlib.import_module(name)
