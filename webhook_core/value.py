"""Classes of values that cost little to make: to a type checker, and to whoever uses one, what
typing.NamedTuple and dataclasses are.

Those write and compile source text for each class: 0.06 ms for a NamedTuple, 0.25 to 1 ms for a
dataclass. A first alert loads some ninety of them, and make bench bounds what it costs on top of
bare krakenex; they were half of that. Here the methods are written once and go by the parts of a
class, which are its annotations: a class takes 0.01 ms. The annotations stay text, by the
``__future__`` import: nothing evaluates or parses them.

The library's own constructor answers whatever is not plainly right, in its own words, and all that
is made of a kind of which there are many.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, dataclass_transform

OFTEN = 8
"""So many of one kind, more than a first alert makes, are made by what goes by the parts; then the
library's constructor for those parts takes over, which is two to four times as fast."""
_made: Counter[type] = Counter()
_new_tuple, _set = tuple.__new__, object.__setattr__


class Value:
    """Equal to another where both are of the same kind and every part is. The parts are the
    ``__slots__`` of the class and of those it derives from."""

    __slots__ = ()
    hidden: ClassVar[frozenset[str]] = frozenset()
    """The parts that no repr shows: secrets, and what a sender wrote freely."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _slots(type(self)))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _slots(type(self))))

    def __repr__(self) -> str:
        shown = (name for name in _slots(type(self)) if name not in self.hidden)
        return _written(self, {name: getattr(self, name) for name in shown})


def _slots(kind: type) -> list[str]:
    return [name for each in reversed(kind.__mro__) for name in each.__dict__.get("__slots__", ())]


def _written(value: object, parts: Mapping[str, object]) -> str:
    text = ", ".join(f"{name}={part!r}" for name, part in parts.items())
    return f"{type(value).__qualname__}({text})"


def _fields(space: Mapping[str, Any], bases: Iterable[Any]) -> tuple[str, ...]:
    """The annotated names of a class body; none where the class only derives from one with parts.

    Raises TypeError where it can't tell."""
    if "__annotate_func__" in space or "__annotate__" in space:  # Python 3.14: not there yet
        raise TypeError("the module needs: from __future__ import annotations")
    fields = tuple(space.get("__annotations__", ()))
    if fields and any(getattr(base, "_fields", ()) for base in bases):
        raise TypeError("a class with parts can't get more of them in one that derives from it")
    return fields


def _completed(
    kind: Any, given: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Any, ...] | None:
    """Every part of a new value, in order; None where the call must be refused."""
    fields = kind._fields
    said = {**dict(zip(fields, given, strict=False)), **named}
    parts = {**kind._field_defaults, **said}
    in_order = tuple(parts[name] for name in fields if name in parts)
    said_once = len(said) == len(given) + len(named)
    return in_order if said_once and len(in_order) == len(parts) == len(fields) else None


def _is_made_often(kind: type) -> bool:
    """Counts one more. Threads that race may lose one, or both compile: either does no harm."""
    _made[kind] += 1
    return _made[kind] >= OFTEN


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414  it is to be had from here
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414
else:
    # What reads one part of a tuple by its number, in C.
    _Part = type(vars(namedtuple("_", "part"))["part"])

    class _TupleKind(type):
        def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> Any:
            if fields := _fields(space, bases):
                defaults = {part: space[part] for part in fields if part in space}
                space.update((part, _Part(number, "")) for number, part in enumerate(fields))
                space.update(_fields=fields, _field_defaults=defaults, __match_args__=fields)
            return super().__new__(mcs, name, bases, {"__slots__": (), **space})

    class NamedTuple(tuple, metaclass=_TupleKind):
        """As typing's, but for generic ones."""

        _fields, _field_defaults = (), {}  # of a class that tells only which it is

        def __new__(cls, /, *given: Any, **named: Any) -> Self:
            if named or len(given) != len(cls._fields):
                parts = _completed(cls, given, named)
                if parts is None:
                    return cls._constructor()(cls, *given, **named)
                if _is_made_often(cls):
                    cls.__new__ = cls._constructor()
                return _new_tuple(cls, parts)
            return _new_tuple(cls, given)

        @classmethod
        def _constructor(cls) -> Callable[..., Self]:
            """The library's own."""
            defaults = cls._field_defaults.values()
            return namedtuple(cls.__name__, cls._fields, defaults=defaults).__new__

        @classmethod
        def _make(cls, parts: Iterable[Any]) -> Self:
            made = _new_tuple(cls, parts)
            if len(made) != len(cls._fields):
                raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
            return made

        def _replace(self, /, **changes: Any) -> Self:
            changed = _new_tuple(type(self), map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"Got unexpected field names: {[*changes]!r}")
            return changed

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return _written(self, self._asdict())

    def replace(value: Any, /, **changes: Any) -> Any:
        """As dataclasses' own, which a Record goes through too, only slower."""
        if not isinstance(value, Record):
            return dataclasses.replace(value, **changes)
        return type(value)(**{**{name: getattr(value, name) for name in value._fields}, **changes})


def _refuse(_value: object, name: str, *new: object) -> NoReturn:
    act = "assign to" if new else "delete"
    raise dataclasses.FrozenInstanceError(f"cannot {act} field {name!r}")


class _OfLibrary:
    """An attribute of the class that is that of the dataclass it is like."""

    def __set_name__(self, _kind: type, name: str) -> None:
        self._name = name

    def __get__(self, _value: object, kind: Any) -> Any:
        return getattr(kind._library(), self._name)  # noqa: SLF001  of a Record, below


@dataclass_transform(field_specifiers=(dataclasses.field,))
class _RecordKind(type):
    """``frozen`` and ``kw_only`` are those of dataclasses."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        space: dict[str, Any],
        *,
        frozen: bool = False,
        kw_only: bool = False,
    ) -> Any:
        if fields := _fields(space, bases):
            said = {part: space.pop(part) for part in fields if part in space}
            made = {
                part: default.default_factory
                for part, default in said.items()
                if isinstance(default, dataclasses.Field)
            }
            given = {part: default for part, default in said.items() if part not in made}
            space.update(_fields=fields, _field_defaults=given)
            space.update(__match_args__=() if kw_only else fields)
            space.update(_factories=made, _kw_only=kw_only, _frozen=frozen, __slots__=fields)
        if frozen:
            space |= {"__setattr__": _refuse, "__delattr__": _refuse}
        return super().__new__(mcs, name, bases, {"__slots__": (), **space})


class Record(metaclass=_RecordKind):
    """Its annotations are its parts, its ``__slots__`` and what it is made of, as in a dataclass
    with slots. Equal to itself alone; with Value beside it, to what is equal in every part."""

    if TYPE_CHECKING:  # there each class has a constructor of its own
        _fields: ClassVar[tuple[str, ...]]
        _field_defaults: ClassVar[Mapping[str, Any]]
    else:
        _fields, _field_defaults, _factories, _frozen, _kw_only = (), {}, {}, False, False
        # What dataclasses' own functions, and others by them, know a dataclass by.
        __dataclass_fields__, __dataclass_params__ = _OfLibrary(), _OfLibrary()

        def __init__(self, /, *given: Any, **named: Any) -> None:
            rest = self._fields[len(given) :]
            made = {name: make() for name, make in self._factories.items() if name in rest}
            parts = _completed(type(self), given, {**made, **named})
            if parts is None or (given and self._kw_only):
                self._library().__init__(self, *given, **named)  # raises
            self.__setstate__(parts)
            self.__post_init__()
            if _is_made_often(type(self)):
                type(self).__init__ = self._library().__init__

        @classmethod
        @cache
        def _library(cls) -> type:
            """The dataclass that it is like, of the same parts."""
            field = dataclasses.field
            said = {name: field(default=part) for name, part in cls._field_defaults.items()}
            said |= {name: field(default_factory=make) for name, make in cls._factories.items()}
            return dataclasses.make_dataclass(
                cls.__qualname__,
                [(name, Any, said.get(name, field())) for name in cls._fields],
                namespace={"__post_init__": cls.__post_init__},
                eq=False,
                repr=False,
                frozen=cls._frozen,
                kw_only=cls._kw_only,
            )

        def __getstate__(self) -> list[Any]:  # as copy and pickle want it
            return [getattr(self, name) for name in self._fields]

        def __setstate__(self, parts: Iterable[Any]) -> None:
            for name, part in zip(self._fields, parts, strict=True):
                _set(self, name, part)  # past what makes it frozen

    def __post_init__(self) -> None:
        """What a class checks of a new one. It raises what it finds."""
