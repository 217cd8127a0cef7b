"""The pairs that a token names, held against what is known of Kraken's without asking it."""

from __future__ import annotations

from webhook_core.operations.at_terminal import known_pairs
from webhook_core.trading.permits import Permit
from webhook_core.trading.symbols import Instruments, UnknownSymbol


def unknown_pairs(permit: Permit) -> list[str]:
    """Those that no packaged rule and no record has. A pair that is new at Kraken may be among
    them, and one that is spelt wrong makes the token good for nothing."""
    known = known_pairs()
    named = dict.fromkeys(pair for pairs in permit.pairs for pair in pairs)
    return [pair for pair in named if not _is_known(pair, known)]


def _is_known(pair: str, known: Instruments) -> bool:
    try:
        known.resolve(pair)
    except UnknownSymbol:
        return False
    return True
