"""No secret is in anything that the function says or writes.

The rest of the session is searched too, when it ends.
"""

from __future__ import annotations

import base64
import json

import pytest

from tests.support.evidence import Evidence, Secrets
from tests.support.served_function import ALERTS, VALIDATE


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
@pytest.mark.parametrize("environment", ["production", "development"])
def test_no_secret_is_ever_seen(level, environment, make_live, kraken, evidence):
    """Every kind of answer, the alerts full of secrets where none belong."""
    secrets = evidence.secrets
    function = make_live(kraken, LOG_LEVEL=level, ENVIRONMENT=environment).start()
    alert = function.alert()
    function.post(alert)
    function.post(alert)
    function.post(alert | {"volume": "0.0002"})
    function.post(alert, VALIDATE)
    function.post_signed(function.unsigned())
    function.post(function.alert(token=secrets.strategy_token))
    for token in (
        secrets.token + "x",
        secrets.operator,
        secrets.signing,
        secrets.kraken_secret,
        [secrets.token],
        None,
    ):
        function.post(function.alert(token=token))
    function.post({**function.alert(), "secret": secrets.token})
    function.post(function.alert(), ALERTS, X_Signature=secrets.signing)
    function.post(
        function.alert(), ALERTS, Authorization=f"Bearer {secrets.token}", X_Request_ID="r-1"
    )
    body = json.dumps(alert).encode()
    for broken in (
        body[:-1],
        body + body,
        body.replace(b'"BTCUSD"', b"NaN"),
        body[1:],
        b"\xff" + body,
        b"[" + body + b"]",
    ):
        function.post(broken)
    for wrong in (
        {"side": "hold"},
        {"volume": "a lot"},
        {"volume": "9"},
        {"symbol": "NOPE"},
        {"stop_price": "1"},
    ):
        function.post(function.alert(**wrong))
    faults = [
        {"fault": "errors", "strings": ["EAPI:Invalid key"]},
        {"fault": "errors", "strings": ["EAPI:Invalid signature"]},
        {"fault": "errors", "strings": ["EService:Unavailable"]},
        {"fault": "reset_before"},
        {"fault": "status", "code": 502},
        {"fault": "truncated", "keep": 5},
        {"fault": "raw", "body": base64.b64encode(b"no json").decode()},
    ]
    for fault in faults:
        kraken.script("AddOrder", fault)
        function.post(function.alert())
    for method, path in (
        ("GET", "/account"),
        ("GET", "/orders"),
        ("POST", "/reconcile"),
        ("GET", "/orders?cursor=x"),
    ):
        function.operate(method, path)
    function.send("GET", "/account", headers={"Authorization": f"Bearer {secrets.operator}x"})
    function.send("GET", f"/nothing?token={secrets.token}")

    searched = evidence.searched()
    home = function.log_path.parent.name
    assert f"{home}/output.log" in searched
    assert f"{home}/ledger.db" in searched
    assert len([where for where in searched if where == f"answer of POST {ALERTS}"]) > 30
    assert evidence.leaks(function.log_path.parent.rglob("*")) == []


@pytest.mark.parametrize(
    "spelling",
    ["as it is", "in hex", "in base64", "cut", "inside a file", "as the bytes that it stands for"],
)
def test_the_search_would_see_one(spelling, tmp_path):
    evidence = Evidence(tmp_path, Secrets())
    secret = evidence.secrets.kraken_secret
    said = {
        "in hex": secret.encode().hex(),
        "in base64": base64.b64encode(secret.encode()).decode(),
        "cut": secret[:20] + "...",
    }.get(spelling, secret)
    if spelling == "inside a file":
        (tmp_path / "ledger.db").write_bytes(b"\x00\x01" + secret.encode() + b"\x00")
    elif spelling == "as the bytes that it stands for":
        evidence.note("output", base64.b64decode(secret))
    else:
        evidence.note("output", f"ERROR something with {said} in it".encode())
    assert evidence.leaks()
    assert not any(secret in leak for leak in evidence.leaks())


def test_the_search_sees_nothing_where_nothing_is(tmp_path):
    evidence = Evidence(tmp_path)
    evidence.note("output", b"order.accepted " + base64.b64encode(bytes(range(256))))
    assert evidence.leaks() == []
