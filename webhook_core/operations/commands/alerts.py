"""alerts: every alert that came with a proof, newest first, and why it did not
trade if it did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from webhook_core.journal.alert_list import SEARCHED
from webhook_core.journal.record import OUTCOMES
from webhook_core.operations.commands.tables import one_line, show_facts, show_line, show_table
from webhook_core.operations.commands.terminal import (
    OpenApplication,
    cursor_option,
    for_spreadsheet,
    limit_option,
    moment,
    query_of,
    show_json,
    show_remarks,
    write_csv,
)

_HEADER = ("TIME (UTC)", "OUTCOME", "STRATEGY", "ASKED", "REASON", "ORDER ID", "MS", "OF", "ALERT")
_LEAD = 4
_COLUMNS = (
    *("at", "outcome", "code", "mode", "strategy", "alert_id", "symbol", "asked", "reason"),
    *("field", "warnings", "order_ids", "milliseconds", "validates", "account"),
    "in_part",
)


@click.group(invoke_without_command=True)
@click.option("--since", help="Only what came in since then: 90min, 1d, 7d, 2026-11-22.")
@click.option("--refused", is_flag=True, help="Only what was refused.")
@click.option("--strategy", help="Only the alerts of this strategy.")
@click.option("--symbol", help="Only alerts of this pair: BTC/USD or XBTUSD")
@click.option("--outcome", help=f"One or more of {', '.join(OUTCOMES)}, separated by commas.")
@click.option("--search", metavar="TEXT", help="Only where this stands in what is shown.")
@limit_option
@cursor_option
@click.option("--json", "as_json", is_flag=True, help="The document of GET /alerts.")
@click.option("--csv", "as_csv", is_flag=True, help="One row an alert, for a spreadsheet.")
@click.pass_context
def alerts(
    context: click.Context, /, as_json: bool, as_csv: bool, **asked: str | int | bool | None
) -> None:
    """List every alert that came with a proof, newest first, and what became of it.

    --refused, --symbol, --outcome and --search read up to 10,000 alerts at a time, on Firestore a
    billed read each. `alerts show ID` shows all that is known of one."""
    if context.invoked_subcommand:
        return
    query = query_of(asked)
    if as_json and as_csv:
        raise click.UsageError("--json and --csv: choose one.")
    open_application: OpenApplication = context.obj
    application = open_application()
    document = application.operators.alerts(query)
    if as_json:
        show_json(document)
        return
    if as_csv:
        write_csv(_COLUMNS, (map(_cell, map(row.get, _COLUMNS)) for row in document["alerts"]))
    else:
        whose = application.operators.history.whose
        show_table((_row(row, whose) for row in document["alerts"]), _HEADER, lead=_LEAD)
    remarks = _remarks(document, application.settings.ledger_url, int(asked["limit"] or 0))
    show_remarks(remarks, document["cursor"])


@alerts.command()
@click.argument("alert_id", metavar="ID")
@click.option("--strategy", help="Only the one of this strategy: others may have one of that id.")
@click.option("--json", "as_json", is_flag=True, help="The document of GET /alerts?id=ID.")
@click.pass_obj
def show(
    open_application: OpenApplication, /, alert_id: str, strategy: str | None, as_json: bool
) -> None:
    """All that is known of one alert; ID may be the beginning of its id, or of the key that the
    list shows of an alert without one."""
    if not alert_id.strip():
        raise click.UsageError("ID is empty.")
    query = {"id": alert_id, **({"strategy": strategy} if strategy else {})}
    known = open_application().operators.alerts(query)["alert"]
    if as_json:
        show_json(known)
        return
    show_facts((("alert", known["alert_id"] or known["key"]), ("strategy", known["strategy"])))
    several = len({delivery["strategy"] for delivery in known["deliveries"]}) > 1
    for number, delivery in enumerate(known["deliveries"], 1):
        show_line(f"delivery {number}" + (f" of {delivery['strategy']}" if several else ""))
        show_facts(_delivery(delivery))
    for leg in known["legs"]:
        of = "" if leg["position"] is None else f"close of {leg['position']}, "
        whose = f" of {leg['strategy']}" if several and not of else ""
        show_line(f"{of}leg {leg['leg'] + 1}{whose}: {leg['method']} {leg['state']}")
        show_facts(_leg(leg))
    for request in known["not_claimed"]:
        show_line(f"a leg that was not sent: {_pairs(request)}")


def _delivery(delivery: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "came in", moment(delivery["at"])
    yield "outcome", f"{_outcome(delivery)} ({delivery['code']}, {delivery['mode']})"
    yield "asked", delivery["asked"]
    if delivery["fields"]:
        yield "as it said", _pairs(delivery["fields"])
    yield "reason", delivery["reason"]
    if delivery["field"]:
        yield "field", delivery["field"]
    for check in delivery["checks"]:
        yield "check", f"{check['rule']} {check['verdict']}: {_pairs(check['numbers'])}"
    for warning in delivery["warnings"]:
        yield "warning", warning
    yield "milliseconds", delivery["milliseconds"]


def _leg(leg: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "request", _pairs(leg["request"])
    for attempt in leg["attempts"]:
        yield (
            f"attempt {attempt['number']}",
            f"{attempt['state']} {attempt['order_id'] or ''}".strip(),
        )
        yield "client order id", attempt["client_order_id"]
        yield (
            "claimed, settled",
            f"{moment(attempt['claimed_at'])}, {moment(attempt['settled_at'])}",
        )
        said = "; ".join([*attempt["errors"], *filter(None, [attempt["reason"]])])
        if said:
            yield "reason", said
    if leg["fill"]:
        yield "fill", _pairs(leg["fill"])
    for exited in leg["exit_fills"]:
        yield "exit", _pairs(exited)


def _pairs(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)


def _remarks(document: Mapping[str, Any], ledger_url: str, limit: int) -> Iterator[str]:
    found, is_over = document["alerts"], not document["cursor"]
    for hour in document["without_proof"]:
        yield f"{hour['requests']} without a proof in the hour from {moment(hour['hour'])}"
    for hour in document["not_written"]:
        much = f"up to {hour['records']} of the hour from {moment(hour['hour'])} may be missing"
        yield f"{much}: the ledger took none."
    for row in found:
        if row["not_kept"]:
            yield (
                f"{row['not_kept']} before {moment(row['at'])} were not kept: too many in a minute."
            )
    if not found and is_over:
        yield f"No alert in {ledger_url} matches."
    elif len(found) < limit and not is_over:
        yield f"Up to {SEARCHED} alerts were searched; older ones were not. Go on with:"
    elif not is_over:
        yield "There are more. Go on with:"


def _row(row: Mapping[str, Any], whose: tuple[str, str]) -> tuple[object, ...]:
    return (
        moment(row["at"]),
        _outcome(row),
        row["strategy"],
        row["asked"],
        row["reason"],
        ", ".join(row["order_ids"]),
        row["milliseconds"],
        _elsewhere(row, whose),
        row["alert_id"] or row["key"],
    )


def _elsewhere(row: Mapping[str, Any], whose: tuple[str, str]) -> str:
    """The mode and account of an alert that another function, or another mode, has taken."""
    mode, account = row["mode"] or whose[0], row["account"] or whose[1]
    return "" if (mode, account) == whose else f"{mode} {account}"


def _outcome(row: Mapping[str, Any]) -> str:
    """A refusal of what was only tried is none of a trade; what is left undone is seen."""
    tried = row["validates"] and row["outcome"] != "validated"
    in_part = ", in part" if row["in_part"] else ""
    return f"{row['outcome']}, only validated" if tried else f"{row['outcome']}{in_part}"


def _cell(value: Any) -> str:
    """One line, and no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        value = "; ".join(value)
    text = one_line(value.isoformat() if hasattr(value, "isoformat") else value)
    return for_spreadsheet(text)
