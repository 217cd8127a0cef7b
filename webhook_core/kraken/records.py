"""The recorded pairs for a planner: known_pairs.py's rows as instruments.

What reads them is loaded when a name is asked for.
"""

from __future__ import annotations

import json
from typing import Any

from webhook_core.trading.instruments import Instrument, from_document


class Records:
    """Each instrument is as old as its record."""

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
