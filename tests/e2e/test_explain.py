"""explain --live: Kraken is asked, and nothing is placed."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.project import ROOT
from tests.support.served_function import base_environment

MESSAGE = {
    "fired_at": "{{timenow}}",
    "symbol": "BTCUSD",
    "side": "sell",
    "volume": "50",
    "quantity_type": "percent_balance",
    "order_id": "{{strategy.order.id}}",
}


def explain(kraken, evidence, message, **env):
    settings = {
        "KRAKEN_API_URL": kraken.url,
        "KRAKEN_API_KEY": evidence.secrets.kraken_key,
        "KRAKEN_API_SECRET": evidence.secrets.kraken_secret,
        "WEBHOOK_TOKEN": evidence.secrets.token,
        "ENVIRONMENT": "development",
        "PYTHONPATH": str(ROOT),
        **env,
    }
    done = subprocess.run(
        [sys.executable, "-m", "webhook_core", "explain", "-", "--live"],
        input=json.dumps(message),
        cwd=evidence.folder,
        env=base_environment() | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    evidence.note("explain", done.stdout.encode() + done.stderr.encode())
    return done


def test_what_kraken_holds_decides_the_size_and_nothing_is_placed(kraken, evidence):
    before = [call for call in kraken.calls("AddOrder") if "validate" not in call["params"]]
    done = explain(kraken, evidence, MESSAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "type=sell, ordertype=market, volume=0." in done.stdout
    after = [call for call in kraken.calls("AddOrder") if "validate" not in call["params"]]
    assert after == before
    assert "Traceback" not in done.stderr


def test_what_kraken_would_refuse_is_told_in_its_own_words(kraken, evidence):
    done = explain(kraken, evidence, MESSAGE | {"volume": "0.00000001", "quantity_type": "base"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The answer is 422" in done.stdout
