"""Bytes -> one JSON object, or a reason that a person can act on. The body itself is never repeated in it.

Stricter than ``json.loads``, because what it lets pass ends in a wrong order: a repeated name (the last would win),
NaN and Infinity (no JSON), UTF-16 (guessed), half a surrogate pair (fails later, when the text is encoded).
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake.field_names import shown_name

MAX_DEPTH = 16
MAX_NUMBER_CHARACTERS = 64
_LONG_EXPONENT = re.compile(r"[eE][+-]?\d{4}", re.ASCII)
_UNFIT = re.compile("[\x00\ud800-\udfff]")

_QUOTES = (
    "a text probably holds an unescaped quote, as {{strategy.order.comment}}, {{strategy.order.id}} and "
    "{{strategy.order.alert_message}} can, or a number holds a comma"
)
_HINTS = (
    ("Expecting ',' delimiter", _QUOTES),
    ("Expecting ':' delimiter", _QUOTES),
    ("Unterminated string", _QUOTES),
    ("Extra data", "text stands after the end of the JSON object"),
    (
        "Expecting property name",
        "a name has no straight double quotes, a comma stands before the closing brace, or a number holds a comma",
    ),
    ("Illegal trailing comma", "no comma may stand before a closing brace or bracket"),
    ("Invalid control character", "a text holds a raw line break or tab, as an order's comment or message can"),
    ("Invalid \\", "a text holds a backslash, as an order's comment or message can"),
    ("Expecting value", "a value is empty or not quoted, or text stands before the JSON object"),
)
_RULE = "The whole alert message must be one JSON object with every placeholder in double quotes"


def parse(body: bytes) -> dict[str, Any]:
    """The object that the body holds: dicts, lists, texts, bools, None, and Decimals for every number.

    A byte order mark and white space around the object are fine. Raises AlertMalformed for anything else.
    """
    if not body.strip():
        raise AlertMalformed(f"The body is empty. {_RULE}.")
    # The library's own exceptions carry the whole body: ours are raised after they are gone, not from them.
    document, fault = _load(body)
    if fault:
        raise AlertMalformed(fault)
    if not isinstance(document, dict):
        raise AlertMalformed(f"The body is JSON but {_kind(document)}, not an object. {_RULE}.")
    _check(document, 1)
    return document


def _load(body: bytes) -> tuple[Any, str]:
    """The document and "", or None and what is wrong."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, f"The body is not UTF-8: byte {error.start} can't be read."
    try:
        document = json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        hint = next((hint for start, hint in _HINTS if error.msg.startswith(start)), "it can't be read here")
        return None, f"The body is not valid JSON at line {error.lineno}, column {error.colno}: {hint}. {_RULE}."
    except RecursionError:
        return None, f"The body is nested more than {MAX_DEPTH} levels deep."
    return document, ""


def _number(text: str) -> Decimal:
    # Within these bounds Decimal(text) is exact and cheap and can't raise.
    if len(text) > MAX_NUMBER_CHARACTERS or _LONG_EXPONENT.search(text):
        raise AlertMalformed(
            f"The body holds a number that is too long: at most {MAX_NUMBER_CHARACTERS} characters "
            "and three digits of exponent are read."
        )
    return Decimal(text)


def _refuse_constant(name: str) -> None:
    raise AlertMalformed(
        f"The body holds {name}, which is not JSON: the script had no value there (na). "
        "Put every placeholder in double quotes, and send an alert only when its values exist."
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise AlertMalformed(
                    f"The body has the field {shown_name(name)} twice; which one counts is not for us to guess."
                )
            seen.add(name)
    return document


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        if _UNFIT.search(value):
            raise AlertMalformed(
                "The body holds a text with a NUL character or half of a surrogate pair (\\u0000, \\ud800)."
            )
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise AlertMalformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
        if isinstance(value, dict):
            for name in value:
                _check(name, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)


def _kind(document: object) -> str:
    if document is None:
        return "null"
    if isinstance(document, bool):
        return "true or false"
    return {str: "a text", Decimal: "a number", list: "a list"}.get(type(document), "something else")
