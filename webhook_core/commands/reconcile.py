"""reconcile: what POST /reconcile does, until nothing is left to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from webhook_core.commands.terminal import OpenApplication, show_table
from webhook_core.ledger.entry import State
from webhook_core.operators import Operators

_HEADER = ("ALERT", "CLIENT ORDER ID", "STATE", "ORDER ID", "WHY")
_NEEDS_ATTENTION = (State.SUBMITTING, State.NOT_PLACED, State.EXPIRED)


@click.command()
@click.option("--once", is_flag=True, help="Stop after one run of up to 25 s, even if entries are left.")
@click.pass_obj
def reconcile(open_application: OpenApplication, once: bool) -> None:
    """Ask Kraken about every order whose outcome is not known.

    Nothing is ever sent. Alerts that were never sent and are too old now expire, the pair rules are read again when
    they are half a day old, and settled entries older than 90 days go. Exit status 1 if an order is still unknown, was
    not placed or has expired, or if entries were left.
    """
    application = open_application()
    looked_at, attention, purged, refreshed, more = 0, 0, 0, False, False
    for document in _runs(application.operators, once=once):
        rows = document["looked_at"]
        show_table(map(_row, rows), header=() if looked_at else _HEADER if rows else ())
        looked_at += len(rows)
        attention += sum(row["after"] in _NEEDS_ATTENTION for row in rows)
        purged += document["purged"]
        refreshed |= document["pair_rules_refreshed"]
        more = document["cursor"] is not None
    if not looked_at:
        click.echo(f"Nothing to reconcile in {application.settings.ledger_url}.")
    click.echo(f"Pair rules: {'read again' if refreshed else 'not read again'}")
    click.echo(f"Purged: {purged}")
    if more:
        click.echo("Entries are left: run reconcile again.")
    if attention or more:
        click.get_current_context().exit(1)


def _runs(operators: Operators, *, once: bool) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        document = operators.reconcile({} if cursor is None else {"cursor": cursor})
        yield document
        stands_still = document["cursor"] == cursor
        cursor = document["cursor"]
        if cursor is None or once or stands_still:
            return


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    return row["alert_id"], row["client_order_id"], f"{row['before']} -> {row['after']}", row["order_id"], row["why"]
