"""Secrets by name: read by the real client over gRPC from a service in this
process, and from files."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
from google.auth.exceptions import DefaultCredentialsError

from tests.support.clock import FakeClock
from tests.support.kraken_faults import errors
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.project import ROOT
from tests.support.secret_manager import PROJECT, SecretManager, client_on, name
from tests.support.served_function import free_port
from webhook_core import bootstrap
from webhook_core.clock import Budget
from webhook_core.cloud.secrets import MOST_BYTES, ROLE, SecretReader, crc32c
from webhook_core.errors import NotConfigured
from webhook_core.events import LOGGER
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.outcomes import Reply, key_is_refused
from webhook_core.kraken.signing_keys import KrakenKey, RenewedKey
from webhook_core.operations.at_terminal import complete_settings
from webhook_core.settings.reading import SettingsError
from webhook_core.settings.secret_values import SecretName
from webhook_core.web.messages import HttpRequest

TOKEN = "token-of-the-secrets-0123"
SIGNING = "signing-of-the-secrets-0123"
OPERATOR = "operator-of-the-secrets-0123"
NEW_KEY = "newer-kraken-api-key-0123456789"
NEW_SECRET = base64.b64encode(bytes(range(64))).decode()
LIVE = {
    "TRADING_MODE": "live", "GCP_PROJECT_ID": PROJECT, "ALLOWED_SYMBOLS": "BTC/USD",
    "MAX_ORDER_COST": "none",
    "LEDGER_URL": "memory://", "OPERATOR_TOKEN": OPERATOR, "STRATEGIES_FILE": "",
}  # fmt: skip
ALERTS = "/webhook/tradingview"
ANSWER_KEYS = {
    "success", "message", "order_id", "error", "trade_details", "code", "field", "alert_id",
    "client_order_id", "orders",
    "replayed", "mode", "warnings", "request_id",
}  # fmt: skip
K, S, T, W = "KRAKEN_API_KEY", "KRAKEN_API_SECRET", "WEBHOOK_TOKEN", "WEBHOOK_SECRET"


@pytest.fixture(autouse=True)
def log_as_it_was(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


@pytest.fixture
def manager():
    with SecretManager() as manager:
        for secret, value in ((K, KEY), (S, SECRET), (T, TOKEN)):
            manager.add(secret, value)
        yield manager


@pytest.fixture
def kraken():
    with KrakenServer() as kraken:
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        yield kraken


def asked(*secrets, **options):
    return [SecretName(secret, name(secret), **options) for secret in secrets]


def faults_of(reader, names, seconds=2.0):
    with pytest.raises(NotConfigured) as caught:
        reader.read(names, seconds)
    return list(caught.value.faults)


# -- one value -------------------------------------------------------------------------------------


def test_the_values_are_read_by_their_names(manager):
    assert manager.reader().read(asked(K, S), 2.0) == {name(K): KEY, name(S): SECRET}
    assert sorted(manager.accesses) == [name(K), name(S)]


def test_a_number_is_that_version_and_latest_the_newest(manager):
    manager.add(T, "newer-token-0123456789")
    names = [SecretName(T, name(T, 1)), SecretName(T, name(T))]
    assert list(manager.reader().read(names, 2.0).values()) == [TOKEN, "newer-token-0123456789"]


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ("abc\n", "abc"), ("abc\r\n", "abc"), ("abc\n\n", "abc\n"), (" abc", " abc"),
        ("ab\nc", "ab\nc"), ("é", "é"),
        ("x" * MOST_BYTES, "x" * MOST_BYTES),
    ],
)  # fmt: skip
def test_one_line_end_at_the_end_is_no_part_of_the_value(manager, stored, value, tmp_path):
    manager.add("odd", stored)
    (tmp_path / "odd").write_bytes(stored.encode())
    names = [*asked("odd"), SecretName("odd", f"file:{tmp_path}/odd")]
    assert set(manager.reader().read(names, 2.0).values()) == {value}


ADVICE = {
    grpc.StatusCode.PERMISSION_DENIED: f"grant the account {ROLE}: gcloud secrets "
    f"add-iam-policy-binding {K} --project={PROJECT} "
    f"--member=serviceAccount:ACCOUNT --role={ROLE}",
    grpc.StatusCode.NOT_FOUND: f"gcloud secrets create {K} --project={PROJECT} --data-file=FILE",
    grpc.StatusCode.FAILED_PRECONDITION: (
        f"gcloud secrets versions enable VERSION --secret={K} --project={PROJECT}"
    ),
    grpc.StatusCode.UNAUTHENTICATED: "gcloud auth application-default login",
    grpc.StatusCode.UNAVAILABLE: (
        "could not be read (UNAVAILABLE); it is tried again with a later request"
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: "could not be read (DEADLINE_EXCEEDED)",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "could not be read (RESOURCE_EXHAUSTED)",
    grpc.StatusCode.INTERNAL: "could not be read (INTERNAL)",
    grpc.StatusCode.UNKNOWN: "could not be read (UNKNOWN)",
}


@pytest.mark.parametrize(
    ("status", "advice"), ADVICE.items(), ids=lambda each: getattr(each, "name", None)
)
def test_each_failure_is_one_line_that_names_the_secret_and_what_to_do(manager, status, advice):
    manager.fail(K, status)
    (fault,) = faults_of(manager.reader(), asked(K, S))
    assert fault.startswith(f"{K}: {name(K)} ")
    assert advice in fault
    assert "\n" not in fault


@pytest.mark.parametrize(
    "status",
    [each for each in ADVICE if "again" not in ADVICE[each] and "could" not in ADVICE[each]],
)
def test_whatever_an_operator_must_mend_names_the_role_or_the_command(manager, status):
    manager.fail(K, status)
    (fault,) = faults_of(manager.reader(), asked(K))
    assert ROLE in fault or "gcloud secrets versions" in fault


def test_a_version_that_is_not_there_and_one_that_is_disabled(manager):
    manager.disable(T, 1)
    found = faults_of(
        manager.reader(),
        [SecretName(T, name(T)), SecretName(T, name(T, 7)), SecretName(T, name("NONE"))],
    )
    assert "is disabled or destroyed" in found[0]
    assert name(T, 7) in found[1]
    assert "has no such version" in found[1]
    assert "is not there" in found[2]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfeT", "is not UTF-8 text"),
        (b"\xe9", "not UTF-8"),
    ],
)
def test_a_value_that_is_none_is_said_without_being_shown(manager, data, said, tmp_path):
    manager.add("odd", data)
    (tmp_path / "odd").write_bytes(data)
    for one in (*asked("odd"), SecretName("odd", f"file:{tmp_path}/odd")):
        (fault,) = faults_of(manager.reader(), [one])
        assert fault.startswith(f"odd: {one.name} {said}") or said in fault


def test_a_value_that_came_damaged_is_refused(manager):
    manager.crc_error = 1
    (fault,) = faults_of(manager.reader(), asked(T))
    assert f"{name(T)} came damaged" in fault
    assert TOKEN not in fault


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_the_checksum_is_that_of_rfc_3720(data, checksum):
    assert crc32c(data) == checksum


def test_every_fault_is_told_at_once(manager):
    manager.fail(K, grpc.StatusCode.PERMISSION_DENIED)
    manager.fail(S, grpc.StatusCode.UNAVAILABLE)
    found = faults_of(manager.reader(), asked(K, S, T, "NONE"))
    assert [fault.partition(":")[0] for fault in found] == [K, S, "NONE"]


def test_of_alternatives_one_is_enough(manager):
    assert manager.reader().read(asked(T, W, alternative=True), 2.0) == {
        name(T): TOKEN,
        name(W): "",
    }
    for absent in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.FAILED_PRECONDITION):
        manager.fail(W, absent)
        assert manager.reader().read(asked(T, W, alternative=True), 2.0)[name(W)] == ""


def test_an_alternative_that_cannot_be_asked_for_is_not_taken_for_absent(manager):
    manager.fail(W, grpc.StatusCode.UNAVAILABLE)
    (fault,) = faults_of(manager.reader(), asked(T, W, alternative=True))
    assert fault.startswith(f"{W}: ")
    manager.fail(T, grpc.StatusCode.NOT_FOUND)
    manager.fail(W, grpc.StatusCode.PERMISSION_DENIED)
    assert len(faults_of(manager.reader(), asked(T, W, alternative=True))) == 2


# -- files -----------------------------------------------------------------------------------------


def test_a_file_is_read_and_no_client_is_built(manager, tmp_path):
    (tmp_path / "key").write_text("from a file\n", "utf-8")
    assert manager.reader().read([SecretName(K, f"file:{tmp_path}/key")], 2.0) == {
        f"file:{tmp_path}/key": "from a file"
    }
    assert manager.connections == 0


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * (MOST_BYTES + 1))
    paths = {
        "none": f"--set-secrets={tmp_path}/none=SECRET:latest",
        ".": "IsADirectoryError",
        "large": "larger than 65536",
    }
    for path, said in paths.items():
        (fault,) = faults_of(SecretReader(), [SecretName(K, f"file:{tmp_path}/{path}")])
        assert fault.startswith(f"{K}: file:{tmp_path}/{path} ")
        assert said in fault


def test_a_file_that_may_not_be_read_names_the_role(tmp_path, monkeypatch):
    def denied(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied", TOKEN)

    monkeypatch.setattr(Path, "open", denied)  # the tests may run as root, who may read everything
    (fault,) = faults_of(SecretReader(), [SecretName(K, "file:/secrets/key")])
    assert ROLE in fault
    assert TOKEN not in fault


# -- time and connections --------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_a_service_that_does_not_answer_takes_the_given_seconds_once_for_all(manager, seconds):
    manager.reader().read(asked(T), 5.0)  # the library is imported
    for secret in (K, S, T):
        manager.hang(secret)
    began = time.monotonic()
    found = faults_of(manager.reader(), asked(K, S, T), seconds)
    assert seconds - 0.05 <= time.monotonic() - began < seconds + 0.35
    assert len(found) == 3
    assert all("later request" in fault for fault in found)


def test_one_that_hangs_does_not_hide_what_the_others_say(manager):
    manager.hang(K)
    manager.fail(S, grpc.StatusCode.PERMISSION_DENIED)
    found = faults_of(manager.reader(), asked(K, S), 1.0)
    assert "later request" in found[0]
    assert ROLE in found[1]


def test_a_search_for_credentials_that_hangs_is_not_waited_for():
    released = threading.Event()
    began = time.monotonic()
    (fault,) = faults_of(SecretReader(released.wait), asked(T), 0.3)
    assert time.monotonic() - began < 0.6
    assert "did not come in time" in fault
    released.set()


def test_without_credentials_the_fault_says_where_they_come_from():
    def connect():
        raise DefaultCredentialsError(f"a text with {TOKEN}")

    (fault,) = faults_of(SecretReader(connect), asked(T))
    assert "gcloud auth application-default login" in fault
    assert ROLE in fault
    assert TOKEN not in fault


def test_a_bug_in_a_library_is_told_by_its_kind_only():
    def connect():
        raise RuntimeError(f"a text with {TOKEN}")

    (fault,) = faults_of(SecretReader(connect), asked(T))
    assert "could not be read (RuntimeError)" in fault
    assert TOKEN not in fault


def test_a_service_that_refuses_connections_fails_at_once_and_is_found_when_it_is_back():
    """gRPC's own back-off would keep it away for up to two minutes."""
    port = free_port()
    reader = SecretReader(lambda: client_on(port))
    for _ in range(4):
        began = time.monotonic()
        (fault,) = faults_of(reader, asked(T), 2.0)
        assert "UNAVAILABLE" in fault
        assert time.monotonic() - began < 1.9
    with SecretManager(port) as manager:
        manager.add(T, TOKEN)
        assert reader.read(asked(T), 2.0) == {name(T): TOKEN}


def test_one_client_serves_every_read(manager):
    reader = manager.reader()
    for _ in range(3):
        reader.read(asked(K, S, T), 2.0)
    assert manager.connections == 1


# -- a function whose secrets stand elsewhere ------------------------------------------------------


class Function:
    """The instance that main.py holds, and its log."""

    def __init__(self, manager, clock=None, **env):
        self.instance = bootstrap.start({**LIVE, **env}, manager.reader(), clock)
        self.lines = []
        (handler,) = LOGGER.handlers
        handler.stream._stream = self
        self.said = b""

    def write(self, line):
        self.lines.append(line)

    def flush(self):
        pass

    def send(self, method, path, body=b"", received_at=None, **headers):
        request = HttpRequest(
            method, path, {}, headers, body, "127.0.0.1", received_at or self.instance.clock.now()
        )
        response = self.instance.handle(request)
        self.said += response.body + repr(response.headers).encode()
        return response.status, json.loads(response.body or b"{}")

    def alert(self, token=TOKEN, number=1, volume="0.01", fired_at=None, **options):
        fields = {
            "token": token, "id": f"a-{number}", "symbol": "BTCUSD", "side": "buy",
            "volume": volume, "price": "60000",
            "fired_at": (fired_at or self.instance.clock.now()).isoformat(),
        }  # fmt: skip
        return self.send("POST", ALERTS, json.dumps(fields).encode(), **options)

    def log(self, event_name):
        return [line for line in self.lines if event_name in line]

    def told_nothing_of(self, *secrets):
        everything = "".join(self.lines) + self.said.decode()
        return not [secret for secret in secrets if secret in everything]


def test_an_alert_becomes_an_order_with_every_secret_read_once(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    for number in range(3):
        status, answer = function.alert(number=number)
        assert (status, answer["code"], answer["mode"]) == (200, "accepted", "live")
    assert len(kraken.orders()) == 3
    assert sorted(manager.accesses) == sorted([name(K), name(S), name(T), name(W)])
    assert function.send("GET", "/account", authorization=f"Bearer {OPERATOR}")[0] == 200
    assert function.alert(token="wrong-token-0123456789")[0] == 401
    assert len(manager.accesses) == 4
    assert function.told_nothing_of(TOKEN, KEY, SECRET, OPERATOR)


def test_health_reads_nothing_and_says_ok_before_anything_failed(manager):
    function = Function(manager)
    for path in ("/", "/webhook/health", "/webhook/health/"):
        assert function.send("GET", path)[0] == 200
    assert function.send("GET", "/webhook/health")[1]["status"] == "ok"
    assert manager.accesses == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"), ("POST", ALERTS), ("POST", f"{ALERTS}/validate"), ("GET", "/account"),
        ("GET", "/orders"),
        ("POST", "/reconcile"),
    ],
)  # fmt: skip
def test_every_route_that_needs_proof_answers_not_configured_and_tells_no_more(
    manager, method, path
):
    manager.fail(K, grpc.StatusCode.PERMISSION_DENIED)
    function = Function(manager)
    status, answer = function.send(
        method, path, b"{}", x_request_id="r-1", authorization=f"Bearer {OPERATOR}"
    )
    assert (status, answer["code"], answer["success"], answer["mode"]) == (
        503,
        "not_configured",
        False,
        "live",
    )
    assert set(answer) == ANSWER_KEYS
    assert (
        answer["message"]
        == "A secret that this function needs can't be used; its log says which. Nothing was sent."
    )
    for told in (K, PROJECT, ROLE, "gcloud", "PERMISSION"):
        assert told not in json.dumps(answer)
    (line,) = function.log("service.not_configured")
    assert "ERROR" in line
    assert name(K) in line
    assert ROLE in line
    assert function.send("GET", "/webhook/health")[1]["status"] == "not_configured"


def test_what_needs_no_secret_is_answered_as_ever(manager):
    manager.fail(K, grpc.StatusCode.PERMISSION_DENIED)
    function = Function(manager, CORS_ORIGINS="https://a.example")
    function.alert()
    assert function.send("GET", "/nowhere")[0] == 404
    assert function.send("GET", ALERTS)[0] == 405
    assert function.send("POST", ALERTS, b" " * 65537)[0] == 413
    assert function.send("OPTIONS", ALERTS, origin="https://a.example")[0] == 204
    assert "mode" not in function.send("GET", "/")[1]


def test_after_a_failure_nobody_can_drive_the_reads_and_a_later_request_heals(manager, kraken):
    clock = FakeClock(datetime.now(UTC))
    manager.fail(S, grpc.StatusCode.UNAVAILABLE)
    function = Function(manager, clock, KRAKEN_API_URL=kraken.url)
    for _ in range(20):
        assert function.alert()[0] == 503
    assert manager.accesses.count(name(S)) == 1
    clock.sleep(4.9)
    assert function.alert()[0] == 503
    assert manager.accesses.count(name(S)) == 1
    manager.fail(S, None)
    clock.sleep(0.2)
    assert function.alert()[1]["code"] == "accepted"
    assert function.send("GET", "/webhook/health")[1]["status"] == "ok"
    assert manager.accesses.count(name(S)) == 2
    assert len(function.log("service.not_configured")) == 1


def test_a_value_that_breaks_a_rule_is_not_configured_and_not_shown(manager):
    manager.add(S, "my-secret-is-no-base64!")
    function = Function(manager)
    assert function.alert()[1]["code"] == "not_configured"
    (line,) = function.log("service.not_configured")
    assert (
        "KRAKEN_API_SECRET: is not base64; copy the private key that Kraken showed with the API "
        f"key, whole (read from {name(S)})"
    ) in line
    assert function.told_nothing_of("my-secret-is-no-base64!", KEY, TOKEN)


def test_a_secret_that_is_read_later_is_masked_in_the_log_too(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert()
    LOGGER.error("by mistake %s %s %s", TOKEN, KEY, SECRET)
    assert function.told_nothing_of(TOKEN, KEY, SECRET)
    assert "by mistake *** *** ***" in function.lines[-1]


def test_a_service_that_hangs_takes_a_second_and_a_half_and_of_many_requests_one_reads(manager):
    for secret in (K, S, T, W):
        manager.hang(secret)
    function = Function(manager)
    answers = []
    began = time.monotonic()
    threads = [threading.Thread(target=lambda: answers.append(function.alert())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2.2
    assert [status for status, _ in answers] == [503] * 6
    assert len(manager.accesses) == 4


def test_reading_the_secrets_counts_in_the_requests_budget(manager, kraken):
    """With less than a second left after the claim nothing is sent, and TradingView is
    told to come again."""

    class SlowReader(SecretReader):
        def read(self, names, seconds):
            clock.sleep(1.6)
            return super().read(names, seconds)

    clock = FakeClock(datetime.now(UTC))
    function = Function(manager, clock, KRAKEN_API_URL=kraken.url)
    function.instance = bootstrap.start(
        {**LIVE, "KRAKEN_API_URL": kraken.url}, SlowReader(manager.client), clock
    )
    fired_at = clock.now()
    assert function.alert(fired_at=fired_at)[1]["code"] == "not_sent"
    assert kraken.calls == []
    assert function.alert(fired_at=fired_at)[1]["code"] == "accepted"


def test_plain_values_in_the_environment_read_nothing(manager, kraken):
    function = Function(
        manager,
        KRAKEN_API_URL=kraken.url,
        KRAKEN_API_KEY=KEY,
        KRAKEN_API_SECRET=SECRET,
        WEBHOOK_TOKEN=TOKEN,
    )
    assert function.alert()[1]["code"] == "accepted"
    assert (manager.accesses, manager.connections) == ([], 0)


def test_no_repr_and_no_exception_holds_a_secret(manager):
    read = bootstrap.Configuration(LIVE, manager.reader().read).completed(2.0)
    client = KrakenClient(KEY, SECRET)
    shown = (
        f"{read!r} {KrakenKey(KEY, SECRET)!r} {client!r} {client._private!r} "
        f"{manager.reader()!r} {NotConfigured(('x',))!r}"
    )
    for secret in (KEY, SECRET, TOKEN):
        assert secret not in shown


def test_at_a_terminal_the_faults_are_those_of_the_settings(tmp_path):
    missing = f"file:{tmp_path}/none"
    with pytest.raises(SettingsError) as caught:
        complete_settings({"WEBHOOK_TOKEN": missing, "STRATEGIES_FILE": ""})
    (fault,) = caught.value.faults
    assert fault.startswith(f"WEBHOOK_TOKEN: {missing} is not there")


# -- a key that Kraken refuses ---------------------------------------------------------------------


def rotate(kraken, manager, key=NEW_KEY, secret=NEW_SECRET):
    """At Kraken first, then in Secret Manager."""
    kraken.engine.key.name, kraken.engine.key.secret = key, base64.b64decode(secret)
    manager.add(K, key)
    manager.add(S, secret)


def test_a_key_that_was_changed_is_read_again_and_the_order_placed_once(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    assert function.alert(number=1)[0] == 200
    rotate(kraken, manager)
    status, answer = function.alert(number=2)
    assert (status, answer["code"]) == (200, "accepted")
    first, refused, sent_again = (call.params for call in kraken.calls_of("AddOrder"))
    assert (
        refused["cl_ord_id"]
        == sent_again["cl_ord_id"]
        == answer["client_order_id"]
        != first["cl_ord_id"]
    )
    assert {**refused, "nonce": ""} == {**sent_again, "nonce": ""}
    assert int(first["nonce"]) < int(refused["nonce"]) < int(sent_again["nonce"])
    assert len(kraken.orders()) == 2
    assert (manager.accesses.count(name(K)), manager.accesses.count(name(T))) == (2, 1)
    assert (
        function.send("GET", "/orders", authorization=f"Bearer {OPERATOR}")[1]["orders"][0][
            "attempt"
        ]
        == 1
    )
    assert function.alert(number=3)[0] == 200
    assert manager.accesses.count(name(K)) == 2
    assert function.told_nothing_of(NEW_KEY, NEW_SECRET)
    LOGGER.error("by mistake %s", NEW_SECRET)
    assert function.told_nothing_of(NEW_SECRET)


def test_a_read_refused_for_the_key_is_made_again_with_the_new_one(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert()
    rotate(kraken, manager, key=KEY)  # only the secret: EAPI:Invalid signature
    status, account = function.send("GET", "/account", authorization=f"Bearer {OPERATOR}")
    assert status == 200
    assert account["balances"]


def test_a_key_that_is_refused_and_did_not_change_is_read_at_most_once_a_minute(manager):
    clock = FakeClock()
    with KrakenServer(clock=clock) as kraken:
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        refused_for_minutes(manager, kraken, clock)


def refused_for_minutes(manager, kraken, clock):
    function = Function(manager, clock, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    kraken.engine.key.name = NEW_KEY
    for number in range(1, 6):
        status, answer = function.alert(number=number)
        assert (status, answer["code"]) == (422, "order_rejected")
        assert "EAPI:Invalid key" in answer["error"]
    assert len(kraken.calls_of("AddOrder")) == 6
    assert manager.accesses.count(name(K)) == 2
    clock.sleep(60)
    rotate(kraken, manager)
    assert function.alert(number=6)[0] == 200
    assert manager.accesses.count(name(K)) == 3
    assert len(kraken.orders()) == 2


def test_a_new_key_that_is_refused_too_is_final_after_one_more_send(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    rotate(kraken, manager)
    manager.add(K, "a-key-that-nobody-knows")
    for number in (1, 2):
        assert function.alert(number=number)[1]["code"] == "order_rejected"
    sent = [call.params["cl_ord_id"] for call in kraken.calls_of("AddOrder")]
    assert [sent.count(each) for each in dict.fromkeys(sent)] == [1, 2, 1]
    assert len(kraken.orders()) == 1


def test_with_no_time_for_a_second_send_the_order_is_not_sent_and_the_next_delivery_sends_it(
    manager, kraken
):
    """The refusal proves that nothing was placed, and the new key is there for the redelivery."""
    clock = FakeClock(datetime.now(UTC))

    class SlowReader(SecretReader):
        def read(self, names, seconds):
            clock.sleep(1.4 if len(names) == 2 else 0)
            return super().read(names, seconds)

    function = Function(manager, clock, KRAKEN_API_URL=kraken.url)
    function.instance = bootstrap.start(
        {**LIVE, "KRAKEN_API_URL": kraken.url}, SlowReader(manager.client), clock
    )
    function.alert(number=0)
    rotate(kraken, manager)
    fired_at = clock.now()
    assert function.alert(number=1, fired_at=fired_at)[1]["code"] == "not_sent"
    clock.sleep(5)
    assert function.alert(number=1, fired_at=fired_at)[1]["code"] == "accepted"
    assert len(kraken.orders()) == 2


def test_any_other_refusal_reads_nothing(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    for number, text in enumerate(
        ["EGeneral:Permission denied", "EAPI:Invalid nonce", "EOrder:Insufficient funds"], 1
    ):
        kraken.script("AddOrder", errors([text]))
        function.alert(number=number)
    kraken.script("AddOrder", errors(["EAPI:Invalid key", "EService:Unavailable"]))
    assert function.alert(number=9)[1]["code"] == "outcome_unknown"
    assert manager.accesses.count(name(K)) == 1


def test_a_service_that_fails_then_leaves_the_refusal_as_it_is(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    kraken.engine.key.name = NEW_KEY
    manager.fail(K, grpc.StatusCode.UNAVAILABLE)
    assert function.alert(number=1)[1]["code"] == "order_rejected"
    (line,) = function.log("kraken.key_not_read_again")
    assert name(K) in line


def test_a_service_that_hangs_then_does_not_take_the_requests_time(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    kraken.engine.key.name = NEW_KEY
    manager.hang(K)
    began = time.monotonic()
    assert function.alert(number=1)[1]["code"] == "order_rejected"
    assert time.monotonic() - began < 2.5


def test_a_mounted_key_is_read_again_too(kraken, manager, tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n", "utf-8")
    (tmp_path / "secret").write_text(f"{SECRET}\n", "utf-8")
    function = Function(
        manager, KRAKEN_API_URL=kraken.url, KRAKEN_API_KEY=f"file:{tmp_path}/key",
        WEBHOOK_TOKEN=TOKEN,
        KRAKEN_API_SECRET=f"file:{tmp_path}/secret",
    )  # fmt: skip
    assert function.alert(number=1)[0] == 200
    rotate(kraken, manager)
    (tmp_path / "key").write_text(NEW_KEY, "utf-8")
    (tmp_path / "secret").write_text(NEW_SECRET, "utf-8")
    assert function.alert(number=2)[0] == 200
    assert len(kraken.orders()) == 2
    assert manager.accesses == []


def test_a_key_in_the_environment_is_not_read_again(manager, kraken):
    function = Function(
        manager,
        KRAKEN_API_URL=kraken.url,
        KRAKEN_API_KEY=KEY,
        KRAKEN_API_SECRET=SECRET,
        WEBHOOK_TOKEN=TOKEN,
    )
    rotate(kraken, manager)
    assert function.alert()[1]["code"] == "order_rejected"
    assert manager.accesses == []
    assert len(kraken.calls_of("AddOrder")) == 1


def test_orders_at_the_same_moment_share_one_read_of_the_new_key(manager, kraken):
    function = Function(manager, KRAKEN_API_URL=kraken.url)
    function.alert(number=0)
    rotate(kraken, manager)
    answers = []
    threads = [
        threading.Thread(
            target=lambda number=number: answers.append(
                function.alert(number=number, volume="0.001")
            )
        )
        for number in range(1, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["code"] for _, answer in answers] == ["accepted"] * 5
    assert len(kraken.orders()) == 6
    assert manager.accesses.count(name(K)) == 2


@pytest.mark.parametrize(
    ("document", "status", "refused"),
    [
        ({"error": ["EAPI:Invalid key"]}, 200, True),
        ({"error": ["EAPI:Invalid signature", "EAPI:Invalid key"]}, 200, True),
        ({"error": "EAPI:Invalid signature"}, 200, True),
        ({"error": ["EAPI:Invalid key"], "result": {"txid": ["O1"]}}, 200, False),
        ({"error": ["EAPI:Invalid key"], "result": {"descr": {}}}, 200, False),
        ({"error": ["EAPI:Invalid key"]}, 502, False),
        ({"error": ["EAPI:Invalid key", "EOrder:Unknown"]}, 200, False),
        ({"error": ["EAPI:Invalid keys"]}, 200, False),
        ({"error": ["EAPI:Invalid nonce"]}, 200, False),
        ({"error": []}, 200, False),
        (None, 200, False),
    ],
)
def test_only_proof_that_nothing_was_placed_is_a_refused_key(document, status, refused):
    assert key_is_refused(Reply(status, document)) is refused


OLD, NEW, NEWEST = (KrakenKey(text, SECRET) for text in ("old", "new", "newest"))


@pytest.mark.parametrize(("seconds", "reads"), [(0.05, 0), (0.5, 1), (9.0, 1)])
def test_the_read_keeps_to_the_budget_and_to_a_second_and_a_half(seconds, reads):
    clock, given = FakeClock(), []
    renewed = RenewedKey(OLD, lambda limit: given.append(limit) or NEW)
    found = renewed.instead_of(OLD, Budget.start(clock, seconds))
    assert (found, len(given)) == (NEW if reads else None, reads)
    assert all(limit <= min(1.5, seconds) for limit in given)


def test_a_key_that_was_replaced_already_costs_no_read():
    clock, answers = FakeClock(), [NEW, NEWEST]
    renewed = RenewedKey(OLD, lambda _: answers.pop(0))
    budget = Budget.start(clock, 2.0)
    assert [renewed.instead_of(OLD, budget) for _ in range(3)] == [NEW] * 3
    assert renewed.instead_of(NEW, budget) is None
    clock.sleep(61)
    assert renewed.instead_of(NEW, Budget.start(clock, 2.0)) == NEWEST


# -- what is imported ------------------------------------------------------------------------------

SCRIPT = """
import json, sys
from datetime import datetime, UTC
from webhook_core.bootstrap import start
from webhook_core.operations.at_terminal import complete_settings
from webhook_core.web.messages import HttpRequest
instance = start(json.loads(sys.argv[1]))
request = HttpRequest("POST", "/", {}, {}, b"{}", "127.0.0.1", datetime.now(UTC))
status = instance.handle(request).status
google = {"grpc", "google.auth", "google.api_core"}
print(json.dumps([status, sorted(google & set(sys.modules))]))
"""


def loaded(env, **around):
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        json.dumps({"LEDGER_URL": "memory://", "LOG_LEVEL": "CRITICAL", **env}),
    ]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT), **around}, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_googles_library_is_not_imported_for_values_and_files(tmp_path):
    (tmp_path / "token").write_text(TOKEN, "utf-8")
    assert loaded({"WEBHOOK_TOKEN": f"file:{tmp_path}/token", "OPERATOR_TOKEN": OPERATOR}) == [
        401,
        [],
    ]


def test_googles_library_is_imported_for_a_name(tmp_path):
    """Without credentials; it must not look for Google's metadata server here."""
    around = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json"),
        "GCE_METADATA_HOST": "127.0.0.1:1",
    }
    status, modules = loaded({"WEBHOOK_TOKEN": name(T), "REQUEST_BUDGET_SECONDS": "20"}, **around)
    assert status == 503
    assert modules == ["google.api_core", "google.auth", "grpc"]


def test_the_librarys_own_log_of_answers_stays_shut(monkeypatch):
    """GOOGLE_SDK_PYTHON_LOGGING_SCOPE=google would write every secret to the log."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    from webhook_core.cloud.secrets import _Clients

    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), None))
    client = _Clients().client()
    module = type(client.transport).__module__
    assert not logging.getLogger(module).isEnabledFor(logging.DEBUG)
    client.transport.close()
