"""The ledger's file under the production server: what a stop leaves in it, and what its loss
stops."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.project import ROOT
from tests.support.served_function import base_environment, check


def file_of(function) -> Path:
    return Path(function.env["LEDGER_URL"].removeprefix("sqlite:///"))


def remove(path):
    for file in (path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))):
        file.unlink(missing_ok=True)


def empty(path):
    os.truncate(path, 0)


def replace_with_another(path):
    remove(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE notes (text)")


def run(function, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "webhook_core", *arguments],
        cwd=ROOT, env=base_environment() | function.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def keep_only_the_file(path, tmp_path):
    """As a backup that copies the file alone, brought back."""
    shutil.copy(path, tmp_path / "copy.db")
    remove(path)
    shutil.copy(tmp_path / "copy.db", path)


@pytest.mark.parametrize("disaster", [remove, empty, replace_with_another])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_ledger_that_was_there_is_missed_until_a_person_begins_anew(
    make_function, disaster, restarts
):
    function = make_function().start()
    done = function.alert()
    check(function.post(done), 200, "accepted")
    if restarts:
        function.stop()
    disaster(file_of(function))
    if restarts:
        function.start()
    for alert in (done, function.alert(), done):
        check(function.post(alert), 503, "ledger_unavailable")
    assert "CRITICAL" in function.log()
    assert "ledger.lost" in function.log()

    looked = run(function, "doctor")
    assert looked.returncode == 1
    assert "doctor --new-ledger" in looked.stdout
    if disaster is replace_with_another:
        remove(file_of(function))
    begun = run(function, "doctor", "--new-ledger")
    assert begun.returncode == 0, begun.stdout
    check(function.post(function.alert()), 200, "accepted")
    function.stop()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_a_file_that_knows_every_alert_without_its_log(
    make_function, tmp_path, signal_number
):
    function = make_function().start()
    alerts = [function.alert() for _ in range(8)]
    for alert in alerts:
        check(function.post(alert), 200, "accepted")
    function.process.send_signal(signal_number)
    function.wait()
    keep_only_the_file(file_of(function), tmp_path)
    function.start()
    for alert in alerts:
        assert check(function.post(alert), 200, "accepted")["replayed"]
    function.stop()


def test_a_kill_loses_nothing_that_its_files_hold(make_function):
    function = make_function().start()
    alerts = [function.alert() for _ in range(8)]
    for alert in alerts:
        check(function.post(alert), 200, "accepted")
    function.kill()
    function.start()
    for alert in alerts:
        assert check(function.post(alert), 200, "accepted")["replayed"]
    function.stop()


def test_a_backup_of_a_running_function_is_whole(make_function, tmp_path):
    function = make_function().start()
    alerts = [function.alert() for _ in range(8)]
    for alert in alerts:
        check(function.post(alert), 200, "accepted")
    backup = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', sys.argv[2:])"
    )
    arguments = [str(file_of(function)), str(tmp_path / "backup.db")]
    subprocess.run([sys.executable, "-c", backup, *arguments], check=True)
    function.kill()
    remove(file_of(function))
    shutil.copy(tmp_path / "backup.db", file_of(function))
    function.start()
    for alert in alerts:
        assert check(function.post(alert), 200, "accepted")["replayed"]
    function.stop()


def test_a_ledger_id_that_is_another_ones_lets_nothing_through(make_function):
    function = make_function(LEDGER_ID="0123456789abcdef" * 2).start()
    check(function.post(function.alert()), 503, "ledger_unavailable")
    assert "ledger.lost" in function.log()
    assert not file_of(function).exists()
    begun = run(function, "doctor", "--new-ledger", "--json")
    assert begun.returncode == 0, begun.stdout
    function.stop()
    ledger_id = begun.stdout.partition("its id is ")[2][:32]
    function.env["LEDGER_ID"] = ledger_id
    function.start()
    check(function.post(function.alert()), 200, "accepted")
    function.stop()
