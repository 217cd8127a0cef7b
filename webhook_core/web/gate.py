"""Who may come in: proof of the sender, and a limit on failed proofs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webhook_core.clock import Clock
from webhook_core.errors import (
    AlertMalformed,
    NotConfigured,
    OutOfScope,
    RateLimited,
    Unauthenticated,
)
from webhook_core.events import event, timed
from webhook_core.intake import authentication, repeated_secrets
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.credentials import looks_signed
from webhook_core.settings.addresses import Address
from webhook_core.settings.settings import Settings
from webhook_core.web.client_address import client_address, counted_as, is_allowed
from webhook_core.web.failed_proofs import FailedProofs
from webhook_core.web.messages import HttpRequest

if TYPE_CHECKING:
    from webhook_core.trading.permits import Permit
    from webhook_core.web.operators import Operators


class Gate:
    """Failed proofs are counted per address; whoever proves itself passes."""

    def __init__(self, settings: Settings, failed_proofs: FailedProofs, clock: Clock) -> None:
        self.settings = settings
        self.failed_proofs = failed_proofs
        self.clock = clock
        self.status = "ok"

    @timed("verify")
    def admit_alert(self, request: HttpRequest) -> VerifiedBody:
        """Raises Unauthenticated, RateLimited, or AlertMalformed for a body that can't be read far
        enough to find a token."""
        settings = self.settings
        try:
            if not is_allowed(self._address(request), settings.allowed_ips):
                raise Unauthenticated("the address is not in ALLOWED_IPS")
            verified = authentication.verify(
                request,
                settings.credentials,
                request.received_at,
                anonymous_allowed=settings.environment == "development",
            )
            if settings.client_certificates is not None:
                from webhook_core.web import client_certificate  # most have no balancer before them

                client_certificate.check(
                    request, settings.client_certificates, on_google_cloud=settings.on_google_cloud
                )
        except Unauthenticated as error:
            self._count(request, error.reason)
            raise
        except AlertMalformed:
            if not looks_signed(request.headers) and request.url_token is None:
                self.count_unproved(request)
            raise
        return verified

    def check_proved(self, verified: VerifiedBody, request: HttpRequest) -> VerifiedBody:
        """The same, with what its token says of when and from where it came. What a proved sender
        may not do raises: AlertMalformed for a body that holds a secret elsewhere, OutOfScope for a
        good token out of its time or place."""
        repeated_secrets.refuse(verified, self.settings.texts_to_mask)
        if verified.permit is None:
            return verified
        return verified._replace(permit=self._checked(verified.permit, request))

    def _checked(self, permit: Permit, request: HttpRequest) -> Permit:
        """Raises OutOfScope for a good token out of its time or its place."""
        from webhook_core.trading import permits  # few senders have such a token

        met = []
        for check in permits.entry_checks(permit, self._address(request), request.received_at):
            met.append(check)
            if not check.passed:
                refused = OutOfScope(check.message)
                refused.checks = tuple(met)
                raise refused
        return permit._replace(met=tuple(met))

    def admit_operator(self, request: HttpRequest, operators: Operators) -> None:
        """Raises NotFound without operator routes, Unauthenticated, RateLimited."""
        try:
            operators.authenticate(request.headers)
        except Unauthenticated as error:
            self._count(request, error.reason)
            raise

    def count_unproved(self, request: HttpRequest) -> None:
        """A body that can't be read, so that nothing in it has proved its sender. Raises
        RateLimited."""
        if self.settings.credentials:
            self._count(request, None)

    def _address(self, request: HttpRequest) -> Address | None:
        forwarded_for = request.headers.get("x-forwarded-for")
        return client_address(forwarded_for, self.settings.trusted_proxy_hops, request.peer)

    def _count(self, request: HttpRequest, reason: str | None) -> None:
        """``reason``: why the proof failed, None where another line of the request says so."""
        address = self._address(request)
        counted = counted_as(address, request.peer)
        failed = self.failed_proofs.another(counted, self.clock.monotonic())
        if not failed.too_many:
            if reason is not None:
                shown = str(address or request.peer)
                event(logging.WARNING, "request.unauthenticated", reason=reason, address=shown)
            return
        if failed.to_tell:
            event(logging.WARNING, "request.rate_limited", address=counted, requests=failed.to_tell)
        raise RateLimited(
            "Too many requests from this address without a valid proof; try again in a minute."
        )


class ClosedGate:
    """Lets nobody in: a secret is not read yet, and without all of them nobody can prove anything.

    ``status`` is what health says: ok until reading has failed.
    """

    def __init__(self) -> None:
        self.status = "ok"

    def admit_alert(self, _request: HttpRequest) -> VerifiedBody:
        raise NotConfigured(())

    def check_proved(self, _verified: VerifiedBody, _request: HttpRequest) -> VerifiedBody:
        raise NotConfigured(())

    def admit_operator(self, _request: HttpRequest, _operators: Operators) -> None:
        raise NotConfigured(())

    def count_unproved(self, _request: HttpRequest) -> None:
        """Nobody is counted where nobody can prove anything."""
