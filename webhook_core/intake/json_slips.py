"""Which slip of the pen keeps a body from being JSON, where it is, and how to mend it. The body is
never repeated.

Only for a body that could not be read: nothing here decides what an alert means, and nothing is
repaired.
"""

from __future__ import annotations

from decimal import Decimal

from webhook_core.errors import AlertMalformed
from webhook_core.intake import json_slip_rules as rules
from webhook_core.intake.field_names import order_fields
from webhook_core.intake.json_characters import CURLY_QUOTES, named, slip_of
from webhook_core.intake.json_scan import Fault, Needed, find_fault
from webhook_core.intake.json_slip_rules import Slip, first

LOOKED_AT = 8 * 1024
"""Characters; no alert is that long, and whoever sends one that is has proved nothing yet."""
RULE = "The whole alert message must be one JSON object with every placeholder in double quotes"
_WHITE = " \t\n\r"


def not_an_object(document: object) -> AlertMalformed:
    """What a body is that can be read and is no object."""
    kinds = {str: "a text", Decimal: "a number", list: "a list", bool: "true or false"}
    hint = RULE
    if isinstance(document, str) and document.lstrip().startswith("{"):
        hint = (
            "The object stands in a text: send it without the quotes around it and its backslashes"
        )
    elif isinstance(document, list) and len(document) == 1 and isinstance(document[0], dict):
        hint = "The object stands in a list: remove the brackets around it"
    return AlertMalformed(
        f"The body is JSON but {kinds.get(type(document), 'null')}, not an object. {hint}."
    )


def diagnose(text: str) -> AlertMalformed:
    """Why a text is not one JSON object, as an error that says line and column (both from 1)."""
    if not text.strip(_WHITE):
        return AlertMalformed(f"The body is empty. {rules.EMPTY}. {RULE}.")
    fault = find_fault(text) if len(text) <= LOOKED_AT else None
    if fault is None:
        return AlertMalformed(f"The body is not valid JSON. {RULE}.")
    slip = _slip(text, fault)
    field = _field(fault.name) if slip.of_value else None
    line, column = text.count("\n", 0, slip.at) + 1, slip.at - text.rfind("\n", 0, slip.at)
    where = f"line {line}, column {column}{f' ({field})' if field else ''}"
    return AlertMalformed(f"The body is not valid JSON at {where}: {slip.says}.", field=field)


def _field(name: str | None) -> str | None:
    """Our name for a field, None for one that is none of ours."""
    return None if name is None else next(iter(order_fields({name: ""})), None)


def _slip(text: str, fault: Fault) -> Slip:
    if fault.wanted is Needed.TEXT:
        return _in_a_text(text, fault)
    if comment := first(rules.COMMENT, text, fault):
        return comment
    if not fault.open:
        return _around_the_object(text, fault)
    return _between_braces(text, fault)


def _in_a_text(text: str, fault: Fault) -> Slip:
    """A text that does not end, or holds what a text can't."""
    if curly := _ended_otherwise(text, fault, fault.at):
        return curly
    if slip := first(rules.IN_A_TEXT, text, fault):
        return slip
    found = text[fault.at : fault.at + 1]
    return Slip(
        fault.at, f"a text holds {named(found)}, {rules.TEXTS}: leave it out", of_value=True
    )


def _ended_otherwise(text: str, fault: Fault, end: int) -> Slip | None:
    """A curly or a single quote within the last text, where that text was to end."""
    found = rules.WRONG_END.search(text, fault.begins + 1, end)
    if found is None:
        return None
    quote = text[found.start()]
    kind = named(quote) if quote in CURLY_QUOTES else "a single quote"
    says = f'{kind} stands there where a text has to end: write a straight double quote (")'
    return Slip(found.start(), says, of_value=True)


def _around_the_object(text: str, fault: Fault) -> Slip:
    begins = len(text) - len(text.lstrip(_WHITE))
    if fault.wanted is Needed.VALUE:
        slip = first(rules.BEFORE_THE_OBJECT, text, fault)
        known = None if slip else slip_of(text[fault.at])
        character = Slip(fault.at, known) if known else None
        return slip or character or first(rules.NO_OBJECT, text, fault) or _unknown(fault)
    if text[begins] not in "{[":
        return first(rules.NO_OBJECT, text, fault._replace(at=begins)) or _unknown(fault)
    return _known(rules.BEHIND_THE_OBJECT, text, fault)


def _between_braces(text: str, fault: Fault) -> Slip:
    match fault.wanted:
        case Needed.NAME:
            before = first(rules.BEFORE_A_NAME, text, fault, fault.begins)
            return before or _known(rules.AT_A_NAME, text, fault)
        case Needed.COLON if set(fault.name or "") & set(":,"):
            return Slip(fault.begins, "the closing quote of a name is missing")
        case Needed.COLON:
            return _known(rules.AT_A_COLON, text, fault)
        case Needed.VALUE:
            return _known(rules.AT_A_VALUE, text, fault)
    return _behind_a_value(text, fault)


def _behind_a_value(text: str, fault: Fault) -> Slip:
    last = text[fault.begins]
    if slip := first(rules.BEHIND_A_VALUE, text, fault):
        return slip
    if last == '"':
        return _ended_otherwise(text, fault, fault.ends - 1) or _behind_a_text(text, fault)
    table = rules.BEHIND_A_NUMBER if last in "-0123456789" else rules.BEHIND_A_WORD
    return _known(table, text, fault)


def _behind_a_text(text: str, fault: Fault) -> Slip:
    if text[fault.begins : fault.ends - 1].rstrip().endswith(",") and text[fault.at] != ":":
        return Slip(fault.begins, rules.NO_CLOSING_QUOTE, of_value=True)
    if slip := first(rules.BEHIND_A_TEXT, text, fault):
        return slip
    known = slip_of(text[fault.at])
    if known and text[fault.at] not in "'`":
        return Slip(fault.at, known)
    return Slip(fault.ends - 1, rules.UNESCAPED, of_value=True)


def _known(table: rules.Rules, text: str, fault: Fault) -> Slip:
    """What the table says, else the character itself, else the table's last word."""
    known = slip_of(text[fault.at]) if fault.at < len(text) else None
    last_word = Slip(fault.at, known) if known else first(table[-1:], text, fault)
    return first(table[:-1], text, fault) or last_word or _unknown(fault)


def _unknown(fault: Fault) -> Slip:
    return Slip(fault.at, RULE)
