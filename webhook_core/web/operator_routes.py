"""The routes of operators, by path and method: each answers whoever has the operator's token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from webhook_core.web.delivery import Delivery
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpRequest, HttpResponse, json_response
from webhook_core.web.operators import Operators

Operation = Callable[[Operators, Mapping[str, str]], dict[str, Any]]
Read = Callable[[HttpRequest], Mapping[str, str]]


def _query(request: HttpRequest) -> Mapping[str, str]:
    return request.query


def routes(
    open_operators: Callable[[], Operators], gate: Gate | ClosedGate, delivery: Delivery
) -> Mapping[str, Mapping[str, Callable[[], HttpResponse]]]:
    """Nothing is opened before one of them is called."""

    def answer(operation: Operation, read: Read = _query) -> Callable[[], HttpResponse]:
        """What it is asked is read once the operator is proved."""

        def operate() -> HttpResponse:
            operators = open_operators()
            gate.admit_operator(delivery.request, operators)
            delivery.is_proved()
            found = operation(operators, read(delivery.request))
            return json_response(200, {**found, "request_id": delivery.frame.request_id})

        return operate

    return {
        "/alerts": {"GET": answer(Operators.alerts)},
        "/account": {"GET": answer(Operators.account)},
        "/report": {"GET": answer(Operators.report)},
        "/orders": {"GET": answer(Operators.orders)},
        "/pause": {"POST": answer(Operators.pause, _body)},
        "/resume": {"POST": answer(Operators.resume, _body)},
        "/reconcile": {"POST": answer(Operators.reconcile)},
    }


def _body(request: HttpRequest) -> Mapping[str, str]:
    from webhook_core.web.pause_requests import fields_of  # only these two have a body

    return fields_of(request)
