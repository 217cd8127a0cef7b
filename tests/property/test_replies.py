"""What our reader takes for an answer http.client takes for the same one, whatever came."""

from __future__ import annotations

import gzip
import io
import zlib
from http.client import HTTPException, HTTPResponse

from hypothesis import given
from hypothesis import strategies as st

from webhook_core.network.http1 import Malformed, reply_from

TOKENS = st.text("abcXYZ-_0", min_size=1, max_size=8)
VALUES = st.text("abc ,;=\t\xe9", max_size=12)
PLAIN = st.dictionaries(TOKENS, VALUES, max_size=4)
STATUSES = st.sampled_from((100, 101, 200, 204, 304, 400, 401, 409, 429, 500, 503))
BODIES = st.binary(max_size=60)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Whole answers in every way to say where they end."""
    status, body = draw(STATUSES), draw(BODIES)
    lines = [f"{name}: {value}" for name, value in draw(PLAIN).items()]
    if draw(st.booleans()):
        body = gzip.compress(body, mtime=0)
        lines.append("Content-Encoding: gzip")
    lines += draw(st.sampled_from(([], ["Connection: close"], ["Connection: keep-alive"])))
    ends = draw(st.sampled_from(("length", "chunks", "connection")))
    if ends == "length":
        lines.append(f"Content-Length: {len(body)}")
    if ends == "chunks":
        lines.append("Transfer-Encoding: chunked")
        body = draw(chunked(body))
    head = "\r\n".join([f"HTTP/1.1 {status} Word", *draw(st.permutations(lines)), "", ""])
    return head.encode("latin-1") + body


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    made = b""
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from((b"", b";a=b", b" ;c")))
        made += b"%x%s\r\n%s\r\n" % (size, extension, body[:size])
        body = body[size:]
    return made + b"0\r\n" + draw(st.sampled_from((b"", b"X: y\r\n"))) + b"\r\n"


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """One of them with a few bytes taken away, put in or changed."""
    received = bytearray(draw(replies()))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(received)))
        removed = draw(st.integers(0, 3))
        received[start : start + removed] = draw(
            st.binary(max_size=2) | st.sampled_from((b"\r\n", b"\n", b"\r", b":", b" ", b"0", b"1"))
        )
    return bytes(received)


@st.composite
def pieces(draw: st.DrawFn, received: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(received)), max_size=5)))
    return [
        received[start:end]
        for start, end in zip([0, *cuts], [*cuts, len(received)], strict=True)
        if start < end
    ]


def ours(parts: list[bytes]) -> tuple[int, bytes] | None:
    """None: no answer."""
    left = iter(parts)
    try:
        answer, _ = reply_from(lambda: next(left, b""))
    except Malformed:
        return None
    return answer.status, answer.body


class _Socket:
    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def http_client_s(received: bytes) -> tuple[int, bytes] | None:
    reply = HTTPResponse(_Socket(received))  # type: ignore[arg-type]
    try:
        reply.begin()
        # It reads chunks even where there is no body.
        body = b"" if reply.status in (204, 304) else reply.read()
        coding = reply.headers.get("Content-Encoding", "")  # it leaves a folded one as it came
        if body and "".join(coding.splitlines()).strip().lower() == "gzip":
            body = zlib.decompress(body, 16 + zlib.MAX_WBITS)
    except (HTTPException, ValueError, zlib.error):
        return None
    return None if reply.status < 200 else (reply.status, body)


@given(st.data(), replies())
def test_an_answer_is_the_one_that_http_client_reads(data: st.DataObject, received: bytes) -> None:
    assert ours(data.draw(pieces(received))) == http_client_s(received)


@given(st.data(), spoiled())
def test_of_a_spoiled_answer_ours_takes_nothing_that_http_client_reads_otherwise(
    data: st.DataObject, received: bytes
) -> None:
    taken = ours(data.draw(pieces(received)))
    assert taken is None or taken == http_client_s(received)
