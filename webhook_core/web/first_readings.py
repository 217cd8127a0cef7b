"""The first message of another tool under a strategy is answered with the alert that it became.

Which ones were answered so stands in one document, with the alert, so that a trader sees how the
messages are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.contract import Documents

if TYPE_CHECKING:
    from webhook_core.intake.dialects.dialect import Translated

DOCUMENT = "read-messages"
_LONGEST = 600


class FirstReadings:
    """``known``: what this instance has seen told or told itself, so that one read of the document
    is enough."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: set[str] = set()

    def notice(self, strategy: str, read: Translated) -> tuple[str, ...]:
        """How the message was read, where it is the first of its tool under that strategy; nothing
        later."""
        name = _name(strategy, read.tool)
        if name in self._known:
            return ()
        try:
            stored = self._documents.read(DOCUMENT)
        except LedgerUnavailable:
            return ()  # the alert itself says what the ledger can't do
        self._known |= _told(stored.text if stored else None).keys()
        if name in self._known:
            return ()
        return (f"Read as a message of {read.tool}; in our own fields it is {canonical(read)}.",)

    def keep(self, strategy: str, read: Translated, now: datetime) -> None:
        """Once the alert has been claimed. A write that fails or is overtaken only repeats the
        notice."""
        name = _name(strategy, read.tool)
        if name in self._known:
            return
        try:
            stored = self._documents.read(DOCUMENT)
            told = _told(stored.text if stored else None)
            told.setdefault(name, {"at": now.isoformat(), "alert": canonical(read)})
            text = json.dumps(told, ensure_ascii=False, sort_keys=True)
            if self._documents.write(DOCUMENT, text, stored):
                self._known |= told.keys()
        except LedgerUnavailable:
            return


def canonical(read: Translated) -> str:
    """The message in our own fields, as JSON: what could be pasted in its place."""
    text = json.dumps(read.fields, ensure_ascii=False, default=_plain)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plain(value: object) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _name(strategy: str, tool: str) -> str:
    return f"{strategy}: {tool}"


def _told(text: str | None) -> dict[str, Mapping[str, str]]:
    """What an earlier version may have written otherwise is as good as nothing."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
