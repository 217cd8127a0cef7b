"""python -m webhook_core …"""

import sys
from pathlib import Path

try:
    from webhook_core.operations.cli import cli
except ModuleNotFoundError as error:
    if (error.name or "").startswith("webhook_core"):
        raise
    sys.exit(
        f"{error.name} is not installed in this Python. `make demo` installs everything into "
        ".venv: run .venv/bin/python -m webhook_core"
    )

if __name__ == "__main__":
    here = Path(sys.prefix).resolve() == Path(".venv").resolve()  # what works is what is shown
    cli(prog_name=f"{'.venv/bin/' if here else ''}python -m webhook_core")
