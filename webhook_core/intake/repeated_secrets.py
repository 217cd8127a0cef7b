"""A secret of this server in a place where it would be kept: in an alert's id, in any other text of
it, or in a field's name. What is kept is listed, logged and answered, so the alert is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from webhook_core.errors import AlertMalformed
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import SCOPED
from webhook_core.intake.field_names import shown_name

_SCOPED = r"(?a)tk1\.[\w-]+\.\w+\.[\w.-]+~"
"""A scoped token: which of them are good is known to nobody beforehand."""
_LONG = 8
"""Shorter secrets stand in other texts by chance: of those only the whole text counts."""


def refuse(verified: VerifiedBody, secrets: Collection[str]) -> None:
    """Raises AlertMalformed with the field that repeats one of ``secrets``, and repeats none."""
    if verified.webhook_id is not None and _holds(verified.webhook_id, secrets):
        raise _refusal("webhook-id", None)
    for name, value in verified.fields.items():
        if _holds(name, secrets):
            raise _refusal("The name of a field", None)
        if any(_holds(text, secrets) for text in _texts(value)):
            raise _refusal(shown_name(name), name if shown_name(name) == repr(name) else None)


def _refusal(where: str, field: str | None) -> AlertMalformed:
    return AlertMalformed(
        f"{where} holds a secret of this server, which would be kept and shown there: send another "
        "text. The secret belongs into token, and into nothing else.",
        field=field,
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Decimal):
        yield str(value)
        yield f"{value:f}"
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _holds(text: str, secrets: Collection[str]) -> bool:
    if SCOPED in text and re.search(_SCOPED, text):
        return True
    return any(secret in text if len(secret) >= _LONG else secret == text for secret in secrets)
