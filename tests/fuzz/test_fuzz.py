"""A share of the fuzz, and that it notices a function with a mistake in it. ``make fuzz`` sends a
million."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fuzz.breaks import BREAKS
from tests.support.project import ROOT

MET = (
    "200 accepted", "200 validated", "200 no_action", "400 alert_malformed", "401 unauthenticated",
    "401 alert_stale", "403 out_of_scope", "404 not_found", "405 method_not_allowed",
    "413 body_too_large", "422 order_denied", "422 order_rejected", "429 rate_limited",
)  # fmt: skip


def fuzz(*options: str, processes: int = 1) -> tuple[int, str]:
    shares = ["--processes", str(processes), "--round", "300"]
    command = [sys.executable, "-m", "tests.fuzz", *shares, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_no_request_crashes_trades_without_a_proof_or_gets_a_secret_out():
    status, said = fuzz("--requests", "3000", processes=2)
    assert status == 0, said
    assert [code for code in MET if code not in said] == []


@pytest.mark.parametrize("name", BREAKS)
def test_the_fuzz_notices_a_mistake(name):
    status, said = fuzz("--requests", "2100", "--broken", name)
    assert status == 1, said
    assert "round " in said or "not flat" in said
