"""The subject of a certificate, as a balancer tells it, and what of it is pinned.

Google's balancer writes base64 of the field's DER, others write RFC 4514 text
(``CN=…,O=TradingView\\, Inc.``). Anybody can sign himself any subject, so it says nothing unless
the balancer has verified who signed it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import zip_longest

Attribute = tuple[str, str]
"""Its short name, such as O, and its value."""
_NAMES = {
    b"\x55\x04\x03": "CN", b"\x55\x04\x06": "C", b"\x55\x04\x07": "L", b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O", b"\x55\x04\x0b": "OU", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "E",
}  # fmt: skip
_SAME = {"EMAILADDRESS": "E", "EMAIL": "E", "S": "ST"}
_SEQUENCE, _SET, _OID = 0x30, 0x31, 0x06
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x1E: "utf-16-be"}
"""UTF8String, PrintableString, IA5String, BMPString."""
LONGEST = 2048
_EXAMPLE = "O=TradingView, Inc.; CN=webhook-server@tradingview.com"


def pinned(value: str) -> tuple[Attribute, ...]:
    """``O=TradingView, Inc.; CN=…``: attributes, each with the one value that it may have.

    Raises ValueError, which repeats nothing of the value.
    """
    found = [_attribute(part) for part in value.split(";")]
    names = [name for name, _ in found]
    if len(set(names)) < len(names):
        raise ValueError(f"says one attribute twice; write it like {_EXAMPLE!r}")
    return tuple(found)


def subject_of(text: str) -> tuple[Attribute, ...] | None:
    """Of a header; None where it can't be read."""
    if not text or len(text) > LONGEST:
        return None
    try:
        if re.fullmatch(r"(?a)[A-Za-z0-9+/]+={0,2}", text):
            return _of_der(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
        return tuple(_attribute(part) for part in _unescaped(text))
    except (ValueError, binascii.Error):
        return None


def has(subject: tuple[Attribute, ...], wanted: tuple[Attribute, ...]) -> bool:
    """Whether each wanted attribute is there once, with just that value: a second organisation
    beside the right one is none of theirs."""
    return all([value for name, value in subject if name == one[0]] == [one[1]] for one in wanted)


def _attribute(text: str) -> Attribute:
    name, parted, value = text.strip().partition("=")
    if not parted or not value.strip() or not re.fullmatch(r"(?a)[A-Za-z][A-Za-z0-9]*", name):
        raise ValueError(f"is no list of attributes; write it like {_EXAMPLE!r}")
    name = name.upper()
    name = _SAME.get(name, name)
    if name not in _NAMES.values():
        raise ValueError(f"has an attribute that is none of {', '.join(_NAMES.values())}")
    return name, value.strip()


def _unescaped(text: str) -> Iterator[str]:
    """The attributes of RFC 4514 text. Raises ValueError for an escape that is none."""
    found: list[str] = []
    parts = re.split(r"(\\[0-9A-Fa-f]{2}|\\[ \"#+,;<=>\\]|[,+])", text)
    for plain, special in zip_longest(parts[::2], parts[1::2], fillvalue=""):
        if "\\" in plain or '"' in plain:
            raise ValueError("an escape that is none")
        found.append(plain)
        if special in (",", "+", ""):
            yield "".join(found)
            found = []
        elif len(special) == 2:
            found.append(special[1])
        else:
            raise ValueError("bytes of a character are told by nobody that we know")


def _of_der(data: bytes) -> tuple[Attribute, ...]:
    """RFC 5280, 4.1.2.4: a sequence of sets of type and value. Raises ValueError."""
    ((tag, name),) = _parts(data)
    if tag != _SEQUENCE:
        raise ValueError("no name")
    return tuple(_typed(one) for each, content in _parts(name) for one in _members(each, content))


def _members(tag: int, content: bytes) -> Iterator[bytes]:
    if tag != _SET:
        raise ValueError("no set")
    for each, inner in _parts(content):
        if each != _SEQUENCE:
            raise ValueError("no attribute")
        yield inner


def _typed(content: bytes) -> Attribute:
    (tag, oid), (kind, value) = _parts(content)
    if tag != _OID or kind not in _TEXTS:
        raise ValueError("no text")
    return _NAMES.get(oid, oid.hex()), value.decode(_TEXTS[kind])


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """What stands one behind the other, by tag. Raises ValueError."""
    while data:
        tag, length, head = data[0], data[1] if len(data) > 1 else 0x80, 2
        if length > 0x80:
            head = 2 + length - 0x80
            length = int.from_bytes(data[2:head], "big")
        elif length == 0x80:
            raise ValueError("no length")
        if head > 6 or head + length > len(data):
            raise ValueError("cut off")
        yield tag, data[head : head + length]
        data = data[head + length :]
