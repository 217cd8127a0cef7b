"""What one rule says of an order, and whose limit it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Scope = Literal["global", "strategy", "kraken"]
"""Whose limit it is: one for every strategy (the environment's, a rule of one's own), that of the
one strategy, or Kraken's."""


class Check(NamedTuple):
    """``passed`` is None where it was not checked: the rule, or a number that it needs, is not known
    or too old. ``message`` begins with ``rule``, a stable name, and says why not; it is empty if it
    passed. ``numbers`` are plain strings.
    """

    rule: str
    passed: bool | None
    message: str = ""
    numbers: Mapping[str, str] = MappingProxyType({})
    scope: Scope = "global"

    @property
    def verdict(self) -> str:
        return "not_checked" if self.passed is None else "passed" if self.passed else "denied"
