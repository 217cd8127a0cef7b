"""notify test, and what the doctor says of addresses and of silence."""

from __future__ import annotations

import pytest

from tests.support.project import ROOT
from tests.support.terminal import function_on, rows, run
from tests.support.told_person import told_person
from webhook_core.findings import Verdict
from webhook_core.operations.doctor_notify import check_notify

TOKEN = "SECRET-PART-OF-AN-ADDRESS-4f3e2d"


@pytest.fixture
def person():
    with told_person() as person:
        yield person


@pytest.fixture
def function(tmp_path, person):
    (tmp_path / "s.toml").write_text('[trend]\nnotify = ["env:NO_SUCH"]\n', "utf-8")
    return function_on(
        tmp_path / "ledger.db",
        STRATEGIES_FILE=str(tmp_path / "s.toml"),
        NOTIFY=f"{person.url(TOKEN)} discord:/{TOKEN} foo://{TOKEN}",
    )


def test_a_test_message_goes_to_every_address_and_shows_nothing_of_it(function, person):
    done = run(function, "notify", "test")
    assert done.exit_code == 1
    assert rows(done) == [
        ["ADDRESS", "SERVICE", "RESULT"],
        ["NOTIFY[0]", "JSON", "sent"],
        ["NOTIFY[1]", "-", "is no address"],
        ["NOTIFY[2]", "-", "begins like no service of apprise"],
        ["[trend] notify[0]", "-", "names a variable that is not set"],
    ]
    assert TOKEN not in done.output
    assert person.titles == ["This is a test"]


def test_it_is_well_where_each_took_it(tmp_path, person):
    function = function_on(tmp_path / "ledger.db", NOTIFY=person.url(TOKEN))
    done = run(function, "notify", "test")
    assert (done.exit_code, len(person.heard)) == (0, 1)
    assert TOKEN not in done.output


def named_files(text):
    return [ROOT / name.strip(".:,()") for name in text.split() if "webhook_core/" in name]


def test_without_anybody_it_says_what_to_set(tmp_path):
    done = run(function_on(tmp_path / "ledger.db"), "notify", "test")
    assert done.exit_code == 1
    assert "set NOTIFY" in done.output
    assert named_files(done.output) == [ROOT / "webhook_core/notify/README.md"]


def found(function):
    return {each.name: each for each in check_notify(function.application)}


def test_the_doctor_warns_of_each_address_that_is_none(function):
    before = found(function)
    assert [each.verdict for each in before.values()] == [
        *(Verdict.OK, Verdict.WARN, Verdict.WARN, Verdict.WARN, Verdict.WARN)
    ]
    assert before["NOTIFY[0]"].found == "*** (JSON); nothing was told yet"
    for name in ("NOTIFY[1]", "NOTIFY[2]", "[trend] notify[0]"):
        assert named_files(before[name].advice) == [ROOT / "webhook_core/notify/README.md"]
    assert before["notifications"].advice == "POST /reconcile sends: run it each minute"
    assert TOKEN not in str(before)
    function.operate("POST", "/reconcile")
    assert "notifications" not in found(function)


def test_the_doctor_says_what_fails_and_what_waits(tmp_path, person):
    function = function_on(
        tmp_path / "ledger.db", NOTIFY=person.url(TOKEN), ALLOWED_SYMBOLS="BTC/USD"
    )
    function.operate("POST", "/reconcile")
    function.post(function.alert(symbol="ETHUSD"))
    person.answers = [500]
    function.operate("POST", "/reconcile")
    (failing,) = found(function).values()
    assert failing.verdict is Verdict.WARN
    assert failing.found == (
        "JSON: failures in a row: 1, the last at 2026-11-22 12:00:00 UTC; messages that wait: 1; "
        "nothing was told yet"
    )
    function.clock.sleep(60)
    function.operate("POST", "/reconcile")
    (well,) = found(function).values()
    assert (well.verdict, well.found) == (Verdict.OK, "*** (JSON); told 2026-11-22 12:01:00 UTC")


def test_the_doctor_warns_of_a_silent_strategy(tmp_path):
    (tmp_path / "s.toml").write_text('[trend]\nexpect_every = "1h"\n', "utf-8")
    function = function_on(tmp_path / "ledger.db", STRATEGIES_FILE=str(tmp_path / "s.toml"))
    assert found(function)["silence"].found == (
        "trend: no alert has come yet; expected at least one every 1h"
    )
    function.post(function.alert(strategy_name="trend"))
    assert found(function)["silence"].verdict is Verdict.OK
    function.clock.sleep(3601)
    assert found(function)["silence"].verdict is Verdict.WARN
