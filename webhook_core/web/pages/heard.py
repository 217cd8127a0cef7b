"""The newest alert of each strategy, and which of them have gone silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from webhook_core.web.operators import Operators

NEWEST = "200"
"""Alerts that are looked through for all strategies at once."""
OF_ONE = "10"


class Heard(NamedTuple):
    """``at``: None where no alert is known. ``expected``: empty where none is; ``is_silent``: one
    is, and did not come."""

    strategy: str
    at: datetime | None = None
    outcome: str = ""
    asked: str = ""
    expected: str = ""
    is_silent: bool = False


def heard(operators: Operators) -> list[Heard]:
    """Of each strategy that is set, and of each other one that an alert came for lately. Raises
    LedgerUnavailable."""
    newest = _newest(operators, {"limit": NEWEST})
    for name in operators.strategies:
        if name not in newest:  # the others may have sent many since
            newest |= _newest(operators, {"limit": OF_ONE, "strategy": name})
    found = {name: Heard(name) for name in (*operators.strategies, *newest)}
    for name, row in newest.items():
        found[name] = Heard(name, row["at"], row["outcome"], row["asked"])
    for row in operators.expected():
        known = found[row["strategy"]]
        at = known.at or row["last"]
        found[row["strategy"]] = known._replace(
            at=at, expected=row["expected"], is_silent=row["silent"]
        )
    return [found[name] for name in sorted(found)]


def _newest(operators: Operators, query: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    rows: Iterable[Mapping[str, Any]] = operators.alerts(query)["alerts"]
    mode, account = operators.history.whose
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:  # newest first
        if row["mode"] in (mode, "") and row["account"] in (account, ""):
            found.setdefault(row["strategy"], row)
    return found
