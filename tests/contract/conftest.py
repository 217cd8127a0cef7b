"""Every adapter of the ledger's ports, so that one suite runs over them all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.firestore_emulator import shared_emulator
from tests.support.ledger_entries import Dated
from tests.support.memory_ledger import MemoryLedger
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.sqlite.in_memory import LedgerInMemory
from webhook_core.ledger.sqlite.ledger import SqliteLedger

Store = MemoryLedger | SqliteLedger | FirestoreLedger


@pytest.fixture
def firestore_project(monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty project of the emulator, to which this process's clients now go."""
    for name, value in shared_emulator().environment.items():
        monkeypatch.setenv(name, value)
    _warm_up()
    return f"test-{uuid.uuid4().hex[:12]}"


@cache
def _warm_up() -> None:
    """The first call to a new emulator may take longer than an alert waits for its ledger."""
    ledger = FirestoreLedger(f"test-{uuid.uuid4().hex[:12]}", timeout_s=30, clock=Dated())
    ledger.read("nothing")
    ledger.close()


@pytest.fixture(params=["the tests' own", "memory", "sqlite", "firestore"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Ledger and Documents, empty.

    Long time-outs: here it counts what is answered, not how fast.
    """
    made: Store
    match request.param:
        case "the tests' own":
            made = MemoryLedger()
        case "memory":
            made = LedgerInMemory()
        case "sqlite":
            made = SqliteLedger(tmp_path / "state" / "ledger.db", timeout_s=10)
        case _:
            made = FirestoreLedger(
                request.getfixturevalue("firestore_project"), timeout_s=10, clock=Dated()
            )
    yield made
    made.close()
