"""Documents by name, in the SQLite file of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from webhook_core.ledger.contract import Document
from webhook_core.ledger.sqlite.entries import version_number
from webhook_core.ledger.sqlite.file import SqliteFile


class SqliteDocuments:
    """What is written is durable, and only over the version that the writer has read."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def read(self, name: str) -> Document | None:
        with self._file.connection() as db:
            row = db.execute(
                "SELECT text, version FROM documents WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else Document(row[0], str(row[1]))

    def write(self, name: str, text: str, before: Document | None) -> bool:
        with self._file.connection(in_budget=False) as db:
            if before is None:
                written = db.execute(
                    "INSERT INTO documents VALUES (?, ?, 1) ON CONFLICT DO NOTHING", (name, text)
                )
            else:
                written = db.execute(
                    "UPDATE documents SET text = ?, version = version + 1 WHERE name = ? AND "
                    "version = ?",
                    (text, name, version_number(before.version)),
                )
            return written.rowcount == 1

    def delete(self, name: str, before: Document) -> bool:
        with self._file.connection(in_budget=False) as db:
            gone = db.execute(
                "DELETE FROM documents WHERE name = ? AND version = ?",
                (name, version_number(before.version)),
            )
            return gone.rowcount == 1

    def beginning_with(self, prefix: str) -> Mapping[str, Document]:
        with self._file.connection() as db:
            rows = db.execute(
                "SELECT name, text, version FROM documents WHERE substr(name, 1, ?) = ?",
                (len(prefix), prefix),
            ).fetchall()
        return {name: Document(text, str(version)) for name, text, version in rows}
