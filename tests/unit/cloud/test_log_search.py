"""The lines of an alert, read back by the real client from a Cloud Logging in this process."""

import importlib
import io
import json
import logging
import os
import time
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from click.testing import CliRunner
from google.auth.exceptions import DefaultCredentialsError

from tests.support.faked_function import TOKEN
from tests.support.logger import logging_as_it_was
from webhook_core import bootstrap
from webhook_core.cloud import logs
from webhook_core.cloud.log_search import MOST_LINES, LogSearch, LogsUnreadable, query
from webhook_core.events import event, request_facts
from webhook_core.operations.cli import cli

PROJECT = "my-project-1"
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=7)
IDS = ["a-1", "A-1", 'q"uo\\te', "größer 🚀", "a\tb\n", "%s {0}", "a AND b", "=", "x" * 200]


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    with logging_as_it_was():
        yield


@pytest.fixture(scope="module")
def cloud_logging():
    """Imported where it is used: each worker collects this file, and one plays it."""
    return importlib.import_module("tests.support.cloud_logging")


@pytest.fixture
def service(cloud_logging):
    with cloud_logging.CloudLogging(PROJECT) as running:
        yield running


def written(service, alert_id, name="alert.done", at=NOW, level=logging.INFO, **facts):
    """A line of the function's own, from its event to the entry."""
    stream = io.StringIO()
    logs.configure("INFO", "google", stream, project=PROJECT)
    bound = {"request_id": "r-1", "trace": "0af7651916cd43dd8448eb211c80319c", **facts}
    with request_facts(**bound, **({"alert_id": alert_id} if alert_id else {})):
        event(level, name)
    service.write(stream.getvalue(), at)


def run(service, *arguments, project=PROJECT):
    env = {"GCP_PROJECT_ID": project, "GOOGLE_CLOUD_PROJECT": ""}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "open_logs", service.search)
        return CliRunner().invoke(cli, ["logs", *arguments], env=env)


# -- what is found -------------------------------------------------------------------------------


def test_an_alerts_lines_come_back_as_they_were_written_oldest_first(service):
    later = NOW + timedelta(milliseconds=5)
    written(service, "a-1", "alert.done", later, volume="0.01", ms=2.5, kraken_calls=1)
    written(service, "a-1", "order.accepted", NOW, logging.WARNING, legs=[{"n": 1}])
    written(service, "a-2", "alert.done", NOW)
    found = service.search().find({"alert_id": "a-1"}, LONG_AGO, 5)
    trace = f"projects/{PROJECT}/traces/0af7651916cd43dd8448eb211c80319c"
    same = {"alert_id": "a-1", "request_id": "r-1", "trace": trace}
    assert found.complete
    assert found.lines == [
        {"time": NOW, "severity": "WARNING", "message": "order.accepted", "legs": [{"n": 1}],
            **same},
        {
            "time": later, "severity": "INFO", "message": "alert.done", "volume": "0.01",
            "ms": 2.5, "kraken_calls": 1, **same,
        },
    ]  # fmt: skip


@pytest.mark.parametrize("alert_id", IDS)
def test_only_the_lines_of_exactly_that_id_are_found(alert_id, service):
    """Cloud Logging compares without regard to case."""
    for each in IDS:
        written(service, each)
    found = service.search().find({"alert_id": alert_id}, LONG_AGO, 5)
    assert [line["alert_id"] for line in found.lines] == [alert_id]


def test_an_alert_and_a_request_together_are_the_lines_of_both(service):
    written(service, "a-1", request_id="r-1")
    written(service, "a-1", request_id="r-2")
    written(service, None, request_id="r-2")
    search = service.search()
    both = search.find({"alert_id": "a-1", "request_id": "r-2"}, LONG_AGO, 5)
    assert [(line["alert_id"], line["request_id"]) for line in both.lines] == [("a-1", "r-2")]
    assert len(search.find({"request_id": "r-2"}, LONG_AGO, 5).lines) == 2


def test_what_was_written_before_is_not_read(service):
    written(service, "a-1", at=NOW - timedelta(hours=2))
    written(service, "a-1", at=NOW - timedelta(minutes=2))
    assert len(service.search().find({"alert_id": "a-1"}, NOW - timedelta(hours=1), 5).lines) == 1


def test_an_empty_page_does_not_end_the_search(service):
    for number in range(7):
        written(service, f"other-{number}", at=NOW - timedelta(hours=1))
    written(service, "a-1")
    service.page = 2
    found = service.search().find({"alert_id": "a-1"}, LONG_AGO, 5)
    assert (len(found.lines), found.complete, len(service.requests)) == (1, True, 4)


@pytest.mark.parametrize(
    ("written_lines", "complete"), [(MOST_LINES, True), (MOST_LINES + 1, False)]
)
def test_a_search_has_an_end_and_says_so(written_lines, complete, service):
    stream = io.StringIO()
    logs.configure("INFO", "google", stream)
    event(logging.INFO, "alert.done", alert_id="a-1")
    for _ in range(written_lines):
        service.write(stream.getvalue(), NOW)
    found = service.search().find({"alert_id": "a-1"}, LONG_AGO, 20)
    assert (len(found.lines), found.complete) == (MOST_LINES, complete)


def test_nobody_elses_lines_are_searched():
    at = datetime(2026, 2, 18, 16, 30, tzinfo=UTC)
    assert query({"alert_id": 'a"1'}, at) == (
        'labels.python_logger="webhook_core" AND jsonPayload.alert_id="a\\"1"'
        ' AND timestamp>="2026-02-18T16:30:00+00:00"'
    )


# -- what can't be read --------------------------------------------------------------------------

STATUS = grpc.StatusCode


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (STATUS.PERMISSION_DENIED, "", "--role=roles/logging.viewer"),
        (STATUS.PERMISSION_DENIED, "IAM_PERMISSION_DENIED", "--role=roles/logging.viewer"),
        (
            STATUS.PERMISSION_DENIED,
            "SERVICE_DISABLED",
            "gcloud services enable logging.googleapis.com",
        ),
        (STATUS.UNAUTHENTICATED, "", "gcloud auth application-default login"),
        (STATUS.NOT_FOUND, "", PROJECT),
        (STATUS.RESOURCE_EXHAUSTED, "RATE_LIMIT_EXCEEDED", "in this minute"),
        (STATUS.INVALID_ARGUMENT, "", "does not take this search"),
        (STATUS.UNAVAILABLE, "", "UNAVAILABLE"),
        (STATUS.INTERNAL, "", "INTERNAL"),
        (STATUS.UNKNOWN, "SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(status, reason, said, service):
    service.fail(status, reason)
    result = run(service, "a-1")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert len(service.requests) == 1


def test_a_service_that_does_not_answer_is_waited_for_no_longer_than_said(service):
    service.hang()
    with pytest.raises(LogsUnreadable, match=r"could not be read"):
        service.search().find({"alert_id": "a-1"}, LONG_AGO, 0.3)


def test_credentials_that_are_looked_for_for_ever_are_not_waited_for(service):
    def connect():
        time.sleep(20)

    with pytest.raises(LogsUnreadable, match=r"no answer within 0\.2 s"):
        LogSearch(PROJECT, connect).find({"alert_id": "a-1"}, LONG_AGO, 0.2)


def test_nobody_there_is_said_at_once(cloud_logging, service):
    with cloud_logging.CloudLogging(PROJECT) as other:
        gone = other.port
    with pytest.raises(LogsUnreadable, match="UNAVAILABLE"):
        LogSearch(PROJECT, lambda: cloud_logging.client_on(gone)).find(
            {"alert_id": "a-1"}, LONG_AGO, 5
        )


def test_without_credentials_the_login_is_named():
    def connect():
        raise DefaultCredentialsError("no file")

    with pytest.raises(LogsUnreadable, match="gcloud auth application-default login"):
        LogSearch(PROJECT, connect).find({"alert_id": "a-1"}, LONG_AGO, 5)


# -- at the terminal -----------------------------------------------------------------------------


def test_the_command_shows_a_line_a_row(service):
    written(
        service, "a-1", "order.accepted", volume="0.01", reason="two words", warnings=["x"], ms=2
    )
    result = run(service, "a-1")
    assert result.exit_code == 0
    header, row = (line.split("\t") for line in result.stdout.splitlines())
    assert header == ["TIME (UTC)", "SEVERITY", "EVENT", "FACTS"]
    at = f"{NOW:%Y-%m-%d %H:%M:%S}.{NOW.microsecond // 1000:03}"
    facts = 'alert_id=a-1 ms=2 reason="two words" request_id=r-1 volume=0.01 warnings=["x"]'
    assert row[:3] == [at, "INFO", "order.accepted"]
    assert row[3].replace("ms=2.0", "ms=2") == facts


def test_no_text_of_a_sender_reaches_the_terminal_as_it_is(service):
    written(service, "a-1", "alert.done", reason="\x1b[31m\n2026 ERROR forged\t\u202e")
    (_, row) = run(service, "a-1").stdout.splitlines()
    assert row.count("\t") == 3
    assert row.replace("\t", "").isprintable()


def test_json_is_one_document_with_the_lines_as_they_were(service):
    written(service, "a-1", volume="0.01")
    (line,) = json.loads(run(service, "a-1", "--json").stdout)["lines"]
    assert (line["message"], line["alert_id"], line["volume"]) == ("alert.done", "a-1", "0.01")
    assert datetime.fromisoformat(line["time"]) == NOW


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_nothing_found_is_said_with_what_was_asked_and_needs_attention(form, service):
    result = run(service, "a-9", "--request-id", "r-9", "--since", "12h", *form)
    assert result.exit_code == 1
    assert "alert_id a-9 and request_id r-9" in result.stderr
    assert PROJECT in result.stderr
    assert result.stdout == ("" if not form else '{\n  "lines": []\n}\n')


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("",), ("--request-id", ""), ("a-1", "--request-id", ""), ("a-1", "--since", ""),
        ("a-1", "--since", "yesterday"), ("a-1", "--since", "7 parsecs"), ("a-1", "b-1"),
        ("a-1", "--project", "My Project"), ("a-1", "--project", "p/../q"),
    ],
)  # fmt: skip
def test_what_is_not_understood_reads_nothing(arguments, service):
    result = run(service, *arguments)
    assert result.exit_code == 2
    assert service.requests == []


def test_without_a_project_the_ways_to_name_one_are_said(service):
    result = run(service, "a-1", project="")
    assert result.exit_code == 2
    assert "--project" in result.stderr
    assert "GCP_PROJECT_ID" in result.stderr


def test_reading_the_log_needs_no_other_setting_and_no_secret(service):
    written(service, "a-1")
    assert TOKEN not in os.environ.values()
    assert run(service, "a-1", "--project", PROJECT, project="").exit_code == 0
