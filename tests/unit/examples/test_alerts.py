"""Every example of an alert, as it stands, through the whole function, with
examples/strategies.toml in place."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.logger import logging_as_it_was
from tests.support.project import ROOT
from webhook_core.bootstrap import start
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

EXAMPLES = ROOT / "examples"
FILES = sorted(
    path.name for path in EXAMPLES.glob("*.json") if path.name != "firestore.indexes.json"
)
TOKEN = "token-0123456789abcdef"
PLACEHOLDERS = {
    "ticker": "BTCUSD", "exchange": "KRAKEN", "strategy.order.action": "buy",
    "strategy.order.contracts": "0.001",
    "strategy.order.price": "60000.5", "strategy.order.id": "Long",
    "strategy.market_position": "long",
    "strategy.market_position_size": "0.001", "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0", "interval": "60",
}  # fmt: skip
MARGIN = {"symbol": "BTC/USD", "side": "buy", "volume": "0.01", "leverage": "2", "price": "60000"}
BEFORE = {
    "amend.json": [("limit.json", {"id": "the id of the alert that placed it"})],
    "settle_position.json": [(None, MARGIN)],
    "reverse.json": [(None, MARGIN)],
}
"""What an example needs: the order or the position that it is about."""


class Sender:
    """The function as main.py starts it, in a folder that has the file, and a new paper account."""

    def __init__(self, **env):
        self.clock = FakeClock()
        self.instance = start(
            {"WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": "memory://", **env}, clock=self.clock
        )

    def send(self, name, fields=None, route="/webhook/tradingview"):
        now = self.clock.now()
        text = (EXAMPLES / name).read_text("utf-8") if name else "{}"
        moments = {"time": now - timedelta(hours=1), "timenow": now}
        values = {
            **PLACEHOLDERS,
            **{each: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for each, moment in moments.items()},
        }
        alert = json.loads(re.sub(r"\{\{([^}]+)\}\}", lambda match: values[match[1]], text))
        own = {"id": f"test-{name}", "fired_at": values["timenow"]}
        body = json.dumps({**own, **alert, **(fields or {}), "token": TOKEN}).encode()
        response = self.instance.handle(HttpRequest("POST", route, {}, {}, body, "127.0.0.1", now))
        return response.status, json.loads(response.body)


@pytest.fixture(autouse=True)
def in_a_folder_with_the_file(tmp_path, monkeypatch):
    shutil.copy(EXAMPLES / "strategies.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with logging_as_it_was():
        yield


def test_the_strategies_file_starts_as_it_was_copied():
    assert list(read_settings({}).strategies) == ["my-strategy", "trend-btc", "mean-reversion"]


def test_the_strategies_file_starts_with_its_secrets_taken_in_and_names_all_that_are_missing():
    text = re.sub(
        r"^# (token|secret) =",
        r"\1 =",
        Path("strategies.toml").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    Path("strategies.toml").write_text(text, "utf-8")
    names = {"TREND_BTC_TOKEN", "REVERSION_SECRET_NEW", "REVERSION_SECRET_OLD"}
    with pytest.raises(Exception, match="can't be used") as refused:
        read_settings({})
    assert {
        name for name in names if f"the variable {name}, which is not set" in str(refused.value)
    } == names
    env = {name: f"{name.lower()}-0123456789" for name in names}
    bound = {proof.strategy for proof in read_settings(env).credentials}
    assert bound == {"trend-btc", "mean-reversion"}


@pytest.mark.parametrize("route", ["/webhook/tradingview", "/webhook/tradingview/validate"])
@pytest.mark.parametrize("name", FILES)
def test_every_example_works_with_the_file_in_place(name, route):
    sender = Sender()
    for before, fields in BEFORE.get(name, ()):
        status, answer = sender.send(before, fields)
        assert (status, answer["code"]) == (200, "accepted"), answer
    status, answer = sender.send(name, route=route)
    nothing_open = name.startswith("cancel_") and "close" not in name
    code = (
        "validated" if route.endswith("validate") else "no_action" if nothing_open else "accepted"
    )
    assert (status, answer["code"]) == (200, code), answer
    assert answer["field"] is None


def test_every_strategy_that_an_example_names_is_in_the_file():
    named = {
        json.loads((EXAMPLES / name).read_text("utf-8")).get("strategy_name") for name in FILES
    }
    assert named - {None} == {"my-strategy"}
    assert '"my-strategy"' in (EXAMPLES / "strategy.pine").read_text("utf-8")
