"""Functions of several modes and accounts that share one store: each counts its own alerts."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.support.faked_function import Function
from tests.support.memory_ledger import MemoryLedger
from webhook_core.operations.cli import cli

STRATEGIES = '[trend]\nexpect_every = "26h"\n[swing]\n'


@pytest.fixture
def pair(tmp_path):
    """Mine and another's, on one store and one clock."""
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGIES, "utf-8")
    env = {"ALLOWED_SYMBOLS": "BTC/USD", "STRATEGIES_FILE": str(path)}
    mine = Function(env=env, store=MemoryLedger())
    other = Function(env={**env, "KRAKEN_ACCOUNT": "second"}, store=mine.store, clock=mine.clock)
    return mine, other


def shares(function):
    function.clock.sleep(1)  # the report ends at this moment
    rows = function.operate("GET", "/report")["refused"]["strategies"]
    return {row["strategy"]: (row["alerts"], row["refused"]) for row in rows}


def test_the_share_refused_and_silence_count_ones_own_alerts(pair):
    mine, other = pair
    mine.post(mine.alert(id="1", strategy_name="trend"))
    mine.clock.sleep(3600 * 27)
    for number in range(60):
        other.post(other.alert(id=f"o{number}", strategy_name="trend", symbol="ETHUSD"))
    assert (shares(mine), shares(other)) == ({"trend": (1, 0)}, {"trend": (60, 60)})
    (silent,) = mine.operate("GET", "/report")["expected"]
    assert (silent["silent"], silent["last"][:13]) == (True, "2026-11-22T12")
    assert not other.operate("GET", "/report")["expected"][0]["silent"]


def test_the_list_has_all_and_names_whose_the_others_are(pair):
    mine, other = pair
    mine.post(mine.alert(id="mine", symbol="ETHUSD"))
    other.post(other.alert(id="theirs", symbol="ETHUSD"))
    rows = mine.operate("GET", "/alerts")["alerts"]
    assert {row["alert_id"]: row["account"] for row in rows} == {
        "mine": "default",
        "theirs": "second",
    }
    shown = CliRunner().invoke(cli, ["alerts"], obj=lambda: mine.application).stdout
    assert {line.split("\t")[-1]: line.split("\t")[-2] for line in shown.splitlines()[1:]} == {
        "mine": "-",
        "theirs": "paper second",
    }


def test_a_record_of_before_accounts_were_named_counts_for_each(pair):
    mine, other = pair
    mine.post(mine.alert(symbol="ETHUSD", strategy_name="trend"))
    notes = mine.store._notes
    for key, note in notes.items():
        kept = json.loads(note.text)
        del kept["account"]
        notes[key] = note._replace(text=json.dumps(kept))
    assert shares(mine) == shares(other) == {"trend": (1, 1)}
