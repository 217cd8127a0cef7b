"""The keys and cursors that every store of the ledger uses, and the key of what is claimed for the
operator and for no alert."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime

from webhook_core.ledger.entry import Unit
from webhook_core.ledger.stored_values import EPOCH, MICROSECOND, iso, time_of

_OPERATOR = "operator:"  # no key of an alert begins like this


def operators_unit(mode: str, account: str, name: str) -> Unit:
    """``name`` tells it from all others of the operator's."""
    return Unit(mode, account, f"{_OPERATOR}{name}")


def is_operators(unit: Unit) -> bool:
    return unit.alert_key.startswith(_OPERATOR)


def digest(name: str) -> bytes:
    """SHA-256: a key of fixed length that every store takes, whatever the name holds."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def unit_digest(unit: Unit) -> bytes:
    """The same of the unit's name."""
    return digest(unit.name)


def base_digest(unit: Unit) -> bytes:
    """The same for the unit without its generation: what the generations of one
    alert have in common."""
    return digest(f"{unit.mode}/{unit.account}/{unit.leg}/{unit.alert_key}")


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970, without the rounding of a float."""
    return (moment - EPOCH) // MICROSECOND


def moment(since_1970: int) -> datetime:
    """What ``microseconds`` made of it."""
    return EPOCH + since_1970 * MICROSECOND


def cursor_text(claimed_at: datetime, tie: str) -> str:
    """Where a page ended: the claim time of its last entry, and what tells that entry
    from others of the same time."""
    return base64.urlsafe_b64encode(f"{iso(claimed_at)} {tie}".encode()).decode()


def read_cursor(cursor: str, tie_pattern: str) -> tuple[datetime, str]:
    """Raises ValueError for a text that ``cursor_text`` did not make with such a tie."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        moment, _, tie = text.partition(" ")
        claimed_at = time_of(moment)
        if re.fullmatch(tie_pattern, tie) and cursor_text(claimed_at, tie) == cursor:
            return claimed_at, tie
    except (ValueError, OverflowError):
        pass
    raise ValueError("cursor: not one of ours; take it from the last page as it stands")
