"""LEDGER_URL and LEDGER_ID: which store keeps the ledger, and where, and which ledger that must
be."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from webhook_core.value import NamedTuple

_FORMS = (
    "sqlite:///relative/path, sqlite:////absolute/path, memory:// or firestore://PROJECT[/DATABASE]"
)
# Texts, which re compiles when they are first used: a cold start needs few of them.
_PROJECT = r"(?a)(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*"
_DATABASE = r"(?a)\(default\)|[a-z][a-z0-9-]*"


class LedgerUrl(NamedTuple):
    """``path`` is set for sqlite; ``project`` and ``database`` are set for firestore."""

    kind: Literal["sqlite", "memory", "firestore"]
    path: PurePath | None = None
    project: str | None = None
    database: str | None = None


def parse(url: str) -> LedgerUrl:
    """Raises ValueError that names what is wrong and never repeats the URL: somebody
    else's may hold a password."""
    kind, separator, rest = url.strip().partition("://")
    if not separator:
        raise ValueError(f"no store named; write {_FORMS}")
    match kind.lower():
        case "memory":
            return _memory(rest)
        case "sqlite":
            return _sqlite(rest)
        case "firestore":
            return _firestore(rest)
        case _:
            raise ValueError(f"a store that we don't have; write {_FORMS}")


def checked(value: str) -> str:
    """A LEDGER_URL as it is. Raises ValueError, without the variable's name."""
    parse(value)
    return value


def checked_id(value: str) -> str:
    """A LEDGER_ID as it is. Raises ValueError, without the variable's name."""
    if not re.fullmatch("[0-9a-f]{32}", value):
        raise ValueError(
            "is not the id of a ledger: 32 digits and small letters from a to f, as this gives "
            "it: .venv/bin/python -m webhook_core doctor --new-ledger"
        )
    return value


def _memory(rest: str) -> LedgerUrl:
    if rest.strip("/"):
        raise ValueError("memory:// takes nothing behind it")
    return LedgerUrl("memory")


def _sqlite(rest: str) -> LedgerUrl:
    if not rest.startswith("/"):
        raise ValueError(
            "sqlite takes three slashes before a relative path, four before an absolute one"
        )
    path = rest[1:]
    if not path or path.endswith("/"):
        raise ValueError("sqlite needs the path of a file, as in sqlite:///.state/ledger.db")
    if path == ":memory:":
        raise ValueError("for a ledger in memory write memory://")
    if "?" in path or "\0" in path:
        raise ValueError("sqlite takes a path and nothing else; leave out what begins with '?'")
    return LedgerUrl("sqlite", path=PurePath(path))


def _firestore(rest: str) -> LedgerUrl:
    project, separator, database = rest.partition("/")
    if not re.fullmatch(_PROJECT, project):
        raise ValueError("firestore needs a project id, as in firestore://my-project")
    if separator and not re.fullmatch(_DATABASE, database):
        raise ValueError(
            "what follows the project must be a database id, as in firestore://my-project/ledger"
        )
    return LedgerUrl("firestore", project=project, database=database or "(default)")
