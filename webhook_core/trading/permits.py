"""What the holder of a scoped token may do: its caveats, as rules that a planned order is held
against. They only narrow: every limit of the settings holds beside them.

Side, type and cost bind what opens or adds to a position. What only reduces one passes where its
action and its pair do, so that whoever may enter can always leave; a token that is bound so leaves
what its strategy bought (trading.bound_exits).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from webhook_core.trading import limits
from webhook_core.trading.checks import Check
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.intent import (
    AmendIntent,
    CancelIntent,
    CloseOwnIntent,
    Intent,
    PositionIntent,
)
from webhook_core.trading.orders import OrderType, Side, is_margin
from webhook_core.trading.reduces import exit_of
from webhook_core.trading.symbols import display_name, names_pair

if TYPE_CHECKING:
    from webhook_core.trading.drafts import Draft

ORDERS = ("order", "close", "target", "reverse", "cancel", "amend")
"""The actions of alerts that trade, as ``action`` calls them; a plain order is ``order``."""
SWITCHES = ("pause", "resume")
"""Those that stop the strategy, and let it go on."""
READ = "read"
"""May be told what the account holds."""
ACTIONS = (*ORDERS, *SWITCHES, READ)
GRANTED = frozenset({"resume", READ})
"""What nobody has who is not given it by name."""


class Permit(NamedTuple):
    """None: no such caveat.

    Of ``pairs`` and ``networks`` every list must hold. ``max_cost``: quote asset -> most that one
    order may cost; ``orders_per_day``: how many may be sent from 00:00 UTC on. ``expires``: the
    last day, of UTC. ``written``: a caveat's letter -> how the token has it. ``met``: what was
    found of when and from where the alert came. ``exits_own``: what it exits is what its strategy
    bought, and nothing else that is held.
    """

    token_id: str
    strategy: str
    expires: date
    actions: frozenset[str]
    pairs: tuple[tuple[str, ...], ...] = ()
    sides: frozenset[Side] | None = None
    order_types: frozenset[OrderType] | None = None
    max_cost: Mapping[str, Decimal] | None = None
    orders_per_day: int | None = None
    networks: tuple[tuple[IPv4Network | IPv6Network, ...], ...] = ()
    written: Mapping[str, str] = MappingProxyType({})
    met: tuple[Check, ...] = ()
    exits_own: bool = False

    @property
    def may_read(self) -> bool:
        return READ in self.actions

    def caveat(self, letter: str) -> str:
        """As the token has it; of one that holds without being written, what is implied."""
        return self.written.get(letter, f"{letter}=")


def action_of(wanted: Intent) -> str:
    """What the caveat ``x`` calls it."""
    if isinstance(wanted, PositionIntent | CloseOwnIntent):
        return wanted.action
    if isinstance(wanted, CancelIntent):
        return "cancel"
    return "amend" if isinstance(wanted, AmendIntent) else "order"


def entry_checks(
    permit: Permit, address: IPv4Address | IPv6Address | None, now: datetime
) -> Iterator[Check]:
    """Of when and from where an alert comes. ``address``: None where nobody can vouch for one."""
    today = now.astimezone(UTC).date()
    yield _check(
        permit, "e", today <= permit.expires, "the token has expired", {"today": f"{today}"}
    )
    if not permit.networks:
        return
    where = str(address or "an address that nobody vouches for")
    held = all(
        address is not None and any(address in network for network in networks)
        for networks in permit.networks
    )
    yield _check(permit, "i", held, f"the alert came from {where}", {"address": where})


def action_check(permit: Permit, action: str) -> Check:
    numbers = {"action": action, "allowed": ",".join(sorted(permit.actions))}
    return _check(permit, "x", action in permit.actions, f"the action is {action}", numbers)


def pair_check(permit: Permit, instrument: Instrument) -> Check:
    name = display_name(instrument)
    held = all(any(names_pair(one, instrument) for one in pairs) for pairs in permit.pairs)
    return _check(permit, "p", held, f"the order is one of {name}", {"symbol": name})


def checks(permit: Permit, draft: Draft) -> Iterator[Check]:
    """Of side and type."""
    if only_reduces(draft):
        yield from _growing_sale(permit, draft)
        return
    wanted = draft.wanted
    if permit.sides is not None:
        other = [side for side in _opening(draft) if side not in permit.sides]
        what = f"the order would {other[0]}" if other else ""
        yield _check(permit, "s", not other, what, {"side": wanted.side.value})
    if permit.order_types is not None:
        kind = wanted.order_type
        held = kind in permit.order_types
        yield _check(permit, "o", held, f"it is a {kind} order", {"order_type": kind.value})


def _growing_sale(permit: Permit, draft: Draft) -> Iterator[Check]:
    """What the strategy bought was counted when the order was placed; a new one is counted anew."""
    if permit.exits_own and draft.amends is not None and draft.volume > draft.amends.volume:
        letter = next(one for one in "scn" if one in permit.written)
        what = "it sells what its strategy bought, so an order of it that sells may not grow"
        yield _check(permit, letter, False, what, {"side": draft.wanted.side.value})


def cost_checks(permit: Permit, draft: Draft) -> Iterator[Check]:
    """Of the cost. A currency without an amount is none that may be spent."""
    cap = permit.max_cost
    if cap is None or only_reduces(draft):
        return
    capped = limits.currency_capped(draft.instrument, cap)
    if capped.passed:
        prices = [draft.cost_price]
        if _opens_by_its_close(draft) and not draft.in_quote:
            prices.append(draft.close_price)
        known = [price for price in prices if price is not None]
        highest = max(known) if len(known) == len(prices) else None
        capped = limits.cost_within_cap(draft.instrument, draft.volume, highest, cap)
    said = capped.message.partition(": ")[2]
    yield _check(permit, "c", bool(capped.passed), said, capped.numbers)


def count_check(permit: Permit, used: int, wanted: int) -> Check:
    """``used``: how many orders of others the day has seen; ``wanted``: how
    many this alert adds."""
    most = permit.orders_per_day
    held = most is None or used + wanted <= most
    what = f"{used} orders were opened since 00:00 UTC, and this alert would open {wanted} more"
    return _check(permit, "n", held, what, {"used": str(used), "wanted": str(wanted)})


def only_reduces(draft: Draft) -> bool:
    return exit_of(draft) is not None


def _opening(draft: Draft) -> list[Side]:
    side = draft.wanted.side
    return [side, side.opposite] if _opens_by_its_close(draft) else [side]


def _opens_by_its_close(draft: Draft) -> bool:
    """A sale on spot whose conditional close buys."""
    wanted = draft.wanted
    return wanted.close is not None and not is_margin(wanted.leverage) and wanted.side is Side.SELL


def _check(
    permit: Permit, letter: str, passed: bool, what: str, numbers: Mapping[str, str]
) -> Check:
    caveat = permit.caveat(letter)
    said = f"OUT_OF_SCOPE: the token's caveat {caveat} does not allow it: {what}"
    return Check(
        "OUT_OF_SCOPE", passed, "" if passed else said, {"caveat": caveat, **numbers}, "token"
    )
