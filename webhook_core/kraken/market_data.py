"""Kraken's public reads: the rules of pairs, and their last traded prices.

Shapes: docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs, get-ticker-information.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.events import event
from webhook_core.kraken import outcomes
from webhook_core.kraken.client import KrakenClient, decimal
from webhook_core.kraken.venue import READ_S, result_of
from webhook_core.ports import Budget, Clock
from webhook_core.trading.instruments import Instrument, parse_asset_pairs

TOKENIZED = "tokenized_asset"
_NO_SUCH_PAIR = "EQuery:Unknown asset pair"
_ONE_IS_NO_GOOD = (_NO_SUCH_PAIR, "EGeneral:Invalid arguments:pair:paper knows no price")


def instruments(client: KrakenClient, clock: Clock, pairs: Collection[str] | None, budget: Budget) -> list[Instrument]:
    """The rules of these pairs, or of all; none for a pair that Kraken doesn't know. Raises VenueUnavailable."""
    if pairs is None:
        return _asset_pairs(client, clock, {}, budget) + _all_tokenized(client, clock, budget)
    stocks = [pair for pair in pairs if _is_tokenized(pair)]
    others = [pair for pair in pairs if not _is_tokenized(pair)]
    found = _asset_pairs(client, clock, {"pair": ",".join(others)}, budget) if others else []
    if stocks:  # Kraken knows them only where their class is named
        found += _asset_pairs(client, clock, {"pair": ",".join(stocks), "aclass_base": TOKENIZED}, budget)
    return found


def _all_tokenized(client: KrakenClient, clock: Clock, budget: Budget) -> list[Instrument]:
    """Not worth the loss of all the others: where they can't be read they are left out."""
    try:
        return _asset_pairs(client, clock, {"aclass_base": TOKENIZED}, budget)
    except VenueUnavailable as error:
        event(logging.WARNING, "pair_rules.tokenized_not_read", reason=error.message)
        return []


def _asset_pairs(client: KrakenClient, clock: Clock, asked: Mapping[str, str], budget: Budget) -> list[Instrument]:
    asked_at = clock.now()
    reply = client.public("AssetPairs", asked, budget)
    errors = outcomes.errors_of(reply.document) or ()
    if "pair" in asked and any(error.startswith(_NO_SUCH_PAIR) for error in errors):
        return []
    return parse_asset_pairs(result_of(reply, "AssetPairs"), asked_at)


def _is_tokenized(pair: str) -> bool:
    """xStocks alone have an x in lower case in their names (docs.kraken.com, get-tradable-asset-pairs)."""
    return "x" in pair


def last_price(client: KrakenClient, pair: str, budget: Budget) -> Decimal:
    """The last traded price of a pair, by its key or altname. Raises VenueUnavailable."""
    asked = {"pair": pair} | ({"asset_class": TOKENIZED} if _is_tokenized(pair) else {})
    rows = _rows_in(client.public("Ticker", asked, budget))
    price = _price_in(next(iter(rows.values()))) if len(rows) == 1 else None
    if price is None:
        raise VenueUnavailable(f"Kraken's ticker shows no price of {pair}.")
    return price


def _rows_in(reply: outcomes.Reply) -> Mapping[str, Any]:
    """The rows of Ticker, each under some name of its pair. Raises VenueUnavailable."""
    errors = outcomes.errors_of(reply.document) or ()
    if reply.status == 200 and errors and all(error.startswith(_ONE_IS_NO_GOOD) for error in errors):
        raise NoPrice(f"NO_PRICE: Kraken's ticker has none: {', '.join(errors)}.")
    return {name: row for name, row in result_of(reply, "Ticker").items() if name != "last"}


def _price_in(row: Any) -> Decimal | None:
    """None unless it is above zero: a cost of zero would pass every limit."""
    try:
        price = decimal(row["c"][0])
    except (ValueError, LookupError, TypeError):
        return None
    return price if price > 0 else None


def prices(client: KrakenClient, instruments: Collection[Instrument], budget: Budget) -> Mapping[str, Decimal]:
    """Pair key -> price, those without one left out. One call, two where there are tokenised pairs. Raises VenueUnavailable.

    Kraken refuses all for one name that it doesn't know. Then only the first pair, the one that is traded, is asked for again:
    the others value what else the account holds, and leaving them out values it lower, never higher.
    """
    traded = next(iter(instruments), None)
    found: dict[str, Decimal] = {}
    for tokenized in (False, True):
        asked = [instrument for instrument in instruments if instrument.is_tokenized is tokenized]
        if asked:
            found |= _prices(client, asked, traded, budget)
    return found


def _prices(
    client: KrakenClient, asked: list[Instrument], traded: Instrument | None, budget: Budget
) -> Mapping[str, Decimal]:
    """Of pairs of one asset class; none where only pairs that aren't traded are refused."""
    reply = _ticker(client, asked, budget)
    if _is_refused(reply) and asked != [traded]:
        if traded is None or traded not in asked:
            return {}
        asked = [traded]
        reply = _ticker(client, asked, budget)
    rows = _rows_in(reply)
    single = next(iter(rows.values())) if len(asked) == len(rows) == 1 else None  # it may have any name of the pair
    prices = {instrument.key: _price_in(_row_of(instrument, rows) or single) for instrument in asked}
    return {key: price for key, price in prices.items() if price is not None}


def _ticker(client: KrakenClient, asked: list[Instrument], budget: Budget) -> outcomes.Reply:
    parameters = {"pair": ",".join(instrument.key for instrument in asked)}
    if asked[0].is_tokenized:
        parameters["asset_class"] = TOKENIZED
    return client.public("Ticker", parameters, budget.at_most(READ_S))


def _is_refused(reply: outcomes.Reply) -> bool:
    errors = outcomes.errors_of(reply.document) or ()
    return reply.status == 200 and any(error.startswith(_ONE_IS_NO_GOOD) for error in errors)


def _row_of(instrument: Instrument, rows: Mapping[str, Any]) -> Any:
    names = (instrument.key, instrument.altname, instrument.wsname)
    return next((rows[name] for name in names if name in rows), None)
