"""What the image has to bring, and how what it is made of is pinned."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from tests.support import deployment as files

DOCKERFILE = files.instructions()
(CHECK,) = [
    words[words.index("-c") + 1]
    for word, rest in DOCKERFILE
    if word == "RUN" and "importlib.metadata" in rest
    for words in [shlex.split(rest.replace("\\\n", " "))]
]


@pytest.mark.parametrize(("package", "builds"), [("krakenex", True), ("pytest", False)])
def test_no_image_is_built_without_the_text_of_krakenexs_licence(package, builds):
    """Its other package stands for one whose text is missing."""
    command = CHECK.replace("krakenex", package)
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, check=False)
    assert (done.returncode == 0) is builds


def test_what_the_image_is_built_on_is_pinned_or_said_how():
    text = (files.DEPLOY / "Dockerfile").read_text("utf-8")
    base = dict(DOCKERFILE)["FROM"]
    assert "@sha256:" in base or (
        f"docker buildx imagetools inspect {base}" in text and f"FROM {base}@sha256:DIGEST" in text
    )


def test_each_action_is_pinned_or_said_how():
    text = (files.DEPLOY / "github-actions.yaml").read_text("utf-8")
    used = re.findall(r"^ *- uses: (\S+)@(\S+)", text, re.MULTILINE)
    loose = [name for name, of in used if not re.fullmatch("[0-9a-f]{40}", of)]
    assert used
    assert not loose or ("git ls-remote https://github.com/" in text and "@COMMIT" in text)
