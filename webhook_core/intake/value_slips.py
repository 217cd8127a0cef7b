"""Which slip of the pen a value holds that was refused. Nothing of the value is repeated but a
number that is short enough to be shown, and nothing is repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable

from webhook_core.intake.json_characters import CURLY_QUOTES, CURRENCIES, named

_PERCENT_ELSEWHERE = frozenset({"leverage", "display_volume", "market_position_size"})
_NUMBERS = _PERCENT_ELSEWHERE.union(
    ("volume", "percent", "price", "stop_price", "trail", "trail_limit"),
    ("take_profit", "take_profit_limit", "stop_loss", "stop_loss_limit"),
)
_PLAIN = r"(?a)[+#-]?\d+(\.\d+)?([eE][+-]?\d+)?"
_DIGITS = r"(?a:\d+(?:[.,]\d+)*)"
_THOUSANDS = (
    "The value groups thousands: write the digits alone, in Pine with str.tostring(x) instead "
    "of str.format()."
)
_DECIMAL = r"0+,\d+|\d{4,},\d+|\d*,(?:\d{1,2}|\d{4,})"
"""A comma that can be nothing but the decimal sign."""
_TWO_READINGS = r"\d{1,3},\d{3}"
_SEPARATED = r"0\d*(?:[,.'_ \u2019\u00a0\u202f\u2009]\d+)+"
_OF_NUMBERS = (
    (r"(?i)inf(?:inity)?|∞", "The value is endless: send an alert only when its values exist."),
    (
        r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})",
        "The value has points for thousands: the decimal sign is a point, thousands have none.",
    ),
    (r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", _THOUSANDS),
    (
        r"[1-9]\d*(?:,\d+){2,}(?:\.\d+)?",
        "The value has more than one comma: write the digits alone, and a point for the decimals.",
    ),
    (r"[1-9]\d*(?:['_ \u2019\u00a0\u202f\u2009]\d+)+(?:\.\d+)?", _THOUSANDS),
    (r"\.\d+|\d+\.", "A digit has to stand on both sides of the point, as in 0.5."),
    (r"\d+(?:\.\d+){2,}", "The value has more than one point: write one, as in 0.5."),
    (
        _SEPARATED,
        "A number that begins with 0 groups no thousands: write it with one point, as in 0.5.",
    ),
    (
        r".*[\d)]\s*(?:[*/^+-]|\u00d7| x )\s*[\d(.].*|=.*|\w*\(.*",
        "The value is a calculation, and nobody works it out: do so in Pine and send the number.",
    ),
    (
        r"(?i)open|high|low|close|volume|contracts|price|qty|quantity|plot_\d+",
        'The value is a name and no number: put the placeholder in two braces, as "{{close}}".',
    ),
    (
        rf"(?:[{CURRENCIES}~≈<>@]|[^\W\d_]{{1,12}})\s*[+-]?{_DIGITS}|"
        rf"{_DIGITS}\s*(?:[{CURRENCIES}]|[^\W\d_][^\W_]{{0,11}}(?:/[^\W_]{{1,12}})?)",
        "The value holds a unit, or a sign beside the number: send the number alone.",
    ),
)
_TIMES = frozenset({"fired_at", "expires", "starts"})
_DAY, _HOUR, _ZONE = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?", r"(?:[Zz]|[+-][\d:]+)"
_OF_TIMES = (
    (_DAY, "The value is a date without a time."),
    (
        rf"{_DAY}[Tt ]{_HOUR}",
        "The time has no zone: add Z if it is UTC, else its offset, such as +01:00.",
    ),
    (
        rf"{_DAY}[Tt ]{_HOUR} ?[A-Za-z]{{2,4}}",
        "The zone is no word: write Z for UTC, or an offset such as +01:00.",
    ),
    (rf"{_DAY} {_HOUR} ?{_ZONE}", "Between date and time stands a T, and no blank."),
    (rf"{_DAY}[Tt]\d\d:\d\d{_ZONE}", "The time has no seconds."),
    (rf"{_DAY}[Tt]{_HOUR}[+-](?:\d\d|\d{{4}})", "The zone needs a colon, as in +00:00."),
)
_NAME_ALONE = r"(?a)(?:strategy|syminfo)(?:\.[a-z_]{1,24}){1,3}"
_OF_ANOTHER_KIND = (
    r"(?a)<[\w .]{1,40}>|%\w{1,40}%|\[[\w .]{1,40}\]|\$[A-Za-z_]\w{0,40}|%\(\w{1,40}\)s"
)
_QUOTES = "\"'`" + CURLY_QUOTES


def slip_of(field: str, text: str, most_shown: int) -> str | None:
    """One sentence, or None where no slip is known. ``field`` is our name for it. ``most_shown``:
    characters of a number that may be repeated."""
    if "{{" in text or "}}" in text:
        return None
    bare = text.strip()
    if bare and bare != text:
        edge = text[0] if text[0].isspace() else text[-1]
        what = "a blank" if edge == " " else named(edge)
        return f"The value has {what} at an end: remove it."
    return (
        _around(bare)
        or (_of_number(bare, most_shown) if field in _NUMBERS else None)
        or (_first(_OF_TIMES, bare) if field in _TIMES else None)
        or _odd_sign(field, bare)
    )


def _around(text: str) -> str | None:
    """What stands around the value, or in its place."""
    if re.match(r'[{\[]\s*["{\[]', text):
        return (
            "The value is JSON inside of a text: send it without its outer quotes and backslashes."
        )
    if len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES:
        return "The value has quotes of its own: remove those inside."
    if re.fullmatch(_NAME_ALONE, text):
        return (
            "The value is the name of a placeholder: put it in two braces, as "
            '"{{strategy.order.action}}".'
        )
    if re.fullmatch(_OF_ANOTHER_KIND, text):
        return (
            "The value is a placeholder of another kind: TradingView has two braces, as "
            '"{{close}}".'
        )
    return None


def _of_number(text: str, most_shown: int) -> str | None:
    """Its sign and its percent sign do not matter here."""
    if len(text) > 64 or re.fullmatch(_PLAIN, text):
        return None
    if re.fullmatch(r"(?a)[+#-]?\d+(\.\d+)?\s+%", text):
        return "A blank stands before the percent sign: remove it."
    number = text.removesuffix("%").lstrip("+#-")
    if re.fullmatch(rf"(?a:{_DECIMAL}|{_TWO_READINGS})", number):
        return _comma(text, number, most_shown)
    return _first(_OF_NUMBERS, number)


def _first(table: Iterable[tuple[str, str]], text: str) -> str | None:
    """What the first row says that the text is."""
    return next((says for pattern, says in table if re.fullmatch(pattern, text, re.ASCII)), None)


def _comma(text: str, number: str, most_shown: int) -> str:
    """One comma in a number, which may only be told to go where it can't be the decimal sign."""
    if len(text) > most_shown:
        return "The value holds a comma: the decimal sign is a point, as in 0.5."
    whole, decimals = number.split(",")
    point = text.replace(number, f"{whole.lstrip('0') or '0'}.{decimals}")
    if re.fullmatch(_DECIMAL, number):
        return f"The decimal sign is a point: write {point} instead of {text}."
    alone = text.replace(",", "")
    return (
        f"Write {point} if the comma is the decimal sign, or {alone} if it groups thousands (in "
        "Pine with str.tostring(x) instead of str.format())."
    )


def _odd_sign(field: str, text: str) -> str | None:
    if field in _PERCENT_ELSEWHERE and text.endswith("%"):
        return "The value is no percentage: send the number alone."
    odd = next((character for character in text if not character.isascii()), None)
    return f"The value holds {named(odd)}: type it again." if odd and field != "symbol" else None
