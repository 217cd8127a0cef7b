"""``python -m webhook_core`` many times, with its modules imported once: a process that is ready
forks for each command, which is a process of its own, with its own folder, environment and files.

What an interpreter does with its environment while it starts (PYTHONIOENCODING, say) is left out:
whoever tests that starts one.
"""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from tests.support.project import ROOT

MODULE = "webhook_core"
MOST_BYTES = 65536


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class ReadyProgram:
    """Use it as a context; one command at a time."""

    def __enter__(self) -> ReadyProgram:
        self._ours, theirs = socket.socketpair()
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            env=env, pass_fds=[theirs.fileno()], cwd=ROOT,
        )  # fmt: skip
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        assert self._process.wait(timeout=60) == 0

    def start(
        self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], files: Sequence[int]
    ) -> None:
        """``files``: its standard input, output and error."""
        asked = json.dumps([list(arguments), str(folder), dict(env)]).encode()
        socket.send_fds(self._ours, [asked], list(files))

    def wait(self) -> int:
        """Its exit status."""
        status = self._ours.recv(16)
        assert status, "the process that forks has ended"
        return int(status)

    def run(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> Done:
        """Its outputs are no terminal, and it has no input."""
        with Path(os.devnull).open() as nothing, TemporaryFile() as out, TemporaryFile() as err:
            self.start(arguments, folder, env, [each.fileno() for each in (nothing, out, err)])
            status = self.wait()
            return Done(status, *(_whole(each.fileno()) for each in (out, err)))


def _whole(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode()


def serve(socket_number: int) -> None:
    """Fork for each command that is asked for, until nobody can ask any more."""
    from webhook_core import bootstrap  # noqa: F401  what the commands import, imported once
    from webhook_core.ledger.sqlite import ledger  # noqa: F401
    from webhook_core.operations import cli  # noqa: F401

    with socket.socket(fileno=socket_number) as asked:
        while True:
            message, files, _, _ = socket.recv_fds(asked, MOST_BYTES, 3)
            if not message:
                return
            child = os.fork()
            if child == 0:
                asked.close()
                os._exit(_status_of(json.loads(message), files))
            for file in files:
                os.close(file)
            asked.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _status_of(asked: tuple[list[str], str, dict[str, str]], files: Sequence[int]) -> int:
    arguments, folder, env = asked
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = (
        open(number, "w", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for number, errors in ((1, "surrogateescape"), (2, "backslashreplace"))
    )
    sys.argv = [MODULE, *arguments]
    try:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  as an interpreter ends
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
