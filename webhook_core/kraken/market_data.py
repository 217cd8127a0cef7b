"""Kraken's public reads: the rules of pairs, and their last traded prices.

Shapes: docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs, get-ticker-information.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.clock import Budget, Clock
from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.client import READ_S, KrakenClient, decimal
from webhook_core.kraken.replies import result_of
from webhook_core.trading.instruments import Instrument, parse_asset_pairs, suffix_of

TOKENIZED = "tokenized_asset"
_OTHER_VENUE = "bitnomial_exchange"
"""``execution_venue`` of the pairs whose names have a suffix (XBTUSD:BTNL); AssetPairs leaves them
out unless it is named."""
_NO_SUCH_PAIR = "EQuery:Unknown asset pair"
MOST_TICKERS = 20
"""For one bad pair of twenty it takes up to eleven; only an account with
several of them gets so far."""
UNLISTED_FOR_S = 3600.0
Unlisted = dict[str, float]
"""Keys of pairs that Ticker doesn't know -> until when, on the monotonic clock, it is not
asked for them again."""
_ONE_IS_NO_GOOD = (_NO_SUCH_PAIR, "EGeneral:Invalid arguments:pair:paper knows no price")


def instruments(
    client: KrakenClient, clock: Clock, pairs: Collection[str] | None, budget: Budget
) -> list[Instrument]:
    """The rules of these pairs, or of all; none for a pair that Kraken doesn't know.

    Raises VenueUnavailable.
    """
    if pairs is None:
        found = asset_pairs(client, clock, {}, budget)
        found += _all_beside(client, clock, {"aclass_base": TOKENIZED}, budget)
        return found + _all_beside(client, clock, {"execution_venue": _OTHER_VENUE}, budget)
    found = []
    for named in ({}, {"aclass_base": TOKENIZED}, {"execution_venue": _OTHER_VENUE}):
        asked = [pair for pair in pairs if _must_name(pair) == named]
        if asked:
            found += asset_pairs(client, clock, {"pair": ",".join(asked), **named}, budget)
    return found


def _must_name(pair: str) -> Mapping[str, str]:
    """What AssetPairs has to be told to know a pair."""
    if suffix_of(pair):
        return {"execution_venue": _OTHER_VENUE}
    return {"aclass_base": TOKENIZED} if _is_tokenized(pair) else {}


def _all_beside(
    client: KrakenClient, clock: Clock, named: Mapping[str, str], budget: Budget
) -> list[Instrument]:
    """Not worth the loss of all the others: where they can't be read they are left out."""
    try:
        return asset_pairs(client, clock, named, budget)
    except VenueUnavailable as error:
        name = "tokenized_not_read" if "aclass_base" in named else "other_venue_not_read"
        event(logging.WARNING, f"pair_rules.{name}", reason=error.message)
        return []


def asset_pairs(
    client: KrakenClient, clock: Clock, asked: Mapping[str, str], budget: Budget
) -> list[Instrument]:
    """What AssetPairs answers to these fields of its own, dated; none where Kraken knows no such
    pair. Raises VenueUnavailable."""
    asked_at = clock.now()
    reply = client.public("AssetPairs", asked, budget)
    if "pair" in asked and _is_unlisted(reply):
        return []
    return parse_asset_pairs(result_of(reply, "AssetPairs"), asked_at)


def _is_tokenized(pair: str) -> bool:
    """xStocks alone have an x in lower case in their names (docs.kraken.com,
    get-tradable-asset-pairs)."""
    return "x" in pair


class Tick(NamedTuple):
    """What Ticker shows of one pair: the last traded price, and the best ``bid`` and ``ask``, None
    where they were not read."""

    last: Decimal
    bid: Decimal | None = None
    ask: Decimal | None = None


def tick(client: KrakenClient, pair: str, budget: Budget) -> Tick:
    """Of a pair, by its key or altname. Raises VenueUnavailable.

    Ticker refuses a name with the suffix of another venue: the price is that of the pair without.
    """
    plain = pair.removesuffix(suffix_of(pair))
    asked = {"pair": plain} | ({"asset_class": TOKENIZED} if _is_tokenized(pair) else {})
    rows = _rows_in(client.public("Ticker", asked, budget))
    row = next(iter(rows.values())) if len(rows) == 1 else None
    shown = _tick_in(row)
    if shown is None:
        raise VenueUnavailable(f"Kraken's ticker shows no price of {pair}.")
    return shown


def _errors(reply: outcomes.Reply) -> tuple[str, ...]:
    return outcomes.errors_of(reply.document) or ()


def _rows_in(reply: outcomes.Reply) -> Mapping[str, Any]:
    """The rows of Ticker, each under some name of its pair. Raises VenueUnavailable."""
    errors = _errors(reply)
    if reply.status == 200 and errors and all(map(_is_of_one, errors)):
        raise NoPrice(f"NO_PRICE: Kraken's ticker has none: {', '.join(errors)}.")
    return {name: row for name, row in result_of(reply, "Ticker").items() if name != "last"}


def _is_of_one(error: str) -> bool:
    return error.startswith(_ONE_IS_NO_GOOD)


def _price_in(row: Any, field: str = "c") -> Decimal | None:
    """The last price, the bid ("b") or the ask ("a"); None unless it is above zero: a cost of zero
    would pass every limit."""
    try:
        price = decimal(row[field][0])
    except (ValueError, LookupError, TypeError):
        return None
    return price if price > 0 else None


def _tick_in(row: Any) -> Tick | None:
    """None without a last price."""
    price = _price_in(row)
    return None if price is None else Tick(price, _price_in(row, "b"), _price_in(row, "a"))


def ticks(
    client: KrakenClient, instruments: Collection[Instrument], budget: Budget, unlisted: Unlisted
) -> Mapping[str, Tick]:
    """Pair key -> tick, those without a price left out.

    One call, two where there are tokenised pairs. Raises VenueUnavailable.

    Kraken refuses all for one name that it doesn't know: then the halves are asked for, until the
    refused pair stands alone. Only for the first pair, the one that is traded, that is an error:
    the others value what else the account holds. ``unlisted`` keeps such others, which are not
    asked for again for a while.
    """
    now = budget.clock.monotonic()
    traded = next(iter(instruments), None)
    found: dict[str, Tick] = {}
    for tokenized in (False, True):
        asked = [
            one
            for one in instruments
            if one.is_tokenized is tokenized
            and (one == traded or unlisted.get(one.key, now) <= now)
        ]
        if asked:
            found |= _ticks(client, asked, traded, budget, unlisted)
    return found


def _ticks(
    client: KrakenClient,
    asked: list[Instrument],
    traded: Instrument | None,
    budget: Budget,
    unlisted: Unlisted,
) -> Mapping[str, Tick]:
    """Of pairs of one asset class, the traded one's first; those that ``MOST_TICKERS`` do
    not come to are left out."""
    found: dict[str, Tick] = {}
    left = [asked]
    for _ in range(MOST_TICKERS):
        if not left:
            break
        some = left.pop()
        reply = _ticker(client, some, budget)
        if not _is_refused(reply) or some == [traded]:
            found |= _shown(some, _rows_in(reply))
        elif len(some) > 1:
            half = len(some) // 2
            left += [some[half:], some[:half]]
        elif _is_unlisted(reply):
            unlisted[some[0].key] = budget.clock.monotonic() + UNLISTED_FOR_S
    return found


def _shown(asked: list[Instrument], rows: Mapping[str, Any]) -> Mapping[str, Tick]:
    # It may have any name of the pair.
    single = next(iter(rows.values())) if len(asked) == len(rows) == 1 else None
    shown = {instrument.key: _tick_in(_row_of(instrument, rows) or single) for instrument in asked}
    return {key: tick for key, tick in shown.items() if tick is not None}


def _ticker(client: KrakenClient, asked: list[Instrument], budget: Budget) -> outcomes.Reply:
    names = dict.fromkeys(instrument.market_names[0] for instrument in asked)
    parameters = {"pair": ",".join(names)}
    if asked[0].is_tokenized:
        parameters["asset_class"] = TOKENIZED
    return client.public("Ticker", parameters, budget.at_most(READ_S))


def _is_unlisted(reply: outcomes.Reply) -> bool:
    """Kraken doesn't know it, and will not know it in a minute: on paper a pair may get
    its price at any time."""
    return any(error.startswith(_NO_SUCH_PAIR) for error in _errors(reply))


def _is_refused(reply: outcomes.Reply) -> bool:
    return reply.status == 200 and any(map(_is_of_one, _errors(reply)))


def _row_of(instrument: Instrument, rows: Mapping[str, Any]) -> Any:
    return next((rows[name] for name in instrument.market_names if name in rows), None)
