"""What the nets have caught, how a message may name it, and the one refusal of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from webhook_core.errors import AlertMalformed
from webhook_core.intake import refused_names, words
from webhook_core.intake.field_names import shown_name

_MOST_SHOWN = 25
_LONGEST_NAME = 40
KNOWN_WORDS = refused_names.WORDS | words.FILLERS


class Caught(NamedTuple):
    """``name`` as a message may show it, ``field`` as the error names it, ``instead`` what to
    write. ``kind``: order, misspelt or exit."""

    name: str
    field: str
    instead: str
    kind: str = "order"


def name_shown(name: str) -> str:
    """Whole where it consists of words that we know, for then it is no token."""
    said = words.of_name(name)
    known = bool(said) and len(name) <= _LONGEST_NAME and KNOWN_WORDS.issuperset(said)
    return repr(name) if known else shown_name(name)


def field_named(name: str) -> str:
    """The name as the error names it."""
    shown = name_shown(name)
    return name if shown == repr(name) else shown


def refusal_of(caught: Sequence[Caught]) -> AlertMalformed:
    """One sentence for the misspelt, one for the others; names with the
    same answer stand together."""
    sentences = [
        f"{one.name} is not a field of an alert: {one.instead}"
        for one in caught
        if one.kind == "misspelt"
    ]
    if sentences:
        sentences.append("An order field is never guessed.")
    others = [one for one in caught if one.kind != "misspelt"]
    if others:
        sentences.append(_sentence(others))
    return AlertMalformed(" ".join(sentences), field=caught[0].field)


def _sentence(caught: Sequence[Caught]) -> str:
    answers: dict[str, list[str]] = {}
    for one in caught[:_MOST_SHOWN]:
        answers.setdefault(one.instead, []).append(one.name)
    listed = "; ".join(f"{', '.join(names)} ({instead})" for instead, names in answers.items())
    more = f" and {len(caught) - _MOST_SHOWN} more" if len(caught) > _MOST_SHOWN else ""
    verb, it = ("is", "it") if len(caught) == 1 else ("are", "they")
    return (
        f"{listed}{more} {verb} not supported by this version. {it.capitalize()} would change the "
        f"order, so {it} {verb} not ignored: remove, leave empty, or write what the brackets say; "
        "a mere remark belongs into custom_fields."
    )
