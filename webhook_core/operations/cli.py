"""The operator's commands. Settings come from the environment, exactly as for the function.

Exit status: 0 all is well, 1 something needs attention, 2 the command was not understood.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from io import TextIOWrapper
from typing import Any

import click

from webhook_core import __version__
from webhook_core.application import Application
from webhook_core.errors import AlertMalformed, WebhookError
from webhook_core.operations.at_terminal import start_at_terminal
from webhook_core.operations.commands.alerts import alerts
from webhook_core.operations.commands.doctor import doctor
from webhook_core.operations.commands.explain import explain
from webhook_core.operations.commands.logs import logs
from webhook_core.operations.commands.money import fills, report
from webhook_core.operations.commands.notify import notify
from webhook_core.operations.commands.orders import orders
from webhook_core.operations.commands.pairs import pairs
from webhook_core.operations.commands.pause import pause, resume
from webhook_core.operations.commands.reconcile import reconcile
from webhook_core.operations.commands.replay import replay
from webhook_core.operations.commands.tables import one_line
from webhook_core.operations.commands.token import token
from webhook_core.settings.reading import SettingsError

_NEEDS_NO_LEDGER = "notify"
"""What it sends is about the addresses alone: it is tried before the first alert."""
_NEED_NO_ENTRIES = ("pairs", _NEEDS_NO_LEDGER)
_TOLD = ("trading.", "order.")
"""What a pause does is told in sentences and tables, and not by lines of the log before them."""


class _Commands(click.Group):
    """Whatever a command can't do becomes a sentence and an exit status, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except AlertMalformed as error:  # what was typed is wrong: a state, a cursor, a symbol
            raise click.UsageError(one_line(error.message)) from None
        except WebhookError as error:
            raise click.ClickException(one_line(error.message)) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Look after the alerts and orders of the TradingView to Kraken bridge.

    Settings come from the environment, as for the function itself. Times are UTC. Exit status: 0
    all is well, 1 something needs attention, 2 the command was not understood.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that has no such letter gets its number
            stream.reconfigure(errors="backslashreplace")
    ctx.obj = ctx.obj or partial(_application, ctx.invoked_subcommand or "")


def _application(command: str) -> Application:
    told = _TOLD if command in ("pause", "resume") else ()
    reads = command != _NEEDS_NO_LEDGER
    application = start_at_terminal(os.environ, sys.stderr, told, ledger_is_read=reads)
    if application.settings.ledger_url.startswith("memory:") and command not in _NEED_NO_ENTRIES:
        raise click.ClickException(
            "LEDGER_URL=memory:// lives in the function's own process: this command sees none of "
            "it."
        )
    return application


_COMMANDS = (
    *(reconcile, orders, alerts, report, fills, pause, resume, logs, replay),
    *(pairs, token, notify, doctor, explain),
)
for _command in _COMMANDS:
    cli.add_command(_command)
