"""The table of cells and what came of each. A row says only what is the same in every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.matrix.cell import Cell, Killing
from tests.matrix.cells import CELLS, KILLINGS
from tests.matrix.check import STATUS
from tests.matrix.killings import Aftermath
from tests.matrix.world import Outcome

PATH = Path(__file__).with_name("TABLE.md")
HEAD = """\
# The fault matrix

What went wrong, and what came of it, over real sockets. `answers` are those of TradingView's
sender, which gives up after 3 s, and sends again on 500-599 but not on 504, 5 s apart, three times
at most; then come reconcile runs, one a minute for five minutes. `orders` is how many the venue's
book holds in the end, `last word` what the ledger says of the alert. Where deliveries race, or a
process is restarted, the answer is the last one of all.

Written by `python -m tests.matrix`; the tests run the same cells and hold each row to what they
see.
"""
COLUMNS = "| what happens | answers | orders | last word |\n|---|---|---|---|\n"


def row(cell: Cell, outcome: Outcome) -> str:
    codes = [answer.code for answer in outcome.sent]
    if cell.concurrent:
        codes = [] if outcome.replayed is None else [outcome.replayed.code]
    states = [str(entry.state) for entry in outcome.entries]
    return _line(cell.what, codes, len(outcome.book), states)


def row_of_killing(killing: Killing, after: Aftermath) -> str:
    return _line(
        killing.what, [after.last], len(after.book), [str(entry.state) for entry in after.entries]
    )


def _line(what: str, codes: Sequence[str], orders: int, states: Sequence[str]) -> str:
    answers = ", ".join(f"{STATUS[code]} {code}" for code in codes)
    return f"| {what} | {answers} | {orders} | {', '.join(states) or 'no entry'} |"


def text(rows: Mapping[str, str]) -> str:
    """``rows`` by the names of the cells."""
    everything: list[Cell | Killing] = [*CELLS, *KILLINGS]
    parts = [HEAD]
    for circumstance in dict.fromkeys(cell.circumstance for cell in everything):
        lines = [rows[cell.name] for cell in everything if cell.circumstance == circumstance]
        title = circumstance[0].upper() + circumstance[1:]
        parts.append(f"\n## {title}\n\n{COLUMNS}" + "".join(f"{line}\n" for line in lines))
    return "".join(parts)


def stored() -> dict[str, str]:
    """The rows of the file, by the names of their cells."""
    found, circumstance = {}, ""
    for line in PATH.read_text("utf-8").splitlines():
        if line.startswith("## "):
            circumstance = line.removeprefix("## ").casefold()
        elif line.startswith("| ") and not line.startswith("| what happens |"):
            name = f"{circumstance}: {line.split(' | ')[0].removeprefix('| ')}"
            assert name not in found, name
            found[name] = line
    return found


def key(cell: Cell | Killing) -> str:
    """The name under which ``stored`` has it."""
    return f"{cell.circumstance.casefold()}: {cell.what}"
