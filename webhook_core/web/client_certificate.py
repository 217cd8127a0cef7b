"""The sender's client certificate, as the load balancer before the function has seen it.

A certificate proves a server, TradingView's, and not which of its users: it stands beside the
alert's own proof. The headers are the balancer's word, and mean nothing from anybody else.
"""

from __future__ import annotations

from webhook_core.errors import Unauthenticated
from webhook_core.settings.addresses import Address
from webhook_core.settings.certificate_subjects import has, subject_of
from webhook_core.settings.certificates import ClientCertificates, fingerprint
from webhook_core.web.client_address import client_address, is_allowed
from webhook_core.web.messages import HttpRequest

PRESENT, HASH = "x-client-cert-present", "x-client-cert-hash"
VERIFIED, SUBJECT = "x-client-cert-chain-verified", "x-client-cert-subject-dn"
"""Set by the balancer from client_cert_present, client_cert_sha256_fingerprint,
client_cert_chain_verified and client_cert_subject_dn
(cloud.google.com/load-balancing/docs/https/setting-up-mtls-global-ext-https)."""
_LAST = 0


def check(request: HttpRequest, wanted: ClientCertificates, *, on_google_cloud: bool) -> None:
    """Raises Unauthenticated unless a balancer of ours says that the sender held the key of a
    certificate with a pinned fingerprint, a pinned subject, or both where both are. The log line
    has the fingerprint of one that is not pinned."""
    handed_by = _handed_by(request, on_google_cloud=on_google_cloud)
    if not is_allowed(handed_by, wanted.balancers):
        raise Unauthenticated(
            "the request did not come through a balancer of LOAD_BALANCER_IPS: it was handed on by "
            f"{handed_by or 'nobody whose address can be told'}"
        )
    if request.headers.get(PRESENT) != "true":
        raise Unauthenticated("the sender showed no client certificate")
    if wanted.fingerprints:
        _check_fingerprint(request, wanted)
    if wanted.subject:
        _check_subject(request, wanted)


def _check_fingerprint(request: HttpRequest, wanted: ClientCertificates) -> None:
    shown = fingerprint(request.headers.get(HASH, ""))
    if shown is None:
        raise Unauthenticated(f"{HASH} is no SHA-256 fingerprint")
    if shown not in wanted.fingerprints:
        raise Unauthenticated(
            f"the client certificate {shown.hex()} is not in CLIENT_CERT_FINGERPRINTS"
        )


def _check_subject(request: HttpRequest, wanted: ClientCertificates) -> None:
    if request.headers.get(VERIFIED) != "true":
        raise Unauthenticated(
            "the balancer has not verified who signed the client certificate, and anybody can sign "
            "himself its subject"
        )
    shown = subject_of(request.headers.get(SUBJECT, ""))
    if shown is None:
        raise Unauthenticated(f"{SUBJECT} is no subject of a certificate")
    if not has(shown, wanted.subject):
        raise Unauthenticated("the client certificate's subject is not that of CLIENT_CERT_SUBJECT")


def _handed_by(request: HttpRequest, *, on_google_cloud: bool) -> Address | None:
    """Who passed the request on to this server: on Google Cloud whom its front end has appended,
    elsewhere the peer."""
    appended = _LAST if on_google_cloud else None
    return client_address(request.headers.get("x-forwarded-for"), appended, request.peer)
