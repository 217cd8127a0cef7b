"""The routes of operators, by path and method: each answers whoever has the operator's token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from webhook_core.web.delivery import Delivery
from webhook_core.web.gate import ClosedGate, Gate
from webhook_core.web.messages import HttpResponse, json_response
from webhook_core.web.operators import Operators

Operation = Callable[[Mapping[str, str]], dict[str, Any]]


def routes(
    open_operators: Callable[[], Operators], gate: Gate | ClosedGate, delivery: Delivery
) -> Mapping[str, Mapping[str, Callable[[], HttpResponse]]]:
    """Nothing is opened before one of them is called."""

    def answer(choose: Callable[[Operators], Operation]) -> Callable[[], HttpResponse]:
        def operate() -> HttpResponse:
            operators = open_operators()
            gate.admit_operator(delivery.request, operators)
            delivery.is_proved()
            found = choose(operators)(delivery.request.query)
            return json_response(200, {**found, "request_id": delivery.frame.request_id})

        return operate

    def switch(change: Callable[[Operators], Operation]) -> Callable[[], HttpResponse]:
        """What else than the query says it is read once the operator is proved."""

        def chosen(operators: Operators) -> Operation:
            from webhook_core.web.pausing import fields_of  # only these two have a body

            return lambda _query: change(operators)(fields_of(delivery.request))

        return answer(chosen)

    return {
        "/alerts": {"GET": answer(lambda operators: operators.alerts)},
        "/account": {"GET": answer(lambda operators: operators.account)},
        "/report": {"GET": answer(lambda operators: operators.report)},
        "/orders": {"GET": answer(lambda operators: operators.orders)},
        "/pause": {"POST": switch(lambda operators: operators.pause)},
        "/resume": {"POST": switch(lambda operators: operators.resume)},
        "/reconcile": {"POST": answer(lambda operators: operators.reconcile)},
    }
