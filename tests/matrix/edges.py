"""What may stand in Kraken's place, or in front of it: each gives the URL that a client is told."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.support import raw_servers
from tests.support.raw_servers import RawServer


@contextmanager
def refusing() -> Iterator[str]:
    """The port is taken and nobody listens."""
    with RawServer(listening=False) as server:
        yield server.url


@contextmanager
def never_accepting() -> Iterator[str]:
    """No connection attempt is ever answered."""
    with raw_servers.full_port() as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def resetting() -> Iterator[str]:
    """RST while the request waits unread."""
    with RawServer(unread=raw_servers.once_bytes_arrive(raw_servers.reset)) as server:
        yield server.url


@contextmanager
def closing() -> Iterator[str]:
    """An orderly end, without a byte."""
    with RawServer(unread=raw_servers.hang_up) as server:
        yield server.url


@contextmanager
def resetting_tls() -> Iterator[str]:
    with RawServer(unread=raw_servers.once_bytes_arrive(raw_servers.reset)) as server:
        yield _tls(server)


@contextmanager
def hanging_tls() -> Iterator[str]:
    with RawServer(unread=raw_servers.hang) as server:
        yield _tls(server)


@contextmanager
def speaking_no_tls() -> Iterator[str]:
    with RawServer(unread=raw_servers.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        yield _tls(server)


@contextmanager
def unvouched() -> Iterator[str]:
    """A certificate for the right address that nobody signed; behind it a Kraken that
    would take anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.pem"
        path.write_bytes(_certificate())
        context.load_cert_chain(path)
    with RawServer(tls=context) as server:
        yield _tls(server)
        assert server.requests == [], "a request went to a server that nobody vouches for"


def _tls(server: RawServer) -> str:
    return f"https://127.0.0.1:{server.port}"


@cache
def _certificate() -> bytes:
    from ipaddress import IPv4Address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form) + made.public_bytes(
        serialization.Encoding.PEM
    )
