"""What SQLite waits for the disk for: every claim, and every outcome but an accepted one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.support.ledger_entries import in_turn, moved, submitting
from webhook_core.ledger.contract import Claimed, Recorded
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.sqlite.ledger import SqliteLedger

EASED = ["PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"]


def statements_of(ledger: SqliteLedger, entry: LedgerEntry) -> tuple[list[str], LedgerEntry]:
    """What a record says to SQLite about waiting."""
    said: list[str] = []
    with ledger._file.connection() as db:
        db.set_trace_callback(said.append)
    written = ledger.record(entry)
    assert isinstance(written, Recorded)
    return [text for text in said if "synchronous" in text], written.entry


def claimed(ledger: SqliteLedger, entry: LedgerEntry) -> LedgerEntry:
    claim = ledger.claim(entry)
    assert isinstance(claim, Claimed)
    return claim.entry


@pytest.mark.parametrize(
    "entry", [submitting("plain"), in_turn("in a line")], ids=["plain", "in a line"]
)
@pytest.mark.parametrize(
    "state", [State.ACCEPTED, State.REJECTED, State.NOT_SENT, State.NOT_PLACED]
)
def test_only_that_an_order_was_accepted_does_not_wait(
    tmp_path: Path, entry: LedgerEntry, state: State
) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        said, _ = statements_of(ledger, moved(claimed(ledger, entry), state))
        assert said == (EASED if state is State.ACCEPTED else [])
        with ledger._file.connection() as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_claim_waits_and_so_does_the_one_after_an_accepted_order(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        statements_of(ledger, moved(claimed(ledger, submitting("first")), State.ACCEPTED))
        said: list[str] = []
        with ledger._file.connection() as db:
            db.set_trace_callback(said.append)
        claimed(ledger, submitting("second"))
        assert [text for text in said if "synchronous" in text] == []


def test_it_waits_again_after_a_record_that_failed(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        accepted = moved(claimed(ledger, submitting("first")), State.ACCEPTED)
        assert isinstance(ledger.record(accepted), Recorded)
        assert not isinstance(ledger.record(accepted), Recorded)
        with ledger._file.connection() as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)
