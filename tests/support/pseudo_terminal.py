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
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command, cwd=folder, env=dict(env), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:  # Linux says that it has ended
        pass
    finally:
        os.close(ours)
    return Shown(process.wait(timeout=60), text.decode(encoding).replace("\r\n", "\n").splitlines())
