"""What stands and then ends: pauses, a Kraken or a ledger that fails, silence; and the day's
summary."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.clock import FakeClock
from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from tests.support.terminal import run
from tests.unit.notify.conftest import next_run
from webhook_core.errors import LedgerUnavailable
from webhook_core.notify.alerts import AlertNews

# -- pauses ----------------------------------------------------------------------------------------


def test_a_pause_is_told_once_and_its_end_too(told, person):
    function = told()
    function.operate("POST", "/pause", strategy="trend", why="holiday")
    assert (next_run(function), next_run(function)) == (1, 0)
    (said,) = person.heard
    assert said["title"] == "trend: paused (paper)"
    assert said["message"].startswith("Strategy trend is paused for every order since 2026-11-22")
    assert said["message"].endswith("by the operator: holiday.")
    function.operate("POST", "/resume", strategy="trend")
    assert (next_run(function), next_run(function)) == (1, 0)
    assert person.titles[1] == "trend: trading goes on (paper)"


def test_one_that_ends_by_itself_is_told_too(told, person):
    function = told()
    function.operate("POST", "/pause", **{"for": "90s"})
    next_run(function)
    assert (next_run(function), next_run(function)) == (1, 0)
    assert person.titles == ["The account: paused (paper)", "The account: trading goes on (paper)"]


def test_alerts_that_come_meanwhile_are_told_where_that_is_chosen(told, person):
    function = told(env={"NOTIFY_ABOUT": "paused"})
    function.operate("POST", "/pause")
    function.post(function.alert())
    next_run(function)
    assert person.titles == ["default: an alert came while trading is paused (paper)"]


# -- records that are lost -------------------------------------------------------------------------


class Forgetful(MemoryLedger):
    """Takes no records while it is told so."""

    forgets = False

    def add_note(self, note):
        if self.forgets:
            raise LedgerUnavailable("away")
        super().add_note(note)


def test_records_that_could_not_be_written_are_told_as_a_sum_once(told, person):
    store = Forgetful()
    function = told(store=store)
    store.forgets = True
    for number in range(3):
        function.post(function.alert(id=f"n{number}", symbol="ETHUSD"))
    assert (next_run(function), next_run(function)) == (1, 0)
    (said,) = person.heard
    assert said["title"].startswith("The records of up to 3 alerts since 2026-11-22 12:00 UTC")
    function.post(function.alert(id="one more", symbol="ETHUSD"))
    assert (next_run(function), next_run(function, 90)) == (1, 0)
    assert person.titles[1].startswith("The record of 1 alert since")
    store.forgets = False
    function.post(function.alert(id="kept", symbol="ETHUSD"))
    assert next_run(function) == 1
    assert person.titles[2].endswith("an alert was refused by a limit (paper)")


def test_records_lost_before_the_first_run_are_not_told(told, person):
    store = Forgetful()
    store.forgets = True
    function = Function(env={"NOTIFY": person.url(), "ALLOWED_SYMBOLS": "BTC/USD"}, store=store)
    function.post(function.alert(symbol="ETHUSD"))
    assert [next_run(function) for _ in range(3)] == [0, 0, 0]
    assert function.operate("GET", "/alerts")["not_written"][0]["records"] == 1


# -- Kraken and the ledger -------------------------------------------------------------------------


def test_kraken_that_fails_three_runs_in_a_row_is_told_once_and_when_it_is_back(told, person):
    function = told()
    function.venue.unreadable = {"trades"}
    assert [next_run(function) for _ in range(6)] == [0, 0, 1, 0, 0, 0]
    assert person.titles == ["Kraken can't be read (paper)"]
    assert "trades: trades could not be read." in person.heard[0]["message"]
    function.venue.unreadable = set()
    assert [next_run(function) for _ in range(2)] == [1, 0]
    assert person.titles[1] == "Kraken can be read again (paper)"


def test_one_that_fails_for_a_moment_is_not_told(told, person):
    function = told()
    for unreadable in ({"trades"}, {"trades"}, set(), {"trades"}, {"trades"}, set()):
        function.venue.unreadable = unreadable
        next_run(function)
    assert person.titles == []


class Failing(MemoryLedger):
    """``down``: the names of the calls that fail."""

    down: frozenset[str] = frozenset()

    def __getattribute__(self, name):
        if name != "down" and name in self.down:

            def fails(*_arguments, **_named):
                raise LedgerUnavailable("The ledger is not available.")

            return fails
        return super().__getattribute__(name)


EVERYTHING = frozenset({"read", "write", "entries", "notes", "unfinished", "find", "claim"})


def test_a_ledger_that_fails_is_told_without_it(told, person):
    function = told(store=Failing())
    function.store.down = EVERYTHING
    for _ in range(5):
        function.clock.sleep(60)
        assert function.operate("POST", "/reconcile").status == 503
    assert person.titles == ["The ledger can't be used (paper)"]
    function.store.down = frozenset()
    next_run(function)
    assert person.titles == ["The ledger can't be used (paper)", "The ledger works again (paper)"]


@pytest.mark.parametrize("down", ["notes", "add_note", "beginning_with"])
def test_a_fault_of_what_is_told_from_changes_no_answer(told, person, down):
    """And what could not be read is told by the next run."""
    function = told(store=Failing())
    function.post(function.alert(id="1", symbol="ETHUSD"))
    function.store.down = frozenset({down})
    assert function.post(function.alert(id="2")).status == 200
    assert function.post(function.alert(id="3", symbol="ETHUSD")).status == 422
    function.clock.sleep(60)
    assert function.operate("POST", "/reconcile").status == 200
    function.store.down = frozenset()
    next_run(function)
    assert len(person.heard) == 2
    assert ("may be missing" in person.titles[0]) == (down == "add_note")


def test_a_fault_in_the_program_changes_no_answer(told, person, monkeypatch, caplog):
    function = told()
    function.post(function.alert(symbol="ETHUSD"))
    monkeypatch.setattr("webhook_core.notify.alerts.kind_of", lambda *_: 1 / 0)
    assert next_run(function) == 1
    assert person.titles == ["Messages about alerts can't be made (paper)"]
    assert "notify.not_told" in caplog.text
    monkeypatch.undo()
    assert next_run(function) == 1


# -- silence ---------------------------------------------------------------------------------------

EXPECTS = '[trend]\nexpect_every = "26h"\n[swing]\n'


@pytest.fixture
def strategies(tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text(EXPECTS, "utf-8")
    return {"STRATEGIES_FILE": str(path)}


def test_silence_is_told_once_and_once_more_when_alerts_come_again(told, person, strategies):
    function = told(env=strategies)
    function.post(function.alert(id="1", strategy_name="trend"))
    assert next_run(function, 60 * 25.9) == 0
    assert next_run(function, 60 * 0.2) == 1
    assert [next_run(function, 60 * 9) for _ in range(3)] == [0, 0, 0]
    assert person.titles == ["trend: no alert, it has gone silent (paper)"]
    assert person.heard[0]["message"].startswith(
        "None came since 2026-11-22 12:00:00 UTC; expected: at least one every 26h."
    )
    function.post(function.alert(id="2", strategy_name="trend"))
    assert [next_run(function) for _ in range(3)] == [1, 0, 0]
    assert person.titles[1] == "trend: alerts come again (paper)"


@pytest.mark.parametrize("alert", [{"symbol": "ETHUSD"}, {"volume": "much"}, {"validate": True}])
def test_an_alert_that_comes_to_nothing_breaks_silence_too(told, person, strategies, alert):
    function = told(env={**strategies, "NOTIFY_ABOUT": "silent"})
    for hours in range(4):
        function.post(function.alert(id=str(hours), strategy_name="trend", **alert))
        assert next_run(function, 60 * 20) == 0
    assert person.titles == []


def test_a_strategy_that_never_had_an_alert_is_counted_from_the_first_run(told, person, strategies):
    function = told(env=strategies)
    assert next_run(function, 60 * 25) == 0
    assert next_run(function, 60 * 2) == 1


def test_a_strategy_that_was_silent_before_anybody_asked_is_told(told, person, strategies):
    function = told()
    function.post(function.alert(strategy_name="trend"))
    function.clock.sleep(3600 * 40)
    later = told(store=function.store, clock=function.clock, env=strategies)
    assert next_run(later) in (0, 1)  # by the first run or the second, and once
    assert next_run(later) == 0
    assert person.titles == ["trend: no alert, it has gone silent (paper)"]


def test_report_shows_it_with_and_without_anybody_to_tell(told, strategies):
    function = told(env={**strategies, "NOTIFY": ""})
    function.post(function.alert(strategy_name="trend"))
    said = "trend: newest alert 2026-11-22 12:00:00 UTC, expected at least one every 26h."
    assert said in run(function, "report").output.splitlines()
    function.clock.sleep(3600 * 27)
    assert f"SILENT: {said}" in run(function, "report").output.splitlines()
    (row,) = function.operate("GET", "/report")["expected"]
    assert (row["strategy"], row["silent"]) == ("trend", True)
    assert function.operate("GET", "/report", strategy="trend")["expected"] == [row]
    assert function.operate("GET", "/report", strategy="other")["expected"] == []


# -- the day's summary -----------------------------------------------------------------------------


def test_the_days_summary_comes_once_a_day_at_its_hour(told, person):
    function = told(env={"NOTIFY_SUMMARY": "07:00"})  # the clock begins at 12:00
    function.post(function.alert(id="1", strategy_name="trend"))
    function.post(function.alert(id="2", symbol="ETHUSD", strategy_name="trend"))
    next_run(function)
    person.heard.clear()
    function.clock.sleep(60 * (19 * 60 - 2))
    assert [next_run(function) for _ in range(4)] == [1, 0, 0, 0]
    (said,) = person.heard
    assert said["title"] == "The day until 2026-11-23 07:00 UTC (paper)"
    assert said["message"].splitlines() == [
        "Alerts: 2 (1 accepted, 1 denied)",
        "Refused: trend 1",
    ]
    assert next_run(function, 24 * 60 + 180) == 1
    assert person.titles[1] == "The day until 2026-11-24 07:00 UTC (paper)"
    assert person.heard[1]["message"] == "Alerts: 0"


def test_its_hour_moves_with_the_clock_of_its_zone(told, person):
    """Around the end of Berlin's summer time, on 2026-10-25."""
    clock = FakeClock(datetime(2026, 10, 24, 4, 30, tzinfo=UTC))
    function = told(env={"NOTIFY_SUMMARY": "07:00 Europe/Berlin"}, clock=clock)
    for _ in range(3 * 24 * 2):
        next_run(function, 30)
    assert person.titles == [
        f"The day until 2026-10-{day} UTC (07:00 Europe/Berlin) (paper)"
        for day in ("24 05:00", "25 06:00", "26 06:00")
    ]


def test_it_is_told_late_where_no_run_came_at_its_hour(told, person):
    function = told(env={"NOTIFY_SUMMARY": "13:00", "NOTIFY_ABOUT": "none"})
    assert next_run(function, 60 * 24 * 3) == 1
    assert person.titles == ["The day until 2026-11-24 13:00 UTC (paper)"]


def test_without_an_hour_there_is_none(told, person):
    function = told()
    assert next_run(function, 60 * 48) == 0


def test_what_no_message_can_be_made_of_is_told_once_whatever_is_chosen(told, person, monkeypatch):
    function = told(env={"NOTIFY_ABOUT": "none"})

    def fail(*_):
        raise ValueError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(AlertNews, "since", fail)
        for _ in range(3):
            next_run(function)
    assert person.titles == ["Messages about alerts can't be made (paper)"]
    next_run(function)
    monkeypatch.setattr(AlertNews, "since", fail)
    next_run(function)
    assert len(person.titles) == 2
