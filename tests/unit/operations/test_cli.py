"""What an operator sees at the terminal, over a real ledger file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.faked_function import OPERATOR, TOKEN
from tests.support.instruments import btc_usd
from tests.support.project import ROOT
from tests.support.terminal import function_on, only, rows, run
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import LOGGER
from webhook_core.ledger.entry import State
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.operations.cli import cli
from webhook_core.operations.commands.tables import one_line
from webhook_core.operations.commands.terminal import duration
from webhook_core.trading.requests import Fill, NotSent, Rejected, Unknown

LOST = Unknown("the reply was lost")
ZERO = Decimal(0)
FILLED = Fill("closed", Decimal("0.01"), Decimal(50010), Decimal("500.1"), Decimal("4.0008"))
HEADER = [
    *("TIME (UTC)", "STATE", "ORDER", "LIMIT", "TRIGGER", "EXIT", "FILL", "FEE"),
    *("ORDER ID", "REASON", "STRATEGY", "ALERT"),
]


@pytest.fixture(autouse=True)
def logger_as_it_was():
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


@pytest.fixture
def function(tmp_path):
    return function_on(tmp_path / "ledger.db")


# -- reconcile -------------------------------------------------------------------------------------


NOTHING_DONE = [
    "Legs expired: 0",
    "Trades read: 0",
    "Fills filled in: 0",
    "Pair rules: not read again",
    "Purged: 0",
]


def test_reconcile_with_nothing_to_do_is_well(function):
    result = run(function, "reconcile")
    assert result.exit_code == 0
    nothing = f"No outcome is unknown in {function.env['LEDGER_URL']}."
    assert result.stdout.splitlines() == [nothing, *NOTHING_DONE]


def test_reconcile_shows_what_became_of_an_unknown_order(function):
    function.venue.lose_reply = True
    sent = function.post(function.alert())
    function.clock.sleep(6)
    result = run(function, "reconcile")
    assert result.exit_code == 0
    assert rows(result)[:3] == [
        ["ALERT", "CLIENT ORDER ID", "STATE", "ORDER ID", "WHY"],
        [
            "a-1",
            sent["client_order_id"],
            "SUBMITTING -> ACCEPTED",
            "OFAKE1-AAAAA-AAAAAA",
            "settled",
        ],
        ["Looked at: 1 (1 found)"],
    ]
    assert len(function.venue.submitted) == 1


@pytest.mark.parametrize(
    ("outcome", "waits", "after", "summary"),
    [
        (LOST, [6], "SUBMITTING -> SUBMITTING", "Looked at: 1 (1 still unknown)"),
        (LOST, [80, 80], "SUBMITTING -> NOT_PLACED", "Looked at: 1 (1 not placed)"),
        (NotSent("no connection"), [61], "NOT_SENT -> EXPIRED", "Looked at: 1 (1 expired)"),
    ],
)
def test_reconcile_exits_1_when_a_person_should_look(function, outcome, waits, after, summary):
    function.venue.refuse = [outcome]
    function.post(function.alert())
    for seconds in waits:
        function.clock.sleep(seconds)
        result = run(function, "reconcile")
    assert result.exit_code == 1
    assert rows(result)[1][2] == after
    assert summary in result.stdout.splitlines()


def test_reconcile_says_how_many_fills_it_filled_in(function):
    for number in range(2):
        order_id = function.post(function.alert(id=f"a-{number}"))["order_id"]
        function.venue.filled[order_id] = FILLED
    assert "Fills filled in: 2" in run(function, "reconcile").stdout.splitlines()
    assert "Fills filled in: 0" in run(function, "reconcile").stdout.splitlines()


def test_a_leg_that_was_never_sent_is_told_and_exits_1(function):
    leg = {"side": "buy", "volume": "0.01"}
    function.venue.lose_reply = True
    function.post(function.alert(orders=[leg, leg], side=None, volume=None, price=None))
    function.clock.sleep(61)
    result = run(function, "reconcile")
    assert result.exit_code == 1
    assert "Legs expired: 1" in result.stdout.splitlines()
    assert "replay sends one" in result.stdout
    again = run(function, "reconcile")
    assert (again.exit_code, "Legs expired: 0" in again.stdout.splitlines()) == (0, True)


@pytest.mark.parametrize(
    ("unreadable", "said"),
    [
        ("find_open", "Kraken could not be asked for orders: find_open could not be read."),
        ("find_closed", "Kraken could not be asked for orders: find_closed could not be read."),
        (
            "fills",
            "Kraken could not be asked for what orders have filled: fills could not be read.",
        ),
        (
            "instruments",
            "Kraken could not be asked for the rules of its pairs: instruments could not be read.",
        ),
    ],
)
def test_reconcile_exits_1_and_says_so_where_kraken_could_not_be_asked(function, unreadable, said):
    function.post(function.alert(id="settled"))
    function.venue.refuse = [LOST]
    function.post(function.alert())
    function.clock.sleep(6)
    function.venue.unreadable = {unreadable}
    result = run(function, "reconcile")
    assert result.exit_code == 1
    assert said in result.stdout.splitlines()


def test_what_may_still_be_sent_by_a_redelivery_is_no_alarm(function):
    function.venue.refuse = [NotSent("no connection")]
    function.post(function.alert())
    result = run(function, "reconcile")
    assert result.exit_code == 0
    assert rows(result)[1][2] == "NOT_SENT -> NOT_SENT"


def many_unknown(function, count):
    for number in range(count):
        function.venue.lose_reply = True
        function.post(function.alert(id=f"a-{number}"))
    function.clock.sleep(6)
    function.venue.clock, function.venue.spend_s = function.clock, 1.0


def test_reconcile_goes_on_until_every_entry_was_looked_at(function):
    many_unknown(function, 30)  # two seconds each, in runs of 25 s
    result = run(function, "reconcile")
    assert result.exit_code == 0
    assert "Looked at: 30 (30 found)" in result.stdout.splitlines()
    assert {row[0] for row in rows(result)[1:31]} == {f"a-{number}" for number in range(30)}
    assert sum("CLIENT ORDER ID" in line for line in result.stdout.splitlines()) == 1
    assert function.venue.calls.count("find_open") == 30


def test_reconcile_once_stops_and_says_that_entries_are_left(function):
    many_unknown(function, 30)
    result = run(function, "reconcile", "--once")
    assert result.exit_code == 1
    assert function.venue.calls.count("find_open") < 30
    assert (
        result.stdout.splitlines()[-1]
        == "Entries are left. Again: .venv/bin/python -m webhook_core reconcile"
    )


def test_reconcile_reads_the_pair_rules_and_purges(function):
    function.post(function.alert())
    function.clock.sleep(91 * 86400)
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    result = run(function, "reconcile")
    assert result.stdout.splitlines()[-2:] == ["Pair rules: read again", "Purged: 1"]


# -- orders ----------------------------------------------------------------------------------------


def test_orders_are_listed_newest_first_with_what_became_of_them(function):
    accepted = function.post(function.alert())
    function.clock.sleep(60)
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    function.post(function.alert(id="a-2", side="sell", order_type="limit", strategy_name="trend"))
    result = run(function, "orders")
    assert result.exit_code == 0
    refusal = "EOrder:Insufficient funds"
    assert rows(result) == [
        HEADER,
        [*("2026-11-22 12:01:00", "REJECTED", "sell 0.01 BTC/USD limit", "60000", "-", "-", "-",
                "-", "-", refusal),
         "trend", "a-2"],
        [*("2026-11-22 12:00:00", "ACCEPTED", "buy 0.01 BTC/USD market", "-", "-", "-", "-", "-"),
         accepted["order_id"], "-", "default", "a-1"],
    ]  # fmt: skip


def test_orders_are_filtered_and_paged(function):
    for number in range(3):
        function.post(function.alert(id=f"a-{number}", strategy_name="trend" if number else None))
        function.clock.sleep(1)
    assert [row[-1] for row in rows(run(function, "orders", "--strategy", "trend"))[1:]] == [
        "a-2",
        "a-1",
    ]
    first = run(function, "orders", "--limit", "2", "--state", "accepted,rejected")
    assert [row[-1] for row in rows(first)[1:]] == ["a-2", "a-1"]
    cursor = only(line for line in first.stderr.splitlines() if "--cursor" in line).split(
        "--cursor "
    )[1]
    assert [row[-1] for row in rows(run(function, "orders", "--cursor", cursor))[1:]] == ["a-0"]


SENT = [
    ({}, "-", "-", "-"),
    ({"order_type": "limit"}, "60000", "-", "-"),
    ({"order_type": "stop-loss", "stop_price": "61000"}, "-", "61000", "-"),
    (
        {"order_type": "stop-loss-limit", "stop_price": "61000", "price": "61500"},
        "61500",
        "61000",
        "-",
    ),
    ({"order_type": "trailing-stop", "trail": "2%"}, "-", "+2%", "-"),
    ({"order_type": "limit", "stop_loss": "55000"}, "60000", "-", "stop-loss 55000"),
    (
        {"stop_loss": "55000", "stop_loss_limit": "54900"},
        "-",
        "-",
        "stop-loss-limit 55000 limit 54900",
    ),
    ({"take_profit": "65000"}, "-", "-", "take-profit 65000"),
]


@pytest.mark.parametrize(("fields", "limit", "trigger", "exits"), SENT)
def test_orders_show_limit_trigger_and_exit(function, fields, limit, trigger, exits):
    function.post(function.alert(**fields))
    assert only(rows(run(function, "orders"))[1:])[3:6] == [limit, trigger, exits]


@pytest.mark.parametrize(
    ("fill", "shown"),
    [
        (FILLED, ["0.01 at 50010", "4.0008 USD"]),
        (
            FILLED._replace(status="open", volume=Decimal("0.004")),
            ["0.004 at 50010 (open)", "4.0008 USD"],
        ),
        (Fill("canceled", ZERO, None, ZERO, ZERO), ["0 (canceled)", "0 USD"]),
    ],
)
def test_orders_show_what_was_filled_and_the_fee(function, fill, shown):
    function.venue.filled[function.post(function.alert())["order_id"]] = fill
    run(function, "reconcile")
    assert only(rows(run(function, "orders"))[1:])[6:8] == shown


def test_orders_as_json_are_the_document_of_the_route(function):
    function.post(function.alert())
    printed = json.loads(run(function, "orders", "--json").stdout)
    answered = function.operate("GET", "/orders").document
    answered.pop("request_id")
    assert printed == answered
    assert printed["orders"][0]["trade_details"]["volume"] == "0.01"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_text_from_outside_cannot_write_on_the_terminal(function, form):
    function.venue.refuse = [Rejected(("EOrder:x\x1b[31m\r\x9b2J\u202e\ny",))]
    function.post(function.alert())
    out = run(function, "orders", *form).stdout
    assert "x\\x1b[31m" in out or "x\\u001b[31m" in out
    assert all(line.replace("\t", "").isprintable() for line in out.split("\n"))


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("orders", "--state", "OPEN"), "state"),
        (("orders", "--limit", "0"), "--limit"),
        (("orders", "--limit", "201"), "--limit"),
        (("orders", "--cursor", "nonsense"), "cursor"),
        (("pairs",), "SYMBOL"),
        (("pairs", "BINANCE:BTCUSDT"), "not of Kraken"),
        (("replay",), "ALERT_ID"),
        (("replay", "a-1", "--generation", "-1"), "--generation"),
        (("trade",), "trade"),
    ],
)
def test_what_was_typed_wrong_exits_2_and_is_named(function, arguments, names):
    result = run(function, *arguments)
    assert result.exit_code == 2
    assert names in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [("orders",), ("reconcile",), ("replay", "a-1"), ("pairs", "--refresh")]
)
def test_without_a_ledger_a_command_says_so_and_exits_1(function, monkeypatch, arguments):
    def fail(*_, **__):
        raise LedgerUnavailable("The ledger is not available: its disk is full.")

    for name in ("entries", "purge", "read", "write"):
        monkeypatch.setattr(type(function.store), name, fail)
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    result = run(function, *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("Error: The ledger is not available")


# -- pairs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "how"),
    [
        ("XXBTZUSD", "XXBTZUSD is Kraken's key"),
        ("KRAKEN:xbtusd", "KRAKEN:xbtusd is Kraken's altname, in another case"),
        ("XBT/USD", "XBT/USD is Kraken's wsname"),
        ("btc-usd", "btc-usd is made of names of its base and its quote"),
    ],
)
def test_pairs_shows_names_rules_and_their_age(function, symbol, how):
    result = run(function, "pairs", symbol)
    assert result.exit_code == 0
    shown = {row[0]: row[1] for row in rows(result)}
    assert shown["pair"] == "BTC/USD"
    assert shown["symbol"] == how
    assert shown["rules as of"].startswith(
        "2026-09-25 00:00:00 UTC, 58 d 12 h old; older than a day"
    )
    assert (shown["key"], shown["lot_decimals"], shown["ordermin"]) == ("XXBTZUSD", "8", "0.00005")
    assert function.venue.calls == []


def test_pairs_asks_kraken_for_a_pair_it_lacks(function):
    function.venue.rules = [
        btc_usd(
            key="NEWUSD",
            altname="NEWUSD",
            wsname="NEW/USD",
            base="NEW",
            as_of=function.clock.now(),
            costmin=None,
        )
    ]
    shown = {row[0]: row[1] for row in rows(run(function, "pairs", "NEWUSD"))}
    assert shown["symbol"] == "NEWUSD is Kraken's key; not known here, so Kraken was asked"
    assert shown["rules as of"] == "2026-11-22 12:00:00 UTC, 0 s old"
    assert shown["costmin"] == "not stated: not applied"


def test_pairs_refresh_stores_for_every_instance_and_says_how_many(function):
    function.venue.rules = [btc_usd(as_of=function.clock.now(), lot_decimals=7)]
    result = run(function, "pairs", "BTC/USD", "--refresh")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "1 pairs read and stored."
    other = function_on(Path(function.env["LEDGER_URL"].removeprefix("sqlite:///")))
    other.venue.unreadable = {"instruments"}
    assert ["lot_decimals", "7"] in rows(run(other, "pairs", "BTC/USD"))


@pytest.mark.parametrize("unreadable", [{"instruments"}, set()])
def test_pairs_refresh_that_brings_nothing_exits_1(function, unreadable):
    function.venue.unreadable = unreadable
    result = run(function, "pairs", "--refresh")
    assert result.exit_code == 1
    assert "could not be read" in result.stderr


# -- the real thing --------------------------------------------------------------------------------


def environment(tmp_path, **changes):
    ours = {
        "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": OPERATOR,
    }
    return ours | changes


def test_help_needs_no_settings(monkeypatch):
    monkeypatch.setenv("TRADING_MODE", "nonsense")
    for command in ((), ("reconcile",), ("orders",), ("replay",), ("pairs",)):
        assert CliRunner().invoke(cli, [*command, "--help"]).exit_code == 0


def test_settings_at_fault_are_all_printed_without_their_secrets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = environment(tmp_path, TRADING_MODE="alive", LOG_LEVEL="loud", WEBHOOK_SECRET="hunter2")
    result = CliRunner().invoke(cli, ["orders"], env=env)
    assert result.exit_code == 1
    assert all(name in result.stderr for name in ("TRADING_MODE", "LOG_LEVEL", "WEBHOOK_SECRET"))
    assert "hunter2" not in result.output


def make_ledger(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.entries()
    ledger.close()


@pytest.mark.parametrize(
    "command", [("orders",), ("orders", "--json"), ("reconcile",), ("replay", "a-1")]
)
def test_a_ledger_in_memory_is_not_the_functions(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, command, env=environment(tmp_path, LEDGER_URL="memory://"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "this command sees none of it" in result.stderr


def test_pairs_needs_no_ledger_of_the_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        cli, ["pairs", "BTC/USD"], env=environment(tmp_path, LEDGER_URL="memory://")
    )
    assert result.exit_code == 0


def test_log_lines_stay_out_of_what_a_script_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_ledger(tmp_path)
    env = environment(tmp_path, LOG_LEVEL="INFO")
    reconciled = CliRunner().invoke(cli, ["reconcile"], env=env)
    assert "reconcile.done" in reconciled.stderr
    assert "reconcile.done" not in reconciled.stdout
    assert (
        "reconcile.done"
        not in CliRunner().invoke(cli, ["reconcile"], env=environment(tmp_path)).stderr
    )


def test_the_module_runs_as_a_program(tmp_path):
    make_ledger(tmp_path)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment(tmp_path)}
    command = [sys.executable, "-m", "webhook_core", "orders", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"paused": [], "orders": [], "cursor": None}


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=125), "2 min 5 s"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(span, text):
    assert duration(span) == text


def test_one_line_keeps_what_is_printable():
    assert one_line("naïve € ok") == "naïve € ok"
    assert one_line("a\nb\ud800") == "a\\nb\\ud800"
    assert one_line(State.ACCEPTED) == "ACCEPTED"
