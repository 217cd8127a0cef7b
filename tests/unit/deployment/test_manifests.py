"""The container's files: what each must say so that an order is never sent twice and
nothing runs as root."""

import json
import os
import re

import pytest

from tests.support import deployment as files
from tests.support import shell
from tests.support.project import ROOT
from webhook_core.settings.addresses import hops, networks
from webhook_core.web.client_address import client_address, is_allowed

KUBERNETES = {
    document["kind"]: document for document in files.documents(files.DEPLOY / "kubernetes.yaml")
}
(CLOUD_RUN,) = files.documents(files.DEPLOY / "cloud-run-service.yaml")
DOCKERFILE = files.instructions()
PODS = {
    "Deployment": KUBERNETES["Deployment"]["spec"]["template"]["spec"],
    "CronJob": KUBERNETES["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"],
}


def container(pod):
    (only,) = pod["containers"]
    return only


def test_kubernetes_has_its_objects_in_the_versions_that_serve_them():
    versions = {kind: document["apiVersion"] for kind, document in KUBERNETES.items()}
    assert versions == {
        "PersistentVolumeClaim": "v1",
        "Deployment": "apps/v1",
        "Service": "v1",
        "CronJob": "batch/v1",
    }
    assert all(
        re.fullmatch(r"[a-z0-9-]{1,52}", document["metadata"]["name"])
        for document in KUBERNETES.values()
    )


def test_one_pod_at_a_time_has_the_ledger():
    spec = KUBERNETES["Deployment"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert KUBERNETES["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_the_ledger_is_on_the_volume():
    pod = PODS["Deployment"]
    env = {row["name"]: row.get("value") for row in container(pod)["env"]}
    (mount,) = [
        mount
        for mount in container(pod)["volumeMounts"]
        if env["LEDGER_URL"].startswith(f"sqlite:///{mount['mountPath']}/")
    ]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == mount["name"]]
    assert (
        volume["persistentVolumeClaim"]["claimName"]
        == KUBERNETES["PersistentVolumeClaim"]["metadata"]["name"]
    )
    assert {mount["name"] for mount in container(pod)["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }


def test_labels_select_the_pod():
    spec, service = KUBERNETES["Deployment"]["spec"], KUBERNETES["Service"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == service["selector"] == labels
    assert service["ports"][0]["targetPort"] in {
        port["name"] for port in container(PODS["Deployment"])["ports"]
    }


@pytest.mark.parametrize("kind", PODS)
def test_a_pod_has_no_rights_and_no_variables_that_it_did_not_ask_for(kind):
    pod = PODS[kind]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) == dict(DOCKERFILE)["USER"]
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert container(pod)["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_for_health(kind):
    ports = {port["name"]: port["containerPort"] for port in container(PODS["Deployment"])["ports"]}
    probe = container(PODS["Deployment"])[kind]["httpGet"]
    assert (probe["path"], ports[probe["port"]]) == ("/webhook/health", 8080)


def test_no_manifest_holds_a_secret():
    for row in [
        *container(PODS["Deployment"])["env"],
        *container(PODS["CronJob"])["env"],
        *cloud_run_container()["env"],
    ]:
        if re.search("TOKEN|SECRET|KEY", row["name"]):
            assert set(row) == {"name", "valueFrom"}
            assert set(row["valueFrom"]["secretKeyRef"]) <= {"name", "key", "optional"}


def test_the_reconcile_of_kubernetes_asks_the_service_and_never_overlaps():
    env = {row["name"]: row.get("value") for row in container(PODS["CronJob"])["env"]}
    assert env["RECONCILE_URL"] == f"http://{KUBERNETES['Service']['metadata']['name']}/reconcile"
    spec = KUBERNETES["CronJob"]["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("* * * * *", "Forbid")
    assert container(PODS["CronJob"])["image"] == container(PODS["Deployment"])["image"]


def cloud_run_container():
    return container(CLOUD_RUN["spec"]["template"]["spec"])


def test_cloud_run_gets_the_sizes_of_the_function():
    given = shell.options(files.step_arguments("deploy"))
    template = CLOUD_RUN["spec"]["template"]
    assert (CLOUD_RUN["apiVersion"], CLOUD_RUN["kind"]) == ("serving.knative.dev/v1", "Service")
    assert template["metadata"]["annotations"] == {
        "autoscaling.knative.dev/minScale": given["--min-instances"],
        "autoscaling.knative.dev/maxScale": given["--max-instances"],
        "run.googleapis.com/startup-cpu-boost": "true",
    }
    assert cloud_run_container()["resources"]["limits"] == {
        "cpu": given["--cpu"],
        "memory": given["--memory"],
    }
    assert template["spec"]["containerConcurrency"] == int(given["--concurrency"])
    assert template["spec"]["timeoutSeconds"] == int(given["--timeout"].removesuffix("s"))
    assert template["spec"]["serviceAccountName"] == given["--service-account"]


def test_cloud_run_asks_for_health_where_the_container_listens():
    probe = cloud_run_container()["startupProbe"]["httpGet"]
    assert probe == {
        "path": "/webhook/health",
        "port": cloud_run_container()["ports"][0]["containerPort"],
    }
    assert files.dockerfile_env()["PORT"] == str(probe["port"])


def test_the_image_copies_files_that_the_build_sees_and_ends_as_no_root():
    seen = files.uploaded(files.docker_ignore_lines())
    for source in files.copied_by_docker():
        plain = source.replace("[l]", "l")
        assert (ROOT / plain).exists() or source != plain
        assert source != plain or any(
            name == plain or name.startswith(f"{plain}/") for name in seen
        )
    words = [word for word, _ in DOCKERFILE]
    assert words.index("USER") > max(
        index for index, word in enumerate(words) if word in ("RUN", "COPY")
    )
    assert dict(DOCKERFILE)["USER"] != "0"


def test_the_image_is_compiled_with_the_python_that_runs_it():
    assert dict(DOCKERFILE)["FROM"] == "python:3.13-slim"
    assert any("python -m compileall" in rest for word, rest in DOCKERFILE if word == "RUN")
    (command,) = [json.loads(rest) for word, rest in DOCKERFILE if word == "CMD"]
    assert command == ["functions-framework", "--target=webhook"]


def test_gunicorn_has_a_place_for_its_control_socket_that_the_user_can_write():
    pod = container(PODS["Deployment"])
    rows = [
        {row["name"]: row.get("value") for row in one["env"]}
        for one in (cloud_run_container(), pod)
    ]
    assert {env["XDG_RUNTIME_DIR"] for env in [files.dockerfile_env(), *rows]} == {"/tmp"}
    assert "/tmp" in {mount["mountPath"] for mount in pod["volumeMounts"]}


def test_the_volume_of_the_image_is_where_its_ledger_is():
    assert (
        files.dockerfile_env()["LEDGER_URL"] == f"sqlite:///{dict(DOCKERFILE)['VOLUME']}/ledger.db"
    )


@pytest.mark.parametrize("path", sorted(files.DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_may_be_run(path):
    assert os.access(path, os.X_OK)
    assert path.read_text("utf-8").startswith("#!/usr/bin/env bash\n")


SCHEDULER = "PROJECT_ID=my-project REGION=europe-west1 bash examples/deploy/scheduler.sh"


@pytest.mark.parametrize(
    ("exists", "verb", "flag"),
    [(False, "create", "--headers"), (True, "update", "--update-headers")],
)
def test_the_scheduler_gets_the_token_and_nobody_sees_it_on_the_way(exists, verb, flag, tmp_path):
    done = shell.run(SCHEDULER, tmp_path, job_exists=exists)
    assert done.returncode == 0, done.stderr
    (job,) = done.of("gcloud", "scheduler", "jobs", verb)
    assert [shell.unknown_to_gcloud(call[1:]) for call in done.of("gcloud")] == [[]] * 4
    assert shell.options(job)["--uri"] == f"{shell.URL}/reconcile"
    assert shell.options(job)["--schedule"] == "* * * * *"
    assert done.flags_file == f'{flag}:\n  Authorization: "Bearer {shell.TOKEN}"\n'
    assert shell.TOKEN not in str(done.calls) + done.stderr


@pytest.mark.parametrize("token", ["", 'a"b', "two words", "new-token,old-token"])
def test_the_scheduler_refuses_what_is_no_single_token(token, tmp_path):
    done = shell.run(SCHEDULER, tmp_path, secret=token)
    assert done.returncode == 1
    assert "operator-token must hold one token" in done.stderr
    assert done.of("gcloud", "scheduler") == []


def test_behind_one_ingress_a_genuine_sender_is_told_from_a_forger():
    env = {row["name"]: row.get("value") for row in container(PODS["Deployment"])["env"]}
    listed = networks("tradingview")

    def passes(forwarded):
        caller = client_address(forwarded, hops(env["TRUSTED_PROXY_HOPS"]), "10.0.0.9")
        return is_allowed(caller, listed)

    assert passes("52.89.214.238")
    assert passes("6.6.6.6, 52.89.214.238")
    assert not passes("52.89.214.238, 6.6.6.6")
