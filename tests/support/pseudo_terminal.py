"""A command on a real pseudo-terminal: what a person would see, and where each line ends."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.ready_program import ReadyProgram


class Shown(NamedTuple):
    """``lines`` of standard output and standard error together, as they reached the terminal."""

    status: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def run(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    columns: int,
    encoding: str = "utf-8",
) -> Shown:
    """``command`` on a terminal of so many columns, until it ends."""
    ours, theirs = _terminal(columns)
    process = subprocess.Popen(
        command, cwd=folder, env=dict(env), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    lines = _lines(ours, encoding)
    return Shown(process.wait(timeout=60), lines)


def run_ready(
    program: ReadyProgram,
    arguments: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    columns: int,
) -> Shown:
    """The same for a command of a program that is ready."""
    ours, theirs = _terminal(columns)
    program.start(arguments, folder, env, [theirs] * 3)
    os.close(theirs)
    lines = _lines(ours, "utf-8")
    return Shown(program.wait(), lines)


def _terminal(columns: int) -> tuple[int, int]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    return ours, theirs


def _lines(ours: int, encoding: str) -> list[str]:
    """All that comes until nobody has the terminal open any more."""
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:  # Linux says that it has ended
        pass
    finally:
        os.close(ours)
    return text.decode(encoding).replace("\r\n", "\n").splitlines()
