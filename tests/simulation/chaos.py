"""What may go wrong in one seed, and how often.

Each seed has its own kinds of faults, so that rare ones meet often.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.simulation.world import SECOND

PROCESS_FAULTS = ("crash", "pause", "slow")
LEDGER_FAULTS = ("ledger_failed", "ledger_reply_lost", "ledger_healed", "ledger_late")
VENUE_FAULTS = (
    "message_paused",
    "message_late",
    "message_lost",
    "reply_lost",
    "not_connected",
    "throttled",
    "refused",
    "venue_error",
    "read_failed",
)
DELIVERY_FAULTS = ("request_lost", "duplicate", "answer_lost")
_RATES = (0.0, 0.0, 0.05, 0.15, 0.4)
_RATES_AT_EVERY_CALL = (0.0, 0.0, 0.003, 0.01, 0.03)
_WEATHER = (0.15, 0.5, 1.0)
"""Where everything goes wrong at once no order gets through, and nothing is learnt."""


@dataclass(slots=True)
class Chaos:
    """``calm``: nothing goes wrong, ever. ``over``: it did, and the network is healthy
    again; reads still lag."""

    random: Random
    calm: bool = False
    over: bool = False
    rates: dict[str, float] = field(default_factory=dict)
    skew: int = 0
    longest_lag: int = 60 * SECOND

    @classmethod
    def of(cls, random: Random) -> Chaos:
        chaos = cls(random, calm=random.random() < 0.08)
        weather = random.choice(_WEATHER)
        kinds = (*LEDGER_FAULTS, *VENUE_FAULTS, *DELIVERY_FAULTS)
        chaos.rates = {kind: weather * random.choice(_RATES) for kind in kinds}
        chaos.rates |= {
            kind: weather * random.choice(_RATES_AT_EVERY_CALL) for kind in PROCESS_FAULTS
        }
        # The margin has to cover both the lag of the reads and the difference of any two clocks.
        chaos.skew = random.choice((0, 0, SECOND // 2, 2 * SECOND))
        chaos.longest_lag -= 2 * chaos.skew
        return chaos

    def happens(self, kind: str) -> bool:
        return not self.calm and not self.over and self.random.random() < self.rates[kind]

    def at_a_call(self) -> str | None:
        """What befalls the process at this call of a port; mostly nothing."""
        if self.calm or self.over:
            return None
        draw = self.random.random()
        for kind in PROCESS_FAULTS:
            draw -= self.rates[kind]
            if draw < 0:
                return kind
        return None

    def seconds(self, least: float, most: float) -> int:
        return int(self.random.uniform(least, most) * SECOND)

    def travel(self) -> int:
        """One way between two machines, or a moment of work."""
        return int(self.random.random() ** 2 * 40_000)

    def lag(self) -> int:
        """How far behind the engine one read shows one order."""
        draw = self.random.random()
        if draw < 0.3:
            return 0
        if draw < 0.6:
            return self.longest_lag
        return int(self.random.random() * self.longest_lag)

    def own_clock(self) -> int:
        """By how much an instance's clock is wrong."""
        return 0 if self.calm else self.random.randint(-self.skew, self.skew)
