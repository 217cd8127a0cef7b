"""A ledger file that vanishes, is emptied or is another one is never replaced in silence."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing

import pytest

from tests.support.ledger_entries import NOON, moved, submitting
from tests.support.ledger_workers import in_a_fork, open_sqlite, winners
from webhook_core.errors import LedgerLost, LedgerUnavailable
from webhook_core.ledger.contract import Claimed, Existing
from webhook_core.ledger.entry import State
from webhook_core.ledger.ledger_id import DOCUMENT
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.ledger.sqlite.mark import Place

ANOTHER_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "ledger.db"


def opened(path, **named):
    return SqliteLedger(path, timeout_s=0.1, **named)


@pytest.fixture
def ledger(path):
    """With one alert that is done, and open."""
    made = opened(path)
    made.record(moved(made.claim(submitting("done")).entry, State.ACCEPTED))
    yield made
    made.close()


def files(path):
    return [item for item in path.parent.iterdir() if item.is_file() and item.suffix != ".mark"]


def remove(path):
    for file in files(path):
        file.unlink()


def remove_the_file_alone(path):
    path.unlink()


def remove_the_directory(path):
    shutil.rmtree(path.parent)


def move_away(path):
    path.rename(path.with_name("elsewhere.db"))


def truncate(path):
    os.truncate(path, 0)


def truncate_with_its_log(path):
    os.truncate(path, 0)
    os.truncate(path.with_name("ledger.db-wal"), 0)


def truncate_the_log(path):
    os.truncate(path.with_name("ledger.db-wal"), 0)


def empty_file(path):
    remove(path)
    path.touch()


def another_ledger(path):
    remove(path)
    with closing(opened(path.parent / "other" / "ledger.db")) as other:
        other.claim(submitting("elsewhere"))
    (path.parent / "other" / "ledger.db").rename(path)


def another_database(path):
    remove(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE notes (text)")
        other.execute("PRAGMA user_version = 3")


def a_database_without_tables(path):
    remove(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("PRAGMA application_id = 7")


def text_in_its_place(path):
    remove(path)
    path.write_bytes(b"my diary\n" * 1000)


def a_ledger_of_an_earlier_version(path):
    another_ledger(path)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM documents WHERE name = ?", (DOCUMENT,))


DISASTERS = [
    remove,
    remove_the_file_alone,
    move_away,
    empty_file,
    another_ledger,
    another_database,
    a_database_without_tables,
    text_in_its_place,
    a_ledger_of_an_earlier_version,
]
UNDER_A_FUNCTION = [
    *DISASTERS,
    remove_the_directory,
    truncate,
    truncate_with_its_log,
    truncate_the_log,
]


def operations(ledger):
    return (
        lambda: ledger.claim(submitting("done")),
        lambda: ledger.claim(submitting("new")),
        lambda: ledger.find(submitting("done").unit),
        lambda: ledger.newest_generation(submitting("done").unit),
        ledger.entries,
        lambda: ledger.mark("line"),
        lambda: ledger.purge(NOON, 10),
        lambda: ledger.read("book"),
        lambda: ledger.write("book", "text", None),
    )


def assert_lost(ledger, caplog):
    caplog.clear()
    for operation in operations(ledger):
        with pytest.raises(LedgerLost):
            operation()
    assert {(record.levelname, record.message) for record in caplog.records} == {
        ("CRITICAL", "ledger.lost")
    }
    assert "--new-ledger" in caplog.records[0].facts["advice"]


@pytest.mark.parametrize("disaster", UNDER_A_FUNCTION)
def test_what_befalls_the_file_under_a_running_function_stops_it(ledger, path, caplog, disaster):
    disaster(path)
    before = path.read_bytes() if path.exists() else None
    assert_lost(ledger, caplog)
    if disaster not in (truncate, truncate_with_its_log, truncate_the_log):
        assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("disaster", [*DISASTERS, truncate])
def test_what_befell_the_file_while_nothing_ran_stops_the_next_start(
    ledger, path, caplog, disaster
):
    ledger.close()
    disaster(path)
    before = path.read_bytes() if path.exists() else None
    assert_lost(opened(path), caplog)
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_removed_directory_is_a_new_start_for_whoever_starts_then(ledger, path, caplog):
    """The README's way to begin the paper account anew: with the server stopped."""
    ledger.close()
    remove_the_directory(path)
    with closing(opened(path)) as newcomer:
        assert isinstance(newcomer.claim(submitting("done")), Claimed)
    assert not caplog.records


def test_a_function_that_runs_on_does_not_follow_one_that_starts_without_its_mark(
    ledger, path, caplog
):
    """A command on a schedule, say, that comes after everything was removed."""
    remove_the_directory(path)
    with closing(opened(path)) as newcomer:
        newcomer.claim(submitting("new"))
        assert_lost(ledger, caplog)


def test_a_file_that_comes_back_is_the_ledger_again(ledger, path):
    move_away(path)
    with pytest.raises(LedgerLost):
        ledger.claim(submitting("new"))
    path.with_name("elsewhere.db").rename(path)
    assert isinstance(ledger.claim(submitting("done")), Existing)
    assert isinstance(ledger.claim(submitting("new")), Claimed)


def test_a_log_that_is_removed_under_a_running_function_takes_no_claim_with_it(ledger, path):
    for name in ("ledger.db-wal", "ledger.db-shm"):
        path.with_name(name).unlink()
    assert isinstance(ledger.claim(submitting("new")), Claimed)
    ledger.close()
    with closing(opened(path)) as newcomer:
        assert isinstance(newcomer.claim(submitting("done")), Existing)
        assert isinstance(newcomer.claim(submitting("new")), Existing)


@pytest.mark.parametrize("restored", ["in its place", "renamed over it"])
def test_an_older_copy_under_a_running_function_is_not_taken_for_the_ledger(
    ledger, path, caplog, tmp_path, restored
):
    with closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    ledger.claim(submitting("after the copy"))
    remove(path)
    if restored == "in its place":
        shutil.copy(tmp_path / "copy.db", path)
    else:
        (tmp_path / "copy.db").rename(path)
    assert_lost(ledger, caplog)


def test_a_copy_that_lacks_nothing_is_the_ledger(ledger, path, tmp_path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    (tmp_path / "copy.db").replace(path)
    assert isinstance(ledger.claim(submitting("done")), Existing)


def test_a_file_that_was_vacuumed_is_the_ledger(ledger, path):
    for number in range(200):
        ledger.claim(submitting(f"alert-{number}"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM entries WHERE id BETWEEN 2 AND 150")
        other.commit()
        other.execute("VACUUM")
    assert isinstance(ledger.claim(submitting("alert-199")), Existing)
    assert isinstance(ledger.claim(submitting("new")), Claimed)


@pytest.mark.parametrize("entries", [0, 3])
def test_a_file_of_an_earlier_version_is_taken_over(path, entries, caplog):
    with closing(opened(path)) as earlier:
        earlier.entries()
        for number in range(entries):
            earlier.claim(submitting(f"alert-{number}"))
    path.with_name("ledger.db.mark").unlink()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM documents")
    with closing(opened(path)) as ledger:
        assert len(ledger.entries().entries) == entries
    assert not caplog.records
    remove(path)
    assert_lost(opened(path), caplog)


def test_a_mark_that_is_missing_beside_a_ledger_is_made_again(ledger, path, caplog):
    ledger.close()
    mark = path.with_name("ledger.db.mark")
    text = mark.read_text()
    mark.unlink()
    with closing(opened(path)) as newcomer:
        assert isinstance(newcomer.claim(submitting("done")), Existing)
    assert mark.read_text() == text
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"nonsense", ANOTHER_ID.encode()])
def test_a_mark_that_is_no_id_of_this_ledger_lets_nothing_through(ledger, path, caplog, text):
    ledger.close()
    path.with_name("ledger.db.mark").write_bytes(text)
    assert_lost(opened(path), caplog)


def test_nothing_is_left_beside_the_ledger_but_its_mark(ledger, path):
    ledger.close()
    assert sorted(item.name for item in path.parent.iterdir()) == ["ledger.db", "ledger.db.mark"]


def test_a_purge_of_everything_does_not_make_it_another(ledger, path):
    assert ledger.purge(NOON.replace(year=NOON.year + 1), 100) == 1
    ledger.close()
    with closing(opened(path)) as newcomer:
        assert isinstance(newcomer.claim(submitting("done")), Claimed)


# -- begun anew ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "disaster", [remove, empty_file, another_ledger, a_ledger_of_an_earlier_version]
)
def test_a_person_begins_anew_and_the_running_function_follows(ledger, path, disaster):
    before = ledger.read(DOCUMENT).text
    disaster(path)
    with pytest.raises(LedgerLost):
        ledger.claim(submitting("done"))
    with closing(opened(path)) as command:
        begun, is_new = command.begin_anew()
    assert is_new
    assert begun != before
    assert isinstance(ledger.claim(submitting("done")), Claimed)
    assert ledger.read(DOCUMENT).text == begun
    remove(path)
    with pytest.raises(LedgerLost):
        ledger.claim(submitting("done"))


def test_beginning_anew_changes_nothing_where_the_ledger_is_in_its_place(ledger, path):
    with closing(opened(path)) as command:
        assert command.begin_anew() == (ledger.read(DOCUMENT).text, False)
    assert isinstance(ledger.claim(submitting("done")), Existing)


@pytest.mark.parametrize("disaster", [text_in_its_place, another_database])
def test_a_file_that_is_no_ledger_is_not_begun_in(ledger, path, disaster):
    ledger.close()
    disaster(path)
    before = path.read_bytes()
    with closing(opened(path)) as command, pytest.raises(LedgerUnavailable):
        command.begin_anew()
    with pytest.raises(LedgerLost):
        opened(path).entries()
    if disaster is text_in_its_place:
        assert path.read_bytes() == before


# -- LEDGER_ID -------------------------------------------------------------------------------------


def test_the_ledger_that_is_named_is_used(ledger, path):
    own = ledger.read(DOCUMENT).text
    with closing(opened(path, ledger_id=own)) as named:
        assert isinstance(named.claim(submitting("done")), Existing)


@pytest.mark.parametrize("disaster", [None, remove_the_directory, another_ledger])
def test_a_ledger_that_is_named_and_is_not_there_stops_the_function(ledger, path, caplog, disaster):
    own = ANOTHER_ID if disaster is None else ledger.read(DOCUMENT).text
    ledger.close()
    if disaster is not None:
        disaster(path)
        path.with_name("ledger.db.mark").unlink(missing_ok=True)
    before = sorted(path.parent.iterdir()) if path.parent.exists() else []
    assert_lost(opened(path, ledger_id=own), caplog)
    assert (sorted(path.parent.iterdir()) if path.parent.exists() else []) == before


# -- processes -------------------------------------------------------------------------------------


def test_eight_processes_that_start_at_once_make_one_ledger_and_agree_on_it(path):
    keys = [f"alert-{number}" for number in range(8)]
    assert winners(8, open_sqlite, str(path), keys) == keys
    with closing(opened(path)) as ledger:
        assert path.with_name("ledger.db.mark").read_text().split() == [ledger.read(DOCUMENT).text]
    assert sorted(item.name for item in path.parent.iterdir()) == ["ledger.db", "ledger.db.mark"]


def test_who_begins_a_ledger_waits_for_another_that_does(path, monkeypatch):
    look, put, begun = Place.sight, Place.put, []
    stores = [SqliteLedger(path, timeout_s=30) for _ in range(2)]
    other = threading.Thread(target=lambda: begun.append(stores[1].begin_anew()))

    def look_and_let_the_other_go_on(place):
        seen = look(place)
        monkeypatch.setattr(Place, "sight", look)
        other.start()
        other.join(0.3)
        return seen

    def put_after_a_look(place, draft):
        monkeypatch.setattr(Place, "sight", look_and_let_the_other_go_on)
        monkeypatch.setattr(Place, "put", put)
        put(place, draft)

    monkeypatch.setattr(Place, "put", put_after_a_look)
    begun.append(stores[0].begin_anew())
    other.join()
    assert len({ledger_id for ledger_id, _ in begun}) == 1, begun


def test_eight_processes_take_over_one_file_of_an_earlier_version(path):
    with closing(opened(path)) as earlier:
        earlier.claim(submitting("old"))
    path.with_name("ledger.db.mark").unlink()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DELETE FROM documents")
    assert winners(8, open_sqlite, str(path), ["old", "new"]) == ["new"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_knows_which_ledger_it_was(ledger, path):
    remove_the_directory(path)

    def is_lost() -> bool:
        with pytest.raises(LedgerLost):
            ledger.claim(submitting("done"))
        return not path.exists()

    assert in_a_fork(is_lost)
