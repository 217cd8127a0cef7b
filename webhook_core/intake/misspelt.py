"""Unknown names that are one slip away from a field of ours. Such a field is never guessed, and
never ignored."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from webhook_core.intake.field_names import CANONICAL, POSITIONS, Sent, is_missing, word_set

_NEAR = 0.8
_MERE_TEXT = frozenset({"alert_message", "custom_fields", "bar_time"})
_IDLE_IN_AN_ORDER = _MERE_TEXT.union(
    POSITIONS, ("order_id", "client_order_id", "of_alert", "scope", "orders")
)
"""What a plain order takes nothing from: a misspelled one is merely unknown there."""
_OTHER_WORDS = word_set(
    "score slope percentile avgvolume volumema volumesma volumeema tvinstrument percentb percentk "
    "percentd percentr"
)
"""Indicators and the like whose own names are a letter or two from one of ours."""


def meant(key: str, order: Mapping[str, Sequence[Sent]]) -> str | None:
    """Our name of the field that an unknown one nearly is: without its ``stop_prce`` a stop order
    is something else. ``key`` is normalised."""
    if not 3 <= len(key) <= 24 or key in _OTHER_WORDS:
        return None
    return _nearest(key, _IDLE_IN_AN_ORDER if _is_plain_order(order) else _MERE_TEXT)


@lru_cache(maxsize=256)  # a template sends the same names each time
def _nearest(key: str, idle: frozenset[str]) -> str | None:
    letters, bits = sorted(key), _bits(key)
    candidates = [ours for ours in _ours(idle) if _may_be_near(key, bits, ours)]
    close = [ours.alias for ours in candidates if ours.letters == letters]
    if candidates and not close:
        aliases = [ours.alias for ours in candidates]
        close = difflib.get_close_matches(key, aliases, n=1, cutoff=_NEAR)
    return CANONICAL[close[0]][0] if close else None


class _Ours(NamedTuple):
    alias: str
    letters: list[str]
    bits: int


@lru_cache(maxsize=2)
def _ours(idle: frozenset[str]) -> tuple[_Ours, ...]:
    return tuple(
        _Ours(alias, sorted(alias), _bits(alias))
        for alias, (name, _) in CANONICAL.items()
        if len(alias) > 2 and name not in idle
    )


def _bits(text: str) -> int:
    """Which letters it has."""
    return functools.reduce(lambda bits, letter: bits | 1 << ord(letter) % 64, text, 0)


def _may_be_near(key: str, bits: int, ours: _Ours) -> bool:
    """False only where the letters that one has and the other lacks rule it out: looking closer
    costs a hundred times as much, and an alert may have a thousand names."""
    mine = len(key) - (bits & ~ours.bits).bit_count()
    theirs = len(ours.alias) - (ours.bits & ~bits).bit_count()
    return 2 * min(mine, theirs) >= _NEAR * (len(key) + len(ours.alias))


def _is_plain_order(order: Mapping[str, Sequence[Sent]]) -> bool:
    said = [sent.value for sent in order.get("action", ()) if not is_missing(sent.value)]
    said = said or [sent.value for sent in order.get("side", ()) if not is_missing(sent.value)]
    return bool(said) and all(
        isinstance(word, str) and word.lower() in ("buy", "sell") for word in said
    )
