"""The command line over a function of the tests: same ledger file, same venue, same clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from tests.support.faked_function import Function
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.operations.cli import cli


def function_on(path: Path, **env: str) -> Function:
    """A function whose ledger is a real SQLite file."""
    return Function(env={"LEDGER_URL": f"sqlite:///{path}", **env}, store=SqliteLedger(path))


def run(function: Function, *arguments: str, answer: str | None = None) -> Result:
    """One command; ``answer`` is what the person types."""
    return CliRunner().invoke(
        cli, arguments, input=answer, obj=lambda: function.application, catch_exceptions=False
    )


def rows(result: Result) -> list[list[str]]:
    """The cells of a table, as a program reads it."""
    return [[cell.strip() for cell in line.split("\t")] for line in result.stdout.splitlines()]


def only(found: Any) -> Any:
    (one,) = found
    return one
