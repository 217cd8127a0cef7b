"""Servers with their modules imported once: a process that is ready forks for each of them, which
is a process of its own, with its own environment, port and files. At its end it waits for its
threads and does what it registered for then.

What an interpreter does with its environment while it starts, and with its memory at its end, is
left out: whoever tests that starts one. Imports nothing of the package but in the process that
forks.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

from tests.support.project import ROOT

MODULES = (
    "concurrent.futures.thread",
    "flask",
    "functions_framework._cli",
    "gunicorn.app.base",
    "gunicorn.arbiter",
    "gunicorn.ctl.server",
    "gunicorn.http.wsgi",
    "gunicorn.workers.base",
    "http.server",
    "tests.support.documents",
    "tests.support.kraken_faults",
    "tests.support.lagging_figures",
    "webhook_core.bootstrap",
    "webhook_core.cloud.console",
    "webhook_core.kraken.paper.engine",
    "webhook_core.kraken.paper.envelope",
    "webhook_core.kraken.packaged_pairs",
    "webhook_core.kraken.venue",
    "webhook_core.ledger.sqlite.ledger",
    "webhook_core.web.connections",
)
"""What the servers import. Not gunicorn's workers: main.py looks whether they are there."""
MOST_BYTES = 65536
POLL_S = 0.01
ENDS_S = 60
_ready: dict[int, ReadyServers] = {}


class ReadyServers:
    """The process that forks."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], env=env, cwd=ROOT,
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        theirs.close()

    def start(
        self, module: str, arguments: Sequence[str], env: Mapping[str, str], files: Sequence[int]
    ) -> Server:
        """``files``: its standard output and error."""
        return Server(self, self.ask([module, list(arguments), dict(env)], files))

    def ask(self, question: object, files: Sequence[int] = ()) -> int | None:
        asked = json.dumps(question).encode()
        assert len(asked) < MOST_BYTES
        with self._one_at_a_time:
            socket.send_fds(self._ours, [asked], list(files))
            answer = self._ours.recv(MOST_BYTES)
        assert answer, "the process that forks has ended"
        return json.loads(answer)

    def close(self) -> None:
        self._ours.close()
        self._process.wait(ENDS_S)


class Server:
    """What subprocess.Popen is for a process that it started."""

    def __init__(self, parent: ReadyServers, pid: int | None) -> None:
        assert pid is not None
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.ask(self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        until = time.monotonic() + timeout
        while True:
            status = self.poll()
            if status is not None:
                return status
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"server {self.pid}", timeout)
            time.sleep(POLL_S)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def ready_servers() -> ReadyServers:
    """This process's, started when it is first asked for."""
    if os.getpid() not in _ready:
        _ready[os.getpid()] = made = ReadyServers()
        atexit.register(made.close)
    return _ready[os.getpid()]


def serve(asked: socket.socket) -> tuple[str, list[str]] | None:
    """Fork for each server that is asked for, and tell how those ended, until nobody can ask any
    more: whoever did may have been killed, and what still runs then ends too. In the fork: the
    module to run, and its arguments."""
    running: set[int] = set()
    while True:
        message, files, _, _ = socket.recv_fds(asked, MOST_BYTES, 2)
        if not message:
            return _end(running)
        question = json.loads(message)
        if isinstance(question, int):
            asked.send(json.dumps(_status_of(question, running)).encode())
            continue
        child = os.fork()
        if child == 0:
            asked.close()
            return _become(*question, files)
        running.add(child)
        for file in files:
            os.close(file)
        asked.send(json.dumps(child).encode())


def _status_of(child: int, running: set[int]) -> int | None:
    ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        return None
    running.remove(child)
    return os.waitstatus_to_exitcode(status)


def _end(running: set[int]) -> None:
    """With what they have started: each leads a group of its own, but in its first moment."""
    for child in running:
        os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _become(
    module: str, arguments: list[str], env: dict[str, str], files: Sequence[int]
) -> tuple[str, list[str]]:
    os.setsid()
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    return module, arguments


def main() -> None:
    with contextlib.closing(socket.socket(fileno=int(sys.argv[1]))) as asked:
        for name in MODULES:
            importlib.import_module(name)
        server = serve(asked)
    if server is not None:
        module, sys.argv[1:] = server
        run(module)


def run(module: str) -> NoReturn:
    """As __main__, also in what that forks. To clear a copy of all that was imported took longer
    than most servers live."""
    status: object = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001  as an interpreter ends
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()  # type: ignore[attr-defined]
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


if __name__ == "__main__":
    main()
