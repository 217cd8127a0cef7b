"""The certificate of the sender, on the word of the load balancer and of nobody else."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.support.faked_function import TOKEN, Function
from tests.support.row_by_row import row_by_row
from webhook_core.settings.certificates import fingerprint
from webhook_core.settings.reading import SettingsError, read_settings

SENDER, BALANCER, FORGER = "52.89.214.238", "34.120.0.9", "6.6.6.6"
SHA = hashlib.sha256(b"TradingView's certificate").digest()
OTHER = hashlib.sha256(b"a certificate that says the same of itself").digest()
GOOGLES = base64.b64encode(SHA).decode().rstrip("=")
CLOUD = {
    "K_SERVICE": "bridge", "TRUSTED_PROXY_HOPS": "1", "CLIENT_CERT_HEADERS": "true",
    "CLIENT_CERT_FINGERPRINTS": f"{SHA.hex()},{hashlib.sha256(b'the next one').hexdigest()}",
    "LOAD_BALANCER_IPS": BALANCER,
}  # fmt: skip
SHOWN = {"x_client_cert_present": "true", "x_client_cert_hash": GOOGLES}


def headers(forwarded=f"{SENDER}, {BALANCER}", **changed):
    found = {"x_forwarded_for": forwarded, **SHOWN, **changed}
    return {name: text for name, text in found.items() if text is not None}


@pytest.mark.parametrize(
    "text",
    [
        SHA.hex(),
        SHA.hex().upper(),
        ":".join(f"{byte:02X}" for byte in SHA),
        GOOGLES,
        base64.b64encode(SHA).decode(),
        base64.urlsafe_b64encode(SHA).decode().rstrip("="),
    ],
)
def test_a_fingerprint_may_be_written_as_openssl_or_as_google_does(text):
    assert fingerprint(text) == SHA
    function = Function(CLOUD)
    assert function.post(function.alert(), **headers(x_client_cert_hash=text)).status == 200


@pytest.mark.parametrize(
    "text", ["", "x", "0" * 63, "0" * 65, GOOGLES[:-1], f"{GOOGLES}==", "é" * 43]
)
def test_anything_else_is_none(text):
    assert fingerprint(text) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"forwarded": None}, "did not come through"),
        ({"forwarded": FORGER}, "did not come through"),
        ({"forwarded": f"{SENDER}, {FORGER}"}, "did not come through"),
        ({"forwarded": f"{SENDER}, {BALANCER}, {FORGER}"}, "did not come through"),
        ({"forwarded": f"{BALANCER}, {FORGER}"}, "did not come through"),
        ({"x_client_cert_present": None}, "showed no"),
        ({"x_client_cert_present": "false"}, "showed no"),
        ({"x_client_cert_present": "true, false"}, "showed no"),
        ({"x_client_cert_present": "TRUE"}, "showed no"),
        ({"x_client_cert_hash": None}, "no SHA-256"),
        ({"x_client_cert_hash": f"{GOOGLES}, {base64.b64encode(OTHER).decode()}"}, "no SHA-256"),
        ({"x_client_cert_hash": OTHER.hex()}, OTHER.hex()),
    ],
)
def test_a_forged_or_missing_certificate_is_turned_away_beside_the_right_token(
    changed, reason, caplog
):
    function = Function(CLOUD)
    answer = function.post(function.alert(), **headers(**changed))
    assert (answer.status, answer["code"]) == (401, "unauthenticated")
    assert function.venue.calls == []
    (line,) = [one for one in caplog.records if one.message == "request.unauthenticated"]
    assert reason in line.facts["reason"]


def test_the_right_certificate_is_no_token():
    function = Function(CLOUD)
    wrong = function.post(function.alert(token="the-token-of-another-user"), **headers())
    assert wrong.status == 401
    assert function.post(function.alert(), **headers()).status == 200


def test_elsewhere_the_peer_is_the_balancer():
    env = {name: text for name, text in CLOUD.items() if name != "K_SERVICE"}
    function = Function({**env, "TRUSTED_PROXY_HOPS": "0", "LOAD_BALANCER_IPS": "127.0.0.1"})
    assert function.post(function.alert(), **headers(forwarded=SENDER)).status == 200
    far = Function({**env, "LOAD_BALANCER_IPS": "10.0.0.0/8"})
    assert far.post(far.alert(), **headers(forwarded=f"{SENDER}, 10.0.0.1")).status == 401


def test_operators_and_health_need_none():
    function = Function(CLOUD)
    assert function.operate("GET", "/orders").status == 200
    assert function.send("GET", "/webhook/health").status == 200


def test_without_the_setting_such_headers_mean_nothing():
    function = Function()
    assert function.post(function.alert(), x_client_cert_present="false").status == 200


@row_by_row
@pytest.mark.parametrize(
    ("changed", "at_fault"),
    [
        ({"CLIENT_CERT_FINGERPRINTS": ""}, ["CLIENT_CERT_FINGERPRINTS"]),
        ({"LOAD_BALANCER_IPS": ""}, ["LOAD_BALANCER_IPS"]),
        ({"CLIENT_CERT_HEADERS": ""}, ["CLIENT_CERT_FINGERPRINTS", "LOAD_BALANCER_IPS"]),
        ({"CLIENT_CERT_HEADERS": "yes"}, ["CLIENT_CERT_HEADERS"]),
        ({"CLIENT_CERT_FINGERPRINTS": f"{SHA.hex()},abc"}, ["CLIENT_CERT_FINGERPRINTS"]),
        ({"TRUSTED_PROXY_HOPS": "0"}, ["TRUSTED_PROXY_HOPS"]),
        ({"TRUSTED_PROXY_HOPS": "none"}, ["TRUSTED_PROXY_HOPS"]),
        ({"CLIENT_CERT_SUBJECT": "TradingView, Inc."}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "O=TradingView, Inc.;"}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "O=TradingView, Inc.;o=x"}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "O="}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "SAN=x"}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "CN=x", "LOAD_BALANCER_IPS": ""}, ["LOAD_BALANCER_IPS"]),
        ({"CLIENT_CERT_SUBJECT": "CN=x", "CLIENT_CERT_HEADERS": ""}, ["CLIENT_CERT_SUBJECT"]),
        ({"CLIENT_CERT_SUBJECT": "CN=x", "CLIENT_CERT_FINGERPRINTS": ""}, []),
        ({"CLIENT_CERT_SUBJECT": "CN=x"}, []),
        ({}, []),
    ],
)
def test_half_of_the_settings_refuses_the_start(changed, at_fault):
    env = {**CLOUD, "WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": "memory://", **changed}
    faults = []
    try:
        read_settings(env, read_file=lambda _: None)
    except SettingsError as error:
        faults = [fault.partition(":")[0] for fault in error.faults]
    assert set(at_fault) <= set(faults)
    assert bool(faults) is bool(at_fault)
