"""An order that leads from or to a short: on spot only the part that is a long one can be traded,
and how much that is must be said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webhook_core.intake.dialects.names import Names
from webhook_core.intake.field_names import POSITIONS

AS_OURS: Mapping[str, str] = {name: name for name in POSITIONS}
_AFTER, _BEFORE, _SIGNED = "market_position", "prev_market_position", "position_size"


def around(names: Names, called: Mapping[str, str] = AS_OURS) -> dict[str, Any]:
    """What the message says of positions, by our names. ``called``: our names -> the tool's."""
    return {ours: names.raw(name) for ours, name in called.items() if names.has(name)}


def long_part(
    names: Names,
    side: object,
    around: Mapping[str, Any],
    size: tuple[Names, str] | None,
    called: Mapping[str, str] = AS_OURS,
) -> dict[str, Any]:
    """``around``, and what is to be said beside it, so that the long part alone is traded.

    ``around``: what the message says of positions, by our names; ``size``: where it says how much,
    in the coin, None where it counts something else; ``called``: our names of positions -> the
    tool's, in ``names``. Raises AlertMalformed where a part of the order may be a short's and which
    is not said: the whole of it would buy or sell too much.
    """
    side = str(side).strip().lower()
    before, after = (str(around.get(name) or "").strip().lower() for name in (_BEFORE, _AFTER))
    if not _may_cross(side, before, after):
        return {**around}
    if before and size is not None and not (side == "buy" and after in ("flat", "short")):
        found = _told(names, around, called, *size)
        if found is not None:
            return {**around, **found}
    needed = f"{called[_BEFORE]} and {called[f'{_BEFORE}_size']}"
    counted = ", with a size in the coin" if size is None else ""
    raise names.fault(
        called[_AFTER if after else _BEFORE],
        f"with {side} may lead from or to a short, and how much of it is long is not said: add "
        f"{needed}{counted}, or trade long only",
    )


def _told(
    names: Names, around: Mapping[str, Any], called: Mapping[str, str], of: Names, name: str
) -> dict[str, Any] | None:
    """The size after the order, where the one before it is all that is said; nothing where it is
    said, or where the strategy's configured size is meant; None where none of the two is said."""
    if not of.has(name) or f"{_AFTER}_size" in around or _SIGNED in around:
        return {}
    size, held = of.amount(name), names.amount(called[f"{_BEFORE}_size"])
    if size is None or held is None or held >= size:
        return None
    return {f"{_AFTER}_size": f"{size - held:f}"}  # on the other side of none


def _may_cross(side: str, before: str, after: str) -> bool:
    """From a long or an unknown position to a short, or from a short to a long or an unknown one;
    between two that are none the order is nothing at all."""
    if side == "sell":
        return after == "short" and before not in ("flat", "short")
    ends_below = after in ("flat", "short")
    return before not in ("flat", "short") if ends_below else before == "short"
