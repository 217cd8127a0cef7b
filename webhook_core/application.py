"""handle(request): any request to any answer."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from webhook_core import __version__
from webhook_core.clock import Budget, Clock
from webhook_core.cloud.masking import masked, written_forms
from webhook_core.errors import OrderDenied, RateLimited, Unauthenticated, WebhookError
from webhook_core.events import Tally, event, request_facts
from webhook_core.intake.other_tools import name_as_sent
from webhook_core.ledger.contract import Ledger
from webhook_core.ledger.time_left import within
from webhook_core.planning.decide import Decider
from webhook_core.settings.settings import Settings
from webhook_core.story import Alerts
from webhook_core.value import Record
from webhook_core.venue import Venue
from webhook_core.web import answers, trace_context
from webhook_core.web.answers import Frame
from webhook_core.web.delivery import Delivery, level_of, sum_up
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import (
    MAX_BODY_BYTES,
    BodyLate,
    BodyTooLarge,
    HttpRequest,
    HttpResponse,
    MethodNotAllowed,
    NotFound,
    json_response,
)

if TYPE_CHECKING:
    from webhook_core.journal.history import History
    from webhook_core.web.operators import Operators

SERVICE = "tradingview-kraken-webhook"
PAGES = ("/compose", "/operator")
_ALERTS, _VALIDATE = "/webhook/tradingview", "/validate"
ALERT_ROUTES = ("/", _ALERTS, _ALERTS + _VALIDATE)
OPERATOR_ROUTES = ("/alerts", "/account", "/report", "/orders", "/pause", "/resume", "/reconcile")
Methods = Mapping[str, Callable[[], HttpResponse]]
_REQUEST_ID = r"[A-Za-z0-9._-]{1,64}"


class Application(Record):
    """Everything that one instance of the function needs; bootstrap puts it together."""

    settings: Settings
    ledger: Ledger
    venue: Venue
    clock: Clock
    decider: Decider
    open_operators: Callable[[], Operators]
    open_history: Callable[[], History] | None
    gate: Gate | ClosedGate
    alerts: Alerts

    @property
    def operators(self) -> Operators:
        """Built by each request that asks for them: no alert does."""
        return self.open_operators()

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Any request to any answer; nothing escapes."""
        asked = request.headers.get("x-request-id", "")
        is_one = asked and re.fullmatch(_REQUEST_ID, asked) and self._masked(asked) == asked
        request_id = asked if is_one else uuid.uuid4().hex
        mode = self.settings.trading_mode
        frame = Frame(request_id, mode if self._tells_mode else None)
        # For its body, and for secrets to be read.
        waited = (self.clock.now() - request.received_at).total_seconds()
        began = self.clock.monotonic() - max(0.0, waited)
        delivery = Delivery(
            request, frame, Budget(self.clock, began + self.settings.request_budget_s), began, mode
        )
        with request_facts(request_id=request_id, **trace_context.facts(request.headers)) as tally:
            response = self._told(self._answer(delivery, tally), delivery)
            if delivery.is_alert and not isinstance(delivery.error, RateLimited):
                sum_up(delivery, response.status, tally, self.clock.monotonic())
            if delivery.is_for_the_history(response.status):
                self._keep(delivery)
        body = response.body
        if delivery.is_alert:  # a token that stands in a wrong field is not repeated
            body = self._masked(body.decode()).encode()
        headers = {**response.headers, "x-request-id": request_id, **self._cors(request)}
        return response._replace(headers=headers, body=body)

    def _told(self, response: HttpResponse, delivery: Delivery) -> HttpResponse:
        """As much of it as the sender may know of the account."""
        permit = delivery.firing and delivery.firing.wants.rules.permit
        if delivery.firing is None or permit is None or permit.may_read:
            return response
        from webhook_core.web.withheld import without_account  # few senders have such a token

        return without_account(response, delivery, delivery.firing)

    def _masked(self, text: str) -> str:
        """Without secrets; the log masks them itself."""
        return masked(text, written_forms(self.settings.texts_to_mask))

    def _answer(self, delivery: Delivery, tally: Tally) -> HttpResponse:
        try:
            return self._route(delivery, tally)
        except WebhookError as error:
            delivery.error = error
            if delivery.verified is not None:
                name_as_sent(error, delivery.verified)
            if isinstance(error, OrderDenied):  # how the size came about that is refused
                delivery.warnings = (*delivery.warnings, *error.notes)
            self._log(error)
            return answers.of_error(
                error, delivery.frame, delivery.alert_id, delivery.warnings, delivery.orders
            )
        except Exception:  # noqa: BLE001  a bug answers 500 and leaves its traceback in the log only
            event(logging.CRITICAL, "request.crashed", exc_info=True)
            crash = WebhookError(
                "Something went wrong here; the log has the details under this request id."
            )
            delivery.error = crash
            return answers.of_error(crash, delivery.frame, delivery.alert_id)

    def _route(self, delivery: Delivery, tally: Tally) -> HttpResponse:
        path, methods = self._methods(delivery)
        request = delivery.request
        allowed = {"OPTIONS", *methods} if self.settings.cors_origins else set(methods)
        method = "GET" if request.method == "HEAD" and "GET" in methods else request.method
        if method not in allowed:
            raise MethodNotAllowed(
                f"{path} takes {', '.join(sorted(allowed))}.", ", ".join(sorted(allowed))
            )
        delivery.is_alert = tally.sums_up = method == "POST" and path in ALERT_ROUTES
        if request.oversized or len(request.body) > MAX_BODY_BYTES:
            self.gate.count_unproved(request)
            raise BodyTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
        if request.late:
            raise BodyLate(
                "The body did not arrive in time. Nothing was read of it, and nothing was sent."
            )
        if method == "OPTIONS":
            return HttpResponse(
                204, b"", {"access-control-allow-methods": ", ".join(sorted(methods))}
            )
        return methods[method]()

    def _methods(self, delivery: Delivery) -> tuple[str, Methods]:
        """The path that is meant, and what it takes."""
        path = delivery.request.path.rstrip("/") or "/"
        routes = self._routes(delivery)
        if path in OPERATOR_ROUTES:
            from webhook_core.web import operator_routes  # no alert comes here

            routes = operator_routes.routes(self.open_operators, self.gate, delivery)
        if path not in routes and self.settings.allow_token_in_url:
            delivery.request = _without_token(delivery.request)
            path = delivery.request.path.rstrip("/") or "/"
        if path not in routes and path.startswith(PAGES):
            from webhook_core.web.pages import pages  # people look at them, no alert does

            routes = pages.routes(self.open_operators, self.gate, self.settings, delivery.request)
        if path not in routes:
            is_alert = delivery.request.method == "POST"
            raise NotFound(
                f"No such route: alerts go to POST {_ALERTS}." if is_alert else "No such route."
            )
        return path, routes[path]

    def _routes(self, delivery: Delivery) -> Mapping[str, Methods]:
        def take(*, only_validate: bool = False) -> HttpResponse:
            with within(delivery.budget):
                return self.alerts.take(delivery, only_validate=only_validate)

        def validate() -> HttpResponse:
            return take(only_validate=True)

        return {
            "/": {"GET": lambda: json_response(200, self._about()), "POST": take},
            "/webhook/tradingview": {"POST": take},
            "/webhook/tradingview/validate": {"POST": validate},
            "/webhook/health": {
                "GET": lambda: json_response(200, {"status": self.gate.status, **self._about()})
            },
        }

    def _about(self) -> dict[str, str]:
        """Anybody may ask. Whether real money is at stake is no business of a stranger's."""
        settings = self.settings
        mode = {"mode": settings.trading_mode} if settings.health_details else {}
        about = {"service": SERVICE, "version": __version__, "environment": settings.environment}
        return {**about, **mode}

    @property
    def _tells_mode(self) -> bool:
        """To senders who are not proved: behind a closed gate nobody can be, and the operator is
        looking for what is wrong."""
        return self.settings.health_details or isinstance(self.gate, ClosedGate)

    def _keep(self, delivery: Delivery) -> None:
        if self.open_history is None:
            return
        from webhook_core.journal.keeping import keep  # an accepted alert pays nothing for it

        keep(delivery, self.open_history(), self.settings.strategies)

    # -- what every request shares -----------------------------------------------------------------

    def _cors(self, request: HttpRequest) -> dict[str, str]:
        origins, origin = self.settings.cors_origins, request.headers.get("origin", "")
        if not origins:
            return {}
        if origin not in origins and "*" not in origins:
            return {"vary": "Origin"}
        allowed_headers = "authorization, content-type, x-request-id, x-signature"
        return {
            "vary": "Origin",
            "access-control-allow-origin": "*" if "*" in origins else origin,
            "access-control-allow-headers": allowed_headers,
            "access-control-expose-headers": "x-request-id",
        }

    def _log(self, error: WebhookError) -> None:
        if isinstance(error, Unauthenticated | RateLimited):
            return  # counted and logged where the proof failed, many of them in one line
        reason = error.for_log or error.message
        event(level_of(error), f"request.{error.code}", reason=reason, field=error.field)


def _without_token(request: HttpRequest) -> HttpRequest:
    """``POST /webhook/tradingview/TOKEN``, and ``.../TOKEN/validate``, where an alert has no field
    of ours for a scoped token: the same on the route that is meant, with what its path held as
    ``url_token``; itself where its path can hold none. A token may have slashes in it.

    The platform's own log of requests has such a path; ours has not, nor has any answer.
    """
    path = request.path.rstrip("/")
    held = path.removeprefix(f"{_ALERTS}/")
    if held in (path, ""):
        return request
    token = held.removesuffix(_VALIDATE)
    route = _ALERTS if token == held else _ALERTS + _VALIDATE
    return request._replace(path=route, url_token=token)
