"""A verified body in our own fields, whichever tool wrote it. What is valid as ours is ours."""

from __future__ import annotations

from webhook_core.errors import AlertMalformed, OrderDenied, WebhookError
from webhook_core.intake import json_body
from webhook_core.intake.authentication import VerifiedBody, without_secrets
from webhook_core.intake.credentials import Scheme
from webhook_core.intake.field_names import CANONICAL, normalise, word_set
from webhook_core.intake.parse import parse

MARKS = word_set(
    "strategy sentiment signalPrice quantityType orderType limitPrice stopPrice trailPrice "
    "trailPercent takeProfit stopLoss bot_uuid message_type instrument api_key data positionSide "
    "open close isBuy isSell isClose apiKey code"
)
"""One of these stands in every JSON message of another tool; other alerts pay for one look."""


def in_ours(verified: VerifiedBody) -> VerifiedBody:
    """The same in our words, and ``translated``, where another tool's message is recognised.

    Raises AlertMalformed with the tool's own name of what is at fault.
    """
    if verified.dialect is None and MARKS.isdisjoint(verified.fields):
        return verified
    if verified.dialect is None and not _is_to_the_url(verified) and _is_ours(verified):
        return verified
    from webhook_core.intake.dialects import dialect as dialects
    from webhook_core.intake.dialects import registry, texts

    found = texts.read(verified.body) if verified.is_text else None
    whole = found[0] if found else json_body.parse(verified.body)
    spoken = registry.recognised(whole, is_text=found is not None)
    if spoken is None:
        return verified
    translated = dialects.translate(spoken, whole)
    said = verified._replace(fields=translated.fields, translated=translated)
    _check(said)
    return said


def _is_to_the_url(verified: VerifiedBody) -> bool:
    """TradersPost's own way: its ``sentiment`` beside the ticker, and the token in the URL. There a
    sell that ends short is no plain sell, as it has always been for other senders."""
    if verified.scheme is not Scheme.SCOPED_TOKEN or "sentiment" not in verified.fields:
        return False
    from webhook_core.intake.dialects.names import any_secret

    return "ticker" in verified.fields and not any_secret(json_body.parse(verified.body))


def _is_ours(verified: VerifiedBody) -> bool:
    """Whether it can be read as it stands."""
    whole = json_body.parse(verified.body)
    try:
        parse(verified._replace(fields=without_secrets(whole)))
    except AlertMalformed:
        return False
    except OrderDenied:  # a second exit, which the tool's own names tell better
        from webhook_core.intake.dialects import registry

        return registry.recognised(whole) is None
    return True


def _check(said: VerifiedBody) -> None:
    """Raises what reading it raises, with the sender's own name of the field at fault."""
    try:
        parse(said)
    except AlertMalformed as error:
        name_as_sent(error, said)
        raise


def name_as_sent(error: WebhookError, said: VerifiedBody) -> None:
    """Adds to what refuses another tool's message that tool's own name of the field at fault."""
    translated = said.translated
    if translated is None or error.field is None:
        return
    came_from = translated.came_from.items()
    names = [name for ours, name in came_from if _canonical(ours) == error.field]
    if len(names) == 1:
        error.message += f" In this message of {translated.tool} it is {names[0]}."


def _canonical(name: str) -> str:
    return CANONICAL.get(normalise(name), (name, 0))[0]
