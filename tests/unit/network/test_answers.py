"""Bytes from a server -> one answer, and whether anything may be asked behind it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.network.exchange import Answer
from webhook_core.network.http1 import EndedEarly, Malformed, reply_from

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(b"[1]")


def of(received: bytes, at_once: int = 65_536) -> tuple[Answer, bool]:
    """What so many bytes at once come to, before the connection ends."""
    pieces: Iterator[bytes] = (
        received[start : start + at_once] for start in range(0, len(received), at_once)
    )
    return reply_from(lambda: next(pieces, b""))


TAKEN: dict[str, tuple[bytes, int, bytes, bool]] = {
    "a length": (OK + b"Content-Length: 2\r\n\r\n{}", 200, b"{}", False),
    "a length of none": (OK + b"Content-Length: 0\r\n\r\n", 200, b"", False),
    "a name in other letters": (OK + b"CONTENT-length:2\r\n\r\n{}", 200, b"{}", False),
    "blanks around a value": (OK + b"Content-Length: \t 2 \t\r\n\r\n{}", 200, b"{}", False),
    "a folded header": (OK + b"X: a\r\n\t b\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", False),
    "a header twice": (OK + b"X: a\r\nX: b\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", False),
    "no reason": (b"HTTP/1.1 503\r\nContent-Length: 2\r\n\r\n{}", 503, b"{}", False),
    "a status without a name": (b"HTTP/1.1 520 \r\nContent-Length: 2\r\n\r\n{}", 520, b"{}", False),
    "a reason in latin-1": (b"HTTP/1.1 404 \xe9\r\nContent-Length: 2\r\n\r\n{}", 404, b"{}", False),
    "chunks": (CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", 200, b"{}", False),
    "chunks with extensions": (CHUNKED + b"2;a=b\r\n{}\r\n0;c\r\n\r\n", 200, b"{}", False),
    "chunks with trailers": (CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\nZ: w\r\n\r\n", 200, b"{}", False),
    "a long chunk": (CHUNKED + b"0F\r\n" + b"x" * 15 + b"\r\n0\r\n\r\n", 200, b"x" * 15, False),
    "chunks, whatever the length says": (
        OK + b"Content-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        200, b"{}", False,
    ),
    "gzip": (
        OK + b"Content-Encoding: GZIP\r\nContent-Length: %d\r\n\r\n%s" % (len(PACKED), PACKED),
        200, b"[1]", False,
    ),
    "gzip in chunks": (
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (len(PACKED), PACKED),
        200, b"[1]", False,
    ),
    "no body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", 204, b"", False),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b"", False),
    "go on, then an answer": (
        b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + OK + b"Content-Length: 2\r\n\r\n{}",
        200, b"{}", False,
    ),
    "the last one": (OK + b"Connection: Close\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", True),
    "an old server": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}", True),
    "no header": (OK + b"\r\n", 200, b"", True),
    "to the end of the connection": (OK + b"\r\n{}", 200, b"{}", True),
    "more than was announced": (OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1", 200, b"{}", True),
    "more behind no body": (b"HTTP/1.1 204 No Content\r\n\r\n{}", 204, b"", True),
}  # fmt: skip


@row_by_row
@pytest.mark.parametrize("at_once", [1, 2, 7, 65_536])
@pytest.mark.parametrize(("received", "status", "body", "is_last"), TAKEN.values(), ids=TAKEN)
def test_an_answer_is_read_however_it_comes(
    received: bytes, status: int, body: bytes, is_last: bool, at_once: int
) -> None:
    answer, was_last = of(received, at_once)
    assert (answer.status, answer.body) == (status, body)
    if at_once == 65_536:  # what has not come yet, a look before the next exchange finds
        assert was_last == is_last


def test_a_header_is_found_by_its_name_in_small_letters() -> None:
    answer, _ = of(
        OK + b"Metadata-Flavor: Google\r\nVary: a\r\nVARY: b\r\nContent-Length: 0\r\n\r\n"
    )
    assert answer.headers == {
        "metadata-flavor": "Google", "vary": "a, b", "content-length": "0",
    }  # fmt: skip


REFUSED = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "an older one": b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a newer one": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "no status": b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status below all": b"HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "digits of another script": "HTTP/1.1 ²00 OK\r\nContent-Length: 2\r\n\r\n{}".encode("latin-1"),
    "another protocol spoken": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n{}",
    "a first line that is folded": b"HTTP/1.1\r\n 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a fold before all headers": OK + b" X: a\r\nContent-Length: 2\r\n\r\n{}",
    "a line that is no header": OK + b"broken header\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": OK + b": x\r\nContent-Length: 2\r\n\r\n{}",
    "a blank before the colon": OK + b"Content-Length : 2\r\n\r\n{}",
    "a NUL in a header": OK + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "a line feed in a header": OK + b"X: a\nContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
    "a carriage return in a header": OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
    "a length with a sign": OK + b"Content-Length: +2\r\n\r\n{}",
    "a length below none": OK + b"Content-Length: -1\r\n\r\n{}",
    "a length with a line in it": OK + b"Content-Length: 1_0\r\n\r\n{}xxxxxxxx",
    "no length at all": OK + b"Content-Length: \r\n\r\n{}",
    "a coding that is not ours": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two codings": OK
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a chunk with a prefix": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk without a size": CHUNKED + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
    "a line feed in an extension": CHUNKED + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "no gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "half of a gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + PACKED[:12],
    "a head without end": OK + b"X: " + b"x" * 70_000,
    "a chunk's size without end": CHUNKED + b"0" * 70_000,
    "a hundred headers": OK + b"X: y\r\n" * 100 + b"\r\n",
}


@row_by_row
@pytest.mark.parametrize("received", REFUSED.values(), ids=REFUSED)
def test_what_is_not_plainly_an_answer_is_none(received: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        of(received)
    assert not isinstance(caught.value, EndedEarly), "it is refused, whatever comes behind it"


WHOLE = {name: (received, body) for name, (received, _, body, _) in TAKEN.items()}


@row_by_row
@pytest.mark.parametrize(("received", "body"), WHOLE.values(), ids=WHOLE)
def test_an_answer_that_is_cut_anywhere_is_never_taken_for_a_whole_one(
    received: bytes, body: bytes
) -> None:
    for end in range(len(received)):
        try:
            answer, _ = of(received[:end])
        except Malformed:
            continue
        has_no_length = b"ontent-" not in received and b"ncoding" not in received
        assert answer.body == body or has_no_length, received[:end]
