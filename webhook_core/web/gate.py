"""Who may come in: proof of the sender, and a limit on failed proofs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from webhook_core.clock import Clock
from webhook_core.errors import NotConfigured, RateLimited, Unauthenticated
from webhook_core.events import event, timed
from webhook_core.intake import authentication
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.settings.settings import Settings
from webhook_core.web.client_address import client_address, is_allowed
from webhook_core.web.failed_proofs import FailedProofs
from webhook_core.web.messages import HttpRequest

if TYPE_CHECKING:
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
        """Raises Unauthenticated, RateLimited, or AlertMalformed for a body that can't be read far enough to find a token."""
        settings = self.settings
        address = client_address(
            request.headers.get("x-forwarded-for"), settings.trusted_proxy_hops
        )
        try:
            if not is_allowed(address, settings.allowed_ips):
                raise Unauthenticated("the address is not in ALLOWED_IPS")
            return authentication.verify(
                request,
                settings.credentials,
                request.received_at,
                anonymous_allowed=settings.environment == "development",
            )
        except Unauthenticated as error:
            self._count(request, error)
            raise

    def admit_operator(self, request: HttpRequest, operators: Operators) -> None:
        """Raises NotFound without operator routes, Unauthenticated, RateLimited."""
        try:
            operators.authenticate(request.headers)
        except Unauthenticated as error:
            self._count(request, error)
            raise

    def _count(self, request: HttpRequest, error: Unauthenticated) -> None:
        seen = client_address(
            request.headers.get("x-forwarded-for"), self.settings.trusted_proxy_hops
        )
        address = str(seen or request.peer)
        event(logging.WARNING, "request.unauthenticated", reason=error.reason, address=address)
        if self.failed_proofs.too_many(address, self.clock.monotonic()):
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

    def admit_operator(self, _request: HttpRequest, _operators: Operators) -> None:
        raise NotConfigured(())
