"""Documents for tests: in memory, and in one JSON file that survives its process."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from webhook_core.ledger.contract import Document


class MemoryDocuments:
    """Behaves like the real ones: compare-and-set under a lock.

    ``conflicts`` makes the next writes lose their race.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[str, int]] = {}
        self.writes = 0
        self.conflicts = 0

    def read(self, name: str) -> Document | None:
        with self._lock:
            stored = self._texts.get(name)
        return None if stored is None else Document(stored[0], str(stored[1]))

    def write(self, name: str, text: str, before: Document | None) -> bool:
        with self._lock:
            if self.conflicts:
                self.conflicts -= 1
                return False
            _, stored = self._texts.get(name, ("", 0))
            if (before and before.version) != (str(stored) if stored else None):
                return False
            self._texts[name] = (text, stored + 1)
            self.writes += 1
            self._stored()
            return True

    def _stored(self) -> None:
        """Called under the lock after every write."""


class FileDocuments(MemoryDocuments):
    """The same, kept in a file: for one process at a time."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self._texts = {
                name: (text, version)
                for name, (text, version) in json.loads(path.read_text()).items()
            }

    def _stored(self) -> None:
        written = self._path.with_suffix(".new")
        written.write_text(json.dumps(self._texts))
        written.replace(self._path)
