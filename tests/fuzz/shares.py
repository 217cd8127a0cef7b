"""What one process does of a run; a module of its own, which a process that is
spawned can import."""

from __future__ import annotations

from tests.fuzz.breaks import broken
from tests.fuzz.run import Found, run
from tests.fuzz.watch import Tally


def one_share(name: str | None, share: list[tuple[int, int]]) -> tuple[Tally, list[Found], float]:
    with broken(name):
        return run(share)
