"""The access token: fetched once at a time, in time, before it ends; one that is refused
is not shown again."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.firestore_emulator import shared_emulator
from tests.support.firestore_faults import Fault, FaultyFirestore
from tests.support.ledger_entries import Dated, moved, submitting
from webhook_core.errors import LedgerForbidden, LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Recorded
from webhook_core.ledger.entry import State
from webhook_core.ledger.firestore import channel, tokens
from webhook_core.ledger.firestore.ledger import FirestoreLedger
from webhook_core.ledger.firestore.tokens import AccessToken, NoToken, Tokens
from webhook_core.network.wire import Wire

HOUR_S = 3600


class Source:
    """Tokens t1, t2 and so on, each for so many seconds; ``hold`` keeps them back."""

    def __init__(self, *lasting_s: float, fail: str = "") -> None:
        self.lasting_s, self.fail = list(lasting_s), fail
        self.asked = 0
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self) -> AccessToken:
        self.asked += 1
        number = self.asked
        self.hold.wait(5)
        if self.fail:
            raise NoToken(self.fail)
        return AccessToken(
            f"t{number}", time.time() + self.lasting_s[min(number, len(self.lasting_s)) - 1]
        )


def test_many_that_come_first_fetch_one_token():
    source = Source(HOUR_S)
    source.hold.clear()
    made = Tokens(source)
    with ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(made.current, 3) for _ in range(16)]
        source.hold.set()
        assert {each.result() for each in asking} == {"t1"}
    assert source.asked == 1
    assert made.current(0) == "t1"


@pytest.mark.parametrize("left_s", [tokens.RENEWED_AHEAD_S - 5, 1])
def test_a_token_near_its_end_is_renewed_by_one_while_others_go_on_with_it(left_s):
    source = Source(left_s, HOUR_S)
    made = Tokens(source)
    assert made.current(3) == "t1"
    made._tried_at = 0
    source.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(made.current, 3)
        while source.asked < 2:
            time.sleep(0.001)
        assert {made.current(3) for _ in range(5)} == {"t1"}
        renewal = made._renewal
        source.hold.set()
        assert renewing.result() in {"t1", "t2"}
        renewal.done.wait(3)
    assert (made.current(0), source.asked) == ("t2", 2)


def test_a_renewal_that_hangs_holds_up_nobody_while_the_old_token_serves_and_is_taken_up_later():
    source = Source(60, HOUR_S)
    made = Tokens(source)
    made.current(3)
    made._tried_at = 0
    source.hold.clear()
    assert made.current(60) == "t1"
    renewal = made._renewal
    source.hold.set()
    renewal.done.wait(3)
    assert (made.current(0), source.asked) == ("t2", 2)


def test_a_token_that_has_ended_is_never_shown():
    source = Source(-1, HOUR_S)
    made = Tokens(source)
    made.current(3)
    assert made.current(3) == "t2"


def test_a_renewal_that_fails_leaves_the_old_token_and_is_not_tried_by_each_call():
    source = Source(60)
    made = Tokens(source)
    made.current(3)
    made._tried_at, source.fail = 0, "METADATA_HTTP_503"
    assert [made.current(3) for _ in range(5)] == ["t1"] * 5
    assert source.asked == 2


def test_a_fetch_that_takes_too_long_is_not_waited_for_and_serves_who_comes_later():
    source = Source(HOUR_S)
    source.hold.clear()
    made = Tokens(source)
    for _ in range(2):
        with pytest.raises(NoToken) as caught:
            made.current(0.05)
        assert caught.value.reason == "TIMEOUT"
    source.hold.set()
    assert (made.current(3), source.asked) == ("t1", 1)


def test_a_failed_fetch_is_tried_again_by_the_next_call():
    source = Source(HOUR_S, fail="METADATA_HTTP_500")
    made = Tokens(source)
    with pytest.raises(NoToken):
        made.current(3)
    source.fail = ""
    assert made.current(3) == "t2"


@pytest.mark.parametrize(("refused", "asked"), [("t1", 2), ("another", 1)])
def test_a_token_that_was_refused_is_not_shown_again(refused, asked):
    source = Source(HOUR_S)
    made = Tokens(source)
    made.current(3)
    made.forget(refused)
    assert made.current(3) == f"t{asked}"
    assert source.asked == asked


# The metadata server


class Metadata:
    """Answers what it is told to (docs.cloud.google.com/compute/docs/metadata)."""

    def __init__(self) -> None:
        self.answer = (
            200,
            {"Metadata-Flavor": "Google"},
            b'{"access_token": "m1", "expires_in": 3599}',
        )
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers["Metadata-Flavor"]))
                status, headers, body = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def metadata(monkeypatch):
    made = Metadata()
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{made.server.server_port}")
    monkeypatch.setenv("K_SERVICE", "bridge")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_on_google_cloud_the_metadata_server_is_asked_once_and_nobody_s_library(metadata):
    found = tokens.source()()
    assert found.text == "m1"
    assert 3590 < found.ends_at - time.time() < 3600
    assert metadata.asked == [
        ("/computeMetadata/v1/instance/service-accounts/default/token", "Google")
    ]


GOOGLE = {"Metadata-Flavor": "Google"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, GOOGLE, b"no account"), "METADATA_HTTP_404"),
        ((302, GOOGLE | {"Location": "http://127.0.0.1:9/"}, b""), "METADATA_HTTP_302"),
        ((200, {}, b'{"access_token": "x", "expires_in": 3599}'), "METADATA_HTTP_200"),
        ((200, GOOGLE, b"{"), "METADATA_MALFORMED"),
        ((200, GOOGLE, b"[]"), "METADATA_MALFORMED"),
        ((200, GOOGLE, b'{"access_token": 7, "expires_in": 3599}'), "METADATA_MALFORMED"),
        ((200, GOOGLE, b'{"access_token": "", "expires_in": 3599}'), "METADATA_MALFORMED"),
        ((200, GOOGLE, b'{"access_token": "a\\nb", "expires_in": 3599}'), "METADATA_MALFORMED"),
        ((200, GOOGLE, b'{"access_token": "x"}'), "METADATA_MALFORMED"),
        ((200, GOOGLE, b'{"access_token": "x", "expires_in": "soon"}'), "METADATA_MALFORMED"),
    ],
)
def test_what_is_no_token_is_not_taken_for_one(answer, reason, metadata):
    metadata.answer = answer
    with pytest.raises(NoToken) as caught:
        tokens.from_metadata()
    assert caught.value.reason == reason


def test_a_ledger_without_a_token_is_unavailable_in_a_word_and_the_answer_holds_none(metadata):
    metadata.answer = (200, GOOGLE, b'{"access_token": "secret\\u00e9", "expires_in": 3599}')
    with pytest.raises(LedgerUnavailable, match="METADATA_MALFORMED") as caught:
        FirestoreLedger("some-project").claim(submitting())
    assert "secret" not in str(caught.value)


# Firestore's refusals


@pytest.fixture
def refusing(metadata, monkeypatch):
    """The real thing behind the address of Firestore: a server that takes tokens, and the
    emulator behind it."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    made = FaultyFirestore(shared_emulator().port)
    monkeypatch.setattr(channel, "_wire", lambda _: Wire("http", "127.0.0.1", made.port))
    yield made
    made.close()


@pytest.fixture
def ledger():
    made = FirestoreLedger(f"test-{uuid.uuid4().hex[:12]}", timeout_s=10, clock=Dated())
    yield made
    made.close()


def answered(token: str, seconds: int) -> tuple:
    return 200, GOOGLE, json.dumps({"access_token": token, "expires_in": seconds}).encode()


def test_a_token_that_ends_between_two_calls_costs_no_claim_and_no_record(
    refusing, ledger, metadata
):
    claimed = ledger.claim(submitting())
    metadata.answer = answered("m2", 3599)
    refusing.faults.append(Fault("Commit", "UNAUTHENTICATED"))
    assert isinstance(ledger.record(moved(claimed.entry, State.ACCEPTED)), Recorded)
    assert refusing.tokens == ["Bearer m1", "Bearer m1", "Bearer m2"]
    assert len(metadata.asked) == 2


def test_a_token_whose_time_is_over_is_renewed_before_the_call(refusing, ledger, metadata):
    metadata.answer = answered("m1", 0)
    assert isinstance(ledger.claim(submitting()), Claimed)
    metadata.answer = answered("m2", 3599)
    assert isinstance(ledger.claim(submitting("next")), Claimed)
    assert refusing.tokens[-1] == "Bearer m2"


@pytest.mark.parametrize("status", ["UNAUTHENTICATED", "PERMISSION_DENIED"])
def test_an_account_that_may_not_is_one_clear_line_with_the_role_to_grant(
    status, refusing, ledger, caplog
):
    refusing.faults.append(Fault("Commit", status, times=99))
    with caplog.at_level(logging.ERROR), pytest.raises(LedgerForbidden) as caught:
        ledger.claim(submitting())
    assert (caught.value.code, caught.value.status) == ("not_configured", 503)
    (line,) = [record for record in caplog.records if record.message == "service.not_configured"]
    (fault,) = line.facts["faults"]
    assert "roles/datastore.user" in fault
    assert status in fault
    assert refusing.calls == ["Commit"] * (2 if status == "UNAUTHENTICATED" else 1)
    refusing.faults.clear()
    assert isinstance(ledger.claim(submitting()), Claimed)


def test_an_interface_that_is_not_enabled_is_said_as_that(refusing, ledger, caplog):
    error = {
        "code": 403,
        "status": "PERMISSION_DENIED",
        "details": [{"reason": "SERVICE_DISABLED"}],
    }
    answer = (403, {}, json.dumps({"error": error}).encode())
    refusing.faults.append(Fault("Commit", "PERMISSION_DENIED", answer=answer))
    with caplog.at_level(logging.ERROR), pytest.raises(LedgerForbidden):
        ledger.claim(submitting())
    assert (
        "gcloud services enable firestore.googleapis.com" in caplog.records[-1].facts["faults"][0]
    )
