"""The characters that JSON does not know and that word processors, phones and scripts put there."""

from __future__ import annotations

CURLY_QUOTES = (
    "\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\uff02"
    "\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\uff07"
)
CURRENCIES = "$\u20ac\u00a3\u00a5\u20bf\u20b9\u20a9\u20ba"
_FULL_WIDTH = {"\uff1a": ":", "\uff0c": ",", "\uff1b": ";", "\uff5b": "{", "\uff5d": "}"}
_NAMES = {
    "\u00a0": "a non-breaking space",
    "\u202f": "a narrow non-breaking space",
    "\u3000": "a full-width space",
    "\ufeff": "a byte order mark",
    "\u200b": "a zero-width space",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
    "\u00ad": "a soft hyphen",
    "\u2060": "a word joiner",
    "\u2212": "a minus sign that is no hyphen",
    "\u2013": "a dash that is no hyphen",
    "\u221e": "an infinity sign",
    "\x00": "a NUL character, as UTF-16 has",
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    **dict.fromkeys(CURLY_QUOTES, "a curly quote"),
}
_SAID = {
    **dict.fromkeys("\u2212\u2013\u2014", "a dash stands there that is no minus: type a minus (-)"),
    "'": 'a single quote stands there: JSON has straight double quotes (") only',
    "`": 'a backtick stands there: JSON has straight double quotes (") only',
    "\u00b4": 'a backtick stands there: JSON has straight double quotes (") only',
    ";": "a semicolon stands there: fields are parted by commas",
    "\\": "a backslash stands there, outside of a text: the message is escaped once too often",
    **{
        wide: f"a full-width {plain} stands there: write {plain}"
        for wide, plain in _FULL_WIDTH.items()
    },
}


def named(character: str) -> str:
    """ "a non-breaking space (U+00A0)", "a control character (U+0007)", "a character (U+20AC)"."""
    kind = _NAMES.get(character)
    if kind is None and "\u2000" <= character <= "\u200f":
        kind = "a space of another width"
    if kind is None:
        kind = "a character" if character.isprintable() else "a control character"
    return f"{kind} (U+{ord(character):04X})"


def slip_of(character: str) -> str | None:
    """What a character does that may stand in a text and nowhere else; None for one without a
    story."""
    if character in CURLY_QUOTES:
        return f'{named(character)} stands there: write straight double quotes (")'
    if character in _SAID:
        return _SAID[character]
    if character in _NAMES or not character.isprintable() or character.isspace():
        return (
            f"{named(character)} stands there: remove it. A copied text can hold what is not seen"
        )
    return None
