"""What a run of tests has started ends with it, also where it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.support.project import ROOT
from tests.support.served_function import eventually

KILLED = """
import os, signal
from tests.support.ready_servers import ready_servers
server = ready_servers().start("http.server", ["--bind", "127.0.0.1", "0"], {}, [2, 2])
assert server.poll() is None
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_ends_with_the_run_that_was_killed():
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    eventually(lambda: not runs(int(done.stdout)), "the server ends")
