"""A pause that cancels: which open orders go, which stay, and what is said of doubts."""

from __future__ import annotations

import pytest

from tests.support.faked_function import Function
from tests.support.terminal import function_on, rows, run
from tests.support.trading_venue import outcome, trader
from tests.unit.planning.test_cancel_alerts import MEAN, TREND, book, bound, lay, open_ids
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.notify.standing import newest_of
from webhook_core.trading.requests import NotSent, Rejected, Unknown


@pytest.fixture
def function(tmp_path):
    return bound(tmp_path)


def pause(function, **said):
    answer = function.operate("POST", "/pause", cancel="true", **said)
    assert answer.status == 200, answer.document
    return answer["canceled"]


def gone(function, ids):
    return {name for name, order_id in ids.items() if order_id not in open_ids(function)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"bid", "ask", "other"}),
        ({"strategy": "trend"}, {"bid", "ask"}),
        ({"strategy": "mean"}, {"other"}),
        ({"strategy": "default"}, set()),
        ({"entries": "true"}, {"bid"}),
        ({"entries": "true", "strategy": "mean"}, set()),
        ({"cancel": "false"}, set()),
    ],
    ids=lambda part: str(part) if isinstance(part, dict) else " ".join(sorted(part)) or "none",
)
def test_own_orders_go_and_what_was_placed_by_hand_stays(function, said, expected):
    ids = book(function)
    answer = function.operate("POST", "/pause", **{"cancel": "true", **said})
    assert answer.status == 200
    assert gone(function, ids) == expected
    if said.get("cancel") == "false":
        assert "canceled" not in answer.document
        return
    rows_ = answer["canceled"]["orders"]
    assert {row["order_id"] for row in rows_} == {ids[name] for name in expected}
    assert {row["state"] for row in rows_} <= {"ACCEPTED"}
    assert answer["canceled"]["complete"] is True


def test_each_cancel_is_an_entry_of_the_ledger_and_passes_the_pause(function):
    ids = book(function)
    pause(function, by="Ada")
    listed = function.operate("GET", "/orders")["orders"]
    canceled = {row["alert_id"]: row for row in listed if row["method"] == "CancelOrder"}
    assert set(canceled) == {f"operator-cancel-{ids[name]}" for name in ("bid", "ask", "other")}
    assert {row["state"] for row in canceled.values()} == {"ACCEPTED"}
    assert canceled[f"operator-cancel-{ids['other']}"]["strategy"] == "mean"
    assert outcome(function.post(function.alert(id="next"))) == (422, "paused")


def test_a_second_run_finds_nothing_and_sends_nothing(function):
    book(function)
    pause(function)
    function.venue.calls.clear()
    assert pause(function) == {
        "orders": [], "left": [], "in_doubt": [], "never_sent": [], "complete": True,
    }  # fmt: skip
    assert "submit" not in function.venue.calls


def test_the_exit_that_an_entry_left_goes_with_it_and_stays_for_entries_alone():
    function = trader(btc=0, usd=10**6)
    function.venue.leaves_closes = True
    entry = function.alert(id="entry", volume="1", stop_loss="40000")
    assert outcome(function.post(entry)) == (200, "accepted")
    (stop,) = open_ids(function)
    found = pause(function, entries="true")
    assert [row["order_id"] for row in found["left"]] == [stop]
    assert open_ids(function) == {stop}
    found = pause(function)
    assert [(row["order_id"], row["is_exit"]) for row in found["orders"]] == [(stop, True)]
    assert open_ids(function) == set()


def test_an_order_whose_outcome_is_unknown_is_in_doubt_and_the_others_go(function):
    lay(function, "bid", token=TREND)
    function.venue.refuse = [Unknown("the reply was lost")]
    order = {"order_type": "limit", "price": "41000", "volume": "1", "token": MEAN}
    assert outcome(function.post(function.alert(id="lost", **order))) == (503, "outcome_unknown")
    found = pause(function)
    assert [row["alert_id"] for row in found["orders"]] == ["bid"]
    assert [row["alert_id"] for row in found["in_doubt"]] == ["lost"]
    assert found["complete"] is False


def test_one_whose_reply_was_lost_is_found_and_goes(function):
    function.venue.lose_reply = True
    order = {"order_type": "limit", "price": "41000", "volume": "1"}
    assert outcome(function.post(function.alert(id="lost", **order))) == (503, "outcome_unknown")
    found = pause(function)
    assert [row["alert_id"] for row in found["orders"]] == ["lost"]
    assert open_ids(function) == set()


def test_what_the_operator_cancels_is_no_alert_and_no_sign_of_life(function):
    book(function)
    whose = (function.application.settings.trading_mode, function.application.settings.account)
    before = newest_of(function.store, whose, ["trend", "mean"])
    listed = [row["alert_id"] for row in function.operate("GET", "/alerts")["alerts"]]
    function.clock.sleep(3600)
    assert len(pause(function)["orders"]) == 3
    assert newest_of(function.store, whose, ["trend", "mean"]) == before
    assert [row["alert_id"] for row in function.operate("GET", "/alerts")["alerts"]] == listed


def test_one_that_was_never_sent_is_withdrawn_so_no_resend_places_it_after_a_resume(function):
    function.venue.refuse = [NotSent("no connection")] * 3
    order = function.alert(id="late", order_type="limit", price="41000", volume="1")
    assert outcome(function.post(order)) == (503, "not_sent")
    assert pause(function)["never_sent"] == ["late"]
    function.operate("POST", "/resume")
    assert outcome(function.post(order)) == (422, "order_denied")
    assert open_ids(function) == set()


@pytest.mark.parametrize(
    ("refusal", "state", "complete"),
    [
        (Rejected(("EOrder:Unknown order",)), "REJECTED", True),
        (Rejected(("EGeneral:Permission denied",)), "REJECTED", False),
        (NotSent("no connection"), "NOT_SENT", False),
    ],
    ids=["it has just filled", "the key may not", "no connection"],
)
def test_what_became_of_a_cancel_is_said(function, refusal, state, complete):
    lay(function, "bid")
    function.venue.refuse = [refusal] * 3
    found = pause(function)
    assert ([row["state"] for row in found["orders"]], found["complete"]) == ([state], complete)


def test_where_kraken_cannot_be_read_the_pause_stands_and_the_answer_says_to_ask_again(function):
    lay(function, "bid")
    function.venue.unreadable = {"open_orders"}
    answer = function.operate("POST", "/pause", cancel="true")
    assert (answer.status, answer["code"]) == (503, "venue_unavailable")
    assert "The pause stands" in answer["error"]
    assert outcome(function.post(function.alert(id="next"))) == (422, "paused")
    function.venue.unreadable = set()
    assert pause(function)["complete"] is True


@pytest.mark.parametrize("value", ["maybe", "2", "all"])
def test_a_cancel_that_is_neither_true_nor_false_pauses_nothing(function, value):
    answer = function.operate("POST", "/pause", cancel=value)
    assert (answer.status, answer["field"]) == (400, "cancel")
    assert function.operate("GET", "/orders")["paused"] == []


# -- at a terminal ---------------------------------------------------------------------------------


@pytest.fixture
def at_terminal(tmp_path) -> Function:
    function = bound(tmp_path)
    path = tmp_path / "ledger.db"
    env = {**function.env, "LEDGER_URL": f"sqlite:///{path}"}
    return Function(env, function.clock, function.venue, SqliteLedger(path))


def test_the_command_shows_the_orders_asks_and_cancels(at_terminal):
    ids = book(at_terminal)
    said = run(at_terminal, "pause", "trend", "--cancel", answer="y\n")
    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("Strategy trend is paused for every order")
    assert gone(at_terminal, ids) == {"bid", "ask"}
    shown = [row for row in rows(said) if row[0] in ids.values()]
    assert [row[-2] for row in shown] == ["OPEN", "OPEN", "ACCEPTED", "ACCEPTED"]
    assert "2 canceled, 0 may be open yet." in said.stdout
    again = run(at_terminal, "pause", "trend", "--cancel")
    assert again.exit_code == 0
    assert "No open order of the bridge's own is meant." in again.stdout


def test_who_says_no_has_paused_and_cancelled_nothing(at_terminal):
    ids = book(at_terminal)
    said = run(at_terminal, "pause", "--cancel", answer="n\n")
    assert said.exit_code == 1
    assert gone(at_terminal, ids) == set()
    assert outcome(at_terminal.post(at_terminal.alert(id="next"))) == (422, "paused")


def test_a_script_is_not_asked(at_terminal):
    ids = book(at_terminal)
    said = run(at_terminal, "pause", "--entries", "--cancel", "--yes")
    assert said.exit_code == 0, said.output
    assert gone(at_terminal, ids) == {"bid"}
    assert "2 open order(s) only make a position smaller, and stay." in said.stdout


def test_one_in_doubt_is_told_and_the_status_is_one(tmp_path):
    function = function_on(tmp_path / "ledger.db")
    function.venue.refuse = [Unknown("the reply was lost")]
    order = {"order_type": "limit", "price": "41000", "volume": "1"}
    function.post(function.alert(id="lost", **order))
    said = run(function, "pause", "--cancel", "--yes")
    assert said.exit_code == 1
    assert "alert lost" in said.stderr
