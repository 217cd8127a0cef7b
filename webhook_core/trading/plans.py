"""What planning ends in: a plan, or the rule that forbids it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from webhook_core.errors import OrderDenied, OutOfScope, TooManyAlerts
from webhook_core.trading.checks import Check, SetBy
from webhook_core.trading.requests import OrderRequest
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.trading.appraisal import Appraisal
    from webhook_core.trading.guards import Cost


ALERTS_RULE = "ALERTS_PER_3_MINUTES"
NOT_ALL_CLOSED, NOT_PROTECTED, NOT_OPENED = "NOT_ALL_CLOSED", "NOT_PROTECTED", "NOT_OPENED"
UNDONE = frozenset({NOT_ALL_CLOSED, NOT_PROTECTED, NOT_OPENED})
"""What an alert leaves undone of what it names, though the rest is sent: the warning that says so
begins with it, and is stored."""
INSTEAD = (
    'to sell of that, begin the alert with {"action": "cancel", "side": "sell"}, and end it with a '
    "stop for what it leaves"
)
"""What to send where the strategy's own stop holds what a sale behind a close is for."""


class Plan(NamedTuple):
    """What to send, in this order, and ``notes`` for the answer's warnings: what was rounded or
    left out. ``appraisals``, one for each request, only where they were asked for; ``costs`` only
    where those of one alert are capped together; ``checks``: that it has passed."""

    requests: tuple[OrderRequest, ...]
    notes: tuple[str, ...] = ()
    appraisals: tuple[Appraisal | None, ...] = ()
    costs: tuple[Cost, ...] = ()
    checks: tuple[Check, ...] = ()


def joined(plans: Sequence[Plan]) -> Plan:
    """One after the other."""
    return Plan(
        tuple(request for plan in plans for request in plan.requests),
        tuple(note for plan in plans for note in plan.notes),
        tuple(
            appraisal
            for plan in plans
            for appraisal in plan.appraisals or (None,) * len(plan.requests)
        ),
        tuple(cost for plan in plans for cost in plan.costs),
        tuple(check for plan in plans for check in plan.checks),
    )


class Denied(NamedTuple):
    """We refuse to send it.

    ``message`` begins with ``rule``; ``numbers`` are its facts as plain strings. ``plan`` is what
    is refused, where an appraisal was asked for. ``notes`` say how its size came about, and what
    was rounded. ``set_by``: whose limit it is. ``checks``: those that were made, the last of them
    refuses. ``leg``: its number, where the alert has several.
    """

    rule: str
    message: str
    numbers: Mapping[str, str] = MappingProxyType({})
    plan: Plan = Plan(())
    notes: tuple[str, ...] = ()
    set_by: SetBy = "global"
    checks: tuple[Check, ...] = ()
    leg: int | None = None


_FIELDS = {
    "ALLOWED_SYMBOLS": "symbol",
    "LEVERAGE": "leverage",
    "DISPLAY_VOLUME": "display_volume",
    "START_TIME": "starts",
    "EXPIRY": "expires",
    "AMEND_VOLUME": "volume",
}
"""Rules that are about one field of the alert, whatever else it says."""
_OF_A_PRICE = ("PRICE_ZERO", "PRICE_BELOW_ZERO", "EXIT_SIDE", "EXIT_REACH")
"""Those about the price whose name their numbers begin with."""
_OF_A_TOKEN = ("symbol", "order_type")


def _field_of(denied: Denied) -> str | None:
    """The one field of the alert that the rule is about; the legs may share their symbol."""
    names, field = denied.numbers, _FIELDS.get(denied.rule)
    if denied.rule in _OF_A_PRICE:
        field = next(iter(names), None)
    elif denied.set_by == "token":
        field = next((name for name in _OF_A_TOKEN if name in names), field)
    if field is None or denied.leg is None or field == "symbol":
        return field
    return f"orders[{denied.leg}].{field}"


def refusal_of(denied: Denied) -> OrderDenied:
    """The error that tells of it: 403 where the sender's token does not allow it, 429 where so many
    alerts are too many, else 422."""
    if denied.set_by != "token":
        kind = TooManyAlerts if denied.rule == ALERTS_RULE else OrderDenied
        refused = kind(
            denied.message, field=_field_of(denied), notes=denied.notes, short=denied.rule
        )
        refused.rule, refused.set_by, refused.checks = denied.rule, denied.set_by, denied.checks
        return refused
    caveat = denied.numbers.get("caveat", "")
    short = f"{denied.rule}: the token's caveat {caveat} does not allow it"
    tells_size = "cost" in denied.numbers or "max" in denied.numbers
    short = short if tells_size else denied.message
    forbidden = OutOfScope(denied.message, field=_field_of(denied), notes=denied.notes, short=short)
    forbidden.checks = denied.checks
    return forbidden


def undone(rule: str, said: str) -> str:
    """A warning of one of ``UNDONE``."""
    return f"{rule}: {said}"


def is_undone(warning: str) -> bool:
    """Whether it says that a part of the alert is left undone."""
    return warning.partition(": ")[0] in UNDONE


def denied(rule: str, text: str, **numbers: str) -> Denied:
    """A refusal by this rule; its message begins with it."""
    return Denied(rule, f"{rule}: {text}", numbers)
