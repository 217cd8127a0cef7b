"""What misleads about an account, done on purpose: each figure, list or refusal that the plans look
behind is believed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.simulation.mutations import Mutation
from tests.simulation.run import ACCOUNT
from tests.simulation.watch import Invariant
from webhook_core.kraken import account
from webhook_core.planning import account_worth
from webhook_core.planning.believed import Believed
from webhook_core.planning.others_trades import OthersTrades
from webhook_core.planning.read_facts import Reading
from webhook_core.planning.resting_exits import RestingExits
from webhook_core.planning.settled_figures import SettledFigures
from webhook_core.planning.unlisted_orders import Unlisted, UnlistedOrders
from webhook_core.sending.again import Again
from webhook_core.trading.facts import Balance

_balances = account.balances
_worth = account_worth.worth


def _figures_as_shown(self: Reading, legs: object) -> None:
    """Whatever our own orders have done meanwhile."""


def _without_auto_earn(result: Mapping[str, Any]) -> Mapping[str, Balance]:
    return _balances({name: row for name, row in result.items() if not name.endswith(".F")})


def _nothing_unlisted(self: UnlistedOrders, entries: object, side: object) -> Unlisted:
    return Unlisted((), ())


def _whatever_has_come(*_: object) -> None:
    """As if nobody had placed an order since an alert was interrupted."""


def _everything_valued(*args: Any) -> tuple[Decimal, tuple[str, ...]]:
    worth, _ = _worth(*args)
    return worth / 2, ()


def _positions_as_shown(self: Believed, name: str, _: object) -> frozenset[Decimal]:
    return frozenset((self.shown.figures[name],))


def _no_exits(self: RestingExits, *_: object) -> list[Any]:
    """As if a conditional close never fired."""
    return []


def _nobody_else(self: OthersTrades, moment: object) -> bool:
    """As if nothing but our orders had traded."""
    return False


def _nothing_seen(self: SettledFigures, seen: object) -> None:
    """As if reconcile kept no figure."""


ACCOUNT_MUTATIONS = (
    Mutation(
        "nothing_seen",
        ((SettledFigures, "begin_with", _nothing_seen),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "figures_as_shown",
        ((Reading, "_settle", _figures_as_shown),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "no_auto_earn",
        ((account, "balances", _without_auto_earn),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "lists_believed", ((UnlistedOrders, "of", _nothing_unlisted),), Invariant.ONE_EXIT, ACCOUNT
    ),
    Mutation(
        "positions_as_shown",
        ((Believed, "_positions", _positions_as_shown),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "exits_never_fire",
        ((RestingExits, "_exits_of", _no_exits),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "replaced_unseen",
        ((Again, "check_way", _whatever_has_come),),
        Invariant.ONE_EXIT,
        ACCOUNT,
    ),
    Mutation(
        "strangers_unseen",
        ((OthersTrades, "read", _nobody_else),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
    Mutation(
        "half_valued",
        ((account_worth, "worth", _everything_valued),),
        Invariant.FITS_THE_BOOK,
        ACCOUNT,
    ),
)
