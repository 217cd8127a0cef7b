"""Every secret in a file, as Google Cloud mounts them: read in the first
request, not at the start."""

from __future__ import annotations

import contextlib
import http.client
import json
import time

import pytest

from tests.support.served_function import ALERTS, WAIT_S, check

FILES = {
    "WEBHOOK_TOKEN": "token", "WEBHOOK_SECRET": "signing", "OPERATOR_TOKEN": "operator",
    "KRAKEN_API_KEY": "kraken_key",
    "KRAKEN_API_SECRET": "kraken_secret",
}  # fmt: skip
STALE_KEY = "a-key-that-kraken-forgot-0123456789"


@pytest.fixture
def mounted(evidence, tmp_path):
    """Each secret in a directory of its own, with the line end of an echo."""
    for variable, secret in FILES.items():
        (tmp_path / variable).mkdir()
        (tmp_path / variable / "value").write_text(
            getattr(evidence.secrets, secret) + "\n", "utf-8"
        )
    return {variable: f"file:{tmp_path / variable / 'value'}" for variable in FILES}


def test_a_function_whose_secrets_are_all_mounted_trades(mounted, make_live, kraken):
    function = make_live(kraken, ENVIRONMENT="production", **mounted).start()
    assert function.send("GET", "/webhook/health")["status"] == "ok"
    check(function.post(function.alert()), 200, "accepted")
    check(function.post_signed(function.unsigned()), 200, "accepted")
    check(function.post(function.alert(token="wrong-token-0123456789")), 401, "unauthenticated")
    assert function.operate("GET", "/account").status == 200


def test_a_secret_that_is_not_there_is_told_to_the_log_only_and_found_later(
    mounted, make_live, kraken, tmp_path, evidence
):
    (tmp_path / "KRAKEN_API_SECRET" / "value").rename(tmp_path / "elsewhere")
    function = make_live(kraken, ENVIRONMENT="production", **mounted).start()
    alert = function.alert()
    answer = check(function.post(alert), 503, "not_configured")
    assert b"KRAKEN" not in answer.body
    assert function.operate("GET", "/orders").status == 503
    assert function.send("GET", "/webhook/health")["status"] == "not_configured"
    (line,) = [
        json.loads(row) for row in function.log().splitlines() if "service.not_configured" in row
    ]
    assert line["severity"] == "ERROR"
    assert line["faults"][0].startswith(
        f"KRAKEN_API_SECRET: {mounted['KRAKEN_API_SECRET']} is not there; mount the secret"
    )
    (tmp_path / "elsewhere").rename(tmp_path / "KRAKEN_API_SECRET" / "value")
    time.sleep(5)
    check(function.post(alert), 200, "accepted")  # TradingView's resend
    assert function.send("GET", "/webhook/health")["status"] == "ok"


def test_a_key_that_is_exchanged_in_its_file_is_taken_up_without_a_restart(
    mounted, make_live, kraken, tmp_path, evidence
):
    file = tmp_path / "KRAKEN_API_KEY" / "value"
    file.write_text(STALE_KEY, "utf-8")
    function = make_live(kraken, **mounted).start()
    # The stale key is read.
    check(function.post(function.alert(token="wrong-token-0123456789")), 401, "unauthenticated")
    file.write_text(evidence.secrets.kraken_key, "utf-8")
    answer = check(function.post(function.alert()), 200, "accepted")
    assert len(kraken.calls_about(answer["client_order_id"])) == 2
    assert STALE_KEY not in function.log()


def test_the_time_that_a_body_takes_to_arrive_counts(make_live, kraken):
    """TradingView has waited for it too: with less than a second left nothing is sent."""
    function = make_live(kraken, REQUEST_BUDGET_SECONDS="1.5").start()
    body = json.dumps(function.alert()).encode()
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", function.port, timeout=WAIT_S)
    ) as connection:
        connection.putrequest("POST", ALERTS)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        time.sleep(0.6)
        connection.send(body[10:])
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["code"]) == (503, "not_sent")
    check(function.post(body), 200, "accepted")
