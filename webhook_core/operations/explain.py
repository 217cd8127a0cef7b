"""What one message would do, in sentences: whose it is, what its fields become, what is sent, and
what will bite later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.application import Application
from webhook_core.clock import Budget
from webhook_core.errors import Unauthenticated, WebhookError
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import CANONICAL, normalise, sort_fields
from webhook_core.intake.freshness import check_freshness
from webhook_core.intake.other_tools import in_ours, name_as_sent
from webhook_core.intake.parse import parse
from webhook_core.operations.senders import Secrets, prove
from webhook_core.operations.sentences import Sentence, answer
from webhook_core.planning.decision import Decided
from webhook_core.sending.firing import Firing, Switch
from webhook_core.trading.alert import Alert
from webhook_core.trading.plans import Denied, Plan, refusal_of
from webhook_core.trading.requests import Accepted, Rejected
from webhook_core.web.answers import orders_of
from webhook_core.web.messages import HttpRequest
from webhook_core.web.pause_requests import check_permitted
from webhook_core.web.validation import appraised

ASK_S = 20.0
NO_SECRETS = Secrets()


class Explained(NamedTuple):
    """``alert`` as it was read and ``plan`` as it would be sent; None where it did not come so
    far."""

    sentences: tuple[Sentence, ...]
    alert: Alert | None = None
    plan: Plan | None = None
    fields: dict[str, Any] | None = None
    proof: str | None = None


def request_of(body: bytes, now: datetime) -> HttpRequest:
    return HttpRequest("POST", "/webhook/tradingview", {}, {}, body, "127.0.0.1", now)


def explain(application: Application, body: bytes, secrets: Secrets = NO_SECRETS) -> Explained:
    """``secrets``: those of the deployment, to say whose proof the message carries. Nothing is
    traded."""
    now = application.clock.now()
    sender = prove(request_of(body, now), secrets, now)
    read = _read(application, body, sender.proof)
    if sender.refused is not None:
        read = read._replace(sentences=_behind(sender.refused, read.sentences))
    if sender.may_prove:
        proved = (
            one._replace(text=f"So proved: {one.text}") if one.topic == "answer" else one
            for one in read.sentences
        )
        read = read._replace(sentences=tuple(proved))
    return read._replace(
        sentences=(*sender.sentences, *read.sentences),
        proof=sender.proof.key_id if sender.proof else None,
    )


def _behind(refused: Unauthenticated, read: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """There is one answer, the proof's; what would come after it is for whoever mends that."""
    nothing = Sentence("order", "Nothing, as it stands. Once the message proves its sender:")
    rest = [one for one in read if one.topic != "answer"]
    orders = [nothing] if any(one.topic == "order" for one in rest) else []
    later = [
        one._replace(text=f"Once that is mended: {one.text}")
        for one in read
        if one.topic == "answer" and one.is_bad
    ]
    return (*orders, *rest, answer(refused.status, refused.code, refused.reason), *later)


def _read(application: Application, body: bytes, proof: VerifiedBody | None) -> Explained:
    told: list[Sentence] = []
    now = application.clock.now()
    found, verified = Explained(()), None
    try:
        verified = application.gate.admit_alert(request_of(body, now))
        if proof is not None:
            strategy = verified.strategy or proof.strategy
            verified = verified._replace(strategy=strategy, permit=proof.permit)
        verified = in_ours(verified)
        told.extend(_about_tool(verified))
        check_freshness(verified, now, application.settings.alert_max_age_s)
        alert = parse(verified)
        told.extend(_about_fields(verified))
        firing = Firing.of(verified, alert, now, application.settings)
        found = found._replace(alert=alert, fields=dict(verified.fields))
        notes = verified.translated.notes if verified.translated else ()
        told.extend(Sentence("later", note, warns=True) for note in (*notes, *firing.warnings))
        if firing.switch is not None:
            return found._replace(sentences=(*told, *_about_switch(firing, firing.switch)))
        budget = Budget.start(application.clock, ASK_S)
        decided = appraised(application.decider, firing, budget)
    except WebhookError as error:
        if verified is not None:
            name_as_sent(error, verified)
        told.append(_refused(error))
        return found._replace(sentences=tuple(told))
    told.extend(_about_decision(application, firing, decided))
    return found._replace(sentences=tuple(told), plan=decided.plan)


def _about_decision(
    application: Application, firing: Firing, decided: Decided | Denied
) -> Iterator[Sentence]:
    yield from _about_orders(decided.plan)
    for note in decided.plan.notes:
        yield Sentence("order", f"Note: {note.rstrip('.')}.")
    if isinstance(decided, Denied):
        refused = refusal_of(decided)
        yield answer(refused.status, refused.code, decided.message)
    elif firing.closes_a_scope and decided.figures:
        yield Sentence("order", f"Of what it means {decided.nothing}.")
        yield answer(200, "accepted", None)
    else:
        yield _answer_of(application, decided)


def _about_tool(verified: VerifiedBody) -> Iterator[Sentence]:
    if verified.translated is None:
        yield Sentence("tool", "It is an alert in our own fields.")
    else:
        yield Sentence("tool", f"It is read as a message of {verified.translated.tool}.")


def _about_fields(verified: VerifiedBody) -> Iterator[Sentence]:
    came_from = verified.translated.came_from if verified.translated else {}
    fields = sort_fields(verified.fields)
    for name, value in verified.fields.items():
        known = CANONICAL.get(normalise(name))
        said = came_from.get(name) if verified.translated else name
        if known is not None and said is not None:
            yield Sentence("field", f"{said} is {known[0]}: {_shown(value)}")
    mere = [sent.name for sent in fields.context]
    if mere:
        yield Sentence("field", f"Context, which decides nothing: {', '.join(mere)}.")
    if verified.translated is not None:
        text = json.dumps(dict(verified.fields), default=str, ensure_ascii=False)
        yield Sentence("field", f"In our own fields: {text}")


def _shown(value: object) -> str:
    if isinstance(value, str | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else value
    return json.dumps(value, default=str)


def _about_switch(firing: Firing, wanted: Switch) -> Iterator[Sentence]:
    """Raises OutOfScope where its sender may not."""
    check_permitted(wanted, firing)
    whose = "every strategy" if wanted.of_all else f"strategy {firing.wants.strategy}"
    does = f"The alerts of {whose} trade again" if wanted.resumes else f"No alert of {whose} trades"
    ends = "" if wanted.resumes else " until the pause is ended"
    yield Sentence("order", f"Nothing is sent. {does}{ends}.")
    yield answer(200, "resumed" if wanted.resumes else "pausing", None)


def _about_orders(plan: Plan) -> Iterator[Sentence]:
    for number, order in enumerate(orders_of(plan, "VALIDATED", "validated"), 1):
        which = f"Order {number}" if len(plan.requests) > 1 else "The order"
        parameters = ", ".join(f"{name}={text}" for name, text in (order["request"] or {}).items())
        yield Sentence("order", f"{which} would be sent as {parameters}")
        for text in order.get("rounding", ()):
            yield Sentence("order", f"{which}: {text}.")
        estimate = order.get("estimate")
        if estimate and estimate["cost"] is not None:
            money = f"{estimate['cost']} {estimate['currency']}"
            yield Sentence("order", f"{which} costs about {money}, and {estimate['fee']} in fees.")
        for check in order.get("checks", ()):
            bad = check["verdict"] == "denied"
            words = {"passed": "holds", "denied": "forbids it", "not_checked": "was not checked"}
            told = f"{check['rule']} ({check['scope']}) {words[check['verdict']]}"
            why = (check["message"] or "").removeprefix(f"{check['rule']}: ")
            why = why.removeprefix("not checked: ")
            yield Sentence("limit", f"{told}: {why}" if why else f"{told}.", is_bad=bad)


def _answer_of(application: Application, decided: Decided) -> Sentence:
    """Kraken's own word on the plan, with its validate flag; the paper Kraken's on paper."""
    if decided.nothing:
        return answer(200, "no_action", decided.nothing)
    for request in decided.plan.requests:
        if request.method != "AddOrder":  # Kraken has no validate flag for these
            continue
        budget = Budget.start(application.clock, ASK_S)
        outcome = application.venue.validate(request, budget)
        if isinstance(outcome, Rejected):
            return answer(422, "order_rejected", f"Kraken says {'; '.join(outcome.errors)}")
        if not isinstance(outcome, Accepted):
            return answer(503, "venue_unavailable", outcome.reason)
    return answer(200, "accepted", None)


def _refused(error: WebhookError) -> Sentence:
    if isinstance(error, Unauthenticated):
        return answer(error.status, error.code, error.reason)
    where = f" (field {error.field})" if error.field else ""
    return answer(error.status, error.code, f"{error.message}{where}")
