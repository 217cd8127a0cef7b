"""The units of a close by scope: its alert has an entry of its own, which sends nothing, and so has
each position that it means; who asked and what is held tell one from the other."""

from __future__ import annotations

from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.ledger.keys import is_operators, operators_unit
from webhook_core.planning.own_closes import Held

_KEY = "position:"
"""No key of an alert begins like this."""
_KINDS = ("margin", "spot")


def position_unit(asked: Unit, held: Held) -> Unit:
    """``asked``: of the alert, or of the operator's run."""
    kind = "margin" if held.margin else "spot"
    name = ":".join((held.strategy, held.symbol, kind, str(asked.generation), asked.alert_key))
    if is_operators(asked):
        return operators_unit(asked.mode, asked.account, name)
    return Unit(asked.mode, asked.account, f"{_KEY}{name}")


def is_position(unit: Unit) -> bool:
    """Whether it is of one position that an alert closes among others."""
    return unit.alert_key.startswith(_KEY)


def asked_unit(position: LedgerEntry) -> Unit:
    """Of the alert that closes this position among others."""
    unit = position.unit
    named = unit.alert_key.removeprefix(f"{_KEY}{position.strategy}:").split(":")
    # A symbol may have a colon of its own: BTC/USD:BTNL.
    kind = next(place for place, part in enumerate(named) if place and part in _KINDS)
    return Unit(unit.mode, unit.account, ":".join(named[kind + 2 :]), 0, int(named[kind + 1]))
