"""Equality and repr of the values whose methods are written once instead of generated."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from tests.support.intake import verified
from webhook_core.intake.alert import Alert
from webhook_core.intake.credentials import Credential, Scheme
from webhook_core.intake.field_names import Sent
from webhook_core.kraken.keys import KrakenKey
from webhook_core.ledger.contract import Claimed, Existing
from webhook_core.settings.strategy import SecretText
from webhook_core.trading.requests import NotSent, Unknown
from webhook_core.value import Value

SECRET = "never-to-be-shown"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pair(Value):
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


def test_a_dataclass_stays_frozen_and_can_be_replaced():
    with pytest.raises(FrozenInstanceError):
        Pair("BTC").base = "ETH"
    assert replace(Pair("BTC"), quote="EUR") == Pair("BTC", "EUR")


@pytest.mark.parametrize("kind", [Pair, Plain])
def test_a_repr_names_every_part(kind):
    assert repr(kind("BTC")) == f"{kind.__name__}(base='BTC', quote='USD')"


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
