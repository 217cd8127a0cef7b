"""The function that opens a venue beside Kraken, as VENUE names it."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import NamedTuple

_NAME = r"(?a)([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)"


class VenueName(NamedTuple):
    """``function`` of ``module`` takes the settings, the documents beside the ledger and the clock,
    and returns ``webhook_core.venue.Opened``."""

    module: str
    function: str

    def __str__(self) -> str:
        return f"{self.module}:{self.function}"


def parsed(text: str) -> VenueName:
    """Raises ValueError for what is no such name, or names no module that is there."""
    parts = re.fullmatch(_NAME, text)
    if parts is None:
        raise ValueError(
            "is neither kraken nor the function that opens another venue, package.module:function"
        )
    try:
        spec = find_spec(parts[1])
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise ValueError(f"there is no module {parts[1]}; it is to be installed with this program")
    return VenueName(parts[1], parts[2])
