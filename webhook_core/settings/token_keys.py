"""WEBHOOK_TOKEN_KEYS: what signs scoped tokens. No message here repeats any part of a key."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence

from webhook_core.intake.credentials import TokenKey
from webhook_core.settings.variables import EnvReader

VARIABLE = "WEBHOOK_TOKEN_KEYS"
_KEY = r"(?a)([A-Za-z0-9_-]{1,16}):([A-Za-z0-9+/_-]{43}=?)"
_ADVICE = "take for example: k1:$(openssl rand -base64 32)"


def token_keys(
    texts: Sequence[str | None], revoked: frozenset[str], reader: EnvReader
) -> Iterator[tuple[str, TokenKey]]:
    """The text of each key, without its id, and the key. ``texts``: None for one that is not read
    yet. Faults go to ``reader``."""
    names: set[str] = set()
    for number, text in enumerate(texts, start=1):
        if text is None:
            continue
        match = re.fullmatch(_KEY, text)
        key = None if match is None else _decoded(match[2])
        if match is None or key is None:
            reader.fault(
                VARIABLE, f"entry {number} is not ID:KEY with 32 bytes in base64; {_ADVICE}"
            )
        elif match[1] in names:
            reader.fault(VARIABLE, f"entry {number} has the id of another key; each needs its own")
        elif len(set(key)) < 16:
            reader.fault(VARIABLE, f"entry {number} is no random key; {_ADVICE}")
        else:
            names.add(match[1])
            yield match[2], TokenKey(match[1], key, revoked)


def _decoded(text: str) -> bytes | None:
    """Of either alphabet, with or without the sign at its end. None for anything but 32 bytes."""
    try:
        key = base64.b64decode(
            text.rstrip("=") + "=", altchars=b"-_" if _is_urls(text) else None, validate=True
        )
    except ValueError:
        return None
    return key if len(key) == 32 else None


def _is_urls(text: str) -> bool:
    return "-" in text or "_" in text
