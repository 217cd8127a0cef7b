"""The deployment files as data: Cloud Build's substitutions, manifests, the
Dockerfile, ignore files."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pathspec
from ruamel.yaml import YAML

from tests.support.project import ROOT

DEPLOY = ROOT / "examples" / "deploy"
PROJECT = "my-project"
REFERENCE = re.compile(r"\$\$|\$\{(\w+)\}|\$(_\w+)")


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text("utf-8")))


def cloudbuild() -> Any:
    (document,) = documents(ROOT / "cloudbuild.yaml")
    return document


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """As Cloud Build does it: $NAME and ${NAME}, and $$ for a dollar sign."""
    return REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else values[found[1] or found[2]], text
    )


def step(name: str) -> Any:
    (found,) = [step for step in cloudbuild()["steps"] if step["id"] == name]
    return found


def step_arguments(name: str, **changes: str) -> list[str]:
    values = {**cloudbuild()["substitutions"], "PROJECT_ID": PROJECT, **changes}
    return [substituted(argument, values) for argument in step(name)["args"]]


def instructions(name: str = "Dockerfile") -> list[tuple[str, str]]:
    """(instruction, rest) in order."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / name).read_text("utf-8"), flags=re.MULTILINE).replace(
        "\\\n", " "
    )
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())
    ]


def dockerfile_env() -> dict[str, str]:
    pairs = [pair for word, rest in instructions() if word == "ENV" for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def copied_by_docker() -> list[str]:
    """The sources of every COPY."""
    return [
        source for word, rest in instructions() if word == "COPY" for source in rest.split()[:-1]
    ]


def gitignore(*lines: str) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines(lines)


def docker_ignore_lines() -> list[str]:
    """A .dockerignore as .gitignore lines: its patterns are anchored at the top
    (docs.docker.com, build context)."""
    rows = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    anchored = [
        re.sub(r"^(!?)(?!\*\*)", r"\1/", row) for row in rows if row and not row.startswith("#")
    ]
    assert anchored, "the file is empty"
    return anchored


def gcloud_ignore_lines(name: str) -> list[str]:
    """With gcloud's own #!include: lines filled in."""
    rows = (ROOT / name).read_text("utf-8").splitlines()
    included = [row.removeprefix("#!include:") for row in rows if row.startswith("#!include:")]
    assert all("/" not in name for name in included), (
        "gcloud includes files of the same directory only"
    )
    return [
        line
        for row in rows
        for line in (
            (ROOT / row[10:]).read_text("utf-8").splitlines()
            if row.startswith("#!include:")
            else [row]
        )
    ]


def uploaded(lines: list[str], top: Path = ROOT) -> set[str]:
    """What is left of the tree.

    An ignored directory is not entered, so nothing in it can be taken back in.
    """
    spec = gitignore(*lines)
    found: set[str] = set()
    for folder, folders, files in os.walk(top):
        here = Path(folder).relative_to(top)
        folders[:] = [
            name for name in folders if not spec.match_file(f"{(here / name).as_posix()}/")
        ]
        found |= {
            (here / name).as_posix()
            for name in files
            if not spec.match_file((here / name).as_posix())
        }
    return found
