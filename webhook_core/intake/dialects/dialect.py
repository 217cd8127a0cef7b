"""What one tool's messages are recognised by, where their secret is, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from webhook_core.intake.dialects.names import Names, Table

Fields = Mapping[str, Any]


def has_all(*names: str) -> Callable[[Fields], bool]:
    """Whether a message has every one of these names."""
    return frozenset(names).issubset


class Dialect(NamedTuple):
    """``recognises`` sees every name of the body, secrets included. ``secrets``: the names of which
    exactly one carries the proof. ``read``: the message's names, checked, -> fields of ours.
    ``is_text``: no JSON."""

    tool: str
    recognises: Callable[[Fields], bool]
    secrets: tuple[str, ...]
    rows: Table
    read: Callable[[Names], dict[str, Any]]
    is_text: bool = False


class Translated(NamedTuple):
    """A message in our own fields. ``notes`` are for the answer's warnings; ``came_from``: field of
    ours -> their name."""

    tool: str
    fields: dict[str, Any]
    notes: tuple[str, ...]
    came_from: Mapping[str, str]


def _secret_place(dialect: Dialect) -> str:
    if not dialect.secrets:
        return "sign the message, or put a scoped token into the URL"
    return f"the secret stands in {' or '.join(dialect.secrets)}"


def translate(dialect: Dialect, fields: Fields) -> Translated:
    """Raises AlertMalformed with the tool's own name of what is at fault, and what to change."""
    said = {name: value for name, value in fields.items() if name not in dialect.secrets}
    names = Names(dialect.tool, said, dialect.rows)
    names.secret_place = _secret_place(dialect)
    names.check()
    ours = dialect.read(names)
    names.check_all_read()
    return Translated(
        dialect.tool,
        {name: value for name, value in ours.items() if value is not None},
        tuple(names.notes),
        names.came_from,
    )
