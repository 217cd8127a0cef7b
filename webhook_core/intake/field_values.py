"""One value of the body -> the Decimal, text, side or moment that it means, or an error
that names the field.

Python's own readers take far more than a trader would write ('1_000', full-width digits, 'NaN',
'2026-W08-3'), so every text is matched whole against its pattern first, and bounds are checked
before any arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from webhook_core.errors import AlertMalformed
from webhook_core.intake.field_names import MAX_ECHO, Sent, is_missing, shown_name

Value = TypeVar("Value")

SMALLEST, LARGEST = Decimal("1e-18"), Decimal("1e15")
MAX_DIGITS = 40
MAX_LEVERAGE = 100

# Texts, which re compiles when they are first used: most alerts need two of them, and with those of
# field_names they would cost every cold start 2 ms.
_NUMBER = r"(?a)[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?"
_GROUPED = r"(?a)[+-]?\d[\d,]*(\.\d+)?"
_LEVERAGE = r"(?a)(\d{1,3})(\.0{1,9})?(:1)?"
_ISO_TIME = r"(?a)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"
_UNIX_SECONDS = r"(?a)(\d{10})(?:\.(\d{1,9}))?"
_UNIX_MILLISECONDS = r"(?a)(\d{10})(\d{3})"
_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_PLACEHOLDER = r"(?a)\{\{(?:strategy|syminfo)(?:\.[a-z_]{1,24}){1,2}\}\}|\{\{[^{}]{0,11}\}\}"
_ONE_BRACE = (
    r"(?a)\{\s*(?:(?:strategy|syminfo)(?:\.[a-z_]{1,24}){1,3}|plot_\d{1,2}|"
    r"ticker|exchange|open|high|low|close|volume|time|timenow|interval)\s*\}"
)
_OF_A_SIZE = ": side says the direction, so send the size without a sign, and side sell to sell"
_NO_VALUE = frozenset({"nan", "na", "n/a", "null", "none"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def agreed(candidates: Sequence[Sent], read: Callable[[Sent], Value]) -> Value | None:
    """What all names of one field say, None if none of them says anything.

    Two that differ are an error.
    """
    present = [sent for sent in candidates if not is_missing(sent.value)]
    values = [read(sent) for sent in present]
    for sent, value in zip(present, values, strict=True):
        if value != values[0]:
            raise AlertMalformed(
                f"{shown_name(present[0].name)} and {shown_name(sent.name)} both mean "
                f"{sent.canonical} and differ: send one.",
                field=sent.canonical,
            )
    return values[0] if values else None


def shown(value: object) -> str:
    """A bad value for a message: whole if it is too short to be a secret, else only what it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = (
        f"{value:f}"
        if isinstance(value, Decimal) and abs(value.adjusted()) <= MAX_ECHO
        else str(value)
    )
    return repr(text) if len(text) <= MAX_ECHO else f"a value of {len(text)} characters"


def unexpanded(value: object) -> str | None:
    """The placeholder that TradingView left in a text (or "a placeholder"),
    None if there is none."""
    if not isinstance(value, str) or not ("{{" in value or "}}" in value):
        return None
    match = re.search(_PLACEHOLDER, value)
    return match[0] if match else "a placeholder"


def grouped_number(value: object) -> bool:
    """Whether it is a number in any notation that TradingView writes, thousands
    separators and "no value" included."""
    if isinstance(value, Decimal):
        return True
    return isinstance(value, str) and bool(
        re.fullmatch(_NUMBER, value)
        or re.fullmatch(_GROUPED, value)
        or value.strip().lower() in _NO_VALUE
        or unexpanded(value)
    )


def number(sent: Sent) -> Decimal:
    """A number greater than zero, exactly as it was written: no rounding, no float."""
    value = _decimal(sent)
    if len(value.as_tuple().digits) > MAX_DIGITS:
        raise sent.fault(f"has more than {MAX_DIGITS} significant digits")
    if value <= 0:
        hint = _OF_A_SIZE if value < 0 and sent.canonical == "volume" else ""
        raise sent.fault(f"must be greater than zero, not {shown(sent.value)}{hint}")
    if not SMALLEST <= value <= LARGEST:
        raise sent.fault("must lie between 1e-18 and 1e15")
    return value


def number_or_zero(sent: Sent) -> Decimal:
    """The same, or 0: the size of a position, which has no sign."""
    value = _decimal(sent)
    if value < 0:
        raise sent.fault(
            f"must be zero or more, not {shown(sent.value)}: the position beside it says the "
            "direction"
        )
    return number(sent) if value else Decimal(0)


def _decimal(sent: Sent) -> Decimal:
    value = sent.value
    if isinstance(value, str):
        text = order_text(sent)
        if "," in text:
            raise sent.fault("holds a comma")
        if len(text) > 64 or not re.fullmatch(_NUMBER, text):
            hint = (
                "; a percentage needs quantity_type"
                if sent.canonical == "volume" and text.endswith("%")
                else ""
            )
            raise sent.fault(
                f"must be a plain decimal number such as 0.001, not {shown(text)}{hint}"
            )
        value = Decimal(text)
    if not isinstance(value, Decimal):
        raise sent.fault(f"must be a number, not {shown(value)}")
    return value


def order_text(sent: Sent) -> str:
    """The text of a field that decides something: expanded, with a value, without
    control characters."""
    value = sent.value
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) <= 64 else str(value)
    if not isinstance(value, str):
        raise sent.fault(f"must be a text, not {shown(value)}")
    if placeholder := unexpanded(value):
        from webhook_core.intake import placeholder_slips  # only a refused value pays for it

        why = placeholder_slips.slip_of(placeholder)
        raise sent.fault(f"still holds {placeholder}: TradingView did not expand it. {why}")
    if "{" in value and re.search(_ONE_BRACE, value):
        raise sent.fault(
            "holds a placeholder with one brace, which TradingView does not expand: write two, as "
            '"{{close}}"'
        )
    if value.strip().lower() in _NO_VALUE:
        raise sent.fault(f"is {value.strip()}: the script had no value there")
    if not value.isprintable() and re.search(_CONTROL, value):
        raise sent.fault("holds a line break or another control character")
    return value


def name_text(limit: int) -> Callable[[Sent], str]:
    """A text of 1 to ``limit`` characters."""

    def read(sent: Sent) -> str:
        text = order_text(sent)
        if len(text) > limit:
            raise sent.fault(f"has {len(text)} characters; at most {limit} are allowed")
        return text

    return read


def leverage(sent: Sent) -> int | None:
    """ "3", "3:1" or 3; none and 1 are no leverage. Which levels a pair has is Kraken's to say."""
    if isinstance(sent.value, str) and sent.value.lower() == "none":
        return None
    match = re.fullmatch(_LEVERAGE, order_text(sent))
    if match is None or not 1 <= int(match[1]) <= MAX_LEVERAGE:
        raise sent.fault(
            f"must be a whole number from 1 to {MAX_LEVERAGE} (3 or 3:1) or none, not "
            f"{shown(sent.value)}"
        )
    return None if int(match[1]) == 1 else int(match[1])


def flag(sent: Sent) -> bool:
    """true or false, as JSON has them or as a quoted placeholder would write them."""
    value = sent.value.lower() if isinstance(sent.value, str) else sent.value
    if value in (True, "true") and not isinstance(value, Decimal):
        return True
    if value in (False, "false") and not isinstance(value, Decimal):
        return False
    raise sent.fault(f"must be true or false, not {shown(sent.value)}")


def json_object(sent: Sent) -> dict[str, Any]:
    if not isinstance(sent.value, dict):
        raise sent.fault(f"must be a JSON object, not {shown(sent.value)}")
    return sent.value


def moment(sent: Sent) -> datetime:
    """Aware UTC from ISO 8601 with a zone, Unix seconds (10 digits, fraction allowed) or
    milliseconds (13 digits)."""
    text = order_text(sent)
    if re.fullmatch(_ISO_TIME, text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # the 13th month, or the year 0 after the zone is taken off: reported below
    elif match := re.fullmatch(_UNIX_SECONDS, text):
        microseconds = int(f"{match[2] or '':0<6}"[:6])
        return _EPOCH + timedelta(seconds=int(match[1]), microseconds=microseconds)
    elif match := re.fullmatch(_UNIX_MILLISECONDS, text):
        return _EPOCH + timedelta(seconds=int(match[1]), milliseconds=int(match[2]))
    raise sent.fault(
        "must be a time such as 2026-02-18T14:30:01Z (send {{timenow}}), or Unix seconds or "
        f"milliseconds, not {shown(sent.value)}"
    )
