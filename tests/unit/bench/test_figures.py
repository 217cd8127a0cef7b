"""The arithmetic of make bench: stages, shares of a CPU, bounds.

What it measures is in tests/bench.
"""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.bench.cold import StageClock
from tests.bench.figure import Figure
from tests.bench.installed import hide_the_rest, not_deployed
from tests.bench.sets import LEAN, SETS
from tests.bench.shares import STAGES, on_share, on_sizes, table, typical
from tests.support.project import ROOT
from tests.support.served_function import base_environment

MAIN = ROOT / "main.py"
FIRST = {"start": 0.1, "import": 0.3, "secrets": 0.0, "ledger": 0.05, "plan": 0.02, "Kraken": 0.03}


@pytest.mark.parametrize(
    ("share", "seconds"),
    [(1.0, 0.5), (0.583, 0.8576), (0.333, 1.5015), (0.167, 2.994), (0.083, 6.0241)],
)
def test_half_a_second_of_cpu_takes_longer_on_a_smaller_share(share, seconds):
    assert on_share(0.5, share) == pytest.approx(seconds, abs=1e-4)


@pytest.mark.parametrize("share", [0, -0.5, 1.1])
def test_a_share_is_a_part_of_one_cpu(share):
    with pytest.raises(ValueError, match="share"):
        on_share(0.5, share)


def test_a_stage_is_typically_its_median_and_nothing_where_it_never_came():
    starts = [{"start": 0.1, "plan": 0.9}, {"start": 0.3}, {"start": 0.2, "plan": 0.1}]
    assert typical(starts) == {
        "start": 0.2,
        "import": 0,
        "secrets": 0,
        "ledger": 0,
        "plan": 0.1,
        "Kraken": 0,
    }


def test_the_table_has_every_stage_their_sum_and_what_it_comes_to_on_every_size():
    head, row, _ = table({"live": FIRST})
    assert head.endswith(
        "".join(
            f"{name:>9}"
            for name in (*STAGES, "CPU ms", "1 CPU", "1 GiB", "512 MiB", "256 MiB", "128 MiB")
        )
    )
    assert row.split() == [
        "live", "100", "300", "0", "50", "20", "30", "500", "0.50", "s", "0.86", "s", "1.50", "s",
        "2.99", "s", "6.02", "!",
    ]  # fmt: skip
    assert on_sizes(FIRST)["512 MiB"] == pytest.approx(1.5015, abs=1e-4)


def test_a_stage_inside_another_counts_for_itself_alone():
    def work(seconds):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    class Store:
        def claim(self):
            work(0.02)

    clock = StageClock("start")
    clock.enter("plan")
    clock.around("Kraken", lambda: (work(0.01), clock.opened("ledger", Store)().claim()))()
    clock.enter("end")
    assert clock.seconds["ledger"] == pytest.approx(0.02, abs=0.005)
    assert clock.seconds["Kraken"] == pytest.approx(0.01, abs=0.005)
    assert clock.seconds["plan"] < 0.005


@pytest.mark.parametrize(
    ("value", "bound", "kept"), [(1.25, 1.25, True), (1.26, 1.25, False), (99, None, True)]
)
def test_a_bound_is_kept_up_to_its_own_value(value, bound, kept):
    figure = Figure("a figure", value, "x", bound)
    assert figure.kept is kept
    assert ("MISSED" in figure.line()) is not kept
    assert figure.document()["kept"] is kept


def test_every_set_has_its_bound():
    assert {one.name: one.bound for one in SETS if not one.on_google_cloud} == {
        "paper": 1.2,
        "live": 1.17,
    }
    assert {one.bound for one in SETS if one.firestore} == {1.35}
    assert [one.name for one in SETS if one.peak_mib] == ["paper", "live"]
    (deployed,) = (one for one in SETS if one.server_bound)
    assert deployed.firestore
    assert deployed.secrets == "mounted"
    assert deployed.libraries == LEAN  # nothing of Google's is in what it is held against
    assert (deployed.modules, deployed.server_bound, deployed.server_mib) == (620, 1.2, 58)


def test_a_measured_process_sees_what_requirements_install_and_no_more():
    modules = {
        "google": ["google-auth", "google-cloud-core"], "typing_extensions": ["typing_extensions"],
        "flask": ["Flask"],
        "aiohttp": ["aiohttp"], "_cares": ["pycares"], "not-a-name": ["other"],
    }  # fmt: skip
    requirements = (
        "Flask==3.1.3  # ours\n\n# more\ngoogle-auth==2.62.2\ntyping-extensions==4.16.0\n"
    )
    assert not_deployed(requirements, modules) == ["aiohttp"]


def test_what_is_hidden_cannot_be_imported_and_google_does_without(tmp_path):
    environment = base_environment() | {"PYTHONPATH": str(hide_the_rest(tmp_path))}
    script = (
        "import sys, google.cloud.logging_v2.handlers; print('aiohttp' in sys.modules); "
        "import pytest"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n"
    assert "ModuleNotFoundError: not deployed" in done.stderr


@pytest.mark.parametrize(
    ("mode", "said"), [("paper", "True 0"), ("a mode that there is not", "True 1")]
)
def test_the_collector_that_rests_during_the_start_is_on_again_after_it(mode, said, tmp_path):
    script = f"""
import functions_framework, gc
status = 0
try:
    functions_framework.create_app("webhook", {str(MAIN)!r}, "http")
except SystemExit:
    status = 1
print(gc.isenabled(), status)
"""
    environment = base_environment() | {
        "PYTHONPATH": str(MAIN.parent),
        "TRADING_MODE": mode,
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == said


def test_modules_and_opened_files_are_counted_without_those_that_count(tmp_path):
    (tmp_path / "two.txt").write_text("x")
    script = f"""
import sys
from tests.bench.loaded import OpenedFiles, modules
before, opened = modules(), OpenedFiles()
open({str(tmp_path / "two.txt")!r}).close()
open({str(tmp_path / "two.txt")!r}).close()
sys.modules["tests.more"] = sys.modules["one.more"] = sys
print(modules() - before, opened.count)
"""
    env = base_environment() | {"PYTHONPATH": str(MAIN.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 2\n"
