"""HTTP/1.1 as bytes: a request on its way out, and an answer, read strictly. Whatever is not
plainly one proves nothing.

http.client does the same with an e-mail's parser: 67 us of this process for one exchange on a kept
connection, against 11 here. What is taken for an answer here http.client takes for the same one
(tests/property/test_replies.py). No pattern is compiled: that would take longer than an alert.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from webhook_core.network.exchange import Answer

_MOST_BYTES, _MOST_HEADERS = 65_536, 99
"""Of a head: those of http.client."""
_CONTROLS = frozenset(map(chr, (*range(9), *range(10, 32), 127)))
"""They stand in no line of a head; a tab may."""
_HEX = frozenset("0123456789abcdefABCDEF")
_GZIP = 16 + zlib.MAX_WBITS


def request_of(
    method: str, path: str, host: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """``Accept-Encoding`` is ``identity`` unless the headers have one.

    Raises ValueError for a path or a header that can't be sent, and quotes none: it may be a key.
    """
    if not path.startswith("/") or not _is_word(path):
        raise ValueError("a path that no request can carry")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    for name, value in {"Accept-Encoding": "identity", **headers}.items():
        if not _is_word(name) or ":" in name or not _is_text(value):
            raise ValueError("a header that no request can carry")
        lines.append(f"{name}: {value}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
    except UnicodeEncodeError:
        raise ValueError("a header that no request can carry") from None


def host_header(host: str, port: int, scheme_port: int) -> str:
    """The port of the scheme does not stand in it. Raises ValueError for a name that is none."""
    name = f"[{host}]" if ":" in host else host
    name = name if name.isascii() else name.encode("idna").decode("ascii")
    return name if port == scheme_port else f"{name}:{port}"


class Malformed(Exception):
    """No answer, or none that can be told from another's."""


class EndedEarly(Malformed):
    """The connection ended before the answer did."""


def reply_from(receive: Callable[[], bytes]) -> tuple[Answer, bool]:
    """An answer, one in gzip unpacked, and whether it is the last: nothing may be asked on the same
    connection again. ``receive`` gives what comes next, nothing at the end of the connection.

    Raises Malformed, and what ``receive`` raises.
    """
    received = _Received(receive)
    is_old, status, headers = _head(received)
    while status == 100:  # go on, it says, and no more
        is_old, status, headers = _head(received)
    if status < 200:  # else the answer behind it would be taken for that of the next
        raise Malformed("an interim answer")
    body, is_last = _body(received, status, headers)
    if body and headers.get("content-encoding", "").lower() == "gzip":
        body = _unpacked(body)
    is_last = is_last or is_old or "close" in headers.get("connection", "").lower()
    return Answer(status, headers, body), is_last or received.has_more


def _head(received: _Received) -> tuple[bool, int, dict[str, str]]:
    """Whether it is of HTTP/1.0, the status, and the headers; what is said twice is one with a
    comma."""
    first, _, rest = received.until(b"\r\n\r\n").decode("latin-1").partition("\r\n")
    if "\r\n " in rest or "\r\n\t" in rest:  # a header that goes on in the next line
        rest = rest.replace("\r\n ", " ").replace("\r\n\t", " ")
    lines = rest.split("\r\n") if rest else []
    version, _, said = first.partition(" ")
    status, _, _ = said.partition(" ")
    if (
        version not in ("HTTP/1.1", "HTTP/1.0")
        or not (len(status) == 3 and _is_number(status) and status[0] != "0")
        or len(lines) > _MOST_HEADERS
        or not _is_text("".join([first, *lines]))
    ):
        raise Malformed("no head of an answer")
    return version == "HTTP/1.0", int(status), _headers(lines)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _is_word(name):
            raise Malformed("no header")
        name, value = name.lower(), value.strip("\t ")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _body(received: _Received, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """And whether it went on to the end of the connection."""
    if status in (204, 304):
        return b"", False
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked":
            raise Malformed("an unknown coding")
        return _chunks(received), False
    if length is None:
        return received.to_the_end(), True
    if not _is_number(length):
        raise Malformed("no length")
    return received.exactly(int(length)), False


def _chunks(received: _Received) -> bytes:
    chunks: list[bytes] = []
    while size := _chunk_size(received.until(b"\r\n")):
        chunks.append(received.exactly(size))
        if received.exactly(2) != b"\r\n":
            raise Malformed("no end of a chunk")
    while received.until(b"\r\n"):
        pass  # what is said behind the last chunk is nothing to us
    return b"".join(chunks)


def _chunk_size(line: bytes) -> int:
    digits, _, extension = line.decode("latin-1").partition(";")
    digits = digits.rstrip("\t ")
    is_one = 0 < len(digits) < 16 and _HEX.issuperset(digits) and _is_text(extension)
    if not is_one:
        raise Malformed("no chunk")
    return int(digits, 16)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _is_word(text: str) -> bool:
    """One that has nothing but printable ASCII, and no blank."""
    return text.isascii() and text.isprintable() and " " not in text and bool(text)


def _is_text(text: str) -> bool:
    return text.isprintable() or _CONTROLS.isdisjoint(text)


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompress(body, _GZIP)
    except zlib.error:
        raise Malformed("no gzip") from None


class _Received:
    """What came and is not read yet."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._bytes = b""

    @property
    def has_more(self) -> bool:
        return bool(self._bytes)

    def until(self, end: bytes) -> bytes:
        while (place := self._bytes.find(end)) < 0:
            if len(self._bytes) > _MOST_BYTES:
                raise Malformed("a line without end")
            self._bytes += self._next()
        found, self._bytes = self._bytes[:place], self._bytes[place + len(end) :]
        return found

    def exactly(self, size: int) -> bytes:
        parts, missing = [self._bytes], size - len(self._bytes)
        while missing > 0:
            parts.append(self._next())
            missing -= len(parts[-1])
        whole = b"".join(parts)
        self._bytes = whole[size:]
        return whole[:size]

    def to_the_end(self) -> bytes:
        parts, self._bytes = [self._bytes], b""
        while part := self._receive():
            parts.append(part)
        return b"".join(parts)

    def _next(self) -> bytes:
        part = self._receive()
        if not part:
            raise EndedEarly
        return part
