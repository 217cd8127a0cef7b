"""What several commands need: the application, a budget, options and lists of the same form, and
times and spans as a person reads them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from webhook_core.application import Application
from webhook_core.clock import Budget, Clock
from webhook_core.operations.commands.tables import show_line
from webhook_core.web.listing import MOST_ENTRIES
from webhook_core.web.messages import json_response

BUDGET_S = 30.0
"""How long one step of a command may take."""

OpenApplication = Callable[[], Application]
"""Every command gets one: the application is built when a command needs it, so that --help needs no
settings."""


def budget(clock: Clock) -> Budget:
    return Budget.start(clock, BUDGET_S)


limit_option = click.option(
    "--limit", type=click.IntRange(1, MOST_ENTRIES), default=50, show_default=True, help="How many."
)
cursor_option = click.option("--cursor", help="Where the last page ended; it said so.")


def query_of(asked: Mapping[str, object]) -> dict[str, str]:
    """The options that are given, as a route takes them. Raises UsageError for an empty one."""
    empty = [name for name, value in asked.items() if value == ""]
    if empty:
        raise click.UsageError(f"--{empty[0]} is empty: leave it out, or say what it is.")
    said = {name: value for name, value in asked.items() if value}
    return {name: "true" if value is True else str(value) for name, value in said.items()}


def show_json(document: Mapping[str, Any]) -> None:
    """As the function renders it, then in ASCII: a terminal acts on more characters than JSON
    escapes."""
    click.echo(json.dumps(json.loads(json_response(200, dict(document)).body), indent=2))


def show_remarks(remarks: Iterable[str], cursor: str | None) -> None:
    """Apart from the rows, which are all that a program reads."""
    for remark in remarks:
        show_line(remark, err=True)
    if cursor:
        click.echo(f"--cursor {cursor}", err=True)  # in one piece, to be copied


def write_csv(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With their full-width forms, which some spreadsheets take too (owasp.org, CSV Injection)."""


def for_spreadsheet(text: str) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def moment(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(span: timedelta) -> str:
    """In the two largest units: 3 d 4 h, 2 min 5 s."""
    seconds = max(0, int(span.total_seconds()))
    parts = [
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])
