"""Output for a person at a terminal: aligned columns, times in UTC, and nothing that could move the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import click

from webhook_core.application import Application
from webhook_core.ports import Budget, Clock

BUDGET_S = 30.0
"""How long one step of a command may take."""

OpenApplication = Callable[[], Application]
"""Every command gets one: the application is built when a command needs it, so that --help needs no settings."""


def budget(clock: Clock) -> Budget:
    return Budget.start(clock, BUDGET_S)


def one_line(text: object) -> str:
    """Texts of senders and of Kraken, without control characters: they could write anything on a terminal."""
    plain = str(text)
    return plain if plain.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in plain)


def moment(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(span: timedelta) -> str:
    """In the two largest units: 3 d 4 h, 2 min 5 s."""
    seconds = max(0, int(span.total_seconds()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])


def show_table(rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> None:
    """Left-aligned columns, two spaces apart; an empty cell shows as a dash."""
    cells = [[one_line("-" if cell in (None, "") else cell) for cell in row] for row in ([header] if header else [])]
    cells += [[one_line("-" if cell in (None, "") else cell) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
