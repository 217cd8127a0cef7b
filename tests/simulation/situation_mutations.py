"""What misleads in one of the ``situations``, believed on purpose, or a refusal that is taken for
the last word, as ``mutations`` breaks the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.account_mutations import _figures_as_shown, _no_exits, _positions_as_shown
from tests.simulation.mutations import Mutation, _nothing_written_down
from tests.simulation.watch import Invariant
from webhook_core.clock import Budget
from webhook_core.kraken import market_data
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.planning import least_held, own_orders, passed_orders
from webhook_core.planning.believed import Believed
from webhook_core.planning.own_orders import OwnOrders
from webhook_core.planning.pair_rules import PairRules
from webhook_core.planning.read_facts import Reading
from webhook_core.planning.resting_exits import RestingExits
from webhook_core.planning.resting_orders import RestingOrders
from webhook_core.planning.unlisted_orders import UnlistedOrders
from webhook_core.sending import legs_again, missed, refused
from webhook_core.sending.fills import Fills
from webhook_core.sending.legs_again import LegsAgain
from webhook_core.sending.reconcile import Reconciler
from webhook_core.trading import from_alert, needs
from webhook_core.trading.requests import Fill

_one, _price, _follows_from = Reconciler._one, Reading._price, needs.follows_from


def _never_over(self: Reconciler, entry: LedgerEntry, budget: Budget) -> dict[str, Any]:
    """What was missed waits for a resend that may never come."""
    if entry.state is State.MISSED:
        return {"alert_id": entry.alert_id, "before": entry.state, "after": entry.state}
    return _one(self, entry, budget)


def _no_fill_of_its_own(self: LegsAgain, *_: object) -> list[tuple[LedgerEntry, Fill]]:
    """As if the legs before it had changed nothing: so the account is another one for good."""
    return []


def _valued_as_set_right(self: Reading, *args: Any, **options: Any) -> None:
    """By balances of which those of the pair are of now, and the others as they were shown."""
    self.shown = self.facts.balances or {}
    _price(self, *args, **options)


def _refused_for_one(
    client: Any, asked: list[Any], traded: Any, budget: Budget, _: Any
) -> Mapping[str, Any]:
    """Ticker refuses all for one, and all but the one that is traded are worth nothing."""
    reply = market_data._ticker(client, asked, budget)
    if market_data._is_refused(reply):
        asked, reply = [traded], market_data._ticker(client, [traded], budget)
    return market_data._shown(asked, market_data._rows_in(reply))


def _asks_for_none(self: PairRules, *_: object) -> None:
    """What the packaged rules lack is worth nothing."""


def _nothing_rests(self: RestingOrders, *_: object) -> Mapping[str, Fill]:
    """What rests is taken to rest on."""
    return {}


def _as_it_says(wanted: Any, _: str) -> Any:
    """A buy is a buy, wherever the strategy goes."""
    return wanted


def _not_from_the_quote(wanted: Any) -> tuple[bool, bool]:
    """Of a buy by what is held, though it is cut to the money that is there."""
    base, quote = _follows_from(wanted)
    is_cut = getattr(wanted, "quantity_type", "") == "percent_position"
    return base, quote and not is_cut


def _gives_up_early(
    self: Fills, entries: Sequence[LedgerEntry], budget: Budget
) -> list[LedgerEntry]:
    """After three looks, with most of the time left."""
    found = list(entries)
    for pause in (0.0, 0.09, 0.18):
        self.clock.sleep(pause)
        found = self._asked(found, budget)
    return found


def _more_than_a_page_is_a_bug(self: OwnOrders) -> list[LedgerEntry]:
    states = (State.ACCEPTED, State.SUBMITTING, State.NO_ACTION)
    found = list(self.ledger.entries(states=states, limit=own_orders.NEWEST).entries)
    if len(found) == own_orders.NEWEST:
        raise RuntimeError("more than was thought of")
    return found


def _never(*_: object) -> bool:
    return False


def _none(*_: object) -> list[Any]:
    return []


def _as_decided(market: Any, wants: Any, budget: Budget) -> Any:
    return market.decide(wants, budget)


def _nothing(*_: object) -> None:
    """As if there were none."""


Patch = tuple[Any, str, Callable[..., Any]]
_FITS = Invariant.FITS_THE_BOOK


def _of(name: str, kind: str, *patches: Patch, breaks: Invariant = _FITS) -> Mutation:
    return Mutation(name, patches, breaks, kind)


SITUATION_MUTATIONS = (
    _of(
        "down_unsaid",
        "kraken_down",
        (missed, "write_down", _nothing_written_down),
        breaks=Invariant.NOTHING_IS_LOST,
    ),
    _of(
        "down_for_ever",
        "kraken_down",
        (Reconciler, "_one", _never_over),
        breaks=Invariant.ALL_RESOLVED,
    ),
    _of(
        "its_own_fill_is_a_stranger",
        "refused_nonce",
        (LegsAgain, "_filled", _no_fill_of_its_own),
        breaks=Invariant.CALM_MEANS_DONE,
    ),
    _of(
        "unsent_plan_stands",
        "refused_nonce",
        (LegsAgain, "_planned_anew", _nothing),
        breaks=Invariant.CALM_MEANS_DONE,
    ),
    _of("sale_counted_twice", "sold_on_the_bar", (Reading, "_price", _valued_as_set_right)),
    _of("entries_not_counted", "entered_on_one_bar", (Reading, "_price", _valued_as_set_right)),
    _of("refused_for_one", "unpriced", (market_data, "_ticks", _refused_for_one)),
    _of("missing_pairs_not_asked_for", "unpackaged", (PairRules, "find", _asks_for_none)),
    _of("entry_unseen", "entered_just_now", (Reading, "_settle", _figures_as_shown)),
    _of("position_unseen", "entered_just_now", (Believed, "_positions", _positions_as_shown)),
    _of("stop_unseen_and_turned", "stop_fired_and_turned", (RestingExits, "_exits_of", _no_exits)),
    _of("stop_unseen_and_held", "stop_fired_and_held", (RestingExits, "_exits_of", _no_exits)),
    _of("fill_unseen", "rested_and_filled", (RestingOrders, "fills", _nothing_rests)),
    _of("shorts_covered", "covered_short", (from_alert, "_nothing_on_spot", _as_it_says)),
    _of("money_as_shown", "unsettled_money", (needs, "follows_from", _not_from_the_quote)),
    _of(
        "given_up_early",
        "confirmed",
        (Fills, "confirmed", _gives_up_early),
        breaks=Invariant.FILL_IS_TOLD,
    ),
    _of(
        "more_than_a_page_is_a_bug",
        "many_orders",
        (OwnOrders, "_newest", _more_than_a_page_is_a_bug),
        breaks=Invariant.KNOWN_ANSWERS,
    ),
    _of(
        "exit_waits_for_a_buy",
        "bought_in_doubt",
        (passed_orders, "_may_be_passed", _never),
        breaks=Invariant.EXIT_IS_DONE,
    ),
    _of(
        "unsent_exit_waits_for_a_buy",
        "bought_in_doubt",
        (legs_again, "decided_again", _as_decided),
        breaks=Invariant.EXIT_IS_DONE,
    ),
    _of(
        "exit_waits_for_whatever",
        "closed_in_doubt",
        (least_held, "sells_all", _never),
        breaks=Invariant.CALM_MEANS_DONE,
    ),
    _of(
        "no_funds_for_good",
        "refused_for_funds",
        (refused, "_asks_for_too_much", _never),
        breaks=Invariant.EXIT_IS_DONE,
    ),
    _of(
        "unlisted_is_not_there",
        "replaced_at_once",
        (UnlistedOrders, "_may_be_unlisted", _never),
        breaks=Invariant.ONE_EXIT,
    ),
    _of(
        "exit_unseen_is_none",
        "stop_moved_at_once",
        (UnlistedOrders, "_check_closes", _none),
        breaks=Invariant.ONE_EXIT,
    ),
    _of(
        "unlisted_is_canceled",
        "canceled_at_once",
        (UnlistedOrders, "_may_be_unlisted", _never),
        breaks=Invariant.CANCELED_IS_GONE,
    ),
    _of(
        "in_doubt_is_canceled",
        "canceled_at_once",
        (UnlistedOrders, "_check_known", _nothing),
        breaks=Invariant.CANCELED_IS_GONE,
    ),
)
