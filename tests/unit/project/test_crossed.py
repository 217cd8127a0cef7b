"""Of a crossed table each run plays each pair of values, and EXAMPLES=all plays each row."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import combinations, product

import pytest

from tests.support.crossed import covering
from tests.support.project import ROOT

TABLES = {
    "one": ["abc"],
    "two": ["abc", "de"],
    "four": ["abc", "de", "fghi", "jk"],
    "five": ["abcd", "ef", "ghijk", "lm", "no"],
}
PROBE = """
import pytest

@pytest.mark.crossed
@pytest.mark.parametrize("one", [{}, {"a": 1}, "x"])
@pytest.mark.parametrize("two", ["a-b", "b"])
@pytest.mark.parametrize("three", [(1, 2), (3, 4)])
def test_crossed(one, two, three):
    pass

@pytest.mark.parametrize("one", range(2))
@pytest.mark.parametrize("two", range(2))
@pytest.mark.parametrize("three", range(2))
def test_plain(one, two, three):
    pass
"""


def pairs(rows):
    return {pair for row in rows for pair in combinations(enumerate(row), 2)}


@pytest.mark.parametrize("table", TABLES)
def test_each_pair_is_shown_by_few_rows(table):
    values = TABLES[table]
    rows = list(product(*values))
    kept = covering(rows)
    assert pairs(rows[place] for place in kept) == pairs(rows)
    assert {value for place in kept for value in rows[place]} == {*"".join(values)}
    most = [*sorted(map(len, values), reverse=True), 1]
    assert len(kept) <= 1.5 * most[0] * most[1]
    assert covering(rows) == kept == sorted(set(kept))


def test_rows_that_are_no_whole_cross_show_what_they_have():
    assert covering([("a", "c"), ("a", "d"), ("b", "d")]) == [0, 1, 2]
    assert covering([]) == []


@pytest.fixture
def played(tmp_path):
    def play(*named, **env):
        probe = tmp_path / "tests" / "probe" / "test_probe.py"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text(PROBE)
        settings = ROOT / "pyproject.toml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-vv",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        command += ["-p", "tests.conftest", "-c", str(settings), f"--rootdir={tmp_path}"]
        where = [f"{probe}{name}" for name in named or ("",)]
        env = {**os.environ, "EXAMPLES": "", "PYTHONPATH": str(ROOT)} | env
        run = subprocess.run(
            [*command, *where], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return re.findall(r"::(test_\w+\[.*\]) PASSED", run.stdout)

    return play


def test_a_run_plays_each_pair_of_a_crossed_table_and_each_row_of_others(played):
    assert sorted(name[:9] for name in played()) == ["test_cros"] * 6 + ["test_plai"] * 8


def test_all_examples_are_all_rows(played):
    assert len(played(EXAMPLES="all")) == 12 + 8


def test_rows_that_are_named_are_played(played):
    rows = [row for row in played(EXAMPLES="all") if "crossed" in row]
    assert sorted(played(*(f"::{row}" for row in rows))) == sorted(rows)
    assert played(f"::{rows[-1]}") == rows[-1:]
