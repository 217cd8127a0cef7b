"""orders: the ledger, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from webhook_core.application import Application
from webhook_core.ledger.entry import State
from webhook_core.operations.commands.tables import show_table
from webhook_core.operations.commands.terminal import (
    OpenApplication,
    cursor_option,
    limit_option,
    moment,
    query_of,
    show_json,
    show_remarks,
)
from webhook_core.risk.pauses import Pause
from webhook_core.web.listing import FILTERS, SEARCHED

_HEADER = (
    *("TIME (UTC)", "STATE", "ORDER", "LIMIT", "TRIGGER", "EXIT", "FILL", "FEE"),
    *("ORDER ID", "REASON", "STRATEGY", "ALERT"),
)
_LEAD = 3


def _complete_state(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    before, comma, begun = typed.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{state}")
        for state in State
        if state.startswith(begun.upper())
    ]


@click.command()
@click.option(
    "--state",
    help=f"One or more of {', '.join(State)}, separated by commas.",
    shell_complete=_complete_state,
)
@click.option("--strategy", help="Only the orders of this strategy.")
@click.option(
    "--since",
    help="Only alerts that came in since then: 90min, 12h, 7d, 2026-11-22, 2026-11-22T12:00Z.",
)
@click.option("--alert", help="Only what became of the alert with this id.")
@click.option("--symbol", help="Only orders of this pair: BTC/USD or XBTUSD")
@limit_option
@cursor_option
@click.option(
    "--json", "as_json", is_flag=True, help="The document of GET /orders instead of a table."
)
@click.pass_obj
def orders(open_application: OpenApplication, /, as_json: bool, **asked: str | int | None) -> None:
    """List what became of the alerts, newest first.

    On a terminal a row that is too wide becomes a paragraph; behind a pipe every row is one line,
    its cells parted by tabs. LIMIT, TRIGGER and EXIT are as they were sent, FILL and FEE as Kraken
    told them last; behind EXIT stands what has traded of it. --alert and --symbol search: up to
    10,000 entries at a time, on Firestore a billed read each."""
    query, application = query_of(asked), open_application()
    document = application.operators.orders(query)
    if as_json:
        show_json(document)
        return
    show_table(map(_row, document["orders"]), _HEADER, lead=_LEAD)
    show_remarks(_remarks(application, document, asked), document["cursor"])


def _remarks(
    application: Application, document: Mapping[str, Any], asked: Mapping[str, Any]
) -> Iterator[str]:
    """Why there is nothing, and where there is more."""
    for paused in document["paused"]:
        yield f"Paused: {Pause(**paused).sentence}."
    found, is_over = document["orders"], not document["cursor"]
    ledger_url = application.settings.ledger_url
    if not found and is_over:
        filters = [f"--{name} {asked[name]}" for name in FILTERS if asked[name]]
        yield _nothing(application, ledger_url, filters, asked["cursor"])
    elif len(found) < int(asked["limit"]) and not is_over:
        yield f"Up to {SEARCHED} entries were searched; older ones were not. Go on with:"
    elif not is_over:
        yield "There are more. Go on with:"


def _nothing(
    application: Application, ledger_url: str, filters: list[str], cursor: str | None
) -> str:
    newest = application.ledger.entries(limit=1)
    if not newest.entries and newest.cursor is None:
        return f"{ledger_url} is empty: no alert has reached it yet."
    if filters:
        where = "behind that cursor " if cursor else ""
        return f"No entry {where}in {ledger_url} matches {' '.join(filters)}."
    return f"Nothing stands behind that cursor in {ledger_url}."


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    exits, fill = row["exit"], row["fill"]
    return (
        moment(row["received_at"]),
        row["state"],
        _order(row),
        row["limit"],
        row["trigger"],
        "; ".join(filter(None, [exits and _exit(exits), *map(_exited, row["exit_fills"])])) or None,
        fill and _fill(fill),
        fill and f"{fill['fee']} {_quote(row)}".rstrip(),
        row["order_id"],
        "; ".join([*row["errors"], *filter(None, [row["reason"]])]),
        row["strategy"],
        row["alert_id"],
    )


def _order(row: Mapping[str, Any]) -> str:
    order = row["trade_details"]
    if not row["request"]:
        what = "nothing to do" if row["state"] == State.NO_ACTION else "not planned"
        return f"{what} {order['symbol'] or ''}".rstrip()
    if row["method"] != "AddOrder":
        return f"{row['method']} {row['named']}"
    if row["in_quote"]:
        return (
            f"{order['side']} for {order['volume']} {_quote(row)} {order['symbol']} "
            f"{order['order_type']}"
        )
    return f"{order['side']} {order['volume']} {order['symbol']} {order['order_type']}"


def _quote(row: Mapping[str, Any]) -> str:
    return str(row["trade_details"]["symbol"] or "").partition("/")[2]


def _exit(exits: Mapping[str, Any]) -> str:
    limit = f" limit {exits['limit']}" if exits["limit"] else ""
    return f"{exits['order_type']} {exits['trigger']}{limit}"


def _exited(fill: Mapping[str, Any]) -> str:
    """What became of it."""
    return f"{fill['side']} {fill['volume']} at {fill['price']}"


def _fill(fill: Mapping[str, Any]) -> str:
    """What has traded, and the status unless that was all."""
    price = f" at {fill['price']}" if fill["price"] else ""
    status = "" if fill["status"] == "closed" else f" ({fill['status']})"
    return f"{fill['volume']}{price}{status}"
