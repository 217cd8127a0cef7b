"""The store that LEDGER_URL names, opened.

A library that only one store needs is imported with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from webhook_core.ledger.url import parse as parse_ledger_url

if TYPE_CHECKING:
    from webhook_core.ledger.store import Store


def open_store(ledger_url: str, ledger_id: str | None = None) -> Store:
    """The ledger and its documents; None: with any id.

    The adapter's library is imported only here.
    """
    url = parse_ledger_url(ledger_url)
    if url.kind == "memory":
        from webhook_core.ledger.sqlite.in_memory import LedgerInMemory

        return LedgerInMemory()
    if url.kind == "firestore":
        from webhook_core.ledger.firestore.ledger import FirestoreLedger

        return FirestoreLedger(
            url.project or "", database=url.database or "(default)", ledger_id=ledger_id
        )
    from webhook_core.ledger.sqlite.ledger import SqliteLedger

    return SqliteLedger(str(url.path), ledger_id=ledger_id)


def require_ledger(ledger_url: str, ledger_id: str | None = None) -> None:
    """Raises LedgerAbsent where a ledger in a file is missing. Others can't be mistyped into being,
    nor can one that ``ledger_id`` names."""
    url = parse_ledger_url(ledger_url)
    if url.kind == "sqlite" and ledger_id is None:
        from webhook_core.ledger.sqlite import present

        present.require_ledger(Path(str(url.path)), ledger_url)
