"""axe-core (npm), which looks for what keeps people out of a page. It is of the tests alone: it is
fetched by npm for a session of them, and is in no requirement of the product."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome

VERSION = "4.14.1"
"""npm holds what it fetches against the digest that the registry names."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PATIENCE_S = 60


def is_required() -> bool:
    """Where a check that can't run is a failure."""
    return os.environ.get("REQUIRE_AXE") == "1"


def fetched(folder: Path) -> str | None:
    """The script, or None where npm is missing or can't reach its registry."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(
            [*command, "--prefer-offline", "--fetch-retries=0", "--loglevel=error"],
            cwd=folder, check=False, capture_output=True, timeout=PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        return None
    with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as package:
        script = package.extractfile("package/axe.min.js")
        return None if script is None else script.read().decode()


def faults(driver: Chrome, script: str) -> list[str]:
    """One line for each element that breaks a rule."""
    driver.execute_script(script)
    found: list[dict[str, Any]] = driver.execute_async_script(
        """const done = arguments[1];
        axe.run(document, {runOnly: arguments[0]})
            .then((result) => done(result.violations), (error) => done([
                {id: String(error), nodes: [{html: ""}]}]));""",
        list(RULES),
    )
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
