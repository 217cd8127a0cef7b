"""What leaves this directory: the function's files to Google and into the image, the
whole project to a build."""

import os
import shutil
import subprocess
import sys

import pathspec
import pytest

from tests.support import deployment as files
from tests.support.project import ROOT

PACKAGE = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "webhook_core").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
LISTS = {
    ".gcloudignore": lambda: files.gcloud_ignore_lines(".gcloudignore"),
    "docker": files.docker_ignore_lines,
}
TRY_IT = """
import functions_framework, time
client = functions_framework.create_app("webhook", "main.py", "http").test_client()
print(client.get("/webhook/health").get_json()["status"])
alert = {"token": "token-of-the-tests-0123", "id": "1", "symbol": "BTC/USD", "side": "buy"}
alert |= {"volume": "0.001", "price": "60000"}
print(client.post("/webhook/tradingview", json=alert).get_json()["code"])
alert |= {"id": "2", "symbol": "SUI/USD", "volume": "10", "price": "3"}
print(client.post("/webhook/tradingview", json=alert).get_json()["code"])
"""


@pytest.mark.parametrize("name", LISTS)
def test_the_upload_is_the_entry_point_the_requirements_and_the_package(name):
    expected = {"main.py", "requirements.txt"} | PACKAGE
    assert {
        "webhook_core/kraken/asset_pairs.json",
        "webhook_core/kraken/known_pairs.csv",
    } <= expected
    assert files.uploaded(LISTS[name]()) - {"strategies.toml"} == expected


@pytest.mark.parametrize("name", LISTS)
def test_the_upload_leaves_out_what_is_not_the_function(name, tmp_path):
    kept = [
        "main.py",
        "requirements.txt",
        "strategies.toml",
        "webhook_core/x.py",
        "webhook_core/deep/x.json",
    ]
    left = [
        ".env", ".git/config", ".venv/main.py", "README.md", "tests/unit/x.py", "tests/main.py",
        "examples/demo.py",
        "webhook_core/__pycache__/x.cpython-313.pyc", "webhook_core/deep/x.pyc", ".state/ledger.db",
        "key.json",
    ]  # fmt: skip
    for file in [*kept, *left]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert files.uploaded(LISTS[name](), tmp_path) == set(kept)


@pytest.mark.parametrize("name", LISTS)
def test_the_function_works_from_the_upload_alone(name, tmp_path):
    for file in files.uploaded(LISTS[name]()):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    assert not (tmp_path / "tests").exists()
    env = {
        "PATH": os.environ["PATH"],
        "WEBHOOK_TOKEN": "token-of-the-tests-0123",
        "LEDGER_URL": "memory://",
        "ENVIRONMENT": "production",
    }

    def python(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    compiled = python("-m", "compileall", "-f", "-q", ".")
    assert compiled.returncode == 0, compiled.stdout
    (tmp_path / "strategies.toml").unlink(missing_ok=True)
    done = python("-c", TRY_IT)
    assert [line for line in done.stdout.splitlines() if not line.startswith("{")] == [
        "ok",
        "accepted",
        "accepted",
    ], done.stderr


def test_a_submitted_build_has_its_tests_and_none_of_what_git_ignores(tmp_path):
    kept = [
        "main.py",
        "tests/unit/x.py",
        "Makefile",
        ".gcloudignore",
        ".ci/run",
        "strategies.toml",
        "webhook_core/x.json",
    ]
    left = [
        ".git/config",
        ".env",
        ".venv/bin/python",
        ".state/ledger.db",
        "tests/__pycache__/x.pyc",
        "bench.json",
    ]
    for file in [*kept, *left]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert files.uploaded(files.gcloud_ignore_lines(".gcloudignore-build"), tmp_path) == set(kept)


SECRETS = [
    *(
        ".env",
        ".env.local",
        ".env.production",
        ".envrc",
        "prod.env",
        "deploy.env",
        "tls.pem",
        "tls.key",
    ),
    *("id_rsa", "id_ed25519.pub", "key.p12", "keyfile.json", "key.json", "bridge-key.json"),
    *("my-service-account.json", "service_account.json", "gha-creds-1f2e.json"),
    *(
        "application_default_credentials.json",
        "client_secret_1.json",
        "my-project-0a1b2c3d4e5f.json",
    ),
]


def ignored_by_git(folder):
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    return pathspec.GitIgnoreSpec.from_lines(lines).match_file(folder)


@pytest.mark.parametrize("name", [*LISTS, "build", "git"])
def test_no_secret_leaves_this_directory(name, tmp_path):
    places = [f"{folder}{file}" for folder in ("", "webhook_core/", "tests/") for file in SECRETS]
    if name == "git":
        assert [place for place in places if not ignored_by_git(place)] == []
        return
    lines = LISTS[name]() if name in LISTS else files.gcloud_ignore_lines(".gcloudignore-build")
    for file in [*places, "main.py", "webhook_core/x.py"]:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert files.uploaded(lines, tmp_path) == {"main.py", "webhook_core/x.py"}


def test_what_the_project_itself_has_is_not_taken_for_one():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert [file for file in tracked.stdout.split() if ignored_by_git(file)] == []
    assert not ignored_by_git(".env.example")
