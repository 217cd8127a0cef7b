"""What makes a value of a class: equality by kind and parts, and a repr without secrets.

A dataclass generates these methods anew for each class, which is a third of the 0.3 to 1.2 ms that
it costs at every cold start. Here they are written once, for dataclasses (``eq=False, repr=False``)
and for plain classes with ``__slots__``.

A NamedTuple is made in 0.05 ms. It parses annotations that are text, 10 of them in as much time
again, so the modules with one that a first alert loads have no ``__future__`` import: only the
names that are not defined yet there stand in quotes.
"""

from __future__ import annotations

from typing import ClassVar


class Value:
    """Equal to another where both are of the same kind and every part is. The parts are the
    ``__slots__`` of the class and of those it derives from."""

    __slots__ = ()
    hidden: ClassVar[frozenset[str]] = frozenset()
    """The parts that no repr shows: secrets, and what a sender wrote freely."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _parts(type(self)))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _parts(type(self))))

    def __repr__(self) -> str:
        shown = (name for name in _parts(type(self)) if name not in self.hidden)
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({parts})"


def _parts(kind: type) -> list[str]:
    return [name for each in reversed(kind.__mro__) for name in each.__dict__.get("__slots__", ())]
