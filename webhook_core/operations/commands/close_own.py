"""What pause --close shows, asks and does, once the pause stands."""

from __future__ import annotations

from typing import Any

import click

from webhook_core.errors import LedgerUnavailable, NotItsTurn, VenueUnavailable
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import budget
from webhook_core.web import closing_own
from webhook_core.web.operators import Operators
from webhook_core.web.pausing import Asked

_HEADER = ("STRATEGY", "PAIR", "MARGIN", "HELD")
_DONE = (*_HEADER, "ORDERS", "OUTCOME", "WHY")


def close_after_asking(operators: Operators, asked: Asked, *, yes: bool) -> bool:
    """Whether nothing that was meant is held any more. Raises what the route does, and click.Abort
    where the person says no: the pause stands then."""
    closings = operators.closings
    try:
        positions = closing_own.found(closings, asked, budget(operators.clock))
        if not positions:
            show_line("Nothing that the bridge's own orders bought is held.")
            return True
        show_table([_cells(closing_own.told(one)) for one in positions], _HEADER)
        show_line("Each is closed at the market, its stops and take profits canceled first.")
        if not yes:
            click.confirm("Close these positions now? The pause stands either way.", abort=True)
        done = closing_own.closed(closings, asked, positions, budget(operators.clock))
    except (VenueUnavailable, LedgerUnavailable, NotItsTurn) as error:
        raise closing_own.told_to_repeat(error) from error
    rows = [closing_own.row(one) for one in done]
    show_table([_outcome(row) for row in rows], _DONE)
    return bool(closing_own.shown(done)["complete"])


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (row["strategy"], row["symbol"], "yes" if row["margin"] else "no", row["volume"])


def _outcome(row: dict[str, Any]) -> tuple[object, ...]:
    ids = ", ".join(order["order_id"] or "-" for order in row["orders"])
    return (*_cells(row), ids, row["code"], row["why"] or "")
