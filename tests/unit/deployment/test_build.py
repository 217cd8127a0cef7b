"""cloudbuild.yaml and the deployment examples: read as their tools read them, and their variables
given to the settings."""

import re
import shlex
import subprocess
import sys

import pytest

from tests.bench.server import THREADS
from tests.support import deployment as files
from tests.support import shell
from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row
from tests.support.shell import gcloud_dict, options
from webhook_core.settings.reading import VARIABLES, SettingsError, read_settings

BUILT_IN = {"PROJECT_ID"}
PLATFORM = {"THREADS", "PORT", "XDG_RUNTIME_DIR", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
RUNTIMES = {"python311", "python312", "python313"}
CLOUD_RUN = {
    "K_SERVICE": "tradingview-bridge",
    "K_REVISION": "tradingview-bridge-00001-abc",
    "PORT": "8080",
}
SECRETS = {
    "WEBHOOK_TOKEN": "token-of-the-tests-0123", "OPERATOR_TOKEN": "operator-of-the-tests-0123",
    "KRAKEN_API_KEY": "key", "KRAKEN_API_SECRET": "c2VjcmV0",
}  # fmt: skip
KRAKEN = {"KRAKEN_API_KEY", "KRAKEN_API_SECRET"}


def check_schema(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


SCHEMAS = [
    (
        "vendor.cloudbuild",
        ROOT / "cloudbuild.yaml",
        "substitutionOption: MUST_MATCH",
        "substitutionOption: MUST",
    ),
    ("vendor.github-workflows", files.DEPLOY / "github-actions.yaml", "runs-on:", "runs_on:"),
]


@pytest.mark.parametrize(
    ("schema", "path", "right", "wrong"), SCHEMAS, ids=["cloudbuild", "github"]
)
def test_the_build_is_what_its_schema_says(schema, path, right, wrong, tmp_path):
    done = check_schema(schema, path)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / path.name
    broken.write_text(path.read_text("utf-8").replace(right, wrong), "utf-8")
    assert check_schema(schema, broken).returncode == 1


def test_substitutions_are_declared_and_used():
    """Cloud Build itself looks only on submitted builds: triggered ones run as ALLOW_LOOSE."""
    build = files.cloudbuild()
    declared = set(build.pop("substitutions"))
    used = {
        found[1] or found[2]
        for text in files.texts(build)
        for found in files.REFERENCE.finditer(text)
    } - {None}
    assert used - BUILT_IN == declared
    assert all(name.startswith("_") for name in declared)


def test_a_dollar_sign_that_is_no_substitution_is_written_twice():
    assert [
        text for text in files.texts(files.cloudbuild()) if "$" in files.REFERENCE.sub("", text)
    ] == []


def test_defaults_are_texts_that_need_no_other_substitution():
    values = files.cloudbuild()["substitutions"]
    assert {
        name: value for name, value in values.items() if not isinstance(value, str) or "$" in value
    } == {}


def test_the_steps_come_in_the_order_that_protects():
    assert [step["id"] for step in files.cloudbuild()["steps"]] == [
        "check",
        "test",
        "deploy",
        "smoke",
    ]
    assert not any(
        "waitFor" in step or "allowFailure" in step for step in files.cloudbuild()["steps"]
    )


@pytest.mark.parametrize("name", ["check", "test"])
def test_a_make_step_names_a_target(name):
    assert files.step(name)["entrypoint"] == "make"
    dry_run = subprocess.run(
        ["make", "--dry-run", *files.step_arguments(name)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert dry_run.returncode == 0


def smoke_script(**changes):
    flags, script = files.step_arguments("smoke", **changes)
    assert flags == "-euc"
    return script


def test_the_smoke_step_asks_the_deployed_function(tmp_path):
    done = shell.run(smoke_script(), tmp_path)
    assert done.returncode == 0, done.stderr
    (describe,) = done.of("gcloud")
    assert shell.unknown_to_gcloud(describe[1:]) == []
    assert options(describe)["--region"] == "europe-west1"
    assert all(call[-1].startswith(f"{shell.URL}/") for call in done.of("curl"))


def test_the_smoke_step_fails_when_the_mode_is_not_the_deployed_one(tmp_path):
    done = shell.run(smoke_script(_TRADING_MODE="live"), tmp_path)
    assert done.returncode == 1
    assert "the mode is not live" in done.stderr


def bash_steps():
    yield from (
        (step["id"], files.step_arguments(step["id"])[-1])
        for step in files.cloudbuild()["steps"]
        if step.get("entrypoint") == "bash"
    )
    (workflow,) = files.documents(files.DEPLOY / "github-actions.yaml")
    for name, job in workflow["jobs"].items():
        yield from ((f"github {name}", step["run"]) for step in job["steps"] if "run" in step)
    yield from ((path.name, path.read_text("utf-8")) for path in sorted(files.DEPLOY.glob("*.sh")))


@row_by_row
@pytest.mark.parametrize(("name", "script"), list(bash_steps()))
def test_every_script_parses(name, script):
    assert shell.parses(script) == ""
    assert "${{" not in script, "an expression in a script is a way in for whoever writes its value"


def github_deploy(tmp_path):
    """The workflow's own command, run with its own variables and a gcloud that writes down."""
    (workflow,) = files.documents(files.DEPLOY / "github-actions.yaml")
    job = workflow["jobs"]["deploy"]
    (script,) = [step["run"] for step in job["steps"] if step.get("name") == "deploy"]
    given = {**job["env"], "PROJECT_ID": files.PROJECT}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in given.items())
    (call,) = shell.run(exports + script, tmp_path).calls
    return call[1:]


def test_the_workflow_deploys_exactly_what_cloud_build_deploys(tmp_path):
    assert sorted(github_deploy(tmp_path)) == sorted(files.step_arguments("deploy"))


def test_gcloud_knows_every_flag_of_the_deployment():
    assert shell.unknown_to_gcloud(files.step_arguments("deploy")) == []
    assert shell.unknown_to_gcloud(["functions", "deploy", "x", "--max-instance=2"]) == [
        "--max-instance"
    ]
    assert shell.unknown_to_gcloud(["function", "deploy", "x"]) == ["function deploy x"]


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--gen2", ""), ("--trigger-http", ""), ("--entry-point", "webhook"), ("--source", "."),
        ("--memory", "512Mi"),
        ("--cpu", "1"), ("--max-instances", "2"), ("--min-instances", "0"), ("--timeout", "30s"),
        ("--service-account", "tradingview-bridge@my-project.iam.gserviceaccount.com"),
    ],
)  # fmt: skip
def test_the_deployed_function_is_a_small_one_with_an_account_of_its_own(flag, value):
    assert options(files.step_arguments("deploy"))[flag] == value


def test_the_build_never_opens_or_closes_the_function():
    assert not any("unauthenticated" in argument for argument in files.step_arguments("deploy"))


def test_the_deployed_entry_point_exists_and_its_runtime_is_one_that_is_tested():
    given = options(files.step_arguments("deploy"))
    assert re.search(
        rf"^def {given['--entry-point']}\(", (ROOT / "main.py").read_text("utf-8"), re.MULTILINE
    )
    assert given["--runtime"] in RUNTIMES
    assert files.step("test")["name"] == f"python:3.{given['--runtime'][7:]}"


def test_a_burst_of_32_comes_in_at_once_with_a_thread_for_each():
    given = options(files.step_arguments("deploy"))
    assert int(given["--concurrency"]) >= 32


@pytest.mark.parametrize("name", ["Cloud Build", "Docker", "Cloud Run", "Kubernetes"])
def test_concurrency_is_the_number_of_threads(name):
    env, _ = DEPLOYMENTS[name]()
    assert (
        env["THREADS"] == options(files.step_arguments("deploy"))["--concurrency"] == str(THREADS)
    )


def by_cloud_build(**changes):
    given = options(files.step_arguments("deploy", **changes))
    return gcloud_dict(given["--set-env-vars"]) | CLOUD_RUN, set(
        gcloud_dict(given["--set-secrets"])
    )


def by_manifest(name, kind, **platform):
    (document,) = [
        document for document in files.documents(files.DEPLOY / name) if document["kind"] == kind
    ]
    (container,) = document["spec"]["template"]["spec"]["containers"]
    rows = container["env"]
    plain = {row["name"]: row["value"] for row in rows if "value" in row}
    secret = {row["name"]: row["valueFrom"]["secretKeyRef"] for row in rows if "value" not in row}
    required = {name for name, reference in secret.items() if not reference.get("optional")}
    assert len(plain) + len(secret) == len(rows), "a variable twice"
    return files.dockerfile_env() | plain | platform, required


DEPLOYMENTS = {
    "Cloud Build": by_cloud_build,
    "Docker": lambda: (files.dockerfile_env(), {"WEBHOOK_TOKEN"}),
    "Cloud Run": lambda: by_manifest("cloud-run-service.yaml", "Service", **CLOUD_RUN),
    "Kubernetes": lambda: by_manifest("kubernetes.yaml", "Deployment"),
}


def settings(env, secrets):
    return read_settings(env | {name: SECRETS[name] for name in secrets}, read_file=lambda _: None)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_variable_of_a_deployment_is_known(name):
    env, secrets = DEPLOYMENTS[name]()
    assert (set(env) | secrets) - set(VARIABLES) - PLATFORM - set(CLOUD_RUN) == set()
    assert all(isinstance(value, str) for value in env.values())


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_defaults_of_a_deployment_start_in_paper_mode_and_in_production(name):
    env, secrets = DEPLOYMENTS[name]()
    started = settings(env, secrets)
    assert (started.trading_mode, started.environment, started.warnings) == (
        "paper",
        "production",
        (),
    )
    assert started.credentials
    assert started.on_google_cloud == started.ledger_url.startswith("firestore://my-project")


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_without_its_secrets_asks_secret_manager_where_it_may_and_else_does_not_start(
    name,
):
    env, _ = DEPLOYMENTS[name]()
    if "GCP_PROJECT_ID" in env:
        assert unread(settings(env, set()), env) == {"WEBHOOK_TOKEN", "WEBHOOK_SECRET"}
    else:
        with pytest.raises(SettingsError, match="WEBHOOK_TOKEN"):
            settings(env, set())


def unread(started, env):
    names = {name.name.split("/")[3] for name in started.unread}
    assert all(
        name.name.startswith(f"projects/{env['GCP_PROJECT_ID']}/secrets/")
        for name in started.unread
    )
    return names


@pytest.mark.parametrize("name", ["Cloud Build", "Cloud Run", "Kubernetes"])
def test_the_defaults_with_the_kraken_key_are_all_that_live_needs(name):
    env, secrets = DEPLOYMENTS[name]()
    live = settings(env | {"TRADING_MODE": "live"}, secrets | KRAKEN)
    assert live.warnings == ()
    assert live.allowed_symbols
    assert live.max_order_cost
    if "GCP_PROJECT_ID" in env:
        assert unread(settings(env | {"TRADING_MODE": "live"}, secrets), env) == KRAKEN
    else:
        with pytest.raises(SettingsError, match="KRAKEN_API_KEY"):
            settings(env | {"TRADING_MODE": "live"}, secrets)


def test_a_list_of_symbols_survives_the_separators_of_gcloud():
    env, _ = by_cloud_build(
        _ALLOWED_SYMBOLS="BTC/USD,SOL/EUR", _MORE_ENV="ALLOWED_IPS=tradingview@PAPER_FEES=0.1,0.2"
    )
    assert env["ALLOWED_SYMBOLS"] == "BTC/USD,SOL/EUR"
    assert (env["ALLOWED_IPS"], env["PAPER_FEES"]) == ("tradingview", "0.1,0.2")


def test_secrets_are_given_by_reference_and_by_number():
    references = gcloud_dict(options(files.step_arguments("deploy"))["--set-secrets"])
    assert set(references) == {"WEBHOOK_TOKEN", "OPERATOR_TOKEN"}
    assert all(re.fullmatch(r"[a-z-]+:[0-9]+", reference) for reference in references.values())
