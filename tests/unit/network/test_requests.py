"""A request as the bytes that go out, and what none can carry."""

from __future__ import annotations

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.network.http1 import host_header, request_of


def test_a_request_is_one_piece_with_its_length() -> None:
    headers = {"API-Key": "k", "Content-Type": "application/x-www-form-urlencoded"}
    assert request_of("POST", "/0/private/AddOrder", "api.kraken.com", headers, b"a=b") == (
        b"POST /0/private/AddOrder HTTP/1.1\r\nHost: api.kraken.com\r\n"
        b"Accept-Encoding: identity\r\nAPI-Key: k\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"
    )


@pytest.mark.parametrize(("body", "length"), [(b"", b"Content-Length: 0\r\n"), (None, b"")])
def test_a_request_without_a_body_says_so_only_where_it_could_have_one(
    body: bytes | None, length: bytes
) -> None:
    made = request_of("GET", "/", "here", {"Accept-Encoding": "gzip"}, body)
    assert made == b"GET / HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\n" + length + b"\r\n"


@row_by_row
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/a b", {}), ("/a\r\nX: y", {}), ("/é", {}), ("", {}), ("http://elsewhere/", {}),
        ("/", {"a key": "x"}), ("/", {"": "x"}), ("/", {"Key:": "x"}), ("/", {"Clé": "x"}),
        ("/", {"Key": "secret\r\nX: y"}), ("/", {"Key": "secret\n"}), ("/", {"Key": "secret\0"}),
        ("/", {"Key": "secret☃"}), ("/", {"Key": "secret\x7f"}),
    ],
)  # fmt: skip
def test_what_no_request_can_carry_is_refused_and_not_quoted(
    path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="no request can carry") as caught:
        request_of("GET", path, "here", headers, None)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "port", "header"),
    [
        ("api.kraken.com", 443, "api.kraken.com"), ("127.0.0.1", 8080, "127.0.0.1:8080"),
        ("::1", 443, "[::1]"), ("::1", 8080, "[::1]:8080"),
        ("münze.test", 443, "xn--mnze-0ra.test"),
    ],
)  # fmt: skip
def test_the_host_header_names_the_port_unless_it_is_the_scheme_s_own(
    host: str, port: int, header: str
) -> None:
    assert host_header(host, port, 443) == header
