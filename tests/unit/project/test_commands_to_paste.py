"""A command that is printed or documented works where it is pasted: in a fresh clone, whose only
Python with the requirements is that of .venv."""

import ast
import re

import pytest

from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row

PLACES = ("webhook_core", "examples")
PROGRAM = ".venv/bin/python -m webhook_core"
OTHERS = re.compile(r"(?<!\.venv/bin/)\bpython3? -m webhook_core")
ENDS_A_SENTENCE = re.compile(r"-m webhook_core [\w -]+\.(?:\s|$)")
BY_ITS_NAME = re.compile(r"\b[Rr]un:? (?:doctor|reconcile|pause|resume|alerts|orders)\b(?! on)")


def texts(path):
    """What a module may print: every text in it but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


MODULES = sorted(path for place in PLACES for path in (ROOT / place).rglob("*.py"))
BUT_THE_ONE_THAT_SAYS_WHICH_PYTHON_LACKS_WHAT = [
    path for path in MODULES if path.name != "__main__.py"
]
WRITTEN = sorted(
    path
    for kind in ("*.md", "*.json", "*.html", "*.yaml")
    for path in (*(ROOT / "webhook_core").rglob(kind), *(ROOT / "examples").rglob(kind))
)
WRITTEN += [ROOT / "README.md", ROOT / "CHANGELOG.md"]


@row_by_row
@pytest.mark.parametrize("path", BUT_THE_ONE_THAT_SAYS_WHICH_PYTHON_LACKS_WHAT)
def test_a_command_that_is_printed_names_the_python_that_has_what_it_needs(path):
    assert [text for text in texts(path) if OTHERS.search(text)] == []


@row_by_row
@pytest.mark.parametrize("path", MODULES)
def test_what_a_person_is_told_to_run_is_a_whole_command_and_no_more(path):
    wrong = (BY_ITS_NAME, ENDS_A_SENTENCE)
    assert [text for text in texts(path) if any(each.search(text) for each in wrong)] == []


@row_by_row
@pytest.mark.parametrize("path", WRITTEN)
def test_a_command_that_is_written_names_it_too(path):
    assert OTHERS.findall(path.read_text("utf-8")) == []


def test_there_are_such_commands():
    assert sum(PROGRAM in text for path in MODULES for text in texts(path)) > 10
