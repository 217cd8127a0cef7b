"""Every command of the documents can be read by a shell; those for Google Cloud are run, with a
gcloud that only writes down."""

import importlib
import itertools
import json
import re

import pytest

from tests.support import deployment as files
from tests.support import shell
from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row
from tests.support.shell import Recorded, gcloud_dict, options
from webhook_core import errors
from webhook_core.intake.actions import ACTION_NAMES
from webhook_core.intake.authentication import _SECRET_FIELDS
from webhook_core.intake.field_names import ALIASES, normalise
from webhook_core.intake.quantities import QUANTITY_NAMES
from webhook_core.settings.reading import VARIABLES, read_settings
from webhook_core.web import client_certificate, messages

LONGEST = {
    "README.md": 200,
    "CHANGELOG.md": 600,
    "examples/README.md": 400,
    "examples/deploy/README.md": 430,
    "examples/deploy/load-balancer/README.md": 100,
    "webhook_core/README.md": 250,
    "webhook_core/EXTENDING.md": 150,
    "webhook_core/LIMITS.md": 60,
    "webhook_core/journal/README.md": 200,
    "webhook_core/money/README.md": 125,
    "webhook_core/notify/README.md": 130,
    "webhook_core/planning/README.md": 110,
    "webhook_core/planning/READS.md": 100,
    "webhook_core/settings/README.md": 150,
    "webhook_core/trading/README.md": 150,
    "webhook_core/risk/README.md": 200,
    "webhook_core/web/README.md": 200,
    "webhook_core/intake/README.md": 200,
    "webhook_core/intake/dialects/README.md": 260,
    "webhook_core/operations/README.md": 100,
    "tests/README.md": 90,
}
"""Lines that a document may have: each has one kind of reader."""
TWO_SCREENS = 100
WIDEST, WIDEST_ROW = 120, 420
GUIDE = "examples/deploy/README.md"
BALANCER = "examples/deploy/load-balancer/README.md"
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in LONGEST}
OURS_IN_SHELL = {
    "PROJECT_ID", "REGION", "FUNCTION", "BRIDGE", "BUILD", "URL", "BILLING_ACCOUNT", "MODE",
    "SECRETS", "REVISION", "OLD", "NEW",
    "CHANNEL", "HOURS", "TOKEN", "DOMAIN", "FINGERPRINT", "BALANCER",
}  # fmt: skip
MAKE = set(
    re.findall(r"^(\w+) \?=|\$\((\w+)\)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
)
SHELL_ONLY = OURS_IN_SHELL | {name for names in MAKE for name in names if name}


def blocks(name):
    return [
        re.sub(f"^{match[1]}", "", match[2], flags=re.MULTILINE)
        for match in re.finditer(r"^( *)```sh\n(.*?)^ *```$", TEXTS[name], re.MULTILINE | re.DOTALL)
    ]


BLOCKS = [(name, number, block) for name in LONGEST for number, block in enumerate(blocks(name))]


@row_by_row
@pytest.mark.parametrize(("name", "number", "block"), BLOCKS)
def test_every_command_can_be_read_by_a_shell(name, number, block):
    assert shell.parses(block) == ""


@row_by_row
@pytest.mark.parametrize(("name", "number", "block"), BLOCKS)
def test_every_variable_that_a_command_sets_is_known(name, number, block):
    named = re.findall(r"(?:^|[\s;])(?:export |--env )?([A-Z][A-Z0-9_]+)=", block) + re.findall(
        r"--env (\w+)", block
    )
    assert set(named) - set(VARIABLES) - SHELL_ONLY == set()


@row_by_row
@pytest.mark.parametrize("name", LONGEST)
def test_a_document_is_short_and_a_long_one_has_a_table_of_contents(name):
    lines = TEXTS[name].splitlines()
    assert len(lines) <= LONGEST[name]
    linked = sum("](#" in line for line in lines[:20])
    assert len(lines) <= TWO_SCREENS or linked >= 3 or name == "README.md"


@row_by_row
@pytest.mark.parametrize("name", LONGEST)
def test_a_line_of_prose_fits_a_window_and_a_cell_is_no_page(name):
    written = re.sub(r"^ *```.*?^ *```$", "", TEXTS[name], flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in written.splitlines() if not line.startswith("    ")]
    rows = [line for line in lines if line.lstrip().startswith(("|", "!["))]
    assert [line for line in lines if line not in rows and len(line) > WIDEST] == []
    assert [row for row in rows if len(row) > WIDEST_ROW] == []


def anchors(text):
    titles = re.findall(
        r"^#+ (.+)$",
        re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL),
        re.MULTILINE,
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@row_by_row
@pytest.mark.parametrize("name", LONGEST)
def test_every_path_and_heading_that_is_linked_exists(name):
    folder = (ROOT / name).parent
    missing = []
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (folder / path).resolve() if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            missing.append(link)
    assert missing == []


def in_fresh_shells(folder, document=GUIDE):
    """Every block of a guide that reaches outside, each in a shell of its own, in the
    order of the text."""
    place = folder / "project"
    place.mkdir()
    for entry in ROOT.iterdir():
        (place / entry.name).symlink_to(entry)
    for name in ("deploy.env", "strategies.toml"):
        (place / name).unlink(missing_ok=True)
    (place / "deploy.env").write_bytes((ROOT / "examples" / "deploy" / "deploy.env").read_bytes())
    (place / "strategies.toml").write_bytes((ROOT / "examples" / "strategies.toml").read_bytes())
    calls, errors, flags, data = [], "", "", ""
    for number, block in enumerate(blocks(document)):
        if not ("gcloud " in block or "examples/deploy/" in block or "docker " in block):
            continue
        own = folder / str(number)
        own.mkdir()
        done = shell.run(block, own, typed="typed key\ntyped secret\n", cwd=place)
        errors += done.stderr if done.returncode else ""
        calls += done.calls
        flags += done.flags_file
        data += done.data_file
    return Recorded(1 if errors else 0, errors, calls, flags, data)


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    return in_fresh_shells(tmp_path_factory.mktemp("guide"))


def test_the_chapter_runs_from_its_first_to_its_last_command(chapter):
    assert chapter.returncode == 0, chapter.stderr
    assert len(chapter.of("gcloud")) > 40
    assert chapter.of("docker", "build")


def test_gcloud_knows_every_command_and_flag(chapter):
    assert [
        unknown for call in chapter.of("gcloud") if (unknown := shell.unknown_to_gcloud(call[1:]))
    ] == []


def test_no_argument_holds_a_secret(chapter):
    said = str(chapter.calls) + chapter.stderr
    assert shell.TOKEN not in said
    assert "typed" not in said
    assert {"typed key", "typed secret", shell.TOKEN, f"{shell.TOKEN},{shell.TOKEN}"} == set(
        chapter.data_file.split("\n")
    ) - {""}


def test_the_first_deployment_is_that_of_cloud_build_and_private(chapter):
    first = chapter.of("gcloud", "functions", "deploy")[0][1:]
    assert set(first) - set(files.step_arguments("deploy")) == {"--no-allow-unauthenticated"}
    assert set(files.step_arguments("deploy")) - set(first) == {"--quiet"}


def test_the_build_is_submitted_with_its_tests_and_known_substitutions(chapter):
    submitted = [options(call) for call in chapter.of("gcloud", "builds", "submit")]
    assert len(submitted) == 3
    for given in submitted:
        assert (ROOT / given["--config"]).is_file()
        assert given["--ignore-file"] == ".gcloudignore-build"
        assert set(gcloud_dict(given["--substitutions"])) <= set(
            files.cloudbuild()["substitutions"]
        )
        account = files.cloudbuild()["substitutions"]["_BUILD_ACCOUNT"]
        assert given["--service-account"].endswith(f"/{account}@my-project.iam.gserviceaccount.com")
    live = gcloud_dict(submitted[-1]["--substitutions"])
    assert set(gcloud_dict(live["_SECRETS"])) == {
        "WEBHOOK_TOKEN",
        "OPERATOR_TOKEN",
        "KRAKEN_API_KEY",
        "KRAKEN_API_SECRET",
    }


def test_every_secret_that_is_deployed_was_made_and_the_function_may_read_it(chapter):
    made = {call[3] for call in chapter.of("gcloud", "secrets", "create")}
    readable = {
        call[3]
        for call in chapter.of("gcloud", "secrets", "add-iam-policy-binding")
        if "serviceAccount:tradingview-bridge@my-project.iam.gserviceaccount.com" in call[4]
    }
    deployed = set()
    for call in chapter.of("gcloud", "builds", "submit"):
        given = gcloud_dict(options(call)["--substitutions"]).get("_SECRETS", "")
        deployed |= (
            {reference.split(":")[0] for reference in gcloud_dict(given).values()}
            if given
            else set()
        )
    assert made == readable == deployed


def indexes(chapter):
    for call in chapter.of("gcloud", "firestore", "indexes", "composite", "create"):
        group, *keys = [
            argument.split("=", 1)[1]
            for argument in call
            if re.match("--(collection-group|field-config)=", argument)
        ]
        configured = [gcloud_dict(key) for key in keys]
        yield group, tuple((key["field-path"], key["order"].upper()) for key in configured)


def test_every_index_of_the_ledger_has_its_command(chapter):
    wanted = json.loads((ROOT / "examples" / "firestore.indexes.json").read_text("utf-8"))
    expected = [
        (
            index["collectionGroup"],
            tuple((field["fieldPath"], field["order"]) for field in index["fields"]),
        )
        for index in wanted["indexes"]
    ]
    assert sorted(indexes(chapter)) == sorted(expected)
    exempt = chapter.of("gcloud", "firestore", "indexes", "fields", "update")
    assert {(options(call)["--collection-group"], call[5]) for call in exempt} == {
        (row["collectionGroup"], row["fieldPath"]) for row in wanted["fieldOverrides"]
    }


def test_time_to_live_is_on_the_field_that_the_ledger_writes(chapter):
    calls = chapter.of("gcloud", "firestore", "fields", "ttls", "update")
    wanted = json.loads((ROOT / "examples" / "firestore.indexes.json").read_text("utf-8"))[
        "fieldOverrides"
    ]
    assert [(options(call)["--collection-group"], call[5]) for call in calls] == [
        (row["collectionGroup"], row["fieldPath"]) for row in wanted if row.get("ttl")
    ]
    written = {"ledger": "entries.py", "history": "notes.py"}
    for call in calls:
        module = written[options(call)["--collection-group"]]
        text = (ROOT / "webhook_core" / "ledger" / "firestore" / module).read_text("utf-8")
        assert f'"{call[5]}":' in text


def test_the_documents_name_every_variable_and_substitution():
    assert {
        name for name in VARIABLES if f"`{name}`" not in TEXTS["webhook_core/settings/README.md"]
    } == set()
    assert {
        name for name in files.cloudbuild()["substitutions"] if f"`{name}`" not in TEXTS[GUIDE]
    } == set()


def test_what_stops_the_function_works_in_a_fresh_shell_and_is_undone_by_what_the_guide_says(
    chapter,
):
    (removed,) = chapter.of("gcloud", "functions", "remove-invoker-policy-binding")
    (added,) = chapter.of("gcloud", "functions", "add-invoker-policy-binding")
    assert removed[3:] == added[3:]
    checks = [call[-1] for call in chapter.of("gcloud", "run", "services", "update")]
    assert checks == ["--no-invoker-iam-check", "--invoker-iam-check"]


@pytest.fixture(scope="module")
def balancer(tmp_path_factory):
    return in_fresh_shells(tmp_path_factory.mktemp("balancer"), BALANCER)


def test_the_balancer_s_commands_run_and_gcloud_knows_them(balancer):
    assert balancer.returncode == 0, balancer.stderr
    calls = balancer.of("gcloud")
    assert len(calls) > 10
    assert [unknown for call in calls if (unknown := shell.unknown_to_gcloud(call[1:]))] == []


def test_the_balancer_s_parts_belong_together(balancer):
    (service,) = balancer.of("gcloud", "compute", "backend-services", "create")
    (group,) = balancer.of("gcloud", "compute", "network-endpoint-groups", "create")
    (backend,) = balancer.of("gcloud", "compute", "backend-services", "add-backend")
    (proxy,) = balancer.of("gcloud", "compute", "target-https-proxies", "create")
    (rule,) = balancer.of("gcloud", "compute", "forwarding-rules", "create")
    assert options(backend)["--network-endpoint-group"] == group[4]
    assert options(rule)["--target-https-proxy"] == proxy[4]
    (policy,) = balancer.of("gcloud", "network-security", "server-tls-policies", "import")
    assert options(proxy)["--server-tls-policy"] == policy[4]
    headers = [flag.split("=", 1)[1] for flag in service if "--custom-request-header" in flag]
    assert headers == [
        "X-Client-Cert-Present:{client_cert_present}",
        "X-Client-Cert-Hash:{client_cert_sha256_fingerprint}",
        "X-Client-Cert-Chain-Verified:{client_cert_chain_verified}",
        "X-Client-Cert-Subject-DN:{client_cert_subject_dn}",
    ]
    assert [header.split(":")[0].lower() for header in headers] == [
        client_certificate.PRESENT,
        client_certificate.HASH,
        client_certificate.VERIFIED,
        client_certificate.SUBJECT,
    ]


def test_what_the_balancer_s_guide_deploys_starts_and_believes_the_balancer_alone(balancer):
    (call,) = balancer.of("gcloud", "builds", "submit")
    given = gcloud_dict(options(call)["--substitutions"])
    assert given.keys() <= files.cloudbuild()["substitutions"].keys()
    deployed = files.step_arguments("deploy", **given)
    assert "--ingress-settings=internal-and-gclb" in deployed
    (text,) = [flag.split("=", 1)[1] for flag in deployed if flag.startswith("--set-env-vars=")]
    env = gcloud_dict(text) | {
        "K_SERVICE": "bridge",
        "WEBHOOK_TOKEN": shell.TOKEN,
        "LOAD_BALANCER_IPS": "34.120.0.9",  # which the recorded gcloud does not know
    }
    settings = read_settings(env, read_file=lambda _: None)
    assert settings.trusted_proxy_hops == 1
    assert len(settings.client_certificates.fingerprints) == 1


def test_the_balancer_s_files_are_what_the_commands_import(balancer):
    folder = ROOT / "examples" / "deploy" / "load-balancer"
    (trust,) = files.documents(folder / "trust-config.yaml")
    (policy,) = files.documents(folder / "server-tls-policy.yaml")
    imported = balancer.of("gcloud", "certificate-manager", "trust-configs", "import")[0]
    assert trust == {"name": imported[4], "allowlistedCertificates": []}
    place = "projects/PROJECT_ID/locations/global/trustConfigs"
    assert policy["mtlsPolicy"] == {
        "clientValidationMode": "ALLOW_INVALID_OR_MISSING_CLIENT_CERT",
        "clientValidationTrustConfig": f"{place}/{imported[4]}",
    }


def test_the_scheduler_goes_through_the_balancer(balancer):
    (job,) = balancer.of("gcloud", "scheduler", "jobs", "create")
    assert options(job)["--uri"] == "https://bridge.example.com/reconcile"


def test_the_table_of_answers_has_the_code_and_the_status_of_every_error():
    rows = re.findall(r"^\| .* \| (\d+(?:, \d+)*) \| (.*) \|$", TEXTS["README.md"], re.MULTILINE)
    told = {
        pair
        for statuses, codes in rows
        for pair in itertools.product(map(int, statuses.split(", ")), re.findall("`(.*?)`", codes))
    }
    places = (*vars(errors).values(), *vars(messages).values())
    named = [kind for kind in places if isinstance(kind, type)]
    kinds = {(kind.status, kind.code) for kind in named if issubclass(kind, errors.WebhookError)}
    assert kinds - told == set()


def test_the_table_of_an_alert_s_fields_has_every_name_of_each():
    table = TEXTS["examples/README.md"].partition("## The alert's fields")[2].partition("\n## ")[0]
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|.*", table, re.MULTILINE))))
    names = {name for names in ALIASES.values() for name in names} | _SECRET_FIELDS
    names |= ACTION_NAMES.keys()
    assert names - told == set()
    assert QUANTITY_NAMES.keys() - {normalise(name) for name in told} == set()
    assert "case, `_`, `-` and blanks in a name don't matter: `stoploss`" in table


@pytest.mark.parametrize("document", ["EXTENDING.md", "README.md"])
def test_every_file_that_a_recipe_names_is_there(document):
    package = ROOT / "webhook_core"
    text = (package / document).read_text("utf-8")
    named = set(re.findall(r"`([a-z.](?:[\w.-]*/)+[\w-]*(?:\.py|\.md)?)`", text))
    missing = [one for one in named if not ((package / one).exists() or (ROOT / one).exists())]
    assert len(named) > 20
    assert missing == []


def test_what_a_recipe_names_of_a_file_stands_in_it():
    package = ROOT / "webhook_core"
    text = (package / "EXTENDING.md").read_text("utf-8")
    named = re.findall(r"`(\w+)`\s\(?(?:of |in |from )?`([\w/]+\.py)`", text)
    files = {
        name: next(place / name for place in (package, ROOT) if (place / name).exists())
        for _, name in named
    }
    assert len(named) > 10
    assert [each for each in named if each[0] not in files[each[1]].read_text("utf-8")] == []


BOUNDS = re.findall(
    r"^\| [^|]+ \| ([0-9.]+) \| `(\w+)` \| `(\S+)\.py` \|$",
    TEXTS["webhook_core/LIMITS.md"],
    re.MULTILINE,
)


def test_every_bound_is_told_as_the_code_has_it():
    assert len(BOUNDS) == TEXTS["webhook_core/LIMITS.md"].count("\n| ") - 1
    for value, name, file in BOUNDS:
        module = importlib.import_module(f"webhook_core.{file.replace('/', '.')}")
        assert getattr(module, name) == float(value), (file, name)
