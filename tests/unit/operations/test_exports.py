"""What the documents have written into a file is for its owner alone: a shell makes the file, with
the rights that it is told."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys

import pytest

from tests.support.ledger_entries import submitting
from tests.support.ledger_workers import open_sqlite
from tests.support.project import ROOT

BLOCKS = [
    (path.parent.name, block, written)
    for path in sorted((ROOT / "webhook_core").rglob("README.md"))
    for block in re.findall(r"```sh\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    if (written := re.findall(r"> (\S+\.csv)", block))
]


def test_there_are_such_examples():
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize(("room", "block", "written"), BLOCKS, ids=[one[0] for one in BLOCKS])
def test_an_export_as_the_documents_show_it_is_for_its_owner_alone(room, block, written, tmp_path):
    rows = [row for row in block.splitlines() if row.startswith("umask") or ".csv" in row]
    script = "\n".join(["umask 022", *rows]).replace(".venv/bin/python", sys.executable)
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "STRATEGIES_FILE": os.devnull,
        "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
    }  # fmt: skip
    ledger = open_sqlite(str(tmp_path / "ledger.db"))
    ledger.claim(submitting())
    ledger.close()
    subprocess.run(["bash", "-ec", script], cwd=tmp_path, env=env, check=True, timeout=60)
    for name in written:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert (tmp_path / name).read_text("utf-8")
