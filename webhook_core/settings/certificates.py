"""Which client certificates count, and whose word on them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from webhook_core.settings.addresses import Network
from webhook_core.settings.variables import EnvReader, entries, shown
from webhook_core.value import NamedTuple

NAMES = (
    "CLIENT_CERT_HEADERS",
    "CLIENT_CERT_FINGERPRINTS",
    "CLIENT_CERT_SUBJECT",
    "LOAD_BALANCER_IPS",
)
_SHA256_BYTES = 32


class ClientCertificates(NamedTuple):
    """``fingerprints``: SHA-256 of the certificates; ``subject``: attributes that one has, with a
    chain that is verified. Empty: not asked for. ``balancers``: whose headers are believed."""

    fingerprints: frozenset[bytes]
    balancers: tuple[Network, ...]
    subject: tuple[tuple[str, str], ...] = ()


def fingerprint(text: str) -> bytes | None:
    """SHA-256 in hex, with colons or without, as openssl shows it, or in base64, with padding or
    without, as Google's balancer writes it. None for anything else."""
    digits = text.replace(":", "")
    if re.fullmatch(r"(?a)[0-9A-Fa-f]{64}", digits):
        return bytes.fromhex(digits)
    if not re.fullmatch(r"(?a)[A-Za-z0-9+/_-]{43}=?", text):
        return None
    found = base64.urlsafe_b64decode(f"{text.rstrip('=')}=".replace("+", "-").replace("/", "_"))
    return found if len(found) == _SHA256_BYTES else None


def fingerprints(value: str) -> frozenset[bytes]:
    found = {part: fingerprint(part) for part in entries(value)}
    for part, read in found.items():
        if read is None:
            raise ValueError(
                f"{shown(part)} is no SHA-256 fingerprint: 64 hex digits, or 43 characters of "
                "base64"
            )
    return frozenset(read for read in found.values() if read is not None)


def subject(value: str) -> tuple[tuple[str, str], ...]:
    from webhook_core.settings.certificate_subjects import pinned  # few pin one

    return pinned(value)


def client_certificates(given: Mapping[str, Any]) -> ClientCertificates | None:
    """None where no certificate is asked for."""
    if not given["CLIENT_CERT_HEADERS"]:
        return None
    return ClientCertificates(
        given["CLIENT_CERT_FINGERPRINTS"] or frozenset(),
        given["LOAD_BALANCER_IPS"] or (),
        given["CLIENT_CERT_SUBJECT"] or (),
    )


def refusals(
    wanted: ClientCertificates | None, hops: int | None, reader: EnvReader, *, on_google_cloud: bool
) -> Iterator[str]:
    """Half of these settings would be a check that nobody makes, or that anybody passes."""
    headers, *others = NAMES
    *pins, balancers = others
    if wanted is None:
        for name in filter(reader.given, others):
            yield (
                f"{name}: is set, and counts only with {headers}=true; set that, or leave both out"
            )
        return
    if not any(map(reader.given, pins)):
        yield f"{pins[0]}: is unset, and so is {pins[1]}; {headers}=true needs one of them"
    if not reader.given(balancers):
        yield f"{balancers}: is unset; {headers}=true needs it, for anybody can write such headers"
    if hops is None or (on_google_cloud and hops == 0):
        right = "1 behind Google's" if on_google_cloud else "0 behind one that appends the caller"
        yield f"TRUSTED_PROXY_HOPS: a load balancer stands before this server: {right}"
