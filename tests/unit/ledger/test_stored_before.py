"""What the version before wrote into its SQLite ledger is read, listed, resent and
reconciled, and means the same.

``stored_before`` holds the ledger as SQL, with an entry of each state, and the answers
that version gave to resends.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from webhook_core.application import Application
from webhook_core.bootstrap import build
from webhook_core.ledger.entry import LedgerEntry, OrderShown, State
from webhook_core.ledger.serial import from_text, to_text
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.settings.reading import read_settings
from webhook_core.web.messages import HttpRequest

STORED = Path(__file__).with_name("stored_before")
RESENT: list[dict[str, Any]] = json.loads((STORED / "answers.json").read_text("utf-8"))
TOKEN = "token-of-the-tests-0123"
STATES = {
    "accepted": State.ACCEPTED, "rejected": State.REJECTED, "no-action": State.NO_ACTION,
    "with-a-stop": State.ACCEPTED,
    "submitting": State.SUBMITTING, "not-sent": State.NOT_SENT, "expired": State.EXPIRED,
    "not-placed": State.NOT_PLACED,
    "missed": State.MISSED, "denied": State.DENIED, "still-open": State.NOT_SENT,
    "had-filled": State.REJECTED,
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "ledger.db"
    database = sqlite3.connect(found)
    database.executescript((STORED / "ledger.sql").read_text("utf-8"))
    database.close()
    return found


def entries(path: Path) -> dict[str, LedgerEntry]:
    ledger = SqliteLedger(str(path))
    try:
        return {
            entry.alert_id: entry
            for entry in ledger.entries(states=tuple(State), limit=100).entries
            if entry.unit.leg == 0
        }
    finally:
        ledger.close()


def test_every_state_is_there() -> None:
    assert set(STATES.values()) == set(State)


@pytest.mark.parametrize("name", STATES)
def test_an_entry_is_read_as_it_was_meant(path: Path, name: str) -> None:
    entry = entries(path)[name]
    assert entry.state is STATES[name]
    shown = {"still-open": OrderShown.STILL_OPEN, "had-filled": OrderShown.HAD_FILLED}.get(name)
    assert entry.current.shown is shown
    again = from_text(to_text(entry), entry.version)
    assert again == entry


def the_application(path: Path) -> Application:
    first = min(entry.received_at for entry in entries(path).values())
    env = {
        "LEDGER_URL": f"sqlite:///{path}",
        "WEBHOOK_TOKEN": TOKEN,
        "OPERATOR_TOKEN": f"operator-{TOKEN}",
    }
    return build(read_settings(env), FakeClock(first + timedelta(seconds=1)))


def asked(
    application: Application, method: str, route: str, body: str = ""
) -> tuple[int, dict[str, Any]]:
    headers = (
        {"authorization": f"Bearer operator-{TOKEN}"} if route != "/webhook/tradingview" else {}
    )
    now = application.clock.now()
    response = application.handle(
        HttpRequest(method, route, {}, headers, body.encode(), "127.0.0.1", now)
    )
    return response.status, json.loads(response.body)


@pytest.mark.parametrize("resent", RESENT, ids=[json.loads(one["body"])["id"] for one in RESENT])
def test_a_resend_gets_the_answer_that_it_got_before(path: Path, resent: dict[str, Any]) -> None:
    status, answer = asked(the_application(path), "POST", "/webhook/tradingview", resent["body"])
    told_before = {name: value for name, value in resent["answer"].items() if name != "request_id"}
    assert (status, {name: answer[name] for name in told_before}) == (resent["status"], told_before)


def test_all_of_them_are_listed_and_reconciled(path: Path) -> None:
    application = the_application(path)
    status, listed = asked(application, "GET", "/orders")
    assert status == 200
    assert {row["alert_id"] for row in listed["orders"]} >= set(STATES)
    status, _ = asked(application, "POST", "/reconcile")
    assert status == 200
    settled = entries(path)
    assert {
        name: settled[name].state
        for name in STATES
        if name not in ("not-sent", "missed", "still-open")
    } == {
        name: state
        for name, state in STATES.items()
        if name not in ("not-sent", "missed", "still-open")
    }
