"""Tables whose rows are a cross of several parametrize, as a test marked ``crossed`` has one: of
such rows each run plays as many as show each pair of values of two of them, with EXAMPLES=all all.
Two values beside each other are what a mistake takes, nearly always."""

from __future__ import annotations

from collections import defaultdict
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


def left_out(items: Sequence[pytest.Item], arguments: Sequence[str]) -> set[str]:
    """The node ids of the rows that a run need not play. ``arguments``: of the command line, where
    a row that is named is asked for."""
    named = {one.partition("::")[2] for one in arguments if one.endswith("]")}
    tables = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        table, _, row = item.nodeid.partition("::")
        if item.get_closest_marker("crossed") and "[" in row and row not in named:
            tables[f"{table}::{row.partition('[')[0]}"].append(item)
    out = set[str]()
    for rows in tables.values():
        kept = covering([row.callspec._idlist for row in rows])  # type: ignore[attr-defined]
        out |= {row.nodeid for row in rows} - {rows[place].nodeid for place in kept}
    return out
