"""Firestore's typed JSON: one value, one kind.

https://firebase.google.com/docs/firestore/reference/rest/v1/Value. Exact both ways: integers keep
64 bits, times are aware UTC to the microsecond, which is what Firestore stores, and a Decimal is
stored as its text by whoever has one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import NoneType
from typing import Any

_TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z"
_INTEGERS = range(-(2**63), 2**63)


def encoded(value: Any) -> dict[str, Any]:
    """None, bool, int, str, aware datetime, and lists and mappings of those.

    Raises ValueError for what Firestore can't hold, TypeError for what it would not hold exactly.
    """
    for kind, (name, write) in _WRITTEN.items():
        if isinstance(value, kind):
            return {name: write(value)}
    raise TypeError(f"no value for Firestore: {type(value).__name__}")


def encoded_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: encoded(value) for name, value in values.items()}


def decoded(value: Mapping[str, Any]) -> Any:
    """What ``encoded`` was given, and what other clients store beside it. Raises ValueError."""
    try:
        ((kind, content),) = value.items()
        expected, read = _READ[kind]
        if not isinstance(content, expected):
            raise TypeError(kind)
        return read(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("no value of Firestore's") from error


def decoded_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Raises ValueError."""
    return {name: decoded(value) for name, value in fields.items()}


def moment_of(text: str) -> datetime:
    """Nanoseconds are cut off, as Firestore does. Raises ValueError."""
    whole, fraction = _parts(text)
    return datetime.fromisoformat(f"{whole}.{fraction[:6]}").replace(tzinfo=UTC)


def version_of(update_time: str) -> str:
    """One text for one moment: Firestore leaves zeros out. To the nanosecond. Raises ValueError."""
    whole, fraction = _parts(update_time)
    return f"{whole}.{fraction}Z"


def _parts(text: str) -> tuple[str, str]:
    """The text to the second, and nine digits."""
    found = re.fullmatch(_TIME, text, re.ASCII)
    if found is None:
        raise ValueError("no time of Firestore's")
    return found[1], (found[2] or "").ljust(9, "0")


def _time_text(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _integer_text(value: int) -> str:
    if value not in _INTEGERS:
        raise ValueError("Firestore's integers have 64 bits")
    return str(value)


_WRITTEN: dict[type, tuple[str, Callable[[Any], Any]]] = {
    NoneType: ("nullValue", lambda none: none),
    bool: ("booleanValue", bool),  # before int, which it is too
    int: ("integerValue", _integer_text),
    str: ("stringValue", str),
    datetime: ("timestampValue", _time_text),
    list: ("arrayValue", lambda values: {"values": [encoded(value) for value in values]}),
    Mapping: ("mapValue", lambda values: {"fields": encoded_fields(values)}),
}
_READ: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "nullValue": (object, lambda _: None),
    "booleanValue": (bool, bool),
    "integerValue": ((str, int), int),
    "stringValue": (str, str),
    "timestampValue": (str, moment_of),
    "arrayValue": (dict, lambda array: [decoded(value) for value in array.get("values", [])]),
    "mapValue": (dict, lambda mapping: decoded_fields(mapping.get("fields", {}))),
    # None of ours, but a person may have added one.
    "doubleValue": ((str, int, float), float),
    "bytesValue": (str, base64.b64decode),
    "referenceValue": (str, str),
    "geoPointValue": (dict, dict),
}
