"""Scoped tokens at the deployed function: made with the command, taken, held to their
caveats, seen nowhere."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.project import ROOT
from tests.support.scoped_tokens import narrowed
from tests.support.served_function import ALERTS, base_environment, check

KEYS = f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"
SOON = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%d")


def command(*arguments, **env):
    done = subprocess.run(
        [sys.executable, "-m", "webhook_core", "token", *arguments],
        cwd=ROOT, env=base_environment() | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def token(evidence):
    made = command(
        "new", "--strategy", "trend", "--pairs", "BTC/USD", "--sides", "buy", "--actions",
        "order,close",
        "--max-cost", "50 USD", "--from", "127.0.0.1", "--expires", SOON,
        WEBHOOK_TOKEN_KEYS=KEYS, STRATEGIES_FILE=os.devnull,
    )  # fmt: skip
    evidence.hide("scoped token", made)
    evidence.hide("signature", made.rpartition("~")[2])
    evidence.hide("token key", KEYS.partition(":")[2])
    return made


@pytest.fixture(scope="module")
def function(make_live, _kraken, token):
    return make_live(
        _kraken,
        ENVIRONMENT="production",
        TRUSTED_PROXY_HOPS="none",
        WEBHOOK_TOKEN=None,
        WEBHOOK_SECRET=None,
        WEBHOOK_TOKEN_KEYS=KEYS,
        ALLOW_TOKEN_IN_URL="true",
    ).start()


def test_it_trades_within_its_caveats_and_403_names_the_one_that_it_left(function, kraken, token):
    answer = check(function.post(function.alert(token=token)), 200, "accepted")
    assert kraken.orders(answer["client_order_id"])
    for fields, caveat in (
        ({"volume": "0.001"}, "c=50USD"),
        ({"action": "reverse", "side": None, "volume": None, "leverage": 2}, "x=order,close"),
        ({"side": "sell", "leverage": 2}, "s=buy"),
    ):
        refused = check(function.post(function.alert(token=token, **fields)), 403, "out_of_scope")
        assert f"caveat {caveat} " in refused["error"]


def test_a_forged_and_a_narrowed_one(function, token):
    forged = token.replace("c=50USD", "c=5000USD")
    check(function.post(function.alert(token=forged)), 401, "unauthenticated")
    child = command("narrow", token, "--actions", "close")
    assert child == narrowed(token, "x=close")
    check(function.post(function.alert(token=child)), 403, "out_of_scope")
    close = function.alert(token=child, action="close", side=None, volume=None)
    assert function.post(close).status == 200


def test_what_was_bought_by_hand_is_not_its_own_to_sell(function, kraken, token):
    check(function.post(function.alert(token=token)), 200, "accepted")
    before = kraken.balance("XXBT")
    function.post(function.alert(token=token, side="sell", volume="0.5"))
    assert Decimal(0) < before - kraken.balance("XXBT") < Decimal("0.01")
    refused = function.post(function.alert(token=token, side="sell", volume="0.5"))
    check(refused, 422, "order_denied")
    assert refused["error"].startswith("SIZE_ZERO")


def test_in_the_url_it_proves_as_much(function, token):
    alert = function.alert(token=None)
    check(function.post(alert, f"{ALERTS}/{token}/validate"), 200, "validated")
    check(function.post(alert, f"{ALERTS}/{token}"), 200, "accepted")
    check(function.post(alert, f"{ALERTS}/{token[:-1]}"), 401, "unauthenticated")
    assert "tk1." not in function.log()


def test_a_revoked_one_proves_nothing(make_live, _kraken, token):  # noqa: PT019  the session's own
    revoked = command("revoke", token).partition("=")[2]
    function = make_live(_kraken, WEBHOOK_TOKEN_KEYS=KEYS, REVOKED_TOKENS=revoked).start()
    check(function.post(function.alert(token=token)), 401, "unauthenticated")
    assert "REVOKED_TOKENS" in function.log()
