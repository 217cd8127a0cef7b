"""Kraken's envelope, its parameters and its signature, over the bytes as they were received; and
the one key of a paper account: what it signs, what it may do, and its nonces.

Rules: docs.kraken.com/api/docs/guides/spot-rest-auth and
docs.kraken.com/api/docs/guides/spot-rest-intro.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from webhook_core.kraken.paper.book import Book


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


ALL_PERMISSIONS = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades"}
)
"""What a webhook's key needs; never withdraw-funds."""
KEYS_REMEMBERED = 100


class PaperKey:
    """``nonce_window``: how far a nonce may lie behind the last one, in nanoseconds."""

    def __init__(self, name: str, secret: str, nonce_window: int) -> None:
        self.permissions = ALL_PERMISSIONS
        self.nonce_window = nonce_window
        self.name = name
        self.secret = base64.b64decode(secret, validate=True)
        self._id = hashlib.sha256(name.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"PaperKey({self._id})"

    def verify(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[dict[str, str], int]:
        """The parameters of a signed request and its nonce. Raises Refused in Kraken's words."""
        if not hmac.compare_digest(headers.get("api-key", "").encode(), self.name.encode()):
            raise Refused("EAPI:Invalid key")
        params = form(body)
        nonce = nonce_of(params)
        signed = signature(self.secret, path, params["nonce"], body)
        if not hmac.compare_digest(headers.get("api-sign", "").encode(), signed.encode()):
            raise Refused("EAPI:Invalid signature")
        return params, nonce

    def take_nonce(self, book: Book, nonce: int) -> None:
        """Per key, always increasing, but for the key's window."""
        last = book.nonces.pop(self._id, -1)
        if last >= 0 and nonce <= last - self.nonce_window:
            raise Refused("EAPI:Invalid nonce")
        book.nonces[self._id] = max(nonce, last)
        while len(book.nonces) > KEYS_REMEMBERED:
            del book.nonces[next(iter(book.nonces))]

    def info(self, book: Book, now: float) -> dict[str, Any]:
        """GetApiKeyInfo, in snake_case as it was seen."""
        return {
            "api_key_name": "paper",
            "api_key": self.name,
            "nonce": str(book.nonces[self._id]),
            "nonce_window": str(self.nonce_window),
            "permissions": sorted(self.permissions),
            "iban": "",
            "valid_until": "0",
            "query_from": "0",
            "query_to": "0",
            "created_time": "0",
            "modified_time": "0",
            "ip_allowlist": [],
            "last_used": str(int(now)),
        }
