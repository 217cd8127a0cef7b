"""How far the nonces of our key may overtake each other, as Kraken said when it was asked last.

Reconcile and the doctor ask (GetApiKeyInfo); what Kraken said lives in the ledger's store, under a
digest of the key, so that every instance knows it. Only calls that would have company look it up.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, timedelta
from typing import Any

from webhook_core.clock import Clock
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import event
from webhook_core.kraken.lanes import MOST
from webhook_core.kraken.signing_keys import KrakenKey
from webhook_core.ledger.contract import Document, Documents

WIDE_ENOUGH = 10**9
"""A second of our nonces, which are nanoseconds: far more than requests on their way side
by side are apart."""
ASKED_AGAIN_AFTER = timedelta(hours=24)
LOOKED_UP_AGAIN_AFTER_S = 300.0


class NonceWindow:
    """Safe across threads.

    ``configured``: what the trader says it is, None to go by what Kraken said.
    """

    def __init__(self, documents: Documents, clock: Clock, configured: int | None = None) -> None:
        self._documents = documents
        self._clock = clock
        self._configured = configured
        self._known: int | None = None
        self._looked_up_at: float | None = None
        self._looked_up_for: KrakenKey | None = None

    def lanes(self, key: KrakenKey) -> int:
        """How many calls under this key may be on their way at a time."""
        window = self._configured if self._configured is not None else self._look_up(key)
        return MOST if window is not None and window >= WIDE_ENOUGH else 1

    def is_due(self, key: KrakenKey) -> bool:
        """Whether Kraken should be asked again."""
        asked_at = _asked_at(self._stored(key))
        return asked_at is None or self._clock.now() - asked_at >= ASKED_AGAIN_AFTER

    def keep(self, key: KrakenKey, window: int | None) -> None:
        """What Kraken has just said; None: it does not say."""
        document = self._stored(key)
        text = json.dumps({"nonce_window": window, "asked_at": self._clock.now().isoformat()})
        try:
            self._documents.write(_name(key), text, document)
        except LedgerUnavailable as error:
            event(logging.WARNING, "nonce_window.not_stored", reason=type(error).__name__)
        self._known, self._looked_up_for = window, key
        self._looked_up_at = self._clock.monotonic()

    def _look_up(self, key: KrakenKey) -> int | None:
        """One call looks; those beside it go on with what was known before, and
        wait for no store."""
        now = self._clock.monotonic()
        if key != self._looked_up_for:
            self._known = self._looked_up_at = None
        if self._looked_up_at is None or now - self._looked_up_at > LOOKED_UP_AGAIN_AFTER_S:
            self._looked_up_at, self._looked_up_for = now, key
            self._known = _window(self._stored(key))
        return self._known

    def _stored(self, key: KrakenKey) -> Document | None:
        try:
            return self._documents.read(_name(key))
        except LedgerUnavailable as error:
            event(logging.WARNING, "nonce_window.not_looked_up", reason=type(error).__name__)
            return None


def _name(key: KrakenKey) -> str:
    return f"kraken-key-{hashlib.sha256(key.key.encode()).hexdigest()[:16]}"


def _asked_at(document: Document | None) -> datetime | None:
    try:
        return datetime.fromisoformat(_said(document)["asked_at"])
    except (ValueError, LookupError, TypeError):
        return None


def _window(document: Document | None) -> int | None:
    """None for what can't be read: then calls go one by one."""
    window = _said(document).get("nonce_window")
    return window if isinstance(window, int) and not isinstance(window, bool) else None


def _said(document: Document | None) -> dict[str, Any]:
    try:
        said = json.loads(document.text) if document else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
