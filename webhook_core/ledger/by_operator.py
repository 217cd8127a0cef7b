"""What is claimed for the operator and for no alert: no key of an alert begins like these."""

from __future__ import annotations

from webhook_core.ledger.entry import Unit

_PREFIX = "operator:"


def operators_unit(mode: str, account: str, name: str) -> Unit:
    """``name`` tells it from all others of the operator's."""
    return Unit(mode, account, f"{_PREFIX}{name}")


def is_operators(unit: Unit) -> bool:
    return unit.alert_key.startswith(_PREFIX)
