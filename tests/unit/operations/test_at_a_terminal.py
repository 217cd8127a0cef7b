"""The commands on real terminals of several widths, behind pipes, and over ledgers that are not
there."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import unicodedata
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import pseudo_terminal
from tests.support.faked_function import TOKEN
from tests.support.project import ROOT
from tests.support.ready_program import ReadyProgram
from tests.support.terminal import function_on, run
from tests.support.told_person import told_person
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.operations.commands.tables import wrapped
from webhook_core.trading.requests import Fill, Rejected, Unknown

WIDTHS = (60, 80, 120, 200)
PROGRAM = (sys.executable, "-m", "webhook_core")
LONG_ID = "alert-" + "0123456789" * 12
WIDE_ID = "警報-" + "長" * 50


def environment(folder, **changes):
    ours = {"LEDGER_URL": f"sqlite:///{folder}/ledger.db", "WEBHOOK_TOKEN": TOKEN}
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "LOG_LEVEL": "CRITICAL",
        **ours,
        **changes,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ledger with one order of every kind that a row can show."""
    place = tmp_path_factory.mktemp("terminal")
    function = function_on(place / "ledger.db")
    first = function.post(
        function.alert(order_type="stop-loss-limit", stop_price="61000", price="61500")
    )
    function.venue.filled[first["order_id"]] = Fill(
        "closed", Decimal("0.01"), Decimal("61250.5"), Decimal("612.505"), Decimal("4.90004")
    )
    function.post(
        function.alert(id="a-2", order_type="limit", stop_loss="55000", stop_loss_limit="54900.5")
    )
    function.venue.refuse = [
        Rejected(("EOrder:Insufficient funds", "EOrder:\x1b[31mred\r\x9b2J\u202e")) for _ in "ab"
    ]
    function.post(function.alert(id=LONG_ID))
    function.post(function.alert(id=WIDE_ID, strategy_name="größe"))
    function.venue.refuse = [Unknown("the reply was lost")]
    function.clock.sleep(1)
    function.post(function.alert(id="a-5"))
    run(function, "reconcile")
    function.store.close()
    return place


@pytest.fixture(scope="module")
def program():
    with ReadyProgram() as ready:
        yield ready


def columns_of(line):
    marks = ("Mn", "Me")
    return sum(
        0
        if unicodedata.category(c) in marks
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in line
    )


COMMANDS = (
    ("orders",),
    ("orders", "--limit", "2"),
    ("orders", "--alert", "nobody's"),
    ("orders", "--state", "REJECTED"),
    ("reconcile", "--once"),
    ("replay", LONG_ID, "--yes"),
    ("pairs", "BTC/USD"),
    ("doctor",),
    ("orders", "--help"),
)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_wider_than_the_terminal(program, folder, tmp_path, columns, command):
    source, copy = (sqlite3.connect(at / "ledger.db") for at in (folder, tmp_path))
    with closing(source), closing(copy):
        source.backup(copy)
    shown = pseudo_terminal.run_ready(program, command, tmp_path, environment(tmp_path), columns)
    assert shown.lines
    assert "Traceback" not in shown.text
    assert [
        line
        for line in shown.lines
        if columns_of(line) > columns and not line.startswith("Error: ")
    ] == []
    assert all(line.isprintable() for line in shown.lines)


def unbroken(shown):
    """The words as they were before lines were broken."""
    return "".join(line.strip() for line in shown.lines)


@pytest.mark.parametrize("columns", WIDTHS)
def test_nothing_is_cut_off(program, folder, columns):
    shown = pseudo_terminal.run_ready(program, ["orders"], folder, environment(folder), columns)
    assert shown.status == 0
    for text in (LONG_ID, WIDE_ID, "a-2", "61500", "61000", "OFAKE1-AAAAA-AAAAAA", "größe"):
        assert text in unbroken(shown)
    for text in (
        "stop-loss-limit 55000 limit 54900.5",
        "0.01 at 61250.5",
        "4.90004 USD",
        "EOrder:\\x1b[31mred",
    ):
        assert text.replace(" ", "") in unbroken(shown).replace(" ", "")


def test_a_narrow_terminal_names_what_a_wide_one_has_in_columns(program, folder):
    env, one = environment(folder), ["orders", "--alert", "a-1"]
    narrow = pseudo_terminal.run_ready(program, one, folder, env, 60)
    assert narrow.lines[:2] == [
        "2026-11-22 12:00:00  ACCEPTED  buy 0.01 BTC/USD",
        "    stop-loss-limit",
    ]
    assert "  limit 61500  trigger 61000  fill 0.01 at 61250.5" in narrow.lines
    wide = pseudo_terminal.run_ready(program, one, folder, env, 200)
    assert wide.lines[0].split() == [
        *(
            "TIME",
            "(UTC)",
            "STATE",
            "ORDER",
            "LIMIT",
            "TRIGGER",
            "FILL",
            "FEE",
            "ORDER",
            "ID",
            "STRATEGY",
            "ALERT",
        )
    ]
    assert len(wide.lines) == 2


def test_behind_a_pipe_each_entry_is_one_line_of_the_same_columns(folder):
    done = subprocess.run(
        [*PROGRAM, "orders"],
        cwd=folder,
        env=environment(folder, COLUMNS="20"),
        capture_output=True,
        check=True,
    )
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 6
    assert {line.count("\t") for line in lines} == {11}
    assert [line.split("\t")[-1] for line in lines[1:]] == ["a-5", WIDE_ID, LONG_ID, "a-2", "a-1"]
    assert done.stderr == b""


def test_remarks_are_not_among_what_a_program_reads(folder):
    done = subprocess.run(
        [*PROGRAM, "orders", "--limit", "2"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.startswith(b"There are more. Go on with:\n--cursor ")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("columns", [60, 200])
def test_a_terminal_without_such_letters_gets_their_numbers(folder, encoding, columns):
    env = environment(folder, PYTHONIOENCODING=encoding)
    shown = pseudo_terminal.run((*PROGRAM, "orders"), folder, env, columns, encoding)
    assert shown.status == 0
    assert "Traceback" not in shown.text
    assert [line for line in shown.lines if columns_of(line) > columns] == []
    assert ("警" if encoding == "utf-8" else "\\u8b66") in unbroken(shown)


@given(st.text(max_size=80), st.integers(20, 60), st.integers(0, 6))
def test_a_text_in_lines_loses_no_letter_and_fits(text, columns, indent):
    lines = list(wrapped(text, columns, indent))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns_of(line) <= columns for line in lines if line.isprintable())


# -- three answers where there is nothing to show --------------------------------------------------


@pytest.fixture(scope="module")
def answered(program):
    def answer(folder, *arguments, **changes):
        return program.run(arguments, folder, environment(folder, **changes))

    return answer


READING = [("orders",), ("orders", "--json"), ("reconcile",), ("replay", "a-1", "--yes"),
    ("pairs", "BTC/USD"),
           ("pairs", "--refresh")]  # fmt: skip


def everything_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "url",
    ["sqlite:///{0}/none.db", "sqlite:///{0}/no/such/folder/ledger.db", "sqlite:///none.db", ""],
)
@pytest.mark.parametrize("command", READING)
def test_a_mistyped_path_is_an_error_and_makes_nothing(answered, tmp_path, command, url):
    done = answered(tmp_path, *command, LEDGER_URL=url.format(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: There is no ledger at {tmp_path}/")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def empty_file(path):
    path.write_bytes(b"")


def text_file(path):
    path.write_text("[trend]\ntoken = 'x'\n")


def other_database(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE songs (name TEXT)")


@pytest.mark.parametrize("make", [empty_file, text_file, other_database, Path.mkdir])
@pytest.mark.parametrize("command", READING)
def test_what_is_no_ledger_is_left_as_it_was(answered, tmp_path, command, make):
    make(tmp_path / "ledger.db")
    before = everything_in(tmp_path)
    done = answered(tmp_path, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: There is no ledger at {tmp_path}/ledger.db")
    assert everything_in(tmp_path) == before


def test_a_test_message_needs_no_ledger_and_makes_none(answered, tmp_path):
    with told_person() as person:
        done = answered(tmp_path, "notify", "test", NOTIFY=person.url("somebody"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].split("\t") == ["NOTIFY[0]", "JSON", "sent"]
    assert person.titles == ["This is a test"]
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_whose_tables_still_stand_in_its_log_is_one(answered, tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.entries()  # the running function: nothing has been carried over into the file yet
    done = answered(tmp_path, "orders")
    ledger.close()
    assert (done.returncode, done.stdout) == (0, "")
    assert "is empty: no alert has reached it yet" in done.stderr


@pytest.mark.parametrize(
    "filters",
    [
        ("--since", "1h"),
        ("--alert", "nobody's"),
        ("--symbol", "ETH/USD"),
        ("--state", "EXPIRED"),
        ("--strategy", "x"),
    ],
)
def test_no_match_is_another_answer_than_an_empty_ledger(answered, folder, tmp_path, filters):
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.entries()
    ledger.close()
    no_match, empty = answered(folder, "orders", *filters), answered(tmp_path, "orders", *filters)
    assert (no_match.returncode, no_match.stdout, empty.returncode, empty.stdout) == (0, "", 0, "")
    assert no_match.stderr.splitlines() == [
        f"No entry in sqlite:///{folder}/ledger.db matches {' '.join(filters)}."
    ]
    assert empty.stderr.splitlines() == [
        f"sqlite:///{tmp_path}/ledger.db is empty: no alert has reached it yet."
    ]


@pytest.mark.parametrize(
    "name", ["--since", "--alert", "--symbol", "--state", "--strategy", "--cursor"]
)
def test_an_option_that_a_shell_left_empty_is_said(answered, folder, name):
    done = answered(folder, "orders", name, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name} is empty" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--since", "soon"), "since is a span"), (("--state", "OPEN"), "state is one or more of")],
)
def test_a_filter_that_means_nothing_is_said(answered, folder, arguments, said):
    done = answered(folder, "orders", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
