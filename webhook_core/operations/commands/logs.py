"""logs: what an alert has left in Cloud Logging."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import BUDGET_S, moment
from webhook_core.settings.variables import project_id

_HEADER = ("TIME (UTC)", "SEVERITY", "EVENT", "FACTS")
_LEAD = 3
_NOT_FACTS = frozenset({"time", "severity", "message"})
_NOT_FACTS |= {"trace", "span_id", "trace_sampled", "execution_id"}


@click.command()
@click.argument("alert_id", required=False)
@click.option("--request-id", help="Only the lines of this request; every answer names its own.")
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="Only lines written since then: 90min, 12h, 7d, 2026-11-22, 2026-11-22T12:00Z.",
)
@click.option("--project", help="Whose log; GCP_PROJECT_ID if it is not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def logs(
    alert_id: str | None, request_id: str | None, since: str, project: str | None, as_json: bool
) -> None:
    """Read the log lines of an alert back from Cloud Logging, oldest first.

    ALERT_ID is the alert's own id, or the alert_id of its answer. An alert that was delivered more
    than once has lines of every delivery; --request-id shows one delivery, with what was logged
    before its alert was known. Your own Google account reads, and needs roles/logging.viewer. Exit
    status 1 if nothing was found.
    """
    from webhook_core import bootstrap  # the other commands need neither
    from webhook_core.web.listing import moment_of

    asked = {"alert_id": alert_id, "request_id": request_id}
    facts = {name: value for name, value in asked.items() if value}
    if not facts or "" in asked.values():
        raise click.UsageError("Say which: an ALERT_ID, or --request-id.")
    begin = moment_of(since, datetime.now(UTC))
    if begin is None:
        raise click.UsageError("--since is empty: leave it out, or say what it is.")
    search = bootstrap.open_logs(_project(project))
    found = search.find(facts, begin, BUDGET_S)
    if as_json:
        lines = [{**line, "time": line["time"].isoformat()} for line in found.lines]
        click.echo(json.dumps({"lines": lines}, indent=2))
    else:
        show_table(map(_row, found.lines), _HEADER, lead=_LEAD)
    if not found.lines:
        named = " and ".join(f"{name} {value}" for name, value in facts.items())
        show_line(
            f"Project {search.project} has no line of {named} since {moment(begin)} UTC.", err=True
        )
        click.get_current_context().exit(1)
    if not found.complete:
        show_line(f"There are more: these are the first {len(found.lines)}.", err=True)


def _project(given: str | None) -> str:
    named = given or os.environ.get("GCP_PROJECT_ID") or os.environ.get("GOOGLE_CLOUD_PROJECT")
    if not named:
        raise click.UsageError("Whose log? Give --project, or set GCP_PROJECT_ID.")
    try:
        return project_id(named)
    except ValueError as error:
        raise click.UsageError(f"{'--project' if given else 'GCP_PROJECT_ID'}: {error}") from None


def _row(line: Mapping[str, Any]) -> tuple[object, ...]:
    at = line["time"]
    shown = [f"{name}={_shown(line[name])}" for name in sorted(line) if name not in _NOT_FACTS]
    return (
        f"{moment(at)}.{at.microsecond // 1000:03}",
        line["severity"],
        line["message"],
        " ".join(shown),
    )


def _shown(value: object) -> str:
    if isinstance(value, str) and value and not set(value) & set(' ="\\'):
        return value
    return json.dumps(value, ensure_ascii=False)
