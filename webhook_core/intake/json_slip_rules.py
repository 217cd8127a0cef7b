"""The slips that are known, as tables: what stands at the fault, and what is said of it. The first
row that matches counts.

Patterns are matched where the fault is (in BEFORE_A_NAME: where the part before it begins). The
last row of a table is its last word, after the characters of json_characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from webhook_core.intake.json_characters import CURLY_QUOTES, CURRENCIES
from webhook_core.intake.json_scan import Fault


class Hint(NamedTuple):
    """``back``: the slip lies where the part before the fault begins. ``of_value``: in the value of
    the field in hand."""

    pattern: str
    says: str
    back: bool = False
    of_value: bool = True


class Slip(NamedTuple):
    """``at``: index of the character at fault. ``says``: what is wrong and how to mend it, without
    a full stop."""

    at: int
    says: str
    of_value: bool = False


Rules = Sequence[Hint]


def first(table: Rules, text: str, fault: Fault, at: int | None = None) -> Slip | None:
    """What the first row says that matches at ``at``, by default at the fault."""
    where = fault.at if at is None else at
    for rule in table:
        if re.compile(rule.pattern).match(text, where):
            return Slip(fault.begins if rule.back else fault.at, rule.says, rule.of_value)
    return None


def _between(*rows: tuple[str, str]) -> list[Hint]:
    return [Hint(pattern, says, of_value=False) for pattern, says in rows]


EMPTY = (
    "Either the alert's Message is empty, or it is {{strategy.order.alert_message}} and the "
    "script's order has no alert_message"
)
TEXTS = (
    "as {{strategy.order.comment}}, {{strategy.order.id}} and {{strategy.order.alert_message}} can"
)
UNESCAPED = f'a text holds an unescaped quote, {TEXTS}: write \\", or leave it out'
NO_CLOSING_QUOTE = "the closing quote of the text that begins there is missing"
_NO_OPENING_QUOTE = "the opening quote of a text is missing"
_CALCULATES = (
    "a calculation stands there, and nobody works it out, neither TradingView nor this function: "
    "work it out in Pine and send the number"
)
_UNEXPANDED = (
    "a placeholder that TradingView did not expand: was this sent by hand? Else check its "
    "spelling, {{strategy.…}} works in strategy alerts only, and put every placeholder in double "
    "quotes"
)
_ONE_BRACE = 'one brace stands where a placeholder has two: write "{{close}}", in double quotes'
_PLAIN = (
    "the body is plain text, not a JSON object. TradingView sends what stands in the alert's "
    "Message: put the JSON message there"
)
_NO_VALUE = (
    " stands there, which is no JSON: the script had no value (na), or an endless one. Put every "
    "placeholder in double quotes, and send an alert only when its values exist"
)
_THOUSANDS = (
    "groups thousands: write the digits alone, in Pine with str.tostring(x) instead of str.format()"
)
_DECIMAL = "a number holds a comma: the decimal sign is a point, as in 0.5"
_TWO_READINGS = (
    "a number holds a comma: as the decimal sign write a point (1.500), for thousands none (1500)"
)
_MISSING_COMMA = "a comma is missing between two fields"
_A_NAME = r'"[^"\n]{0,128}"\s*:'
_WORD = r"[^\W\d][\w.-]{0,60}"
_PLACEHOLDER = r'\{\{(?:plot\("[^"{}]{0,80}"\)|[^{}":]{1,80})\}\}'

WRONG_END = re.compile(rf"[{CURLY_QUOTES}]\s*(?:[,:}}\]]|\Z)|'\s*[,:}}\]]\s*\Z")
"""A quote of another kind where a text may end. Searched up to the text's end only, which is
\\Z."""

COMMENT = _between((r"//|/\*|<!--|--|#(?!\d)", "a comment stands there: JSON has none, remove it"))
BEFORE_THE_OBJECT = _between(
    ("```", "Markdown's ``` stands around the object: remove it"),
    (rf"['`{CURLY_QUOTES}]\s*\{{", "quotes stand around the whole object: remove them"),
    (r"<", "the body is markup (HTML or XML), not a JSON object"),
    (r"(?a)[\w.%\[\]-]{1,64}=", "the body is form-encoded (name=value), not a JSON object"),
)
NO_OBJECT = _between(
    (r'"[^"\n]{0,128}"\s*:', "the braces { } around the fields are missing"),
    (r'"', "the body begins with a quote: it has to begin with {"),
    (r"\}", "the opening brace is missing"),
    (r"[^{]*\{(?!\{)", "text stands before the JSON object, which has to begin the message"),
    (
        r"(?a)[\w-]{1,32}:[^\n]*\n\s*[\w-]{1,32}:",
        "the body has lines of name: value: a JSON object has braces and double quotes",
    ),
    (r"", _PLAIN),
)
BEHIND_THE_OBJECT = _between(
    (r"\}", "a closing brace too many stands there"),
    (r"\]", "a closing bracket too many stands there"),
    (
        r"[{\[]",
        "a second object begins there: an alert is one, and several orders stand in its orders",
    ),
    (r",", "a comma stands after the end of the JSON object: remove it"),
    (r";", "a semicolon stands after the end of the JSON object: remove it"),
    (r"", "text stands after the end of the JSON object"),
)
IN_A_TEXT = [
    Hint(r"\Z", f"{NO_CLOSING_QUOTE}, or the end of the message is", back=True),
    Hint(r"\\", f"a text holds a backslash, {TEXTS}: write it twice (\\\\), or leave it out"),
    Hint(rf"[\r\n]\s*(?:{_A_NAME}|[}}\]])", NO_CLOSING_QUOTE, back=True),
]
BEFORE_A_NAME = [
    Hint(
        r",\s*\}", "a comma stands before the closing brace: remove it", back=True, of_value=False
    ),
    Hint(r"[{,]\s*,", "a comma stands there without a field before it", of_value=False),
    Hint(_PLACEHOLDER, _UNEXPANDED, back=True),
    Hint(r"\{\s*\{", "two braces stand where one has to", of_value=False),
    Hint(r"(?a)\{\s*[a-zA-Z_][\w.]{0,60}\s*\}", _ONE_BRACE, back=True),
    # Behind 0 alone, or four digits, no comma groups thousands: without it 0,001 would be 1.
    Hint(r"(?<=[^\d.]0),\s*\d|(?<=\d{4}),\s*\d", _DECIMAL, back=True),
    Hint(
        r"(?<=\d),\s*\d{3}(?:,\d{3}|\.\d)", f"a number holds a comma, which {_THOUSANDS}", back=True
    ),
    Hint(r"(?<=\d),\s*\d{3}(?!\d)", _TWO_READINGS, back=True),
    Hint(r"(?<=\d),\s*\d", _DECIMAL, back=True),
]
AT_A_NAME = _between(
    (r"\Z", "the body ends there, and the closing brace is missing"),
    (r"\]", "a bracket stands there where a brace has to close"),
    (rf'{_WORD}"', _NO_OPENING_QUOTE),
    (_WORD, "a name stands there without double quotes"),
    (r"", "the name of a field in double quotes has to stand there"),
)
AT_A_COLON = _between(
    (r"\Z", "the body ends there, behind the name of a field"),
    (r"=", "an equals sign stands there: between name and value stands a colon"),
    (rf"[,}}\]]|{_A_NAME}", "a name has no value: a colon and a value have to follow it"),
    (r"", "the colon between name and value is missing"),
)
AT_A_VALUE = [
    Hint(r"\Z", "the body ends there, and a value is missing"),
    Hint(r"(?<=,)\s*\]", "a comma stands before the closing bracket: remove it", of_value=False),
    Hint(
        r"[,}\]]",
        "the value is missing: a placeholder that is not quoted and is empty leaves nothing there",
    ),
    Hint(r"[:=]", "a colon or an equals sign too many stands there"),
    Hint(r"\$\{", _ONE_BRACE),
    Hint(rf"[{CURRENCIES}]", "a currency sign stands before a number: send the number alone"),
    Hint(r"\+[.\d]", 'a plus sign stands before a number: leave it out, or quote an offset ("+5")'),
    Hint(r"-?\.\d", "a number begins with a point: put a 0 before it, as in 0.5"),
    Hint(r"#\d", 'an offset stands without double quotes: write "#1.5%"'),
    Hint(r"[(*/^]", _CALCULATES),
    Hint(r"(?i)nan\b", f"NaN{_NO_VALUE}"),
    Hint(r"(?i)-inf", f"-Infinity{_NO_VALUE}"),
    Hint(r"(?i)\+?inf(?:inity)?\b|-?\u221e", f"Infinity{_NO_VALUE}"),
    Hint(r"na\b|undefined\b", f"na{_NO_VALUE}"),
    Hint(r"(?i)true\b", "a word in capitals stands there, as Python has it: write true"),
    Hint(r"(?i)false\b", "a word in capitals stands there, as Python has it: write false"),
    Hint(r"(?i)(?:none|null)\b", "Python's None, or null in capitals, stands there: write null"),
    Hint(rf'{_WORD}"', _NO_OPENING_QUOTE),
    Hint(
        _WORD,
        "a text stands there without double quotes: every text and every placeholder needs them",
    ),
    Hint(r"-", "a minus stands there without a number: write it as in -0.5"),
    Hint(r"", "a value has to stand there: a text in double quotes, a number, true, false or null"),
]
BEHIND_A_VALUE = [
    Hint(r"\Z", "the body ends there, and its closing brace or bracket is missing", of_value=False),
    Hint(
        r"[}\]]",
        "a brace and a bracket close each other: [ ends with ] and { with }",
        of_value=False,
    ),
    Hint(rf"{_A_NAME}|[{{\[]", _MISSING_COMMA, of_value=False),
]
BEHIND_A_TEXT = [
    Hint(r'[+*/^-]\s*["\d(]', _CALCULATES),
    Hint(r":", "a second colon stands there: a comma or a quote is missing before it"),
]
BEHIND_A_NUMBER = [
    Hint(
        r"(?<=\d)\d",
        "a number begins with a zero: write 7 instead of 007, or 0.07 where a point is missing",
    ),
    Hint(
        r"(?<=[^\d.]0)['_\u2019\u00a0\u202f\u2009]\d|(?<=[^\d.]0 )\d",
        "a mark or a blank stands behind a 0: the decimal sign is a point, as in 0.5",
    ),
    Hint(r"(?<=\d)['_\u2019\u00a0\u202f\u2009]\d", f"a number holds a mark that {_THOUSANDS}"),
    Hint(r"\d", "a number holds a blank, or a comma is missing: write the digits alone"),
    Hint(
        r"%",
        'a percent sign stands behind a number: quote it ("5%") where a percentage may '
        "stand, and leave it out elsewhere",
    ),
    Hint(r"\.", "a number has a point too many, or no digit behind its point: write it as in 0.5"),
    Hint(r":|-\d\d-\d\dT", "a time stands there without double quotes"),
    Hint(r"[+*/^(-]", _CALCULATES),
    Hint(
        rf"[{CURRENCIES}]|[^\W\d_]",
        "a unit or another text stands behind a number: send the number alone",
    ),
    Hint(r"", "a comma is missing, or text stands behind a number"),
]
BEHIND_A_WORD = _between(
    (r'"', _MISSING_COMMA), (r"", "a comma is missing, or text stands behind a value")
)
