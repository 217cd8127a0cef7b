"""Several prices from one Ticker: under whatever names Kraken gives them, and without the
pairs that have none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.instruments import BTC_USD, pair
from tests.support.paper import paper
from tests.support.raw_servers import RawServer, Step, hang_up, refusal, reply
from tests.unit.kraken.test_venue import NO_PRICES, a_venue, result
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import NoPrice, VenueUnavailable
from webhook_core.kraken import market_data
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.outcomes import Reply
from webhook_core.kraken.paper.venue import PaperTransport
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.trading.instruments import Instrument

ETH_USD = pair("XETHZUSD", "ETHUSD", "ETH/USD", "XETH", "ZUSD")
SOL_USD = pair("SOLUSD", "SOLUSD", "SOL/USD", "SOL", "ZUSD")
AAPL = pair("AAPLxUSD", "AAPLxUSD", "AAPLx/USD", "AAPLx", "ZUSD")
TSLA = pair("TSLAxUSD", "TSLAxUSD", "TSLAx/USD", "TSLAx", "ZUSD")
ON_BTNL = pair("XBTUSD:BTNL", "XBTUSD:BTNL", "XBT/USD:BTNL", "XXBT", "ZUSD")
BTC, ETH = {"c": ["60000.00000", "0.1"]}, {"c": ["3000.00000", "0.1"]}
UNKNOWN = refusal("EQuery:Unknown asset pair")
NO_PRICE = refusal("EGeneral:Invalid arguments:pair:paper knows no price of ETHUSD yet; send it")


def last_prices(client, pairs, budget, unlisted=None):
    ticks = market_data.ticks(client, pairs, budget, {} if unlisted is None else unlisted)
    return {key: tick.last for key, tick in ticks.items()}


@pytest.fixture
def budget() -> Budget:
    return Budget.start(SystemClock(), 2.0)


def prices(server: RawServer, instruments: list[Instrument], budget: Budget) -> dict[str, Decimal]:
    return dict(a_venue(server).prices(instruments, budget, {}))


def asked(server: RawServer) -> list[str]:
    return [
        request.line.split()[1].partition("Ticker?")[2].replace("%2C", ",")
        for request in server.requests
    ]


@pytest.mark.parametrize(
    "names", [("XXBTZUSD", "XETHZUSD"), ("XBTUSD", "ETHUSD"), ("XBT/USD", "ETH/USD")]
)
def test_several_prices_are_one_question_and_found_by_any_name(
    names: tuple[str, str], budget: Budget
) -> None:
    with RawServer(result({"last": "1", names[1]: ETH, names[0]: BTC, "OTHER": BTC})) as server:
        found = prices(server, [BTC_USD, ETH_USD], budget)
        assert asked(server) == ["pair=XXBTZUSD,XETHZUSD"]
    assert found == {"XXBTZUSD": Decimal(60000), "XETHZUSD": Decimal(3000)}


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD", "BTC/USD", "anything"])
def test_the_row_of_a_single_pair_may_have_any_name(name: str, budget: Budget) -> None:
    with RawServer(result({"last": "1", name: BTC})) as server:
        assert prices(server, [BTC_USD], budget) == {"XXBTZUSD": Decimal(60000)}


def test_a_row_of_another_name_is_nobodys_where_several_were_asked(budget: Budget) -> None:
    with RawServer(result({"BTC/USD": BTC})) as server:
        assert prices(server, [BTC_USD, ETH_USD], budget) == {}


@pytest.mark.parametrize("rows", [{"BTC/USD": BTC, "OTHER": ETH}, {}])
def test_a_single_pair_has_no_price_among_rows_of_other_names(rows: Any, budget: Budget) -> None:
    with RawServer(result(rows)) as server:
        assert prices(server, [BTC_USD], budget) == {}


@pytest.mark.parametrize("row", [row["A"] for row in NO_PRICES.values() if len(row) == 1])
def test_a_row_without_a_price_above_zero_is_left_out(row: Any, budget: Budget) -> None:
    with RawServer(result({"XXBTZUSD": BTC, "XETHZUSD": row}), result({"XXBTZUSD": row})) as server:
        assert prices(server, [BTC_USD, ETH_USD], budget) == {"XXBTZUSD": Decimal(60000)}
        assert prices(server, [BTC_USD], budget) == {}


def test_tokenised_pairs_are_a_question_of_their_own(budget: Budget) -> None:
    with RawServer(result({"XXBTZUSD": BTC}), result({"AAPLxUSD": ETH, "TSLAxUSD": BTC})) as server:
        assert set(prices(server, [AAPL, BTC_USD, TSLA], budget)) == {
            "XXBTZUSD",
            "AAPLxUSD",
            "TSLAxUSD",
        }
        assert asked(server) == [
            "pair=XXBTZUSD",
            "pair=AAPLxUSD,TSLAxUSD&asset_class=tokenized_asset",
        ]


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD", "XBT/USD"])
def test_a_pair_of_the_other_venue_has_the_price_of_krakens_own(name: str, budget: Budget) -> None:
    with RawServer(
        result({name: BTC}), result({name: BTC, "SOLUSD": ETH}), result({name: BTC})
    ) as server:
        assert prices(server, [ON_BTNL], budget) == {"XBTUSD:BTNL": Decimal(60000)}
        found = prices(server, [ON_BTNL, BTC_USD, SOL_USD], budget)
        assert a_venue(server).last_price(ON_BTNL, budget) == Decimal(60000)
        assert asked(server) == ["pair=XBTUSD", "pair=XBTUSD,XXBTZUSD,SOLUSD", "pair=XBTUSD"]
    assert found == {
        "XBTUSD:BTNL": Decimal(60000),
        "XXBTZUSD": Decimal(60000),
        "SOLUSD": Decimal(3000),
    }


def test_a_dark_pool_has_no_price_of_another_market(budget: Budget) -> None:
    dark = pair("XXBTZUSD.d", "XBTUSD.d", "", "XXBT", "ZUSD")
    with RawServer(result({"XXBTZUSD": BTC, "SOLUSD": ETH})) as server:
        assert prices(server, [dark, SOL_USD], budget) == {"SOLUSD": Decimal(3000)}


def test_tokenised_pairs_alone_are_one_question_and_no_pair_is_none(budget: Budget) -> None:
    with RawServer(result({"AAPLxUSD": ETH})) as server:
        assert prices(server, [], budget) == {}
        assert prices(server, [AAPL], budget) == {"AAPLxUSD": Decimal(3000)}
        assert len(server.requests) == 1


# One pair that is no good


@pytest.mark.parametrize("refused", [UNKNOWN, NO_PRICE])
def test_where_one_of_several_is_refused_the_halves_are_asked_for(
    refused: Step, budget: Budget
) -> None:
    answers = [refused, result({"BTC/USD": BTC}), refused, refused, result({"SOL/USD": ETH})]
    with RawServer(*answers) as server:
        found = prices(server, [BTC_USD, ETH_USD, SOL_USD], budget)
        assert asked(server) == [
            "pair=XXBTZUSD,XETHZUSD,SOLUSD",
            "pair=XXBTZUSD",
            "pair=XETHZUSD,SOLUSD",
            "pair=XETHZUSD",
            "pair=SOLUSD",
        ]
    assert found == {"XXBTZUSD": Decimal(60000), "SOLUSD": Decimal(3000)}


ALTS = [pair(f"A{n}USD", f"A{n}USD", f"A{n}/USD", f"A{n}", "ZUSD") for n in range(19)]


@pytest.mark.parametrize("bad", [{"A0USD"}, {"A9USD"}, {"A18USD"}, {"A3USD", "A17USD"}, set()])
def test_only_the_refused_pairs_of_many_have_no_price(bad: set[str], budget: Budget) -> None:
    account = [BTC_USD, *ALTS]
    refusing = RefusesSome(bad)
    assert last_prices(refusing, account, budget).keys() == {one.key for one in account} - bad
    assert len(refusing.asked) < market_data.MOST_TICKERS


def test_an_account_full_of_refused_pairs_costs_a_bounded_number_of_calls(budget: Budget) -> None:
    refusing = RefusesSome({one.key for one in ALTS})
    assert last_prices(refusing, [BTC_USD, *ALTS], budget) == {"XXBTZUSD": Decimal(3000)}
    assert len(refusing.asked) == market_data.MOST_TICKERS


class RefusesSome:
    """A client whose Ticker refuses every question that names one of these pairs."""

    def __init__(self, bad: set[str], most: int = 99) -> None:
        self.bad, self.most, self.asked = bad, most, []

    def public(self, method: str, parameters: dict[str, str], budget: Budget) -> Reply:
        names = parameters["pair"].split(",")
        self.asked.append(names)
        if len(self.asked) > self.most:
            return Reply(200, {"error": ["EGeneral:Too many requests"]})
        if self.bad.intersection(names):
            return Reply(200, {"error": ["EQuery:Unknown asset pair"]})
        return Reply(200, {"error": [], "result": dict.fromkeys(names, ETH)})


@pytest.mark.parametrize("refused", [UNKNOWN, NO_PRICE])
def test_a_refusal_of_the_traded_pair_is_final_and_names_its_cause(
    refused: Step, budget: Budget
) -> None:
    for instruments, times in (
        ([BTC_USD], 1),
        ([BTC_USD, ETH_USD], 2),
        ([BTC_USD, ETH_USD, SOL_USD], 2),
    ):
        with RawServer(*[refused] * 3) as server:
            with pytest.raises(NoPrice, match="NO_PRICE: Kraken's ticker has none: E"):
                prices(server, instruments, budget)
            assert len(server.requests) == times


@pytest.mark.parametrize("others", [[AAPL], [AAPL, TSLA]])
def test_a_refusal_of_pairs_that_are_not_traded_leaves_them_out(
    others: list[Instrument], budget: Budget
) -> None:
    calls = 2 * len(others)
    with RawServer(result({"XXBTZUSD": BTC}), *[UNKNOWN] * 3) as server:
        assert prices(server, [BTC_USD, *others], budget) == {"XXBTZUSD": Decimal(60000)}
        assert len(server.requests) == calls


def test_a_pair_that_kraken_does_not_know_is_not_asked_for_again_unless_it_is_traded(
    budget: Budget,
) -> None:
    clock, refusing, unlisted = FakeClock(), RefusesSome({"A3USD"}), {}
    for calls in (11, 1):
        assert "A3USD" not in last_prices(
            refusing, [BTC_USD, *ALTS], Budget.start(clock, 9), unlisted
        )
        assert len(refusing.asked) == calls
        refusing.asked = []
    refusing.bad = set()
    assert "A3USD" in last_prices(refusing, [ALTS[3], BTC_USD], Budget.start(clock, 9), unlisted)
    clock.sleep(3601)
    assert "A3USD" in last_prices(refusing, [BTC_USD, *ALTS], Budget.start(clock, 9), unlisted)


def test_what_was_found_out_before_a_read_failed_is_kept(budget: Budget) -> None:
    refusing, unlisted = RefusesSome({"A0USD", "A18USD"}, most=7), {}
    with pytest.raises(VenueUnavailable):
        last_prices(refusing, [BTC_USD, *ALTS], budget, unlisted)
    assert set(unlisted) == {"A0USD"}


def test_a_traded_tokenised_pair_is_asked_for_again_too(budget: Budget) -> None:
    with RawServer(UNKNOWN, UNKNOWN, result({"AAPLxUSD": ETH}), UNKNOWN) as server:
        assert prices(server, [AAPL, BTC_USD, TSLA], budget) == {"AAPLxUSD": Decimal(3000)}
        assert asked(server)[1:] == [
            "pair=AAPLxUSD,TSLAxUSD&asset_class=tokenized_asset",
            "pair=AAPLxUSD&asset_class=tokenized_asset",
            "pair=TSLAxUSD&asset_class=tokenized_asset",
        ]


@pytest.mark.parametrize(
    "step",
    [
        hang_up,
        refusal("EService:Busy"),
        reply({}, 502),
        reply({"error": ["EQuery:Unknown asset pair"]}, 500),
    ],
)
def test_prices_that_cannot_be_read_are_an_outage(step: Step, budget: Budget) -> None:
    with RawServer(step) as server:
        with pytest.raises(VenueUnavailable, match="Ticker could not be read"):
            prices(server, [BTC_USD, ETH_USD], budget)
        assert len(server.requests) == 1


# On paper


def test_the_paper_book_hears_nothing_of_a_plan(budget: Budget) -> None:
    """A price that is noted may trade what rests: a validation or a denied alert
    would move the account."""
    heard: list[str] = []
    with RawServer(result({"XETHZUSD": ETH})) as server:
        venue = a_venue(server, note_price=lambda name, _price: heard.append(name))
        found = venue.prices([BTC_USD, ETH_USD], budget, {"XXBTZUSD": Decimal(59000)})
    assert found == {"XXBTZUSD": Decimal(59000), "XETHZUSD": Decimal(3000)}
    assert heard == []


def on_paper(**options: Any) -> KrakenVenue:
    engine = paper(clock=SystemClock(), **options)
    client = KrakenClient(engine.key.name, "YSBwYXBlciBzZWNyZXQ=", transport=PaperTransport(engine))
    return KrakenVenue(client, SystemClock(), note_price=engine.mark_price)


def test_on_paper_the_alerts_own_price_is_a_price_and_pairs_without_one_are_left_out(
    budget: Budget,
) -> None:
    venue = on_paper()
    with pytest.raises(VenueUnavailable, match='paper knows no price of XBTUSD yet; send "price"'):
        venue.prices([BTC_USD, ETH_USD], budget, {})
    assert venue.prices([BTC_USD, ETH_USD], budget, {"XXBTZUSD": Decimal(60000)}) == {
        "XXBTZUSD": Decimal(60000)
    }
    two = {"XXBTZUSD": Decimal(61000), "XETHZUSD": Decimal(3000)}
    assert venue.prices([BTC_USD, ETH_USD], budget, {**two, "NOSUCH": Decimal(1)}) == two


def test_on_paper_a_price_from_outside_that_fails_is_left_out_alone(budget: Budget) -> None:
    known, sought = {"XBTUSD": Decimal(60000), "SOLUSD": Decimal(150)}, []

    def source(altname: str) -> Decimal | None:
        sought.append(altname)
        return known.get(altname)

    found = on_paper(price_source=source).prices([BTC_USD, ETH_USD, SOL_USD], budget, {})
    assert found == {"XXBTZUSD": Decimal(60000), "SOLUSD": Decimal(150)}
    assert sought == ["XBTUSD", "ETHUSD", "XBTUSD", "ETHUSD", "ETHUSD", "SOLUSD"]
