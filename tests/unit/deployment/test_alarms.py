"""examples/deploy/alerts.sh: run with a gcloud that only writes down; what it watches is
what the source says."""

import ast
import json
import re

import pytest

from tests.support import deployment as files
from tests.support import shell
from tests.support.faked_function import Function
from tests.support.project import ROOT
from tests.support.shell import options

CHANNEL = "projects/my-project/notificationChannels/123"
SCRIPT = f"PROJECT_ID=my-project CHANNEL={CHANNEL} bash examples/deploy/alerts.sh"
METRIC = re.compile(r'metric\.type="logging\.googleapis\.com/user/([^"]+)"')


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    found = shell.run(f"FUNCTION=my-bridge HOURS=12 {SCRIPT}", tmp_path_factory.mktemp("alerts"))
    assert found.returncode == 0, found.stderr
    return found


@pytest.fixture(scope="module")
def metrics(done):
    return {
        call[4]: options(call)["--log-filter"]
        for call in done.of("gcloud", "logging", "metrics", "update")
    }


@pytest.fixture(scope="module")
def policies(done):
    made = [
        json.loads(options(call)["--policy"])
        for call in done.of("gcloud", "monitoring", "policies", "create")
    ]
    return {policy["userLabels"]["watches"]: policy for policy in made}


def kinds(policy):
    return [
        (kind, condition[kind])
        for condition in policy["conditions"]
        for kind in condition
        if kind != "displayName"
    ]


def log_filters(metrics, policies):
    matched = [
        inner["filter"]
        for policy in policies.values()
        for kind, inner in kinds(policy)
        if "Log" in kind
    ]
    return [*metrics.values(), *matched]


def test_gcloud_knows_every_command_and_flag(done):
    assert [call for call in done.of("gcloud") if shell.unknown_to_gcloud(call[1:])] == []
    assert len(done.of("gcloud")) > 15


def test_every_policy_of_the_folder_is_made_and_nothing_is_left_to_fill_in(policies):
    assert sorted(policies) == sorted(
        path.stem for path in (files.DEPLOY / "policies").glob("*.json")
    )
    for name, policy in policies.items():
        text = json.dumps(policy)
        assert re.findall(r"FUNCTION|CHANNEL|HOURS|SECONDS", text) == [], name
        assert policy["notificationChannels"] == [CHANNEL]
        assert policy["displayName"].startswith("my-bridge: ")


def test_every_metric_that_a_policy_watches_is_made_and_no_other(metrics, policies):
    watched = {
        name
        for policy in policies.values()
        for name in METRIC.findall(json.dumps(policy).replace('\\"', '"'))
    }
    assert watched == set(metrics)


def events_in_source():
    for path in (ROOT / "webhook_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_event_that_is_watched_exists(metrics, policies):
    watched = {
        name
        for text in log_filters(metrics, policies)
        for name in re.findall(r'"([a-z_]+\.[a-z_]+)"', text)
    }
    assert watched >= {
        "alert.done",
        "order.rejected",
        "order.not_placed",
        "ledger.outcome_not_recorded",
    }
    assert watched - set(events_in_source()) == set()


def test_every_field_that_a_filter_names_is_one_that_is_written(metrics, policies, caplog):
    """``message`` is the event's name in both JSON styles; facts stand beside it
    under their own names."""
    caplog.set_level("INFO")
    function = Function()
    function.post(function.alert())
    accepted, done = (
        record.facts
        for record in caplog.records
        if record.message in ("order.accepted", "alert.done")
    )
    texts = [*log_filters(metrics, policies), json.dumps(policies)]
    named = {name for text in texts for name in re.findall(r"jsonPayload\.(\w+)", text)}
    assert named == {"message", "alert_id", "ms", "outcome", "strategy", "client_order_id"}
    assert named - {"message"} <= set(done)
    assert {"strategy", "client_order_id"} <= set(accepted)


def test_only_our_own_function_is_watched(metrics, policies):
    own = 'resource.type="cloud_run_revision" AND resource.labels.service_name="my-bridge" AND '
    assert [text for text in log_filters(metrics, policies) if not text.startswith(own)] == []


def test_the_latency_that_is_watched_is_the_budget_that_tradingview_leaves(metrics):
    assert metrics["my-bridge-slow-alerts"].endswith(
        'jsonPayload.message="alert.done" AND jsonPayload.ms>2500'
    )


def test_an_alert_that_failed_is_one_of_which_nothing_was_sent(metrics, caplog):
    """Kraken is down: nobody knows yet whether a resend gets through."""
    assert metrics["my-bridge-failed-alerts"].endswith(
        'jsonPayload.message="alert.done" AND jsonPayload.outcome="failed"'
    )
    function = Function(env={"MAX_ORDER_COST": "1000 USD"})
    function.venue.unreadable = {"last_price"}
    assert function.post(function.alert(price=None)).status == 503
    (done,) = (record.facts for record in caplog.records if record.message == "alert.done")
    assert done["outcome"] == "failed"


def test_silence_is_told_by_missing_data_and_by_zeros_alike(policies):
    (absent, missing), (threshold, zeros) = kinds(policies["no-alerts"])
    assert (absent, missing["duration"]) == ("conditionAbsent", f"{12 * 3600}s")
    assert (threshold, zeros["comparison"], zeros["thresholdValue"]) == (
        "conditionThreshold",
        "COMPARISON_LT",
        1,
    )
    assert zeros["aggregations"][0]["alignmentPeriod"] == f"{12 * 3600}s"


def test_only_a_policy_on_the_log_itself_has_a_rate_limit_and_it_has_to(policies):
    for policy in policies.values():
        on_the_log = any(kind == "conditionMatchedLog" for kind, _ in kinds(policy))
        assert ("notificationRateLimit" in policy["alertStrategy"]) is on_the_log


def test_without_hours_silence_is_not_watched(tmp_path):
    done = shell.run(f"HOURS=0 {SCRIPT}", tmp_path)
    made = [
        options(call)["--policy"] for call in done.of("gcloud", "monitoring", "policies", "create")
    ]
    assert len(made) == 5
    assert "conditionAbsent" not in "".join(made)


@pytest.mark.parametrize("hours", ["24", "-1", "1.5", "x", "023"])
def test_hours_that_monitoring_cannot_look_back_are_refused(tmp_path, hours):
    done = shell.run(f"HOURS={hours} {SCRIPT}", tmp_path)
    assert (done.returncode, done.calls) == (1, [])
    assert "0 to 23" in done.stderr


@pytest.mark.parametrize("missing", ["PROJECT_ID", "CHANNEL"])
def test_what_is_missing_is_named(tmp_path, missing):
    done = shell.run(re.sub(rf"{missing}=\S+ ", "", SCRIPT), tmp_path)
    assert (done.returncode, done.calls) == (1, [])
    assert missing in done.stderr
