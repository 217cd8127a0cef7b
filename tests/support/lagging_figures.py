"""What the account holds as a lagging read shows it: the same engine, on the book as it
was some time ago.

Kraken's reads may trail its engine by up to a minute
(github.com/btschwertfeger/kraken-infinity-grid, issue 82).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.support.documents import MemoryDocuments
from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.ledger.contract import Document

FIGURES = frozenset({"Balance", "BalanceEx", "OpenPositions", "TradeBalance"})
BOOK = "paper-book"


class LaggingFigures:
    """``begin`` takes the book as it is for its whole past; until then nothing is
    kept, and nothing lags.

    ``read_book`` gives the book's text; ``engine_on`` makes an engine on other documents,
    with the same account.
    """

    def __init__(
        self,
        read_book: Callable[[], str],
        engine_on: Callable[[Any], PaperKraken],
        now: Callable[[], datetime],
    ) -> None:
        self._read_book, self._engine_on, self._now = read_book, engine_on, now
        self._lag = timedelta(0)
        self._past: list[tuple[datetime, str]] = []
        self._lock = threading.Lock()

    def begin(self, seconds: float) -> None:
        with self._lock:
            self._lag = timedelta(seconds=seconds)
            self._past = (
                [(datetime.min.replace(tzinfo=self._now().tzinfo), self._read_book())]
                if seconds
                else []
            )

    def note(self) -> None:
        """The book may have changed just now."""
        with self._lock:
            if self._lag:
                self._past.append((self._now(), self._read_book()))

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> bytes | None:
        """None where nothing lags."""
        with self._lock:
            shown = [text for moment, text in self._past if moment <= self._now() - self._lag]
        if not shown:
            return None
        _, answer = self._engine_on(Frozen(shown[-1])).handle(method, path, query, headers, body)
        return answer


class Frozen(MemoryDocuments):
    """One text, whatever is written."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def show(self, text: str) -> None:
        self._text = text

    def read(self, name: str) -> Document | None:
        return Document(self._text, "1")

    def write(self, name: str, text: str, before: Document | None) -> bool:
        return True
