"""Secrets that got into a text all the same, taken out of it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Collection, Iterable

from webhook_core.intake.credentials import SCOPED

MASK = "***"
SHORTEST = 8
"""Shorter texts are in every text by chance; no secret that the settings take from a sender is."""


def written_forms(secrets: Iterable[str]) -> list[str]:
    """Every way to write them, longest first: as they are, and as JSON escapes them."""
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)


def masked(text: str, forms: Collection[str]) -> str:
    """``forms`` as ``written_forms`` makes them. Whatever looks like a scoped token is one: which
    of them are good is known to nobody beforehand."""
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return re.sub(_SCOPED, MASK, text) if SCOPED in text else text


_SCOPED = r"(?a)tk1\.(?:[!#-\[\]-~]|\\[^\"\s])+"
"""Up to a blank, a quote, or a backslash that goes with a quote: a line of JSON stays one."""


@functools.lru_cache(maxsize=64)
def _forms(text: str) -> tuple[str, ...]:
    return text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
