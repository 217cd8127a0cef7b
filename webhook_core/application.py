"""handle(request): the routes, and the way of one alert from its bytes to its answer."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from webhook_core import __version__, answers
from webhook_core.answers import Frame
from webhook_core.delivery import Delivery, sum_up
from webhook_core.errors import (
    AlertConflict,
    BodyTooLarge,
    MethodNotAllowed,
    NotFound,
    NoTimeToSend,
    OrderDenied,
    OrderRejected,
    RateLimited,
    Unauthenticated,
    VenueUnavailable,
    WebhookError,
)
from webhook_core.events import bind, event, request_facts, timed
from webhook_core.firing import Firing
from webhook_core.gate import ClosedGate, Gate
from webhook_core.http_messages import MAX_BODY_BYTES, HttpRequest, HttpResponse, json_response
from webhook_core.intake import alert as alerts
from webhook_core.intake import trace_context
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.ledger import entry as transitions
from webhook_core.ledger.entry import TERMINAL, LedgerEntry, State
from webhook_core.ledger.reconcile import Reconciler, report
from webhook_core.market import Market
from webhook_core.operators import Operators
from webhook_core.ports import Budget, Claimed, Clock, Existing, Ledger, Venue
from webhook_core.settings import Settings
from webhook_core.submission import ENOUGH_TO_SEND_S, KEPT_FOR_THE_RECORD_S, Submission, allowed
from webhook_core.trading.orders import Accepted, OrderRequest, Rejected
from webhook_core.trading.planner import Denied, Plan

SERVICE = "tradingview-kraken-webhook"
ALERT_ROUTES = ("/", "/webhook/tradingview", "/webhook/tradingview/validate")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True, eq=False, repr=False)
class Application:
    """Everything that one instance of the function needs; bootstrap puts it together."""

    settings: Settings
    ledger: Ledger
    venue: Venue
    clock: Clock
    market: Market
    submission: Submission
    reconciler: Reconciler
    operators: Operators
    gate: Gate | ClosedGate

    # -- the way of one alert ------------------------------------------------------------------------------------------

    def take_alert(self, delivery: Delivery, *, only_validate: bool = False) -> HttpResponse:
        verified = self.gate.admit_alert(delivery.request)
        firing, wants_validation = self._read(verified, delivery)
        if only_validate or wants_validation or self.settings.trading_mode == "validate":
            return self._validate(firing, delivery)
        firing = self._in_its_generation(firing)
        decided = self._decide(firing, delivery.budget)
        if isinstance(decided, LedgerEntry):
            return self._redelivered(decided, firing, delivery)
        if delivery.budget.remaining() < ENOUGH_TO_SEND_S + KEPT_FOR_THE_RECORD_S:
            raise NoTimeToSend("Too little time was left to send the order; sending the same alert again soon is safe.")
        claim = self._claim(firing, decided)
        if isinstance(claim, Existing):
            return self._redelivered(claim.entry, firing, delivery)
        entry = self.submission.send(claim.entry, self._replan(firing), delivery.budget)
        return self._told(entry, delivery)

    @timed("read")
    def _read(self, verified: VerifiedBody, delivery: Delivery) -> tuple[Firing, bool]:
        settings = self.settings
        fired_at = alerts.check_freshness(verified, delivery.request.received_at, settings.alert_max_age_s)
        alert = alerts.parse(verified)
        firing = Firing.of(verified, alert, fired_at, delivery.request.received_at, settings)
        delivery.alert_id = firing.alert_id
        delivery.warnings = firing.warnings
        delivery.wants(firing.intent)
        bind(alert_id=firing.alert_id, strategy=firing.strategy)
        return firing, alert.validate_only

    @timed("claim")
    def _in_its_generation(self, firing: Firing) -> Firing:
        if not firing.repeats:
            return firing
        window = timedelta(seconds=self.settings.duplicate_window_s)
        return firing.in_generation_after(self.ledger.newest_generation(firing.unit), window)

    @timed("plan")
    def _decide(self, firing: Firing, budget: Budget) -> Plan | LedgerEntry:
        """The plan of a new alert. Nothing is decided twice: a known alert is its entry, whatever a plan would say now."""
        if self.market.must_ask(firing.intent, firing.rules):
            known = self.ledger.find(firing.unit)
            if known is not None:
                return known
        try:
            return self.market.plan(firing.intent, firing.rules, budget)
        except WebhookError:
            known = self.ledger.find(firing.unit)
            if known is None:
                raise
            return known

    @timed("claim")
    def _claim(self, firing: Firing, plan: Plan) -> Claimed | Existing:
        return allowed(self.ledger.claim(self._entry(firing, plan)))

    def _redelivered(self, entry: LedgerEntry, firing: Firing, delivery: Delivery) -> HttpResponse:
        bind(client_order_id=entry.current.client_order_id)
        if entry.body_sha256 != firing.body_sha256:
            raise AlertConflict("An alert with this id came before with another body; nothing was sent for this one.")
        if entry.state in TERMINAL:
            event(logging.INFO, "alert.replayed", state=entry.state)
            return self._told(entry, delivery, replayed=True)
        if entry.state is State.NOT_SENT:
            entry = self._revive(entry, firing, delivery.budget)
        else:
            try:
                entry = self.reconciler.look_up(entry, delivery.budget.less(KEPT_FOR_THE_RECORD_S))
            except VenueUnavailable as error:
                event(logging.WARNING, "order.not_looked_up", reason=error.message)
        return self._told(entry, delivery)

    def _told(self, entry: LedgerEntry, delivery: Delivery, *, replayed: bool = False) -> HttpResponse:
        delivery.entry, delivery.replayed = entry, replayed
        delivery.plans(entry.current.request)
        return answers.of_entry(entry, delivery.frame, replayed=replayed)

    def _revive(self, entry: LedgerEntry, firing: Firing, budget: Budget) -> LedgerEntry:
        now = self.clock.now()
        if now <= entry.fresh_until:
            return self.submission.again(entry, self._replan(firing), budget)
        written = self.ledger.record(transitions.expired(entry, now))
        if not isinstance(written, Existing):
            report(written.entry)
        return written.entry

    def _entry(self, firing: Firing, plan: Plan) -> LedgerEntry:
        (request,) = plan.requests
        return firing.entry(request, plan.notes, self.clock.now(), self.settings.order_deadline_s)

    def _replan(self, firing: Firing) -> Callable[[Budget], OrderRequest | str]:
        def replan(budget: Budget) -> OrderRequest | str:
            try:
                (request,) = self.market.plan_on_fresh_rules(firing.intent, firing.rules, budget).requests
            except VenueUnavailable:
                raise
            except WebhookError as denied:
                return denied.message
            return request

        return replan

    def _validate(self, firing: Firing, delivery: Delivery) -> HttpResponse:
        """The plan, checked by Kraken's own validate flag; neither the ledger nor the paper book hears of it."""
        plan = self.market.appraise(firing.intent, firing.rules, delivery.budget)
        if isinstance(plan, Denied):
            delivery.orders = answers.orders_of(plan.plan, "DENIED", "order_denied")
            raise OrderDenied(plan.message)
        for request in plan.requests:
            delivery.plans(request)
            outcome = self.venue.validate(request, delivery.budget)
            if isinstance(outcome, Rejected):
                delivery.orders = answers.orders_of(plan, "REJECTED", "order_rejected")
                raise OrderRejected(f"Kraken would refuse the order: {'; '.join(outcome.errors)}")
            if not isinstance(outcome, Accepted):
                raise VenueUnavailable(f"Kraken could not be asked: {outcome.reason}. Nothing was sent.")
        event(logging.INFO, "alert.validated", requests=[dict(request.parameters) for request in plan.requests])
        return answers.of_validation(plan, delivery.frame, (*firing.warnings, *plan.notes), firing.alert_id)

    # -- routes --------------------------------------------------------------------------------------------------------

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Any request to any answer; nothing escapes."""
        asked = request.headers.get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        frame = Frame(request_id, self.settings.trading_mode)
        waited = (self.clock.now() - request.received_at).total_seconds()  # for its body, and for secrets to be read
        began = self.clock.monotonic() - max(0.0, waited)
        delivery = Delivery(request, frame, Budget(self.clock, began + self.settings.request_budget_s), began)
        with request_facts(request_id=request_id, **trace_context.facts(request.headers)) as tally:
            response = self._answer(delivery)
            if delivery.is_alert:
                sum_up(delivery, response.status, tally, self.clock.monotonic())
        headers = {**response.headers, "x-request-id": request_id, **self._cors(request)}
        return response._replace(headers=headers)

    def _answer(self, delivery: Delivery) -> HttpResponse:
        try:
            return self._route(delivery)
        except WebhookError as error:
            delivery.error = error
            self._log(error)
            return answers.of_error(error, delivery.frame, delivery.alert_id, delivery.warnings, delivery.orders)
        except Exception:  # noqa: BLE001  a bug answers 500 and leaves its traceback in the log only
            event(logging.CRITICAL, "request.crashed", exc_info=True)
            crash = WebhookError("Something went wrong here; the log has the details under this request id.")
            delivery.error = crash
            return answers.of_error(crash, delivery.frame, delivery.alert_id)

    def _route(self, delivery: Delivery) -> HttpResponse:
        request = delivery.request
        path = request.path.rstrip("/") or "/"
        methods = self._routes(delivery).get(path)
        if methods is None:
            raise NotFound("No such route.")
        allowed = {"OPTIONS", *methods} if self.settings.cors_origins else set(methods)
        method = "GET" if request.method == "HEAD" and "GET" in methods else request.method
        if method not in allowed:
            raise MethodNotAllowed(f"{path} takes {', '.join(sorted(allowed))}.", ", ".join(sorted(allowed)))
        delivery.is_alert = method == "POST" and path in ALERT_ROUTES
        if len(request.body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
        if method == "OPTIONS":
            return HttpResponse(204, b"", {"access-control-allow-methods": ", ".join(sorted(methods))})
        return methods[method]()

    def _routes(self, delivery: Delivery) -> Mapping[str, Mapping[str, Callable[[], HttpResponse]]]:
        def take() -> HttpResponse:
            return self.take_alert(delivery)

        def validate() -> HttpResponse:
            return self.take_alert(delivery, only_validate=True)

        operators = self.operators
        return {
            "/": {"GET": lambda: json_response(200, self._about()), "POST": take},
            "/webhook/tradingview": {"POST": take},
            "/webhook/tradingview/validate": {"POST": validate},
            "/webhook/health": {"GET": lambda: json_response(200, {"status": self.gate.status, **self._about()})},
            "/account": {"GET": lambda: self._operate(operators.account, delivery)},
            "/orders": {"GET": lambda: self._operate(operators.orders, delivery)},
            "/reconcile": {"POST": lambda: self._operate(operators.reconcile, delivery)},
        }

    def _about(self) -> dict[str, str]:
        settings = self.settings
        return {
            "service": SERVICE,
            "version": __version__,
            "environment": settings.environment,
            "mode": settings.trading_mode,
        }

    def _operate(self, operation: Callable[[Mapping[str, str]], dict[str, Any]], delivery: Delivery) -> HttpResponse:
        self.gate.admit_operator(delivery.request, self.operators)
        return json_response(200, {**operation(delivery.request.query), "request_id": delivery.frame.request_id})

    # -- what every request shares -------------------------------------------------------------------------------------

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
            return  # counted and logged where the proof failed
        level = logging.ERROR if error.status >= 500 else logging.WARNING
        event(level, f"request.{error.code}", reason=error.message, field=error.field)
