"""What pause --cancel shows, asks and does, once the pause stands."""

from __future__ import annotations

from typing import Any

import click

from webhook_core.errors import LedgerUnavailable, NotItsTurn, VenueUnavailable
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import budget
from webhook_core.sending.own_cancels import OwnOrdersFound
from webhook_core.web import canceling
from webhook_core.web.operators import Operators
from webhook_core.web.pausing import Asked

_HEADER = ("ORDER", "PAIR", "SIDE", "TYPE", "VOLUME", "PRICE", "STRATEGY", "ALERT", "STATE", "WHY")


def cancel_after_asking(operators: Operators, asked: Asked, *, yes: bool) -> bool:
    """Whether nothing that was meant is open any more, or may be. Raises what the route does, and
    click.Abort where the person says no: the pause stands then."""
    cancels = operators.own_cancels
    try:
        found = cancels.find(
            asked.strategy, budget(operators.clock), entries_only=asked.entries_only
        )
        _show_found(found)
        if not found.open and not found.unsent:
            return not found.in_doubt
        if not yes:
            click.confirm("Cancel these orders now? The pause stands either way.", abort=True)
        done = cancels.cancel(found, asked.by, budget(operators.clock))
    except (VenueUnavailable, LedgerUnavailable, NotItsTurn) as error:
        raise canceling.told_to_repeat(error) from error
    show_table([_cells(canceling.row(one.order, one.entry)) for one in done], _HEADER)
    open_yet = sum(not canceling.is_gone(one.entry) for one in done)
    show_line(f"{len(done) - open_yet} canceled, {open_yet} may be open yet.")
    return canceling.is_complete(found, done)


def _show_found(found: OwnOrdersFound) -> None:
    show_table([_cells(canceling.row(one)) for one in found.open], _HEADER)
    for entry in found.unsent:
        show_line(f"Never sent, and withdrawn too: the order of alert {entry.alert_id}.")
    if found.left:
        show_line(f"{len(found.left)} open order(s) only make a position smaller, and stay.")
    for entry in found.in_doubt:
        show_line(
            f"The order of alert {entry.alert_id}, or the exit that it left, may be in the book "
            "unseen: run this again in a minute.",
            err=True,
        )
    if not found.open:
        show_line("No open order of the bridge's own is meant.")
    elif any(one.is_exit for one in found.open):
        show_line("Positions stay, and are without the stops and take profits among these then.")


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    names = ("order_id", "symbol", "side", "order_type", "volume")
    prices, rest = ", ".join(row["prices"]), ("strategy", "alert_id", "state", "why")
    return (*(row[name] for name in names), prices, *(row[name] for name in rest))
