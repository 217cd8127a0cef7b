"""``python -m tests.matrix > tests/matrix/TABLE.md``: every cell, run; exits 1 if one of them is
not as it must be."""

from __future__ import annotations

import logging
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.matrix import check, killings, table, world
from tests.matrix.cell import Cell, Killing
from tests.matrix.cells import CELLS, KILLINGS

AT_ONCE = 16
"""Most of a cell is waiting."""


def start(
    pool: ThreadPoolExecutor, cells: list[Cell | Killing], folder: Path
) -> dict[str, Future[Any]]:
    """Every cell under way, by its name, those that wait longest first."""

    def patience(numbered: tuple[int, Cell | Killing]) -> int:
        cell = numbered[1]
        return (
            0
            if isinstance(cell, Killing)
            else 2 - cell.fault.waits - (cell.fault.waits and cell.always)
        )

    return {
        cell.name: pool.submit(_run, cell, folder / str(number))
        for number, cell in sorted(enumerate(cells), key=patience)
    }


def _run(cell: Cell | Killing, folder: Path) -> Any:
    folder.mkdir()
    return killings.run(cell, folder) if isinstance(cell, Killing) else world.run(cell, folder)


def judged(cell: Cell | Killing, outcome: Any) -> tuple[list[str], str]:
    """What is wrong with it, and its row."""
    if isinstance(cell, Killing):
        return killings.problems(cell, outcome), table.row_of_killing(cell, outcome)
    return check.problems(cell, outcome), table.row(cell, outcome)


def main() -> int:
    logging.disable(logging.CRITICAL)
    cells: list[Cell | Killing] = [*CELLS, *KILLINGS]
    rows, failed = {}, 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = start(pool, cells, Path(folder))
        for cell in cells:
            wrong, rows[cell.name] = judged(cell, under_way[cell.name].result())
            failed += bool(wrong)
            for problem in wrong:
                print(f"{cell.name}: {problem}", file=sys.stderr)
    print(table.text(rows), end="")
    print(f"{len(cells)} cells, {failed} not as they must be", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
