"""The secrets of the function that is fuzzed: what may come in, and what may never come out."""

from __future__ import annotations

import base64
import re

from tests.support.scoped_tokens import KEY, OLD_KEY

TOKEN = "tok-7Qm2vX9sLw4KfZ1pRb8C"
NEXT_TOKEN = "nxt-5Hd8yU3aNe6GjT0cVk2M"
TREND_TOKEN = "trd-9Wq1iO7zXb4SlE2rFm6P"
SIGNING = "sgn-3Jk6tB0uYc8HnD5vAg1L"
STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OPERATOR = "opr-2Zx4mI8oCv6QwR1eTs9N"

ALERTS_PROVED_BY = (TOKEN, NEXT_TOKEN, TREND_TOKEN)
KEY_TEXTS = tuple(base64.b64encode(key).decode() for key in (KEY, OLD_KEY))
EVERY = (*ALERTS_PROVED_BY, SIGNING, STANDARD, OPERATOR, *KEY_TEXTS)
_SCOPED = re.compile(r"(?a)tk1\.[\w-]+\.\w+\.[\w.-]+~")
PIECE = 10


def leaked(text: str, *, whole: bool = False) -> str | None:
    """The first secret of which ten characters in a row, from either end, stand in the text, or a
    scoped token, whichever it is. ``whole``: only all of them."""
    scoped = _SCOPED.search(text)
    if scoped is not None:
        return scoped[0]
    for secret in EVERY:
        bare = secret.removeprefix("whsec_")
        if whole and bare not in text:
            continue
        if bare[:PIECE] in text or bare[-PIECE:] in text:
            return secret
    return None
