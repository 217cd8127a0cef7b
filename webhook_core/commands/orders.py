"""orders: the ledger, newest first."""

from __future__ import annotations

import json
from typing import Any

import click

from webhook_core.commands.terminal import OpenApplication, moment, show_table
from webhook_core.http_messages import json_response
from webhook_core.ledger.entry import State
from webhook_core.operators import MOST_ENTRIES

_HEADER = ("TIME (UTC)", "STATE", "STRATEGY", "ORDER", "ORDER ID OR REASON", "ALERT")


@click.command()
@click.option("--state", help=f"One or more of {', '.join(State)}, separated by commas.")
@click.option("--strategy", help="Only the orders of this strategy.")
@click.option("--limit", type=click.IntRange(1, MOST_ENTRIES), default=50, show_default=True, help="How many.")
@click.option("--cursor", help="Where the last page ended; it said so.")
@click.option("--json", "as_json", is_flag=True, help="The document of GET /orders instead of a table.")
@click.pass_obj
def orders(open_application: OpenApplication, /, as_json: bool, **asked: str | int | None) -> None:
    """List what became of the alerts, newest first."""
    application = open_application()
    document = application.operators.orders({name: str(value) for name, value in asked.items() if value})
    if as_json:
        # Through the function's own rendering, then in ASCII: a terminal acts on more characters than JSON escapes.
        click.echo(json.dumps(json.loads(json_response(200, document).body), indent=2))
        return
    show_table(map(_row, document["orders"]), _HEADER if document["orders"] else ())
    if not document["orders"] and not document["cursor"]:
        click.echo(f"No such entry in {application.settings.ledger_url}.")
    if document["cursor"]:
        click.echo(f"There are more: --cursor {document['cursor']}")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    order, request = row["trade_details"], row["request"]
    what = f"{order['side']} {order['volume']} {order['symbol']} {order['order_type']}"
    if "viqc" in request.get("oflags", ""):
        quote = str(order["symbol"]).partition("/")[2]
        what = f"{order['side']} for {order['volume']} {quote} {order['symbol']} {order['order_type']}"
    if not request:
        what = f"nothing to do {order['symbol'] or ''}".rstrip()
    elif row["method"] != "AddOrder":
        what = f"{row['method']} {request.get('txid') or request.get('cl_ord_id')}"
    why = row["order_id"] or "; ".join([*row["errors"], *filter(None, [row["reason"]])])
    return moment(row["received_at"]), row["state"], row["strategy"], what, why, row["alert_id"]
