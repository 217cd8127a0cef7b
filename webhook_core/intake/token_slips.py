"""Which slip of the pen a token holds that proved nothing. For the log alone: whoever sent it
learns nothing from us.

It follows from what came and never from what is configured, and it repeats nothing of either.
"""

from __future__ import annotations

import re

from webhook_core.intake.credentials import MIN_CHARACTERS, is_example

_VARIABLE = re.compile(r"\$\{?\w+\}?|%\w+%|<[^<>]*>|\[[^\[\]]*\]", re.ASCII)
_QUOTES = frozenset("\"'")


def slip_of(token: str) -> str | None:
    """Half a sentence on "the token", None where no slip is known."""
    bare = token.strip()
    slips = (
        (not bare, "is empty"),
        (
            is_example(bare),
            "is still the placeholder of the example: put the value of WEBHOOK_TOKEN in its place",
        ),
        (
            "{{" in token or _VARIABLE.fullmatch(bare),
            "is a placeholder or a variable that nobody replaced",
        ),
        (token != bare, "has a blank or a line break at an end"),
        (bare[:1] in _QUOTES and bare[-1:] in _QUOTES, "has quotes of its own"),
        (bare.lower().startswith("bearer "), "begins with Bearer"),
        (len(token) < MIN_CHARACTERS, f"has fewer than {MIN_CHARACTERS} characters"),
    )
    return next((f"the token {says}" for holds, says in slips if holds), None)
