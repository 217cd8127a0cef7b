"""Shell text with the programs that reach outside replaced by ones that only write down
how they were called."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.project import ROOT

FAKED = ("gcloud", "kubectl", "docker", "curl", "openssl")
URL = "https://bridge.example.run.app"
TOKEN = "0123456789abcdef0123456789abcdef"
_FAKE = f"""#!/usr/bin/env bash
# In one write, which bash ends at a newline: the programs of a pipe write at once.
printf '%s\\0' "${{0##*/}}" "$@" $'\\x1e' >> "$RECORD"
for argument; do
  case $argument in
    --flags-file=*) cat "${{argument#*=}}" >> "$RECORD.flags-file" ;;
    --data-file=-) cat >> "$RECORD.data-file"; echo >> "$RECORD.data-file" ;;
  esac
done
case "${{0##*/}} $*" in
  "gcloud functions describe "*) echo {URL} ;;
  "gcloud beta monitoring channels create "*) echo projects/my-project/notificationChannels/123 ;;
  "gcloud secrets versions access "*) echo "$SECRET" ;;
  "gcloud scheduler jobs describe "*) exit "$JOB_IS_MISSING" ;;
  openssl*) echo {TOKEN} ;;
  curl*http_code*health*) printf 200 ;;
  curl*http_code*) printf 401 ;;
  curl*) echo '{{"status": "ok", "environment": "production", "mode": "paper"}}' ;;
esac
"""


@dataclass(frozen=True)
class Recorded:
    """``calls`` are argument lists, the program first; ``flags_file`` and ``data_file``
    what came in through pipes."""

    returncode: int
    stderr: str
    calls: list[list[str]]
    flags_file: str
    data_file: str

    def of(self, *words: str) -> list[list[str]]:
        return [call for call in self.calls if call[: len(words)] == list(words)]


def run(
    script: str,
    folder: Path,
    *,
    secret: str = TOKEN,
    job_exists: bool = False,
    typed: str = "",
    cwd: Path = ROOT,
) -> Recorded:
    """``script`` under ``bash -eu`` in ``cwd``, with nothing of this process's
    environment but PATH."""
    fakes = folder / "fakes"
    fakes.mkdir()
    for name in FAKED:
        (fakes / name).write_text(_FAKE, "utf-8")
        (fakes / name).chmod(0o755)
    record = folder / "record"
    env = {
        "PATH": f"{fakes}:{os.environ['PATH']}", "HOME": str(folder), "RECORD": str(record),
        "SECRET": secret,
        "JOB_IS_MISSING": "0" if job_exists else "1", "SMOKE_PAUSE": "0",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd, env=env, input=typed, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    text = record.read_text("utf-8") if record.exists() else ""
    calls = [call.split("\0") for call in text.split("\0\x1e\0") if call]
    side = [
        path.read_text("utf-8") if (path := Path(f"{record}.{kind}")).exists() else ""
        for kind in ("flags-file", "data-file")
    ]
    return Recorded(done.returncode, done.stderr, calls, *side)


def parses(script: str) -> str:
    """What bash says against the script; empty if it can be read."""
    return subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, check=False
    ).stderr


@cache
def gcloud_flags() -> dict[str, frozenset[str]]:
    rows = Path(__file__).with_name("gcloud_flags.txt").read_text("utf-8").splitlines()[2:]
    return {
        command: frozenset(flags.split()) for command, flags in (row.split(":", 1) for row in rows)
    }


def unknown_to_gcloud(arguments: list[str]) -> list[str]:
    """What gcloud 528 would not know of a call: its flags, or the command itself.

    ``arguments`` without "gcloud".
    """
    words = " ".join(arguments)
    commands = [command for command in gcloud_flags() if f"{words} ".startswith(f"{command} ")]
    if not commands:
        return [words]
    known = gcloud_flags()[max(commands, key=len)] | gcloud_flags()["*"]
    given = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    return [
        name for name in given if name not in known and re.sub("^--no-", "--", name) not in known
    ]


def options(arguments: list[str]) -> dict[str, str]:
    """``--name=value`` and ``--name`` as a mapping; every option here is
    given once and with "="."""
    given = [argument for argument in arguments if argument.startswith("--")]
    found = {name: value for name, _, value in (argument.partition("=") for argument in given)}
    assert len(found) == len(given), f"an option twice: {given}"
    return found


def gcloud_dict(text: str) -> dict[str, str]:
    """``A=1,B=2``, or with another separator as in ``^@^A=1@B=2`` (gcloud topic escaping)."""
    match = re.fullmatch(r"\^(.+?)\^(.*)", text)
    separator, body = match.groups() if match else (",", text)
    return dict(item.split("=", 1) for item in body.split(separator))
