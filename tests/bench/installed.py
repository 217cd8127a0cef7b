"""What a deployment has installed: requirements.txt.

A measured process sees nothing else of this environment.

It would make a difference: google-api-core imports aiohttp wherever that is installed, a tenth of a
second, and here ccxt brings it for the tests.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.project import ROOT


def hide_the_rest(folder: Path) -> Path:
    """A directory for the front of PYTHONPATH, where each module that is not deployed is one that
    can't be imported."""
    hiding = folder / "not-deployed"
    hiding.mkdir()
    requirements = (ROOT / "requirements.txt").read_text("utf-8")
    for module in not_deployed(requirements, packages_distributions()):
        (hiding / f"{module}.py").write_text(
            f"raise ModuleNotFoundError('not deployed', name={module!r})\n", "utf-8"
        )
    return hiding


def not_deployed(requirements: str, modules: Mapping[str, Collection[str]]) -> list[str]:
    """Those of ``modules`` (top-level name to the distributions that have it) that no
    requirement installs.

    Private ones stay: what would import them is hidden, or is setuptools' hook into
    every start of Python.
    """
    rows = [row.partition("#")[0].partition("==")[0].strip() for row in requirements.splitlines()]
    wanted = {plain(row) for row in rows if row}
    public = {
        name: owners
        for name, owners in modules.items()
        if name.isidentifier() and not name.startswith("_")
    }
    return sorted(
        name for name, owners in public.items() if not wanted & {plain(owner) for owner in owners}
    )


def plain(name: str) -> str:
    """As package indexes compare names (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()
