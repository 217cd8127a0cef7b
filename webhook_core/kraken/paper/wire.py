"""Kraken's envelope, its parameters and its signature, over the bytes as they were received.

Rules: docs.kraken.com/api/docs/guides/spot-rest-auth and
docs.kraken.com/api/docs/guides/spot-rest-intro.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl


class Refused(Exception):
    """Kraken doesn't carry the request out; ``error`` is its exact error string."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Unreachable(Exception):
    """Nobody answers, and nothing was received."""


class PartlyRefused(Refused):
    """Kraken carried a part out and refused the rest; what was changed stays changed."""


def invalid(field: str) -> Refused:
    """The refusal of one argument."""
    return Refused(f"EGeneral:Invalid arguments:{field}")


def success(result: Any) -> bytes:
    """Kraken's answer to a request that it carried out."""
    return json.dumps({"error": [], "result": result}, separators=(",", ":")).encode()


def failure(error: str) -> bytes:
    """Kraken's answer to one that it refused: HTTP 200 as well, without ``result``."""
    return json.dumps({"error": [error]}, separators=(",", ":")).encode()


def form(text: str | bytes) -> dict[str, str]:
    """A query string's fields, or a body's. Raises Refused."""
    try:
        whole = text if isinstance(text, str) else text.decode()
        return dict(parse_qsl(whole, keep_blank_values=True, errors="strict"))
    except ValueError:
        raise Refused("EAPI:Bad request") from None


def nonce_of(params: Mapping[str, str]) -> int:
    """The nonce, an unsigned 64-bit integer. Raises Refused."""
    text = params.get("nonce", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 2**64):
        raise Refused("EAPI:Invalid nonce")
    return int(text)


def signature(secret: bytes, path: str, nonce: str, body: bytes) -> str:
    """API-Sign: base64(HMAC-SHA512(path + SHA256(nonce + body))), ``secret`` already decoded."""
    digest = hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(
        hmac.new(secret, path.encode() + digest, hashlib.sha512).digest()
    ).decode()
