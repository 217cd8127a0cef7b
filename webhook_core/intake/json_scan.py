"""Where a text stops being JSON, and what stood around that place. Only for a text that a reader
has refused."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

_SPACE = re.compile(r"[ \t\n\r]*")
_INSIDE_A_TEXT = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NUMBER_OR_WORD = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)
_CLOSES = {"}": "{", "]": "["}


class Needed(Enum):
    """What had to stand at the place of the fault."""

    NAME = auto()
    COLON = auto()
    VALUE = auto()
    COMMA = auto()
    END = auto()
    TEXT = auto()  # inside of a text: its rest


class Fault(NamedTuple):
    """``at``: index of the first character that can't stand there, the text's length for one that
    is missing. ``begins`` and ``ends``: of the last whole part before it (a mark, a text, a
    number),
    or, inside of a text, where that text begins and ``at``. ``name``: of the field that was being
    read. ``open``: what is not closed yet, outermost first."""

    at: int
    wanted: Needed
    begins: int
    ends: int
    name: str | None
    open: str


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.begins = self.ends = 0
        self.wanted = Needed.VALUE
        self.name: str | None = None
        self.open: list[str] = []

    def fault(self) -> Fault | None:
        """None for a text without one."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.wanted is Needed.END and self.at == len(self.text):
                return None
            if not self._part(self.text[self.at : self.at + 1]):
                return self._fault(self.at, self.wanted)

    def _part(self, mark: str) -> bool:
        """Go on behind the part that begins here; False if none does that may."""
        wanted = self.wanted
        if mark == '"' and wanted in (Needed.NAME, Needed.VALUE):
            return self._text()
        if wanted is Needed.COLON and mark == ":":
            return self._moved(1, Needed.VALUE)
        if wanted is Needed.COMMA and mark == ",":
            return self._moved(1, Needed.NAME if self.open[-1] == "{" else Needed.VALUE)
        if mark in _CLOSES:
            return self._closed(mark)
        return wanted is Needed.VALUE and self._value(mark)

    def _value(self, mark: str) -> bool:
        if mark in ("{", "["):
            self.open.append(mark)
            return self._moved(1, Needed.NAME if mark == "{" else Needed.VALUE)
        found = _NUMBER_OR_WORD.match(self.text, self.at)
        return found is not None and self._moved(len(found[0]), self._after_a_value())

    def _text(self) -> bool:
        end = _INSIDE_A_TEXT.match(self.text, self.at + 1).end()  # type: ignore[union-attr]
        if self.wanted is Needed.NAME:
            self.name = None
        if self.text[end : end + 1] != '"':
            self.begins, self.at, self.wanted = self.at, end, Needed.TEXT
            self.ends = end
            return False
        if self.wanted is Needed.NAME:
            self.name = self.text[self.at + 1 : end]
            return self._moved(end + 1 - self.at, Needed.COLON)
        return self._moved(end + 1 - self.at, self._after_a_value())

    def _closed(self, mark: str) -> bool:
        if not self.open or self.open[-1] != _CLOSES[mark]:
            return False
        empty = self.text[self.begins : self.ends] == self.open[-1]
        if self.wanted is not Needed.COMMA and not empty:
            return False
        self.open.pop()
        self.name = None
        return self._moved(1, self._after_a_value())

    def _after_a_value(self) -> Needed:
        return Needed.COMMA if self.open else Needed.END

    def _moved(self, length: int, wanted: Needed) -> bool:
        self.begins, self.ends = self.at, self.at + length
        self.at, self.wanted = self.ends, wanted
        return True

    def _fault(self, at: int, wanted: Needed) -> Fault:
        return Fault(at, wanted, self.begins, self.ends, self.name, "".join(self.open))


def find_fault(text: str) -> Fault | None:
    """The first fault of a text that has to be one JSON value; None if it has none.

    NaN and Infinity are faults. Depth, repeated names and the length of numbers are not looked at.
    """
    return _Scan(text).fault()
