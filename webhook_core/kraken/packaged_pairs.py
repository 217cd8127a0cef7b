"""The rules of pairs that come with this version: the common ones, and many by their records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webhook_core.trading.instruments import Instrument, from_document


def snapshot() -> Sequence[Instrument]:
    """The packaged pair rules."""
    return from_document(Path(__file__).with_name("asset_pairs.json").read_text("utf-8"))


class PackagedRecords:
    """The recorded pairs for a planner, each as old as its record. What reads them is loaded when a
    name is asked for."""

    def named(self, symbol: str) -> list[Instrument]:
        """Whatever ``symbol`` may mean; some of it may be other pairs."""
        from webhook_core.kraken import known_pairs

        return _instruments(known_pairs.named(symbol))

    def near(self, symbol: str) -> list[Instrument]:
        """A few whose names are like that one."""
        from webhook_core.kraken import known_pairs

        return _instruments(known_pairs.near(symbol))

    def every(self) -> list[Instrument]:
        """All of them."""
        from webhook_core.kraken import known_pairs

        return _instruments(known_pairs.every())


def _instruments(rows: dict[str, dict[str, Any]]) -> list[Instrument]:
    return from_document(json.dumps({"pairs": rows})) if rows else []
