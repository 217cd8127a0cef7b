"""LEDGER_URL, in SQLAlchemy's form: three slashes relative, four absolute."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.ledger.url import LedgerUrl, parse

SQLITE = "sqlite takes three slashes"
FILE = "needs the path of a file"


@row_by_row
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///.state/ledger.db", LedgerUrl("sqlite", path=PurePath(".state/ledger.db"))),
        (
            "sqlite:////var/lib/bridge/ledger.db",
            LedgerUrl("sqlite", path=PurePath("/var/lib/bridge/ledger.db")),
        ),
        ("sqlite:///a b/é%20.db", LedgerUrl("sqlite", path=PurePath("a b/é%20.db"))),
        ("SQLite:///ledger.db", LedgerUrl("sqlite", path=PurePath("ledger.db"))),
        (" memory:// ", LedgerUrl("memory")),
        ("memory:///", LedgerUrl("memory")),
        (
            "firestore://my-project",
            LedgerUrl("firestore", project="my-project", database="(default)"),
        ),
        (
            "firestore://my-project/(default)",
            LedgerUrl("firestore", project="my-project", database="(default)"),
        ),
        (
            "firestore://my-project/trading-2",
            LedgerUrl("firestore", project="my-project", database="trading-2"),
        ),
        (
            "firestore://example.com:my-project",
            LedgerUrl("firestore", project="example.com:my-project", database="(default)"),
        ),
    ],
)
def test_a_url_names_a_store_and_its_place(url, expected):
    assert parse(url) == expected


@row_by_row
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no store named"),
        ("ledger.db", "no store named"),
        ("sqlite:/ledger.db", "no store named"),
        ("sqlite://ledger.db", SQLITE),
        ("sqlite://", SQLITE),
        ("sqlite:///", FILE),
        ("sqlite:////", FILE),
        ("sqlite:///state/", FILE),
        ("sqlite:///:memory:", "write memory://"),
        ("sqlite:///ledger.db?mode=ro", "takes a path and nothing else"),
        ("sqlite:///a\0b", "takes a path and nothing else"),
        ("memory://here", "takes nothing behind it"),
        ("firestore://", "needs a project id"),
        ("firestore:///database", "needs a project id"),
        ("firestore://My Project", "needs a project id"),
        ("firestore://project/", "must be a database id"),
        ("firestore://project/a/b", "must be a database id"),
        ("firestore://project/Default", "must be a database id"),
        ("redis://localhost", "a store that we don't have"),
    ],
)
def test_a_url_that_names_none_says_what_to_write(url, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        parse(url)
    assert not str(caught.value).startswith("LEDGER_URL")


def test_a_password_in_a_url_is_not_repeated():
    with pytest.raises(ValueError, match="a store that we don't have") as caught:
        parse("postgres://trader:hunter2@db/ledger")
    assert "hunter2" not in str(caught.value)
