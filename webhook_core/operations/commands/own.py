"""What pause --cancel and --close show, ask and do, once the pause stands."""

from __future__ import annotations

from typing import Any

import click

from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import budget
from webhook_core.sending.own_cancels import OwnOrdersFound
from webhook_core.web import canceling, closing_own
from webhook_core.web.operators import Operators
from webhook_core.web.pause_requests import FAULTS, PauseRequest, told_to_repeat

_ORDERS = ("ORDER", "PAIR", "SIDE", "TYPE", "VOLUME", "PRICE", "STRATEGY", "ALERT", "STATE", "WHY")
_HELD = ("STRATEGY", "PAIR", "MARGIN", "HELD")
_CLOSED = (*_HELD, "ORDERS", "OUTCOME", "WHY")


def cancel_after_asking(operators: Operators, asked: PauseRequest, *, yes: bool) -> bool:
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
    except FAULTS as error:
        raise told_to_repeat(error, canceling.MEANT) from error
    show_table([_order(canceling.row(one.order, one.entry)) for one in done], _ORDERS)
    open_yet = sum(not canceling.is_gone(one.entry) for one in done)
    show_line(f"{len(done) - open_yet} canceled, {open_yet} may be open yet.")
    return canceling.is_complete(found, done)


def _show_found(found: OwnOrdersFound) -> None:
    show_table([_order(canceling.row(one)) for one in found.open], _ORDERS)
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


def _order(row: dict[str, Any]) -> tuple[object, ...]:
    names = ("order_id", "symbol", "side", "order_type", "volume")
    prices, rest = ", ".join(row["prices"]), ("strategy", "alert_id", "state", "why")
    return (*(row[name] for name in names), prices, *(row[name] for name in rest))


def close_after_asking(operators: Operators, asked: PauseRequest, *, yes: bool) -> bool:
    """Whether nothing that was meant is held any more. Raises what the route does, and click.Abort
    where the person says no: the pause stands then."""
    closings = operators.closings
    try:
        positions = closing_own.found(closings, asked, budget(operators.clock))
        if not positions:
            show_line("Nothing that the bridge's own orders bought is held.")
            return True
        show_table([_held(closing_own.told(one)) for one in positions], _HELD)
        show_line("Each is closed at the market, its stops and take profits canceled first.")
        if not yes:
            click.confirm("Close these positions now? The pause stands either way.", abort=True)
        done = closing_own.closed(closings, asked, positions, budget(operators.clock))
    except FAULTS as error:
        raise told_to_repeat(error, closing_own.MEANT) from error
    rows = [closing_own.row(one) for one in done]
    show_table([_outcome(row) for row in rows], _CLOSED)
    return bool(closing_own.shown(done)["complete"])


def _held(row: dict[str, Any]) -> tuple[object, ...]:
    return (row["strategy"], row["symbol"], "yes" if row["margin"] else "no", row["volume"])


def _outcome(row: dict[str, Any]) -> tuple[object, ...]:
    ids = ", ".join(order["order_id"] or "-" for order in row["orders"])
    return (*_held(row), ids, row["code"], row["why"] or "")
