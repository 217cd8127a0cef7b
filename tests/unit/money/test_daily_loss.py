"""What a strategy, or the account, may lose a day: no entry once the known loss has reached it,
and none on figures that are old. Exits pass."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.books import held_by
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

TOKEN, OPERATOR = "q7Rw2Lx9Vb4Nc8Ke5Ty1", "Zp3Hd6Jm0Sf8Gu2Wa7Xe"
PROBE = "/webhook/tradingview/validate"
FILE = """
[tight]
max_daily_loss = "100 USD"
[other]
"""


class Bridge:
    """A function over the paper engine's real HTTP server, with a clock that can be moved."""

    def __init__(self, kraken, folder, **env):
        (folder / "strategies.toml").write_text(env.pop("toml", FILE), "utf-8")
        self.kraken, self.ids = kraken, 0
        settings = {
            "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET,
            "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none", "KRAKEN_API_URL": kraken.url,
            "WEBHOOK_TOKEN": TOKEN, "OPERATOR_TOKEN": OPERATOR, "LOG_LEVEL": "CRITICAL",
            "LEDGER_URL": f"sqlite:///{folder}/ledger.db",
            "STRATEGIES_FILE": f"{folder}/strategies.toml", **env,
        }  # fmt: skip
        self.application = build(read_settings(settings))

    def send(self, path, body=None):
        now = self.application.clock.now()
        headers = {"authorization": f"Bearer {OPERATOR}", "content-type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        request = HttpRequest("POST", path, {}, headers, raw, "127.0.0.1", now)
        answer = self.application.handle(request)
        return answer.status, json.loads(answer.body)

    def alert(self, path="/webhook/tradingview", **fields):
        self.ids += 1
        body = {
            "token": TOKEN, "symbol": "BTCUSD", "id": f"a-{self.ids}", "price": "60000",
            "strategy_name": "tight", **fields,
        }  # fmt: skip
        status, answer = self.send(path, body)
        return status, answer["code"], str(answer)

    def buy(self, **fields):
        return self.alert(**{"side": "buy", "volume": "0.01", **fields})

    def mark(self, price):
        self.kraken.engine.mark_price("XBTUSD", Decimal(price))

    def reconcile(self):
        status, answer = self.send("/reconcile")
        assert status == 200, answer
        return answer


@pytest.fixture
def kraken():
    with KrakenServer() as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.fixture
def bridge(kraken, tmp_path):
    return lambda **env: Bridge(kraken, tmp_path, **env)


def test_open_loss_and_fees_count_and_the_day_stays_closed(bridge):
    function = bridge()
    assert function.buy()[:2] == (503, "loss_unknown")
    function.reconcile()
    assert function.buy()[0] == 200
    assert function.buy(strategy_name="other")[0] == 200
    function.mark(50500)  # 0.01 bought at 60000: 95 open, and a fee of 4.80
    function.reconcile()
    assert function.alert(PROBE, side="buy", volume="0.01")[0] == 200
    function.mark(50480)  # and now it is 100
    (tight,) = function.reconcile()["losses"]
    assert (tight["strategy"], tight["realised"], tight["open_loss"]) == (
        "tight", {"USD": "-4.8"}, {"USD": "95.2"}
    )  # fmt: skip
    assert function.application.operators.report({})["losses"] == [tight]
    status, code, text = function.buy()
    assert (status, code, "MAX_DAILY_LOSS" in text) == (422, "order_denied", True)
    assert all(part in text for part in ("100 USD", "realised -4.8, open loss 95.2", " s old"))
    assert function.alert(PROBE, side="buy", volume="0.01")[0] == 422
    function.mark(60000)
    function.reconcile()
    assert "at its worst" in function.buy()[2]
    assert function.buy(strategy_name="other")[0] == 200
    assert function.alert(side="sell", volume="0.005")[0] == 200
    assert function.alert(action="close")[0] == 200


def test_coins_that_others_had_bought_bring_no_profit_that_pays_for_a_loss(tmp_path):
    with KrakenServer(balances={"USD": Decimal(10**5), "BTC": Decimal(1)}) as kraken:
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        function = Bridge(kraken, tmp_path)
        function.reconcile()
        assert function.alert(side="sell", volume="0.1")[0] == 200  # nothing of it was its own
        function.mark(50000)
        function.reconcile()
        assert function.buy()[0] == 200
        function.mark(40000)
        (tight,) = function.reconcile()["losses"]
        assert tight["open_loss"] == {"USD": "100"}
        assert Decimal(tight["realised"]["USD"]) < 0  # fees
        assert function.buy()[:2] == (422, "order_denied")
        money = function.application.operators.money
        assert held_by(money, "tight", "BTC/USD") == Decimal("0.01")


OLD = 121


def make_old(function, seconds=OLD):
    """As if reconcile had stopped so long ago."""
    store = function.application.ledger
    name = "daily-loss/live/default"
    stored = store.read(name)
    rows = json.loads(stored.text)
    for row in rows.values():
        as_of = datetime.fromisoformat(row["as_of"]) - timedelta(seconds=seconds)
        row["as_of"] = as_of.isoformat()
    assert store.write(name, json.dumps(rows), stored)


def test_figures_of_a_reconcile_that_stopped_let_no_entry_in_and_every_exit(bridge):
    function = bridge()
    function.reconcile()
    assert function.buy()[0] == 200
    function.reconcile()
    make_old(function)
    for path in ("/webhook/tradingview", PROBE):
        status, code, text = function.alert(path, side="buy", volume="0.01")
        assert (status, code) == (503, "loss_unknown")
        assert "POST /reconcile has to run every minute" in text
    assert function.alert(side="sell", volume="0.001")[0] == 200
    assert function.buy(strategy_name="other")[0] == 200
    function.reconcile()
    assert function.buy()[0] == 200
    make_old(function)
    assert function.alert(action="close")[0] == 200


@pytest.mark.parametrize(
    ("env", "held_back"),
    [
        ({"MAX_DAILY_LOSS": "100 USD", "toml": "[tight]\n[other]\n"}, {"tight", "other"}),
        ({"toml": '[tight]\nmax_daily_loss = "100 USD"\n[other]\n'}, {"tight"}),
        ({"toml": '[tight]\nmax_daily_loss = "100 EUR, 100 USD"\n[other]\n'}, {"tight"}),
        ({"MAX_DAILY_LOSS": "none", "toml": "[tight]\n[other]\n"}, set()),
    ],
    ids=["the account", "one strategy", "one currency of two", "no limit"],
)
def test_a_limit_holds_whom_it_is_of(bridge, env, held_back):
    function = bridge(**env)
    function.reconcile()
    assert function.buy()[0] == 200
    function.mark(45000)
    function.reconcile()
    codes = {name: function.buy(strategy_name=name)[1] for name in ("tight", "other")}
    assert {name for name, code in codes.items() if code == "order_denied"} == held_back


def test_what_was_realised_and_a_pair_of_another_currency(bridge):
    function = bridge()
    function.reconcile()
    assert function.buy(volume="0.02")[0] == 200
    function.mark(55500)
    assert function.alert(side="sell", volume="0.02", price="55500")[0] == 200
    (tight,) = function.reconcile()["losses"]
    assert Decimal(tight["realised"]["USD"]) == Decimal("-108.48")  # 90 and both fees
    assert tight["open_loss"] == {}
    assert "MAX_DAILY_LOSS: " in function.buy(price="55500")[2]
    status, _, text = function.buy(symbol="BTCEUR", price="50000")
    assert (status, "MAX_DAILY_LOSS_CURRENCY" in text) == (422, True)


def test_a_strategy_without_such_a_limit_reads_nothing(bridge):
    function = bridge(toml="[tight]\n")
    assert function.reconcile()["losses"] == []
    store, names = function.application.ledger, []
    read = store.read
    store.read = lambda name: names.append(name) or read(name)
    assert function.buy()[0] == 200
    assert not any("loss" in name or "held-before" in name for name in names)


PAUSES = '[tight]\nmax_daily_loss = "100 USD"\non_limit = "pause"\n[other]\n'


@pytest.mark.parametrize(
    ("env", "paused"),
    [
        ({"toml": PAUSES}, ["tight"]),
        ({"MAX_DAILY_LOSS": "100 USD", "ON_LIMIT": "pause"}, [None]),
        ({"MAX_DAILY_LOSS": "100 USD", "toml": PAUSES}, ["tight"]),
        ({"toml": PAUSES.replace("pause", "deny")}, []),
    ],
)
def test_a_loss_that_is_reached_pauses_whose_limit_it_is_once(bridge, env, paused):
    function = bridge(**env)
    function.reconcile()
    assert function.buy()[0] == 200
    function.mark(45000)
    function.reconcile()
    pausing = function.application.decider.pausing
    standing = pausing.standing()
    assert [one.strategy for one in standing] == paused
    assert all(one.entries_only and "MAX_DAILY_LOSS: 154.8 USD lost" in one.why for one in standing)
    function.reconcile()
    assert pausing.standing() == standing
    assert function.buy()[:2] == (422, "order_denied")
    assert pausing.standing() == standing
    assert function.alert(side="sell", volume="0.001")[0] == 200
    for one in standing:
        pausing.resume(one.strategy, "tests")
    function.reconcile()
    assert pausing.standing() == []  # whoever resumes is not overruled by the next run
