"""These tests stand where a user stands: none of them, and no helper of theirs,
imports the package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.project import ROOT

HERE = Path(__file__).parent
FORBIDDEN = ("webhook_core", "main")


def imports_of(source: str) -> set[str]:
    """Every module that is imported, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def reached_from(path: Path) -> set[str]:
    """Every import of a file, and of those of our own test helpers that it imports."""
    reached: set[str] = set()
    waiting = [path]
    while waiting:
        for name in imports_of(waiting.pop().read_text("utf-8")) - reached:
            reached.add(name)
            helper = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            if name.startswith("tests.") and helper.is_file():
                waiting.append(helper)
    return reached


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.name)
def test_a_test_of_the_whole_product_imports_none_of_it(path):
    assert {name for name in reached_from(path) if name.split(".")[0] in FORBIDDEN} == set()


def test_the_search_for_imports_follows_helpers():
    assert "tests.support.evidence" in reached_from(HERE / "conftest.py")
    assert imports_of("def f():\n    from webhook_core.ledger.sqlite import ledger") == {
        "webhook_core.ledger.sqlite",
        "webhook_core.ledger.sqlite.ledger",
    }
    assert "webhook_core.kraken.paper.engine" in reached_from(
        ROOT / "tests" / "support" / "kraken_server.py"
    )
