"""The example runs as its user runs it: a process of its own, real HTTP, and the bridge's own
verifier at the other end."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.project import ROOT
from webhook_core.errors import Unauthenticated
from webhook_core.intake import parse
from webhook_core.intake.authentication import verify
from webhook_core.intake.credentials import signing_credential, token_credential
from webhook_core.web.messages import HttpRequest

EXAMPLES = ROOT / "examples"
SECRET = "signing-0123456789abcdef"
WHSEC = "whsec_" + "a2V5" * 8
TOKEN = "token-0123456789abcdef"


class Receiver(ThreadingHTTPServer):
    def __init__(self, statuses):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.requests = list(statuses), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/webhook/tradingview"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(
            HttpRequest("POST", self.path, {}, headers, body, "127.0.0.1", datetime.now(UTC))
        )
        status, answer = self.server.statuses.pop(0), b'{"success": true, "code": "accepted"}'
        self.send_response(status)
        if status == 307:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def receive():
    running = []

    def start(*statuses):
        server = Receiver(statuses or (200,))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def send(*arguments, **env):
    """As from a shell whose proxy must not see a request to this machine."""
    env = {"http_proxy": "http://127.0.0.1:1", "PYTHONUTF8": "1", **env}
    command = [sys.executable, str(EXAMPLES / "send_alert.py"), *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def verified(request, credential):
    return verify(request, [credential], datetime.now(UTC), anonymous_allowed=False)


def test_an_x_signature_is_over_the_very_bytes(receive):
    server = receive()
    done = send(
        EXAMPLES / "market.json",
        "--url",
        server.url,
        WEBHOOK_SECRET=f"{SECRET},older-0123456789abcdef",
        WEBHOOK_TOKEN=TOKEN,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP 200\n")
    assert json.loads(done.stdout.partition("\n")[2])["code"] == "accepted"
    (request,) = server.requests
    proof = verified(request, signing_credential(SECRET, "s"))
    assert (proof.scheme, request.path) == ("x-signature", "/webhook/tradingview")
    assert TOKEN.encode() not in request.body
    alert = parse.parse(proof)
    assert alert.id
    assert abs(alert.fired_at - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_whsec_secret_signs_by_standard_webhooks(receive):
    server = receive()
    assert send(EXAMPLES / "limit.json", "--url", server.url, WEBHOOK_SECRET=WHSEC).returncode == 0
    (request,) = server.requests
    proof = verified(request, signing_credential(WHSEC, "s"))
    assert (proof.scheme, proof.webhook_id) == ("standard-webhooks", request.headers["webhook-id"])
    assert "x-signature" not in request.headers


@pytest.mark.parametrize(("option", "env"), [((), {}), (("--token",), {"WEBHOOK_SECRET": SECRET})])
def test_a_token_goes_into_the_body(receive, option, env):
    server = receive()
    assert (
        send(
            EXAMPLES / "market.json", "--url", server.url, *option, WEBHOOK_TOKEN=TOKEN, **env
        ).returncode
        == 0
    )
    (request,) = server.requests
    assert verified(request, token_credential(TOKEN, "t")).scheme == "token"


def test_without_any_proof_it_says_so(receive):
    server = receive(401)
    done = send(EXAMPLES / "market.json", "--url", server.url)
    assert done.returncode == 1
    assert "without any proof" in done.stderr
    with pytest.raises(Unauthenticated):
        verified(server.requests[0], token_credential(TOKEN, "t"))


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_reader_who_has_seen_enough_changes_nothing(receive, closed, unbuffered):
    server = receive(200, 200)
    nobody_reads, written = os.pipe()
    os.close(nobody_reads)
    done = subprocess.run(
        [sys.executable, "send_alert.py", "market.json", "--url", server.url, "--twice"],
        cwd=EXAMPLES,
        env={"PYTHONUNBUFFERED": unbuffered},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: written},
        timeout=30,
        check=False,
    )
    os.close(written)
    assert (done.returncode, len(server.requests)) == (0, 2)
    assert not any(
        b"Traceback" in said or b"Error" in said
        for said in (done.stdout or b"", done.stderr or b"")
    )


def test_twice_sends_the_same_bytes_and_headers_again(receive):
    server = receive(200, 200)
    assert (
        send(
            EXAMPLES / "market.json", "--url", server.url, "--twice", WEBHOOK_SECRET=WHSEC
        ).returncode
        == 0
    )
    first, second = server.requests
    assert (first.body, first.headers) == (second.body, second.headers)


@pytest.mark.parametrize("own", ["{}", '{"strategy_name": "my-strategy"}', '{"strategy": "x"}'])
def test_an_alert_is_sent_as_the_strategy_that_is_named(receive, tmp_path, own):
    server = receive()
    path = tmp_path / "alert.json"
    path.write_text(own, "utf-8")
    done = send(path, "--url", server.url, "--strategy", "trend", WEBHOOK_TOKEN=TOKEN)
    assert done.returncode == 0
    alert = json.loads(server.requests[0].body)
    assert (alert["strategy_name"], "strategy" in alert) == ("trend", False)


def test_two_runs_are_two_alerts(receive):
    server = receive(200, 200)
    for _ in range(2):
        assert (
            send(EXAMPLES / "market.json", "--url", server.url, WEBHOOK_TOKEN=TOKEN).returncode == 0
        )
    first, second = (json.loads(request.body)["id"] for request in server.requests)
    assert first != second


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", ""),
        ("/webhook/tradingview", ""),
        ("/webhook/tradingview/", ""),
        ("/webhook/tradingview", "/validate"),
        ("/", "/validate"),
    ],
)
def test_the_route_follows_from_url_and_option(receive, path, asked):
    server = receive()
    base = server.url.removesuffix("/webhook/tradingview")
    option = ["--validate"] if asked else []
    assert (
        send(
            EXAMPLES / "market.json", "--url", base + path, *option, WEBHOOK_TOKEN=TOKEN
        ).returncode
        == 0
    )
    assert server.requests[0].path == f"/webhook/tradingview{asked}"


@pytest.mark.parametrize(
    ("statuses", "exit_status"), [((422,), 1), ((200, 503), 1), ((307,), 1), ((201,), 0)]
)
def test_the_exit_status_is_zero_only_if_every_answer_was_a_success(receive, statuses, exit_status):
    server = receive(*statuses)
    option = ["--twice"] if len(statuses) == 2 else []
    done = send(EXAMPLES / "market.json", "--url", server.url, *option, WEBHOOK_TOKEN=TOKEN)
    assert done.returncode == exit_status
    assert f"HTTP {statuses[-1]}" in done.stdout
    assert len(server.requests) == len(statuses)


def test_own_id_and_time_are_kept_and_numbers_stay_as_written(receive, tmp_path):
    server = receive()
    path = tmp_path / "alert.json"
    path.write_text(
        '{"id": "mine", "fired_at": "{{timenow}}", "volume": 0.10000000000000000001, "note": "ä"}',
        "utf-8",
    )
    assert send(path, "--url", server.url, WEBHOOK_TOKEN=TOKEN).returncode == 0
    document = json.loads(server.requests[0].body)
    assert (document["id"], document["volume"], document["note"]) == (
        "mine",
        "0.10000000000000000001",
        "ä",
    )
    assert "{{" not in document["fired_at"]


def test_the_tradingview_template_is_not_sent_as_it_is():
    done = send(EXAMPLES / "tradingview_alert.json", WEBHOOK_TOKEN=TOKEN)
    assert done.returncode == 1
    assert "side: {{strategy.order.action}}" in done.stderr
    assert "fired_at" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"), [("{", "is not JSON"), ("[]", "one JSON object"), (None, "No such file")]
)
def test_a_file_that_is_no_alert_is_refused_in_a_sentence(tmp_path, text, said):
    path = tmp_path / "alert.json"
    if text is not None:
        path.write_text(text, "utf-8")
    done = send(path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (("--url", "ftp://127.0.0.1/"), {}, "http:// or https://"),
        (("--token",), {}, "--token needs WEBHOOK_TOKEN"),
        ((), {"WEBHOOK_SECRET": "whsec_no!"}, "base64"),
        (("--url", "http://127.0.0.1:1/"), {}, "No answer from http://127.0.0.1:1/"),
    ],
)
def test_what_cannot_work_ends_in_a_sentence(arguments, env, said):
    done = send(EXAMPLES / "market.json", *arguments, **env)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
