"""What one rule says of an order, and whose limit it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from webhook_core.value import NamedTuple

SetBy = Literal["global", "strategy", "kraken", "token"]
"""Whose limit it is: one for every strategy (the environment's, a rule of one's own), that of the
one strategy, Kraken's, or that of the token which proved the sender."""


class Check(NamedTuple):
    """``passed`` is None where it was not checked: the rule, or a number that it needs, is not
    known or too old. ``message`` begins with ``rule``, a stable name, and says why not; it is empty
    if it passed. ``numbers`` are plain strings.
    """

    rule: str
    passed: bool | None
    message: str = ""
    numbers: Mapping[str, str] = MappingProxyType({})
    set_by: SetBy = "global"

    @property
    def verdict(self) -> str:
        if self.passed is None:
            return "not_checked"
        return "passed" if self.passed else "denied"


def passed(rule: str, **numbers: str) -> Check:
    """Of a rule that lets the order be."""
    return Check(rule, True, "", numbers, "kraken")


def denied(rule: str, text: str, **numbers: str) -> Check:
    """Of a rule that refuses the order; ``text`` says why."""
    return Check(rule, False, f"{rule}: {text}", numbers, "kraken")


def judged(rule: str, text: str, *, holds: bool, **numbers: str) -> Check:
    """Of a rule that lets the order be if it ``holds``, and refuses it otherwise; ``text`` says
    why."""
    return passed(rule, **numbers) if holds else denied(rule, text, **numbers)


def unchecked(rule: str, why: str, **numbers: str) -> Check:
    """Of a rule that can't judge the order."""
    return Check(rule, None, f"{rule}: not checked: {why}", numbers, "kraken")
