"""What a deployment adds to the function: the smoke test, the container's command, the
reconcile of Kubernetes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import deployment as files
from tests.support.served_function import (
    WAIT_S,
    Function,
    base_environment,
    eventually,
    exchange,
    free_port,
)

SMOKE = files.DEPLOY / "smoke.sh"
pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="the smoke test is made of curl"
)


@pytest.fixture
def smoke(evidence):
    """Exit status and everything that was said."""

    def run(port: int, mode: str = "") -> tuple[int, str]:
        env = base_environment() | {"SMOKE_PAUSE": "0", "no_proxy": "127.0.0.1"}
        command = ["bash", str(SMOKE), f"http://127.0.0.1:{port}", mode]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False
        )
        evidence.note("the smoke test", (done.stdout + done.stderr).encode())
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_smoke_test_passes_a_function_in_production(smoke, make_function):
    function = make_function(ENVIRONMENT="production").start()
    status, said = smoke(function.port, "paper")
    assert status == 0, said
    assert said.count("is turned away") == 3
    assert function.operate("GET", "/orders")["orders"] == []


def test_the_smoke_test_wants_the_mode_that_was_deployed_where_health_tells_it(
    smoke, make_function, live
):
    telling = make_function(ENVIRONMENT="production", HEALTH_DETAILS="true").start()
    assert smoke(telling.port, "paper")[0] == 0
    status, said = smoke(telling.port, "live")
    assert (status, "the mode is not live" in said) == (1, True)
    status, said = smoke(live.port, "live")
    assert (status, "keeps the mode to itself" in said) == (0, True)


def test_the_smoke_test_fails_a_function_that_trusts_everybody(smoke, make_function, tmp_path):
    (tmp_path / "none.toml").touch()
    open_to_all = {
        "WEBHOOK_SECRET": None,
        "WEBHOOK_TOKEN": None,
        "STRATEGIES_FILE": str(tmp_path / "none.toml"),
    }
    status, said = smoke(make_function(**open_to_all).start().port)
    assert (status, "no production environment" in said) == (1, True)


def test_the_smoke_test_fails_when_a_forgery_is_not_refused(smoke, make_function):
    """The function with a forger's token: to the smoke test's alert this is a
    function that takes it."""
    function = make_function(
        ENVIRONMENT="production", WEBHOOK_TOKEN="smoke-test-forged-token-000"
    ).start()
    status, said = smoke(function.port, "paper")
    assert status == 1
    assert "STOP" in said


def test_the_smoke_test_fails_where_nobody_listens(smoke):
    status, said = smoke(free_port())
    assert (status, "health answers 000" in said) == (1, True)


@pytest.fixture
def container(evidence, tmp_path):
    """The Dockerfile's files with its variables and its command, a user without a home, and a
    mounted ledger; the address and the folder for sockets are this machine's."""
    for name in files.uploaded(files.docker_ignore_lines()) - {"strategies.toml"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(files.ROOT / name, tmp_path / name)
    (command,) = [rest for word, rest in files.instructions() if word == "CMD"]
    function = Function({}, evidence.folder / "container.log", evidence)
    function.port = free_port()
    no_home = {"HOME": "/dev/null"} | {
        name: str(tmp_path) for name in files.dockerfile_env() if name == "XDG_RUNTIME_DIR"
    }
    env = base_environment() | files.dockerfile_env() | no_home | {
        "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db", "HOST": "127.0.0.1",
        "PORT": str(function.port),
        "WEBHOOK_TOKEN": evidence.secrets.token, "OPERATOR_TOKEN": evidence.secrets.operator,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    with function.log_path.open("ab") as log:
        process = subprocess.Popen(
            shlex.split(command.strip("[]").replace(",", " ")), cwd=tmp_path, env=env, stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    function._process = process
    eventually(function._is_up, "the container's command serves")
    yield function
    function.stop()


def test_the_container_trades_and_ends_when_it_is_told_to(container, smoke):
    answer = container.post(container.alert())
    assert (answer.status, answer["code"], answer["mode"]) == (200, "accepted", "paper")
    assert smoke(container.port, "paper")[0] == 0
    container.terminate()
    assert container.wait() == 0
    assert "control" not in container.log().lower()


def test_the_reconcile_of_kubernetes_gets_its_answer(container, evidence):
    (cron,) = [
        one for one in files.documents(files.DEPLOY / "kubernetes.yaml") if one["kind"] == "CronJob"
    ]
    (job,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    env = base_environment() | {"RECONCILE_URL": f"http://127.0.0.1:{container.port}/reconcile"}
    command = [*job["command"], *job["args"]]
    command[0] = sys.executable

    def reconcile(token: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=env | {"OPERATOR_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    done = reconcile(evidence.secrets.operator)
    evidence.note("the reconcile of Kubernetes", (done.stdout + done.stderr).encode())
    assert done.returncode == 0, done.stderr
    assert '"looked_at"' in done.stdout
    assert reconcile("wrong").returncode != 0
    assert exchange(container.port, "POST", "/reconcile").status == 401
