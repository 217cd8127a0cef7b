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
from decimal import Decimal
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


def success(result: Any, *warnings: str) -> bytes:
    """Kraken's answer to a request that it carried out; warnings (``W...``) stand
    where errors would."""
    return json.dumps({"error": list(warnings), "result": result}, separators=(",", ":")).encode()


def failure(*errors: str) -> bytes:
    """Kraken's answer to one that it refused: HTTP 200 as well, without ``result``."""
    return json.dumps({"error": list(errors)}, separators=(",", ":")).encode()


def parameters(content_type: str, body: bytes) -> dict[str, str]:
    """A form or JSON body as flat strings; nested JSON gets the form's names (``close[price]``).

    Raises Refused.
    """
    try:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            return dict(
                flat(json.loads(body.decode(), parse_float=Decimal, parse_constant=_no_constant))
            )
        return form(body.decode())
    except (ValueError, RecursionError):
        raise Refused("EAPI:Bad request") from None


def form(text: str) -> dict[str, str]:
    """A query string or form body. Raises ValueError for bytes that are not UTF-8."""
    return dict(parse_qsl(text, keep_blank_values=True, errors="strict"))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def flat(document: Any, prefix: str = "") -> list[tuple[str, str]]:
    """A JSON object's fields as a form would have them. Raises ValueError for anything else."""
    if not isinstance(document, dict):
        raise ValueError("not an object")
    pairs: list[tuple[str, str]] = []
    for name, value in document.items():
        key = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, dict):
            pairs += flat(value, key)
        elif value is not None:
            pairs.append((key, _text(value)))
    return pairs


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < 50 else str(value)  # 1e999999999 stays short
    return value if isinstance(value, str) else json.dumps(value, default=str)


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
