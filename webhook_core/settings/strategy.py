"""What is set for one strategy, and a secret with the place that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from webhook_core.settings.secret_values import Secret
from webhook_core.trading.orders import QuantityType
from webhook_core.trading.rules import Guards, Limits
from webhook_core.value import NamedTuple, Value

if TYPE_CHECKING:
    from webhook_core.settings.expectations import Expected

Scheme = Literal["token", "secret"]
SCHEMES: tuple[Scheme, ...] = ("token", "secret")


class Strategy(NamedTuple):
    """Limits beside the global ones, never instead of them.

    None: no limit of its own. ``volume`` counts what ``quantity_type`` says; ``size_fixed``: no
    alert may name another size. ``notify``: who is told of it beside NOTIFY; ``notify_about``: of
    what, as it was written; ``expect_every``: how often its alerts come. ``close``: whether it
    closes what it bought, or all that is held.
    """

    name: str
    allowed_symbols: tuple[str, ...] | None = None
    max_order_cost: Mapping[str, Decimal] | None = None
    volume: Decimal | None = None
    quantity_type: QuantityType = "base"
    size_fixed: bool = False
    guards: Guards | None = None
    notify: tuple[Secret, ...] = ()
    expect_every: Expected | None = None
    close: Literal["own", "all"] | None = None
    notify_about: str | None = None

    @property
    def limits(self) -> Limits:
        return Limits(self.allowed_symbols, self.max_order_cost, self.name, self.guards)


class SecretText(Value):
    """A secret as it was written, with where: ``source`` goes into logs and
    messages, the text never does."""

    __slots__ = ("scheme", "source", "strategy", "text")
    hidden = frozenset({"text"})

    def __init__(self, scheme: Scheme, source: str, text: str, strategy: str | None = None) -> None:
        self.scheme = scheme
        self.source = source
        self.text = text
        self.strategy = strategy
