"""What a firing wants, and what is to be sent for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from webhook_core.ledger.entry import LedgerEntry, Unit
from webhook_core.planning.own_changes import NONE_COUNTED, CountedOrders
from webhook_core.trading.plans import Plan
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.rules import TradingRules
from webhook_core.value import NamedTuple

if TYPE_CHECKING:
    from webhook_core.planning.own_orders import OwnOrders
    from webhook_core.planning.reservations import Reservations
    from webhook_core.trading.facts import RestingOrder
    from webhook_core.trading.instruments import Instrument
    from webhook_core.trading.intent import Intent, PositionIntent
    from webhook_core.trading.missed_alert import Told


class Wants(NamedTuple):
    """What one firing wants, a leg each; ``strategy`` is whose, and ``bound`` whether its
    credential is that strategy's alone. ``refused``, where one leg is planned again, is its entry:
    that order is none that a figure of Kraken's may lack. ``least``: sell what is shown free,
    for an order of ours has no outcome (planning.least_held). ``told``: where the alert
    says that its strategy was, if that is looked at. ``own``: the unit of leg 0, where a
    limit of holdings has to know which places are the alert's already."""

    intents: tuple[Intent, ...]
    rules: TradingRules
    strategy: str
    bound: bool = False
    refused: Unit | None = None
    least: bool = False
    told: Told | None = None
    own: Unit | None = None

    @property
    def catches_up(self) -> bool:
        """Whether what is sent follows from what is held, should an alert have been lost before."""
        owner = None if self.told is None else self.rules.missed_alert_owner
        guards = None if owner is None else owner.guards
        return guards is not None and guards.on_missed_alert == "catch_up"


class Line(NamedTuple):
    """The line that the orders of a strategy in one pair take turns in, and its mark from before
    the facts were read. ``passes``: an order of it that has no outcome is no reason to wait."""

    name: str
    mark: str
    passes: bool = False

    @classmethod
    def of(cls, own: OwnOrders, strategy: str, pair: Instrument, *, passes: bool = False) -> Line:
        """As it is now. Raises LedgerUnavailable."""
        name = f"{own.mode}/{own.account}/{strategy}/{pair.key}"
        return cls(name, own.ledger.mark(name), passes)


class Unsent(NamedTuple):
    """``denied``: entries as they are to be written. ``left``: leg 0 of alerts whose
    unclaimed legs are to be denied. ``awaited``: entries of alerts that a resend may
    claim, and that may be meant."""

    denied: tuple[LedgerEntry, ...] = ()
    left: tuple[LedgerEntry, ...] = ()
    awaited: tuple[LedgerEntry, ...] = ()

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.denied or self.left)

    def and_(self, other: Unsent) -> Unsent:
        """Each entry once."""
        both = zip(self, other, strict=True)
        return Unsent(
            *(tuple({entry.unit: entry for entry in (*one, *two)}.values()) for one, two in both)
        )


class Decided(NamedTuple):
    """What is to be sent, one request a leg.

    ``nothing`` says why there is none, of ``symbol`` for people. ``independent``: one that fails
    stops no other. ``line`` is None unless what is sent follows from what the account holds, as
    ``figures`` show it, with the orders of ours in them that are ``counted``.
    ``sources``: which of the alert's intents each request is for. ``unsent``: the orders that were
    never sent, and that a cancel means.
    ``reserves``: what its claim leaves for plans under a limit of holdings. ``canceled``: the
    orders that it cancels, as Kraken has just shown them. ``target``: where an order goes in place
    of what its alert asked for, since one was lost before it.
    """

    plan: Plan
    nothing: str = ""
    symbol: str = ""
    independent: bool = False
    line: Line | None = None
    figures: Mapping[str, Decimal] = MappingProxyType({})
    counted: CountedOrders = NONE_COUNTED
    sources: tuple[int, ...] = ()
    unsent: Unsent = Unsent()
    reserves: Reservations | None = None
    canceled: tuple[RestingOrder, ...] = ()
    target: PositionIntent | None = None

    @property
    def requests(self) -> tuple[OrderRequest, ...]:
        return self.plan.requests
