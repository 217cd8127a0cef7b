"""alerts: the list with its filters, its pages and its forms, and one alert in full."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from tests.support.row_by_row import row_by_row
from webhook_core.bootstrap import open_venue
from webhook_core.errors import LedgerUnavailable
from webhook_core.operations.cli import cli
from webhook_core.operations.commands.terminal import for_spreadsheet
from webhook_core.settings.reading import read_settings
from webhook_core.trading.requests import Rejected

ALL = ["tried", "malformed", "denied", "rejected", "traded"]
"""Newest first."""


@pytest.fixture
def day():
    """Traded, rejected, denied, malformed, and one that was only tried and would be denied."""
    function = Function(env={"ALLOWED_SYMBOLS": "BTC/USD"})
    function.post(function.alert(id="traded", strategy_name="trend"))
    function.clock.sleep(60)
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    function.post(function.alert(id="rejected", strategy_name="trend"))
    function.venue.refuse = []
    function.clock.sleep(60)
    function.post(function.alert(id="denied", strategy_name="=swing()", symbol="ETHUSD"))
    function.clock.sleep(60)
    function.post(function.alert(id="malformed", strategy_name="=swing()", side="hodl"))
    function.clock.sleep(60)
    tried = function.alert(id="tried", strategy_name="trend", symbol="ETHUSD")
    function.post(tried, "/webhook/tradingview/validate")
    return function


def run(function, *arguments):
    return CliRunner().invoke(
        cli, ["alerts", *arguments], obj=lambda: function.application, catch_exceptions=False
    )


def listed(function, *arguments):
    """The ids of the rows: behind a pipe the last cell of each."""
    done = run(function, *arguments)
    assert done.exit_code == 0, done.output
    return ids_in(done.stdout)


def ids_in(shown):
    return [line.rsplit("\t", 1)[-1] for line in shown.splitlines()][1:]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], ALL),
        (["--refused"], ["tried", "malformed", "denied", "rejected"]),
        (["--since", "150s"], ["tried", "malformed", "denied"]),
        (["--strategy", "trend"], ["tried", "rejected", "traded"]),
        (["--strategy", "trend", "--refused", "--symbol", "BTC/USD"], ["rejected"]),
        (["--symbol", "ethusd"], ["tried", "denied"]),
        (["--outcome", "denied,malformed"], ["tried", "malformed", "denied"]),
        (["--search", "insufficient FUNDS"], ["rejected"]),
        (["--limit", "2"], ["tried", "malformed"]),
        (["--search", "no such words"], []),
    ],
)
def test_a_filter_leaves_what_it_names(day, arguments, found):
    assert listed(day, *arguments) == found
    document = json.loads(run(day, *arguments, "--json").stdout)
    assert [row["alert_id"] for row in document["alerts"]] == found
    rows = list(csv.DictReader(io.StringIO(run(day, *arguments, "--csv").stdout)))
    assert [row["alert_id"] for row in rows] == found


def test_what_was_only_tried_is_marked_in_every_form(day):
    assert "denied, only validated" in run(day, "--limit", "1").stdout
    rows = json.loads(run(day, "--json").stdout)["alerts"]
    assert [row["validates"] for row in rows] == [True, False, False, False, False]
    assert "denied, only validated" in run(day, "show", "tried").stdout
    values = csv.DictReader(io.StringIO(run(day, "--csv").stdout))
    assert [row["validates"] for row in values] == ["yes", "no", "no", "no", "no"]


@pytest.mark.parametrize("fields", [{"side": "hodl"}, {"fired_at": "2001-01-01T00:00:00Z"}])
def test_a_trial_that_can_not_even_be_read_is_one_too(fields):
    function = Function()
    function.post(function.alert(id="odd", **fields), "/webhook/tradingview/validate")
    (row,) = json.loads(run(function, "--json").stdout)["alerts"]
    assert (row["alert_id"], row["validates"]) == ("odd", True)


def test_pages_are_parted_by_the_cursor_that_each_ends_with(day):
    pages, cursor = [], []
    for _ in range(3):
        done = run(day, "--limit", "2", *cursor)
        pages.append(ids_in(done.stdout))
        cursor = next(
            (line.split() for line in done.stderr.splitlines() if line.startswith("--cursor")), []
        )
    assert pages == [ALL[:2], ALL[2:4], ALL[4:]]
    assert cursor == []


def test_a_text_that_a_spreadsheet_would_run_is_quoted(day):
    rows = csv.DictReader(io.StringIO(run(day, "--csv").stdout))
    assert {row["strategy"] for row in rows} == {"trend", "'=swing()"}


@pytest.mark.parametrize(
    ("alert_id", "said"),
    [
        ("traded", ["accepted", "leg 1: AddOrder", "attempt 1", "pair XXBTZUSD"]),
        ("rejected", ["rejected", "EOrder:Insufficient funds"]),
        ("denied", ["denied (order_denied, paper)", "ETHUSD", "ALLOWED_SYMBOLS"]),
        ("malformed", ["malformed", "side"]),
        ("malfor", ["malformed"]),
    ],
)
def test_show_tells_all_of_one_alert(day, alert_id, said):
    shown = run(day, "show", alert_id).stdout
    for text in said:
        assert text in shown, shown
    document = json.loads(run(day, "show", alert_id, "--json").stdout)
    assert document["deliveries"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "--csv"], "choose one"),
        (["--strategy", ""], "--strategy is empty"),
        (["--limit", "0"], "--limit"),
        (["show", " "], "ID is empty"),
    ],
)
def test_what_can_not_be_meant_is_refused(day, arguments, said):
    done = run(day, *arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output


@pytest.mark.parametrize(
    "query", [{"outcome": "gone"}, {"cursor": "x"}, {"since": "soon"}, {"id": "nobody-knows-it"}]
)
def test_what_a_route_does_not_understand_names_its_field(day, query):
    answer = day.operate("GET", "/alerts", **query)
    assert (answer.status, answer["field"]) == (400, next(iter(query)))


def test_the_report_says_how_many_alerts_of_a_strategy_were_refused(day):
    document = day.operate("GET", "/report").document
    found = {one.pop("strategy"): one for one in document["refused"]["strategies"]}
    assert found == {
        "trend": {"alerts": 2, "refused": 1, "refused_percent": "50"},
        "=swing()": {"alerts": 2, "refused": 2, "refused_percent": "100"},
    }
    assert document["refused"]["since"] == document["since"]
    only = day.operate("GET", "/report", strategy="trend").document["refused"]["strategies"]
    assert [one["strategy"] for one in only] == ["trend"]
    shown = CliRunner().invoke(cli, ["report"], obj=lambda: day.application).stdout
    assert "trend: 1 of 2 alerts refused (50 %) since " in shown


@pytest.mark.parametrize("command", ["report", "fills"])
@pytest.mark.parametrize("form", [(), ("--csv",)])
def test_of_a_strategy_that_is_none_nothing_is_reported_as_if_it_were_idle(tmp_path, command, form):
    path = tmp_path / "strategies.toml"
    path.write_text("[trend]\n", "utf-8")
    function = Function(env={"STRATEGIES_FILE": str(path)})

    def said(name):
        given = [command, "--strategy", name, *form]
        done = CliRunner().invoke(cli, given, obj=lambda: function.application)
        return done.exit_code, "names none of strategies.toml, which has" in done.output

    assert said("trand") == (2, True)
    assert said("trend") == (0, False)
    assert said("default") == (0, False)


@pytest.mark.parametrize("command", ["report", "fills"])
def test_a_strategy_of_before_that_has_traded_is_known_of_a_month_without_its_trades(
    tmp_path, command
):
    path = tmp_path / "strategies.toml"
    path.write_text("[trend]\n", "utf-8")
    clock, store = FakeClock(), MemoryLedger()
    venue = open_venue(read_settings({"LEDGER_URL": "memory://"}), store, clock)
    before = Function(clock=clock, store=store, venue=venue)
    assert before.post(before.alert(strategy_name="swing", price="60000")).status == 200
    clock.sleep(60)
    before.operate("POST", "/reconcile")
    env = {"STRATEGIES_FILE": str(path)}
    function = Function(clock=clock, store=store, venue=venue, env=env)
    for month in ("2026-11", "2026-10"):
        given = [command, "--strategy", "swing", "--month", month]
        done = CliRunner().invoke(cli, given, obj=lambda: function.application)
        assert done.exit_code == 0, done.output


def test_a_span_that_is_longer_than_alerts_are_kept_says_from_when_they_count(day):
    document = day.operate("GET", "/report", month="all").document
    assert document["refused"]["since"] > "2026-01-01"


def test_an_operators_route_speaks_of_the_operators_token_alone(day):
    for token in ("wrong-operator-token-0", ""):
        answer = day.operate("GET", "/orders", token=token)
        assert (answer.status, answer["code"]) == (401, "unauthenticated")
        assert "operator token" in answer["message"]
        assert "alert" not in answer["message"]


def test_records_that_could_not_be_written_are_said(day):
    def away(_note):
        raise LedgerUnavailable("away")

    day.store.add_note = away
    day.post(day.alert(id="lost", symbol="ETHUSD"))
    said = run(day).stderr
    assert "up to 1 of the hour from 2026-11-22 12:00:00 may be missing" in said


@row_by_row
@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff20"]
)
def test_a_text_that_a_spreadsheet_would_run_is_none(first):
    assert for_spreadsheet(f"{first}1") == f"'{first}1"
    assert for_spreadsheet(f"a{first}1") == f"a{first}1"
    assert for_spreadsheet("") == ""


def test_an_alert_without_an_id_is_shown_by_the_key_that_the_list_has(day):
    day.clock.sleep(60)
    day.post(day.alert(id=None, side="hodl"))
    (key,) = listed(day, "--limit", "1")
    assert len(key) == 32
    for asked in (key, key[:8]):
        done = run(day, "show", asked)
        assert (done.exit_code, "side must be" in done.stdout) == (0, True), done.output
    (row,) = json.loads(run(day, "--limit", "1", "--json").stdout)["alerts"]
    assert (row["alert_id"], row["key"]) == (None, key)


def test_one_with_an_id_is_shown_whole_by_the_key_of_any_of_its_rows(day):
    day.post(day.alert(id="traded", strategy_name="trend", volume="0.02"))
    found = json.loads(run(day, "--json").stdout)["alerts"]
    found = [row for row in found if row["alert_id"] == "traded"]
    assert len(found) == 2
    for row in found:
        assert run(day, "show", row["key"]).stdout.count("delivery ") == 2
