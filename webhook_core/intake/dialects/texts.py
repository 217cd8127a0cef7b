"""A body that is no JSON: another tool's text with its names, or one that is refused with help."""

from __future__ import annotations

import re
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake.dialects import refused_texts
from webhook_core.intake.dialects.registry import recognised
from webhook_core.intake.dialects.wundertrading import CODE
from webhook_core.intake.field_names import shown_name

_MOST_PAIRS = 100
_LONGEST = 4096
_PAIR = r"(?a)[A-Za-z][A-Za-z0-9_]{0,40}"


def read(body: bytes) -> tuple[dict[str, Any], str] | None:
    """The names of the text and whose they are; None where the text is of no tool that we know.

    Raises AlertMalformed for a text that is recognised to be refused, and for a name twice.
    """
    text = _text(body)
    if text is None:
        return None
    if re.fullmatch(CODE, text.splitlines()[0].strip(), re.IGNORECASE):
        found = recognised({"code": text}, is_text=True)
        return None if found is None else ({"code": text}, found.tool)
    text = without_comments(text)
    pairs = _pairs(text)
    for case in (str.upper, str.lower) if pairs else ():
        names = [case(name) for name, _ in pairs]
        fields = dict(zip(names, (value for _, value in pairs), strict=True))
        if dialect := recognised(fields, is_text=True):
            _refuse_twice(names, dialect.tool)
            return fields, dialect.tool
    refusal = refused_texts.refusal(text)
    if refusal is not None:
        raise refusal
    return None


def _text(body: bytes) -> str | None:
    if len(body) > _LONGEST:
        return None
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    return text if text and "\x00" not in text and text[0] not in '{["' else None


def without_comments(text: str) -> str:
    """The lines that are no remark: tools whose messages are lines leave those with // out."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def _pairs(text: str) -> list[tuple[str, str]]:
    """NAME=value, apart by line breaks or semicolons; nothing where a piece is something else."""
    pieces = [piece.strip() for piece in re.split(r"[;\r\n]+", text) if piece.strip()]
    pairs = []
    for piece in pieces[: _MOST_PAIRS + 1]:
        name, sign, value = piece.partition("=")
        if not sign or not re.fullmatch(_PAIR, name.strip()):
            return []
        pairs.append((name.strip(), value.strip()))
    return pairs if len(pairs) <= _MOST_PAIRS else []


def _refuse_twice(names: list[str], tool: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise AlertMalformed(
                f"This is a message of {tool}. {shown_name(name)} stands in it twice: send one.",
                field=name,
            )
