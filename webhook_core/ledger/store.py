"""What every adapter is."""

from __future__ import annotations

from typing import Protocol

from webhook_core.ledger.contract import Documents, Ledger
from webhook_core.ledger.notes import Notes


class Store(Ledger, Documents, Notes, Protocol):
    """Ledger, documents and notes are one store in every adapter."""

    def begin_anew(self) -> tuple[str, bool]:
        """Take what is there as the ledger from now on: its id, and whether it was not before.

        Raises LedgerUnavailable. Not asked of a ledger that is new at each start.
        """
        ...
