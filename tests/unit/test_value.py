"""The classes of values whose methods are written once instead of generated: equality and repr, and
that they do what typing's and dataclasses' do."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import pprint
import re
import typing
from dataclasses import FrozenInstanceError, field

import pytest

import webhook_core
from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from webhook_core.intake.credentials import Credential, Scheme
from webhook_core.intake.field_names import Sent
from webhook_core.kraken.signing_keys import KrakenKey
from webhook_core.ledger.contract import Claimed, Existing
from webhook_core.settings.strategy import SecretText
from webhook_core.trading.alert import Alert
from webhook_core.trading.requests import NotSent, Unknown
from webhook_core.value import OFTEN, NamedTuple, Record, Value, replace

SECRET = "never-to-be-shown"


class Pair(Record, Value, frozen=True):
    base: str
    quote: str = "USD"


class Plain(Value):
    __slots__ = ("base", "quote")

    def __init__(self, base, quote="USD"):
        self.base, self.quote = base, quote


class Derived(Plain):
    __slots__ = ()


@pytest.mark.parametrize("kind", [Pair, Plain, Derived])
def test_values_of_one_kind_are_equal_by_all_their_parts(kind):
    assert kind("BTC") == kind("BTC", "USD")
    assert hash(kind("BTC")) == hash(kind("BTC", "USD"))
    assert kind("BTC") != kind("BTC", "EUR")
    assert kind("BTC") != kind("ETH")
    assert len({kind("BTC"), kind("BTC"), kind("ETH")}) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Plain("BTC"), Derived("BTC")),
        (Pair("BTC"), Plain("BTC")),
        (Plain("BTC"), ("BTC", "USD")),
        (NotSent("why"), Unknown("why")),
        (Claimed("entry"), Existing("entry")),
    ],
)
def test_values_of_two_kinds_are_never_equal(one, other):
    assert one != other
    assert other != one


def test_a_record_stays_frozen_and_can_be_replaced():
    with pytest.raises(FrozenInstanceError):
        Pair("BTC").base = "ETH"
    assert replace(Pair("BTC"), quote="EUR") == Pair("BTC", "EUR")


@pytest.mark.parametrize("kind", [Pair, Plain])
def test_a_repr_names_every_part(kind):
    assert repr(kind("BTC")) == f"{kind.__name__}(base='BTC', quote='USD')"


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        KrakenKey(SECRET, SECRET),
        SecretText(Scheme.TOKEN, "WEBHOOK_TOKEN", SECRET),
        Credential(Scheme.TOKEN, "WEBHOOK_TOKEN[0]", SECRET.encode()),
        Sent("token", "token", SECRET),
        verified({"token": SECRET, "note": SECRET}, body=SECRET.encode()),
        Alert(alert_message=SECRET, custom_fields={"note": SECRET}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("form", ["{!r}", "{}", "{!s:>3}"])
def test_nothing_secret_is_in_any_way_to_print_a_value(form, value):
    assert SECRET not in form.format(value)
    assert SECRET not in form.format([value])


class Ours(NamedTuple):
    """Beside typing's own."""

    side: str
    volume: int = 1
    note: str | None = None

    @property
    def doubled(self):
        return 2 * self.volume


class Typings(typing.NamedTuple):
    """Typing's own."""

    side: str
    volume: int = 1
    note: str | None = None

    @property
    def doubled(self):
        return 2 * self.volume


class OursDerived(Ours):
    __slots__ = ()


class TypingsDerived(Typings):
    __slots__ = ()


class OurRecord(Record):
    """Beside dataclasses' own."""

    side: str
    volume: int = 1
    notes: list[str] = field(default_factory=list)


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Dataclass:
    """Dataclasses' own."""

    side: str
    volume: int = 1
    notes: list[str] = field(default_factory=list)


class OurFrozen(Record, frozen=True, kw_only=True):
    side: str = "buy"


@dataclasses.dataclass(slots=True, eq=False, repr=False, frozen=True, kw_only=True)
class FrozenDataclass:
    side: str = "buy"


def first_and_later(act, kind):
    """As long as few of a kind were made, and when its constructor is compiled."""
    return [ends_in(act, kind) for _ in range(OFTEN + 2)]


def ends_in(act, kind):
    """What ``act`` gives for that class, or how it is refused, word for word."""
    try:
        return act(kind)
    except (TypeError, ValueError, AttributeError) as problem:
        names = "|".join(each.__name__ for each in kind.__mro__)
        return re.sub(rf"\b({names})\b", "", f"refused: {problem}")


@row_by_row
@pytest.mark.parametrize(("ours", "own"), [(Ours, Typings), (OursDerived, TypingsDerived)])
@pytest.mark.parametrize(
    "act",
    [
        lambda kind: tuple(kind("buy")),
        lambda kind: tuple(kind("buy", 2, "new")),
        lambda kind: tuple(kind(volume=3, side="sell")),
        lambda kind: tuple(kind("buy", note="late")),
        lambda kind: kind(),
        lambda kind: kind(volume=1),
        lambda kind: kind("buy", side="sell"),
        lambda kind: kind("buy", 1, None, None),
        lambda kind: kind("buy", price=1),
        lambda kind: tuple(kind._make(["buy", 1, None])),
        lambda kind: kind._make(["buy"]),
        lambda kind: kind._make(["buy", 1, None, None]),
        lambda kind: tuple(kind("buy")._replace(volume=7, note="x")),
        lambda kind: kind("buy")._replace(price=7),
        lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__),
        lambda kind: kind("buy")._asdict(),
        lambda kind: (kind("buy") == ("buy", 1, None), kind("buy") == kind("sell")),
        lambda kind: hash(kind("buy")),
        lambda kind: repr(kind("buy")).removeprefix(kind.__name__),
        lambda kind: (kind("buy").side, kind("buy").volume, kind("buy", 4).doubled),
        lambda kind: setattr(kind("buy"), "side", "sell"),
        lambda kind: setattr(kind("buy"), "price", 1),
        lambda kind: copy.deepcopy(kind("buy", 2)) == kind("buy", 2),
        lambda kind: pickle.loads(pickle.dumps(kind("buy", 2))) == kind("buy", 2),
        lambda kind: type(pickle.loads(pickle.dumps(kind("buy")))) is kind,
    ],
)
def test_a_named_tuple_does_what_typings_does(ours, own, act):
    assert first_and_later(act, ours) == first_and_later(act, own)


def parts(value):
    return (value.side, value.volume, value.notes)


@row_by_row
@pytest.mark.parametrize(
    "act",
    [
        lambda kind: parts(kind("buy")),
        lambda kind: parts(kind("buy", 2, ["a"])),
        lambda kind: parts(kind(volume=3, side="sell")),
        lambda kind: parts(kind("buy", notes=["late"])),
        lambda kind: kind(),
        lambda kind: kind("buy", side="sell"),
        lambda kind: kind("buy", 1, [], None),
        lambda kind: kind("buy", price=1),
        lambda kind: kind("buy").notes is kind("buy").notes,
        lambda kind: kind("buy") == kind("buy"),
        lambda kind: len({kind("buy"), kind("buy")}),
        lambda kind: setattr(kind("buy"), "side", "sell"),
        lambda kind: setattr(kind("buy"), "price", 1),
        lambda kind: parts(replace(kind("buy", notes=["a"]), volume=5)),
        lambda kind: replace(kind("buy"), price=5),
        lambda kind: (kind.__match_args__, kind.__slots__),
        lambda kind: parts(copy.deepcopy(kind("buy", 2))),
        lambda kind: parts(dataclasses.replace(kind("buy", notes=["a"]), volume=5)),
        lambda kind: dataclasses.replace(kind("buy"), price=5),
        lambda kind: [each.name for each in dataclasses.fields(kind)],
        lambda kind: [each.default for each in dataclasses.fields(kind("buy"))][:2],
        lambda kind: dataclasses.asdict(kind("buy", notes=["a"])),
        lambda kind: (dataclasses.is_dataclass(kind), dataclasses.is_dataclass(kind("buy"))),
        lambda kind: vars(kind("buy")),
        lambda kind: pprint.pformat(kind("buy")).startswith("<"),
    ],
)
def test_a_record_does_what_a_dataclass_does(act):
    assert first_and_later(act, OurRecord) == first_and_later(act, Dataclass)


@row_by_row
@pytest.mark.parametrize(
    "act",
    [
        lambda kind: kind(side="sell").side,
        lambda kind: kind("sell"),
        lambda kind: kind(price=1),
        lambda kind: (kind(side="sell") == kind(side="sell"), kind.__match_args__),
        lambda kind: setattr(kind(), "side", "sell"),
        lambda kind: delattr(kind(), "side"),
        lambda kind: replace(kind(), side="sell").side,
        lambda kind: copy.deepcopy(kind(side="sell")).side,
        lambda kind: pickle.loads(pickle.dumps(kind(side="sell"))).side,
    ],
)
def test_a_frozen_record_does_what_a_frozen_dataclass_does(act):
    assert first_and_later(act, OurFrozen) == first_and_later(act, FrozenDataclass)


def test_a_record_checks_itself_as_often_as_it_is_made():
    class Positive(Record, frozen=True):
        volume: int

        def __post_init__(self):
            if self.volume <= 0:
                raise ValueError(self.volume)

    for _ in range(OFTEN + 2):
        with pytest.raises(ValueError, match="0"):
            Positive(0)
        with pytest.raises(ValueError, match="-1"):
            replace(Positive(1), volume=-1)


@pytest.mark.parametrize("kind", [Ours, OurRecord, OurFrozen])
def test_a_constructor_is_compiled_for_what_is_made_often(kind):
    name = "__init__" if issubclass(kind, Record) else "__new__"
    space = {"__annotations__": {"side": "str", "volume": "int"}, "volume": 1}
    new = type(kind)("New", kind.__bases__, space)
    new(side="buy")
    assert name not in vars(new)
    for _ in range(OFTEN):
        new(side="buy")
    assert name in vars(new)


def derived(kind):
    return {kind, *(each for below in kind.__subclasses__() for each in derived(below))}


@pytest.mark.parametrize("base", [NamedTuple, Record])
def test_every_class_of_the_package_is_one_whose_constructor_can_be_compiled(base):
    """A part's name, a mutable default, or one before a part without, would fail at the eighth."""
    for module in pkgutil.walk_packages(webhook_core.__path__, "webhook_core."):
        importlib.import_module(module.name)
    kinds = [kind for kind in derived(base) if kind.__module__.startswith("webhook_core.")]
    for kind in [kind for kind in kinds if kind._fields]:
        constructor = kind._library().__init__ if base is Record else kind._constructor()
        _, *said = inspect.signature(constructor).parameters.values()
        assert tuple(part.name for part in said) == kind._fields
        optional = {part.name for part in said if part.default is not part.empty}
        assert optional == {*kind._field_defaults, *getattr(kind, "_factories", ())}
    assert len(kinds) > 10


@pytest.mark.parametrize("kind", [Ours, OurRecord])
def test_a_class_with_parts_gets_no_more_of_them_later(kind):
    with pytest.raises(TypeError, match="more of them"):
        type(kind)("More", (kind,), {"__annotations__": {"price": "int"}})


def test_a_class_may_have_no_part_at_all():
    class Nothing(NamedTuple):
        """As typing's may."""

    class NoRecord(Record):
        """As a dataclass may."""

    for _ in range(OFTEN + 2):
        assert Nothing() == ()
        assert repr(NoRecord().__getstate__()) == "[]"
        with pytest.raises(TypeError):
            Nothing(1)
        with pytest.raises(TypeError):
            NoRecord(side=1)
