"""Take profit and stop loss as other tools write them: a price, a percentage, a distance."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webhook_core.intake.dialects.names import Names
from webhook_core.intake.field_values import SMALLEST


def percent(names: Names, name: str) -> str | None:
    """``5`` of percent -> ``5%``; None where it is off."""
    value = names.amount(name)
    return None if value is None else f"{value:f}%"


def fraction(names: Names, name: str) -> str | None:
    """``0.05`` of one -> ``5%``; None where it is off. Raises AlertMalformed from 1 on."""
    value = names.amount(name)
    if value is None:
        return None
    if not SMALLEST < value < 1:
        raise names.fault(name, "must be a fraction below 1, as 0.05 for 5 %")
    return f"{value * Decimal(100):f}%"


def distance(names: Names, name: str, sign: str) -> str | None:
    """``500`` -> ``+500``; None where it is off."""
    value = names.amount(name)
    return None if value is None else f"{sign}{value:f}"


def only(names: Names, found: dict[str, str | None], what: str) -> str | None:
    """The one of these that says something. Raises AlertMalformed for several."""
    said = [name for name, value in found.items() if value is not None]
    if len(said) > 1:
        raise names.fault(said[1], f"stands beside {said[0]}: send one {what}")
    return found[said[0]] if said else None


def price(names: Names, name: str) -> str | None:
    """A price as it stands; None where it is off."""
    value = names.amount(name)
    return None if value is None else f"{value:f}"


def one_of_two(
    names: Names, profit: tuple[str, str | None], loss: tuple[str, str | None]
) -> dict[str, str | None]:
    """``take_profit`` and ``stop_loss``, each given with the tool's own name of it.

    Raises AlertMalformed for both: an order of Kraken's carries one exit, and with two the one that
    survives could sell what was bought for something else.
    """
    if profit[1] is not None and loss[1] is not None:
        raise names.fault(
            loss[0],
            f"stands beside {profit[0]}: an order carries one exit here. Send one of the two, and "
            "let the strategy close the position for the other",
        )
    return {"take_profit": profit[1], "stop_loss": loss[1]}


def of_a_sell(names: Names, exits: Sequence[str]) -> None:
    """One template serves entries and exits, and what it says beside a sell protects a short, which
    spot has not: as a stop of the sell it would buy back. A note says that it is not used."""
    said = [name for name in exits if names.on(name) is not None]
    if said:
        names.notes.append(
            f"{' and '.join(said)} of a sell is not used: spot has no short to protect."
        )
