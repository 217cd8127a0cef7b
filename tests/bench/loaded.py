"""What one cold start to the first order loads, counted: ``python -m tests.bench.loaded
bare|ours [LIBRARY…]``.

Modules, and files that Python opens (sys.audit's ``open``). Unlike seconds, neither depends on the
machine; in a sandbox such as gVisor each opened file costs more than here. Not measured together
with the seconds of tests.bench.cold: whoever listens to every event takes time of its own.
"""

from __future__ import annotations

import json
import sys


class OpenedFiles:
    """From now on; a hook of sys.addaudithook, which stays until the process ends."""

    def __init__(self) -> None:
        self.count = 0
        sys.addaudithook(self._heard)

    def _heard(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event == "open":
            self.count += 1


def modules() -> int:
    """All that are loaded, without those that measure."""
    return sum(not name.startswith("tests") for name in sys.modules)


def main(what: str, *libraries: str) -> None:
    opened = OpenedFiles()
    from tests.bench import cold

    {"bare": cold.bare, "ours": cold.ours}[what](cold.StageClock("start"), list(libraries))
    print(json.dumps({"modules": modules(), "files": opened.count}))


if __name__ == "__main__":
    main(*sys.argv[1:])
