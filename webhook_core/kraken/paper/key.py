"""The one key of a paper account: what it signs, what it may do, and its nonces."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webhook_core.kraken.paper import wire
from webhook_core.kraken.paper.wire import Refused

if TYPE_CHECKING:
    from webhook_core.kraken.paper.book import Book

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
        params = wire.form(body)
        nonce = wire.nonce_of(params)
        signed = wire.signature(self.secret, path, params["nonce"], body)
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
