"""Tables whose rows are a cross of several parametrize, as a test marked ``crossed`` has one: of
such rows each run plays as many as show each pair of values of two of them, with EXAMPLES=all all.
Two values beside each other are what a mistake takes, nearly always."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

import pytest

Row = Sequence[Hashable]


def _shows(row: Row) -> set[Hashable]:
    """Each value at its place, and each pair of them."""
    values = list(enumerate(row))
    return {*values, *combinations(values, 2)}


def covering(rows: Sequence[Row]) -> list[int]:
    """Which of ``rows`` show each pair that any of them shows, by place: each next one is the first
    that brings the most."""
    brings = [_shows(row) for row in rows]
    missing, kept = set[Hashable]().union(*brings), list[int]()
    while missing:
        best = max(range(len(rows)), key=lambda place: len(brings[place]))
        kept.append(best)
        shown = brings[best] & missing
        missing -= shown
        brings = [one - shown for one in brings]
    return sorted(kept)


def cut(metafunc: pytest.Metafunc, arguments: Sequence[str]) -> None:
    """Leave only the rows of ``metafunc`` that a run plays. They are cut before they are cases,
    which each worker would make to leave them out. ``arguments``: of the command line, where a row
    that is named is asked for."""
    rows = metafunc._calls
    test = metafunc.definition.nodeid.partition("::")[2]
    named = {one.partition("::")[2] for one in arguments if one.endswith("]")}
    free = [place for place, row in enumerate(rows) if f"{test}[{row.id}]" not in named]
    kept = {free[place] for place in covering([rows[place]._idlist for place in free])}
    out = set(free) - kept
    metafunc._calls = [row for place, row in enumerate(rows) if place not in out]
