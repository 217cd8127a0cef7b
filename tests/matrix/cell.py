"""What a cell of the matrix is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.matrix.venue_faults import VenueFault
from tests.support import kraken_faults as faults

DELIVERIES = 4
ACCEPTED, REJECTED, NOT_PLACED, EXPIRED = "ACCEPTED", "REJECTED", "NOT_PLACED", "EXPIRED"
Alert = Literal["market", "limit", "without id", "limit off the new tick", "capped without price"]


@dataclass(frozen=True)
class Expected:
    """``answers``: the codes of the deliveries in order. ``last_word``: the ledger's,
    None without an entry."""

    answers: tuple[str, ...]
    orders: int
    last_word: str | None


@dataclass(frozen=True)
class LedgerFault:
    """The ``nth`` call of a method fails, before it has written or after.

    ``method`` "every": all calls of all deliveries.
    """

    method: str
    nth: int = 1
    when: Literal["before", "after"] = "before"

    @property
    def name(self) -> str:
        if self.method == "every":
            return "every call of the ledger fails"
        return f"{self.method} no. {self.nth} fails {self.when} it has done its work"


@dataclass(frozen=True)
class Reads:
    """The first look-ups of a kind fail: those of TradingView's redeliveries, and of the
    first reconcile run."""

    endpoint: Literal["OpenOrders", "ClosedOrders"]
    name: str
    make: Callable[[str], faults.Fault]


@dataclass(frozen=True)
class Cell:
    """``always``: the fault meets every delivery, not only the first. ``lag``: how late OpenOrders
    and ClosedOrders are.

    ``fills_at_s``: a resting order trades then. ``concurrent``: the first delivery comes
    four times at once.
    """

    circumstance: str
    fault: VenueFault
    expected: Expected
    detail: str = ""
    always: bool = False
    concurrent: bool = False
    alert: Alert = "market"
    lag: tuple[float, float] = (0, 0)
    fills_at_s: float | None = None
    reads: Reads | None = None
    ledger: LedgerFault | None = None

    @property
    def what(self) -> str:
        return f"{self.fault.name}; {self.detail}" if self.detail else self.fault.name

    @property
    def name(self) -> str:
        return f"{self.circumstance}: {self.what}"


@dataclass(frozen=True)
class Killing:
    """A function process that ends by SIGKILL at a certain step.

    ``placed``: what the venue has done by then, or does later.
    """

    step: Literal["claim", "connect", "taken", "refused", "later", "record", "answer"]
    what: str
    placed: bool
    last_word: str
    circumstance = "killed, restarted, delivered again, reconciled"

    @property
    def name(self) -> str:
        return f"{self.circumstance}: {self.what}"
