"""notify test: a message to everybody whom NOTIFY and strategies.toml name."""

from __future__ import annotations

import click

from webhook_core.notify.channels import SendResult
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import OpenApplication

_HEADER = ("ADDRESS", "SERVICE", "RESULT")


@click.group()
def notify() -> None:
    """Whom the bridge tells what happens: NOTIFY, and notify in strategies.toml."""


@notify.command("test")
@click.pass_obj
def test_notify(open_application: OpenApplication) -> None:
    """Send a test message to every address. Exit status 1 if one did not take it.

    An address is called by the place where it is set; nothing of it is shown."""
    rows = open_application().operators.open_run().telling.test()
    if not rows:
        show_line(
            "Nobody is named: set NOTIFY to one or more URLs (webhook_core/notify/README.md)."
        )
    show_table(rows, _HEADER)
    if not rows or any(result != SendResult.YES for _, _, result in rows):
        click.get_current_context().exit(1)
