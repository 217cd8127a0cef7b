"""Scoped tokens for the tests, made independently of the code under test:
macaroons' chain, by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac

KEY = bytes(range(100, 132))
OLD_KEY = bytes(range(60, 92))
KEYS = f"k2:{base64.b64encode(KEY).decode()},k1:{base64.b64encode(OLD_KEY).decode()}"
END = "e=20270331"


def chain(key: bytes, parts: list[str]) -> bytes:
    for part in parts:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def written(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def scoped(
    *caveats: str,
    strategy: str = "trend",
    token_id: str = "a7f3",
    key: bytes = KEY,
    key_id: str = "k2",
) -> str:
    """A signed token; ``END`` stands behind the caveats unless one of them begins with e."""
    ends = [] if any(caveat.startswith("e") for caveat in caveats) else [END]
    parts = [f"tk1.{key_id}.{token_id}.{strategy}", *caveats, *ends]
    return "~".join([*parts, written(chain(key, parts))])


def narrowed(token: str, *caveats: str) -> str:
    """As anybody can without a key."""
    *parts, signature = token.split("~")
    last = base64.urlsafe_b64decode(signature + "=")
    return "~".join([*parts, *caveats, written(chain(last, list(caveats)))])
