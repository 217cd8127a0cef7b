"""The rules of the common pairs, as they come with this version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from webhook_core.trading.instruments import Instrument, from_document


def snapshot() -> Sequence[Instrument]:
    """The packaged pair rules."""
    return from_document(Path(__file__).with_name("asset_pairs.json").read_text("utf-8"))
