"""Bytes -> one JSON object, or a reason that a person can act on.

The body itself is never repeated in it.

Stricter than ``json.loads``, because what it lets pass ends in a wrong order: a repeated name (the
last would win), NaN and Infinity (no JSON), UTF-16 (guessed), half a surrogate pair (fails later,
when the text is encoded).
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from decimal import Decimal
from typing import Any

from webhook_core.errors import AlertMalformed
from webhook_core.intake.field_names import CANONICAL, normalise, shown_name

MAX_DEPTH = 16
MAX_NUMBER_CHARACTERS = 64
# Texts, which re compiles when they are first used: few alerts need one.
_LONG_EXPONENT = r"(?a)[eE][+-]?\d{4}"
_UNFIT = "[\x00\ud800-\udfff]"


class _NotFinite(ValueError):
    """NaN or Infinity, which Python's reader takes."""


def parse(body: bytes) -> dict[str, Any]:
    """The object that the body holds: dicts, lists, texts, bools, None, and
    Decimals for every number.

    A byte order mark and white space around the object are fine. Raises AlertMalformed
    for anything else.
    """
    # The library's own exceptions carry the whole body: ours are raised after they are
    # gone, not from them.
    document, fault = _load(body)
    if fault is None and not isinstance(document, dict):
        from webhook_core.intake import json_slips

        fault = json_slips.not_an_object(document)
    if fault is not None:
        raise fault
    _check(document, 1)
    return document  # type: ignore[no-any-return]


def _load(body: bytes) -> tuple[Any, AlertMalformed | None]:
    """The document, or None and what is wrong."""
    try:
        text = body.removeprefix(BOM_UTF8).decode()  # the codec for both is one more import
    except UnicodeDecodeError as error:
        hint = ", as in UTF-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else ""
        return None, AlertMalformed(
            f"The body is not UTF-8: byte {error.start} can't be read{hint}. Send it as UTF-8."
        )
    try:
        return json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        ), None
    except (json.JSONDecodeError, _NotFinite):
        pass
    except RecursionError:
        return None, AlertMalformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
    from webhook_core.intake import json_slips  # only a body that can't be read pays for it

    return None, json_slips.diagnose(text)


def _number(text: str) -> Decimal:
    # Within these bounds Decimal(text) is exact and cheap and can't raise.
    has_a_long_exponent = "e" in text.lower() and re.search(_LONG_EXPONENT, text)
    if len(text) > MAX_NUMBER_CHARACTERS or has_a_long_exponent:
        raise AlertMalformed(
            f"The body holds a number that is too long: at most {MAX_NUMBER_CHARACTERS} characters "
            "and three digits of exponent are read."
        )
    return Decimal(text)


def _refuse_constant(_name: str) -> None:
    raise _NotFinite


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise AlertMalformed(
                    f"The body has the field {shown_name(name)} twice; which one counts is not "
                    "for us to guess.",
                    field=CANONICAL.get(normalise(name), (None,))[0],
                )
            seen.add(name)
    return document


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        if not value.isprintable() and re.search(_UNFIT, value):
            raise AlertMalformed(
                "The body holds a text with a NUL character or half of a surrogate pair (\\u0000, "
                "\\ud800)."
            )
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise AlertMalformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
        if isinstance(value, dict):
            for name in value:
                _check(name, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth + 1)
