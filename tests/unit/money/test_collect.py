"""What the account traded is read once, and each trade belongs to whose order it was."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import timedelta
from decimal import Decimal

import krakenex
import pytest
from click.testing import CliRunner

from tests.support import kraken_faults as faults
from tests.support.books import held_by
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from webhook_core.bootstrap import build
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable
from webhook_core.operations.cli import cli
from webhook_core.operations.commands.money import COLUMNS
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

TOKEN, OPERATOR = "q7Rw2Lx9Vb4Nc8Ke5Ty1", "Zp3Hd6Jm0Sf8Gu2Wa7Xe"


@pytest.fixture
def kraken():
    with KrakenServer() as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.fixture
def application(kraken, tmp_path):
    return build(
        read_settings(
            {
                "TRADING_MODE": "live", "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET,
                "ALLOWED_SYMBOLS": "*",
                "MAX_ORDER_COST": "none", "KRAKEN_API_URL": kraken.url, "WEBHOOK_TOKEN": TOKEN,
                "OPERATOR_TOKEN": OPERATOR, "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
                "LOG_LEVEL": "CRITICAL",
            }
        )
    )  # fmt: skip


def send(application, method, path, body=None, query=None):
    now = application.clock.now()
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {OPERATOR}"}
    if body is not None:
        headers = {"content-type": "application/json"}
    answer = application.handle(
        HttpRequest(method, path, query or {}, headers, raw, "127.0.0.1", now)
    )
    return answer.status, json.loads(answer.body)


def alert(application, number, **fields):
    body = {"token": TOKEN, "symbol": "BTCUSD", "id": f"a-{number}", "price": "60000", **fields}
    status, document = send(application, "POST", "/webhook/tradingview", body)
    assert status == 200, document


def report(application, **query):
    return send(application, "GET", "/report", query=query)[1]


def buy_by_hand(kraken, volume):
    """Under the same key, by another program."""
    api = krakenex.API(KEY, SECRET)
    api.uri, api._nonce = kraken.url, time.time_ns
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": volume}
    assert api.query_private("AddOrder", order)["error"] == []


def reconcile(application):
    return send(application, "POST", "/reconcile")[1]


def test_orders_their_exits_and_trades_by_hand_are_told_apart_and_each_counts_once(
    application, kraken
):
    entry = {"side": "buy", "volume": "0.01", "strategy_name": "one", "stop_loss": "55000"}
    alert(application, 1, **entry)
    alert(application, 2, side="buy", volume="0.02", strategy_name="two")
    buy_by_hand(kraken, "0.05")
    kraken.engine.mark_price("XBTUSD", Decimal(54000))
    assert reconcile(application)["trades"] == 4
    assert reconcile(application)["trades"] == 0
    rows = {row["strategy"]: row for row in report(application)["rows"]}
    assert set(rows) == {"one", "two"}
    assert (rows["one"]["open_volume"], rows["one"]["trades"], rows["one"]["won"]) == ("0", 1, 0)
    assert Decimal(rows["one"]["realised"]) < -50
    assert rows["two"]["open_volume"] == "0.02"
    assert Decimal(rows["two"]["unrealised"]) == Decimal("0.02") * (54000 - 60000)
    money = application.operators.money
    held = held_by(money, "one", "BTC/USD"), held_by(money, "two", "BTC/USD")
    assert held == (0, Decimal("0.02"))


def test_a_sale_of_coins_that_were_bought_by_hand_is_named_apart(application):
    """A paper account begins with coins that no order of the bridge bought."""
    alert(application, 1, side="sell", volume="0.5", strategy_name="one")
    alert(application, 2, side="buy", volume="0.1", price="50000", strategy_name="one")
    reconcile(application)
    document = report(application)
    (row,) = document["rows"]
    assert (row["beyond_volume"], row["beyond_cost"]) == ("0.5", "30000")
    assert (row["open_volume"], row["trades"], row["won"]) == ("0.1", 0, 0)
    fees = -sum(map(Decimal, row["fees"].values()))
    assert Decimal(row["realised"]) == Decimal(document["totals"]["USD"]["realised"]) == fees


def exit_fills(application):
    rows = send(application, "GET", "/orders")[1]["orders"]
    return {row["alert_id"]: row["exit_fills"] for row in rows}


def test_what_became_of_a_stop_stands_once_beside_its_entry(application, kraken):
    entry = {"side": "buy", "volume": "0.01", "strategy_name": "one", "stop_loss": "55000"}
    alert(application, 1, **entry)
    alert(application, 2, side="buy", volume="0.02", strategy_name="one")
    reconcile(application)
    assert exit_fills(application) == {"a-1": [], "a-2": []}
    kraken.engine.mark_price("XBTUSD", Decimal(54000))
    reconcile(application)
    reconcile(application)
    found = exit_fills(application)
    (row,) = found["a-1"]
    assert (row["side"], row["volume"], row["cost"]) == ("sell", "0.01", "540")
    assert (row["price"], Decimal(row["fee"]) > 0, found["a-2"]) == ("54000", True, [])
    table = CliRunner().invoke(cli, ["orders"], obj=lambda: application).stdout
    assert "stop-loss 55000; sell 0.01 at 54000" in table


@pytest.mark.parametrize("broken", ["add", "record"])
def test_a_run_that_broke_off_between_two_writes_is_made_up_for(
    application, kraken, monkeypatch, broken
):
    entry = {"side": "buy", "volume": "0.01", "strategy_name": "one", "stop_loss": "55000"}
    alert(application, 1, **entry)
    reconcile(application)
    kraken.engine.mark_price("XBTUSD", Decimal(54000))
    money = application.operators.money

    def fail(*_):
        raise LedgerUnavailable("broken off")

    with monkeypatch.context() as patched:
        patched.setattr(type(money.store if broken == "add" else application.ledger), broken, fail)
        with pytest.raises(LedgerUnavailable):
            money.collect(Budget.start(application.clock, 10))
    assert reconcile(application)["trades"] == 1
    assert len(exit_fills(application)["a-1"]) == 1
    assert held_by(money, "one", "BTC/USD") == 0


def test_more_trades_than_a_page_are_read_in_the_order_in_which_they_came(application, kraken):
    for number in range(7):
        alert(application, number, side="buy", volume="0.0001", strategy_name="one")
    for _ in range(110):
        buy_by_hand(kraken, "0.0001")
    time.sleep(1.1)  # the venue counts whole seconds
    counts = [reconcile(application)["trades"] for _ in range(4)]
    assert sum(counts) == 117
    assert max(counts) <= 100
    assert report(application)["rows"][0]["open_volume"] == "0.0007"


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_fee_in_base_is_counted_in_base_though_the_venue_says_it_in_quote(
    application, kraken, side
):
    alert(application, 1, side=side, volume="0.1", fee_currency="base", strategy_name="one")
    reconcile(application)
    (row,) = report(application)["rows"]
    (trade,) = application.operators.money.trades({})
    share = trade.fee / Decimal("0.1")
    assert Decimal("0.001") < share < Decimal("0.01")
    assert row["fees"] == {"BTC": f"{trade.fee.normalize():f}"}
    moved = Decimal("0.1") if side == "buy" else Decimal("-0.1")
    held = Decimal(row["open_volume"]) - Decimal(row["beyond_volume"])
    assert held == moved - trade.fee


def test_a_key_that_may_not_read_trades_is_said_and_nothing_else_breaks(application, kraken):
    alert(application, 1, side="buy", volume="0.01", strategy_name="one")
    kraken.script("TradesHistory", faults.errors(["EGeneral:Permission denied"]))
    found = reconcile(application)
    assert [row["read"] for row in found["venue_unavailable"]] == ["trades"]
    assert (found["trades"], report(application)["rows"]) == (0, [])
    assert report(application)["read_at"] is None


@pytest.mark.parametrize("month", ["2026", "2026-13", "11-2026", "last", "2026-11-01", "0000-01"])
def test_a_month_that_is_none_is_refused(application, month):
    status, document = send(application, "GET", "/report", query={"month": month})
    assert (status, document["field"]) == (400, "month")


@pytest.mark.parametrize("month", ["all", "2999-12", "2001-01", ""])
def test_every_month_has_a_report(application, month):
    status, document = send(application, "GET", "/report", query={"month": month})
    assert (status, document["rows"]) == (200, [])


def test_strangers_get_no_report(application):
    now = application.clock.now() + timedelta(0)
    answer = application.handle(HttpRequest("GET", "/report", {}, {}, b"", "127.0.0.1", now))
    assert answer.status == 401
    assert not re.search(rb"realised", answer.body)


def test_the_commands_show_the_report_and_every_trade_as_a_table_and_as_values(
    application, kraken, monkeypatch
):
    alert(application, 1, side="buy", volume="0.01", strategy_name="=one()")
    buy_by_hand(kraken, "0.02")
    reconcile(application)

    def run(*arguments):
        return (
            CliRunner()
            .invoke(cli, arguments, obj=lambda: application, catch_exceptions=False)
            .stdout
        )

    table = run("report")
    assert "BTC/USD" in table
    assert "no tax advice" in table
    (row,) = csv.DictReader(io.StringIO(run("report", "--csv")))
    assert (row["strategy"], row["open_volume"], row["slippage_median"]) == ("'=one()", "0.01", "0")
    assert "Unrealised is at the prices of 20" in table
    assert "not what it was worth then" not in table
    (named,) = application.operators.report({})["rows"]
    assert list(row) == [*named, "alerts", "refused", "refused_percent", "read_at", "priced_at"]
    assert (row["alerts"], row["refused"], row["refused_percent"]) == ("1", "0", "0")
    assert row["read_at"].startswith("20")
    assert row["priced_at"].startswith("20")
    own, other = csv.DictReader(io.StringIO(run("fills", "--csv")))
    assert tuple(own) == COLUMNS
    assert (own["strategy"], own["role"], own["fee_currency"]) == ("'=one()", "order", "USD")
    assert (other["strategy"], other["role"], other["volume"]) == ("", "other", "0.02")
    assert len(run("fills", "--strategy", "=one()").splitlines()) == 2
    assert len(run("fills", "--strategy", "two").splitlines()) == 0
    assert run("report", "--month", "2001-01").startswith(
        "No order of the bridge's own has traded in"
    )
