"""The lines of the deployed function, under the real functions-framework."""

import io
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import functions_framework
import pytest

from tests.support.logger import logging_as_it_was
from tests.support.project import ROOT
from webhook_core.cloud import logs
from webhook_core.events import LOGGER, event, request_facts

TOKEN = "token-of-the-tests-0123"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PREFIX = "logging.googleapis.com/"
NASTY = 'x\n{"severity": "ERROR"}\r\x1b[31m\x85\u2028\u202e\ud800 y'
ALERT_PATH = "/webhook/tradingview"


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    with logging_as_it_was():
        yield


def lines(text):
    rows = text.splitlines()
    assert text == "".join(f"{row}\n" for row in rows)
    return [
        json.loads(row, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        for row in rows
    ]


@pytest.fixture
def deployed(monkeypatch, tmp_path, capsys):
    """The entry point as Google starts it; the function that is returned sends an alert and reads
    the lines it left."""

    def start(**env):
        monkeypatch.chdir(tmp_path)
        given = {
            "K_SERVICE": "tradingview-bridge", "GCP_PROJECT_ID": "my-project",
            "WEBHOOK_TOKEN": TOKEN,
            "OPERATOR_TOKEN": "operator-of-the-tests-0123",
            "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db", **env,
        }  # fmt: skip
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        if not given["K_SERVICE"]:
            monkeypatch.delenv("K_SERVICE")
        client = functions_framework.create_app(
            "webhook", str(ROOT / "main.py"), "http"
        ).test_client()
        capsys.readouterr()

        def send(alert, path=ALERT_PATH, method="POST", **headers):
            body = alert if isinstance(alert, str) else json.dumps(alert)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            response = client.open(path, method=method, data=body, headers=named)
            out, err = capsys.readouterr()
            assert err == ""
            return response, out

        return send

    return start


def alert(**fields):
    fired_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = {
        "token": TOKEN,
        "id": "a-1",
        "fired_at": fired_at,
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.01",
    }
    return {
        name: value
        for name, value in {**whole, "price": "60000", **fields}.items()
        if value is not None
    }


def named(name, found):
    return [line for line in found if line["message"] == name]


def test_an_alert_leaves_its_order_and_one_summary_all_in_its_trace(deployed):
    headers = {
        "traceparent": f"00-{TRACE}-{SPAN}-01", "X_Cloud_Trace_Context": f"{'1' * 32}/7;o=0",
        "Function_Execution_Id": "abcDEF012345", "X_Request_ID": "r-1",
    }  # fmt: skip
    response, text = deployed()(alert(), f"{ALERT_PATH}?key=query-text", **headers)
    found = lines(text)
    assert response.status_code == 200
    assert [line["message"] for line in found] == ["order.accepted", "alert.done"]
    for line in found:
        assert line["severity"] == "INFO"
        assert line[f"{PREFIX}trace"] == f"projects/my-project/traces/{TRACE}"
        assert line[f"{PREFIX}spanId"] == SPAN
        assert line[f"{PREFIX}trace_sampled"] is True
        assert line[f"{PREFIX}labels"] == {
            "python_logger": "webhook_core",
            "execution_id": "abcDEF012345",
        }
        assert line["httpRequest"] == {}
        assert (line["request_id"], line["alert_id"], line["execution_id"]) == (
            "r-1",
            "a-1",
            "abcDEF012345",
        )
        assert not {"trace", "span_id", "trace_sampled"} & set(line)
    assert found[0][f"{PREFIX}sourceLocation"]["function"] == "report"


def test_the_summary_answers_what_an_operator_asks_first(deployed):
    response, text = deployed()(alert(volume="0.0123456789"))
    answer = response.get_json()
    (done,) = named("alert.done", lines(text))
    spent = done.pop("ms_by_stage")
    whole = done.pop("ms")
    assert {name: value for name, value in done.items() if "/" not in name} == {
        "message": "alert.done", "severity": "INFO", "httpRequest": {}, "outcome": "accepted",
        "code": "accepted",
        "status": 200, "replayed": False, "mode": "paper", "symbol": "BTC/USD", "side": "buy",
        "order_type": "market",
        "volume": "0.01234567", "strategy": "default", "alert_id": "a-1", "kraken_calls": 1,
        "request_id": answer["request_id"], "execution_id": done[f"{PREFIX}labels"]["execution_id"],
        "client_order_id": answer["client_order_id"], "order_id": answer["order_id"],
        "warnings": ["volume 0.0123456789 was rounded down to 0.01234567"],
    }  # fmt: skip
    assert list(spent) == ["verify", "read", "claim", "plan", "send", "record"]
    assert all(part >= 0 for part in spent.values())
    assert 0 < sum(spent.values()) <= whole + 0.05 * len(spent)


def test_every_call_of_kraken_is_counted(deployed):
    """A cap on the cost and no price in the alert: the ticker has to be asked."""
    send = deployed(MAX_ORDER_COST="1000 USD")
    first, second = (
        named("alert.done", lines(send(alert(id=name, price=price))[1]))[0]
        for name, price in (("a-1", "60000"), ("a-2", None))
    )
    assert (first["kraken_calls"], second["kraken_calls"]) == (1, 2)
    assert second["outcome"] == "accepted"


def test_neither_query_nor_body_nor_secret_is_in_any_line(deployed):
    send = deployed()
    body = alert(alert_message="body-text", custom_fields={"note": "body-text"})
    written = send(body, f"{ALERT_PATH}?token={TOKEN}&key=query-text")[1]
    written += send({**body, "side": "hold"}, f"{ALERT_PATH}?key=query-text")[1]
    written += send({**body, "token": "body-text-as-a-token"}, "/?key=query-text")[1]
    written += send('{"body-text', f"{ALERT_PATH}/validate?key=query-text")[1]
    written += send("", "/webhook/nowhere?key=query-text", "GET")[1]
    assert len(named("alert.done", lines(written))) == 4
    assert [text for text in ("query-text", "body-text", TOKEN) if text in written] == []


def test_every_line_is_one_even_with_the_platforms_wrapper_around_stdout(deployed):
    _, text = deployed(LOG_EXECUTION_ID="true")(
        alert(), Function_Execution_Id="abcDEF012345", traceparent="garbage"
    )
    found = lines(text)
    assert [line["message"] for line in found] == ["order.accepted", "alert.done"]
    assert {line[f"{PREFIX}labels"]["execution_id"] for line in found} == {"abcDEF012345"}
    assert {line[f"{PREFIX}trace"] for line in found} == {""}


def test_elsewhere_in_production_the_same_facts_are_plain_json(deployed):
    send = deployed(K_SERVICE="", ENVIRONMENT="production")
    _, text = send(alert(), f"{ALERT_PATH}?key=query-text", traceparent=f"00-{TRACE}-{SPAN}-01")
    _, done = lines(text)
    assert (done["message"], done["outcome"], done["kraken_calls"]) == ("alert.done", "accepted", 1)
    assert done[f"{PREFIX}trace"] == f"projects/my-project/traces/{TRACE}"
    assert "httpRequest" not in done
    assert "query-text" not in text


def test_in_development_the_summary_is_one_line_for_people(deployed):
    send = deployed(K_SERVICE="", ENVIRONMENT="development")
    answer, text = send(alert(), X_Request_ID="r-1", traceparent=f"00-{TRACE}-{SPAN}-01")
    (done,) = text.splitlines()
    parts = [part.strip() for part in done[9:].split("  ") if part.strip()]
    assert parts == [
        "200 accepted",
        "default",
        "buy 0.01 BTC/USD market",
        answer.get_json()["order_id"],
    ]
    assert TRACE not in text
    assert "execution_id" not in text


# -- the lines alone -------------------------------------------------------------------------------


def one_line(write, project="my-project", secrets=()):
    stream = io.StringIO()
    logs.configure("INFO", "google", stream, secrets, project)
    write()
    (line,) = lines(stream.getvalue())
    assert stream.getvalue().isascii()
    return line


def test_decimals_and_times_become_text():
    at = datetime(2026, 2, 18, 14, 30, tzinfo=UTC)
    line = one_line(
        lambda: event(
            logging.WARNING, "e", volume=Decimal("1E-8"), at=at, inside=[{"x": Decimal("2.50")}]
        )
    )
    assert line["severity"] == "WARNING"
    assert (line["volume"], line["at"], line["inside"]) == (
        "0.00000001",
        "2026-02-18T14:30:00+00:00",
        [{"x": "2.50"}],
    )


def test_a_message_that_looks_like_json_stays_text():
    line = one_line(lambda: LOGGER.info('{"severity": "EMERGENCY", "alert_id": "forged"}'))
    assert json.loads(line["message"]) == {"severity": "EMERGENCY", "alert_id": "forged"}
    assert line["severity"] == "INFO"
    assert "alert_id" not in line


def test_foreign_text_stays_inside_its_field():
    line = one_line(
        lambda: event(
            logging.INFO, "e", reason=NASTY, inside={"a": [NASTY]}, forged='{"severity": "X"}'
        )
    )
    assert (line["reason"], line["inside"]["a"]) == (NASTY, [NASTY])
    assert line["forged"] == '{"severity": "X"}'


def test_a_fact_cannot_take_the_place_of_a_field():
    facts = {
        "message": "false",
        "severity": "DEBUG",
        "httpRequest": {"requestUrl": "x"},
        f"{PREFIX}trace": "x",
        "ok": 1,
    }
    line = one_line(lambda: LOGGER.info("real", extra={"facts": facts}))
    assert (line["message"], line["severity"], line["httpRequest"], line["ok"]) == (
        "real",
        "INFO",
        {},
        1,
    )
    assert line[f"{PREFIX}trace"] == ""


@pytest.mark.parametrize(
    "value", [float("nan"), {("a", "b"): 1}, object(), {1, 2}, b"\xff", ValueError("x\ny")]
)
def test_a_value_that_json_lacks_does_not_lose_the_line(value):
    line = one_line(lambda: event(logging.INFO, "odd", value=value, kept="text"))
    assert (line["message"], line["kept"]) == ("odd", "text")
    assert "value" in line


def test_a_traceback_is_a_field_and_the_message_stays_the_name():
    def write():
        try:
            raise ValueError(NASTY)
        except ValueError:
            event(logging.CRITICAL, "request.crashed", exc_info=True)

    line = one_line(write)
    assert (line["message"], line["severity"]) == ("request.crashed", "CRITICAL")
    assert line["exception"].startswith("Traceback (most recent call last)")


def test_without_a_project_the_trace_is_a_plain_fact():
    def write():
        with request_facts(trace=TRACE, span_id=SPAN, trace_sampled=True):
            event(logging.INFO, "e")

    line = one_line(write, project=None)
    assert (line["trace"], line["span_id"], line["trace_sampled"]) == (TRACE, SPAN, True)
    assert line[f"{PREFIX}trace"] == ""


def test_a_configured_secret_never_reaches_the_line():
    secret = 'a"secret/with\\odd-characters-ä'

    def write():
        try:
            raise RuntimeError(f"failed with {secret}")
        except RuntimeError:
            event(
                logging.ERROR, f"name {secret}", exc_info=True, fact=secret, nested=[f"({secret})"]
            )

    line = one_line(write, secrets=[secret])
    assert "odd-characters" not in json.dumps(line)
    assert json.dumps(line).count("***") == 4


def test_an_event_is_one_line_and_nobody_elses_logging_is_configured():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    one_line(lambda: event(logging.INFO, "e"))
    assert (root.handlers[:], root.level) == before
    assert LOGGER.propagate is False


def test_the_handler_needs_no_thread_and_no_connection():
    """gunicorn forks after the import: what were started by then would be dead in the worker."""
    script = (
        "import os, threading\n"
        "from webhook_core.bootstrap import start\n"
        "from webhook_core.events import event\n"
        "start(os.environ)\n"
        "assert threading.active_count() == 1\n"
        "child = os.fork()\n"
        "event(20, 'child' if child == 0 else 'parent')\n"
        "os._exit(0) if child == 0 else os.waitpid(child, 0)\n"
        "assert len(os.listdir('/proc/self/fd')) <= 4, os.listdir('/proc/self/fd')\n"
    )
    env = {
        "K_SERVICE": "x", "GCP_PROJECT_ID": "my-project", "WEBHOOK_TOKEN": TOKEN,
        "LEDGER_URL": "memory://",
        "PYTHONPATH": str(ROOT), "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert {"child", "parent"} <= {line["message"] for line in lines(done.stdout)}
