"""Unknown names that are one slip away from a field of ours. Such a field is never guessed, and
never ignored."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from webhook_core.intake.field_names import CANONICAL, Sent, is_missing

_MERE_TEXT = frozenset({"alert_message", "custom_fields", "bar_time"})
_IDLE_IN_AN_ORDER = _MERE_TEXT | {
    *(
        "market_position",
        "market_position_size",
        "prev_market_position",
        "prev_market_position_size",
    ),
    *("order_id", "client_order_id", "of_alert", "scope", "orders"),
}
"""What a plain order takes nothing from: a misspelled one is merely unknown there."""
_OTHER_WORDS = frozenset(
    (
        "score",
        "slope",
        "percentile",
        "avgvolume",
        "volumema",
        "volumesma",
        "volumeema",
        "tvinstrument",
        "percentb",
        "percentk",
        "percentd",
        "percentr",
    )
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
    ours = {
        alias: name for alias, (name, _) in CANONICAL.items() if len(alias) > 2 and name not in idle
    }
    swapped = [alias for alias in ours if sorted(alias) == sorted(key)]
    close = swapped or difflib.get_close_matches(key, ours, n=1, cutoff=0.8)
    return ours[close[0]] if close else None


def _is_plain_order(order: Mapping[str, Sequence[Sent]]) -> bool:
    said = [sent.value for sent in order.get("action", ()) if not is_missing(sent.value)]
    said = said or [sent.value for sent in order.get("side", ()) if not is_missing(sent.value)]
    return bool(said) and all(
        isinstance(word, str) and word.lower() in ("buy", "sell") for word in said
    )
