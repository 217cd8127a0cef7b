"""KrakenVenue over real sockets: what it sends, what it finds, and when a read proves nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_faults as faults
from tests.support.clock import START, FakeClock
from tests.support.instruments import BTC_USD
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.raw_servers import ORDER_ID, RawServer, Step, hang_up, http, refusal, reply, send
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.market_data import tick
from webhook_core.kraken.venue import KrakenVenue, rfc3339
from webhook_core.trading.requests import Accepted, NotSent, OrderRequest, Rejected, Unknown

CLIENT_ORDER_ID = "6f0d1f0e-6d5c-5c55-9d0c-5b9d5b1a7c11"
PARAMETERS = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
REQUEST = OrderRequest("BTC/USD", PARAMETERS, reference_price=Decimal(60000))
DEADLINE = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
PAGE = 50


@pytest.fixture
def budget() -> Budget:
    return Budget.start(SystemClock(), 2.0)


def a_venue(server: RawServer | KrakenServer, **options: Any) -> KrakenVenue:
    return KrakenVenue(KrakenClient(KEY, SECRET, server.url), FakeClock(), **options)


def order(client_order_id: Any = None, **facts: Any) -> dict[str, Any]:
    own = {} if client_order_id is None else {"cl_ord_id": client_order_id}
    return {
        "status": "closed",
        "descr": {"order": "buy 0.01000000 XBTUSD @ market"},
        **own,
        **facts,
    }


def others(count: int, start: int = 0) -> dict[str, Any]:
    """Orders of somebody else's, as the account shows them beside ours."""
    return {f"OTHER{number}": order(f"{number:032x}") for number in range(start, start + count)}


def result(value: Any) -> Step:
    return reply({"error": [], "result": value})


def closed(orders: dict[str, Any], count: Any) -> Step:
    return result({"closed": orders, "count": count})


# Submit and validate


def test_submit_sends_the_requests_parameters_the_id_and_the_deadline_and_nothing_else(
    budget: Budget,
) -> None:
    with RawServer() as server:
        local = DEADLINE.replace(microsecond=999_999).astimezone(timezone(timedelta(hours=2)))
        a_venue(server).submit(REQUEST, CLIENT_ORDER_ID, local, budget)
        (request,) = server.requests
    sent = dict(request.fields)
    assert sent.pop("nonce").isdigit()
    assert sent == {**PARAMETERS, "cl_ord_id": CLIENT_ORDER_ID, "deadline": "2026-11-22T12:00:10Z"}
    assert REQUEST.parameters == PARAMETERS  # krakenex writes into what it is given


ORDER = {"txid": ORDER_ID}
OURS = {"cl_ord_id": "another-order"}
CANCELED, AMENDED = result({"count": 1}), result({"amend_id": "TEZA4R-DSDGT-IJBOJK"})
CHANGES = [
    (
        OrderRequest("BTC/USD", ORDER, method="CancelOrder"),
        {},
        CANCELED,
        Accepted(ORDER_ID, "canceled 1 order"),
    ),
    (
        OrderRequest("BTC/USD", OURS, method="CancelOrder"),
        {},
        CANCELED,
        Accepted("", "canceled 1 order"),
    ),
    (
        OrderRequest("BTC/USD", {**ORDER, "limit_price": "1"}, method="AmendOrder"),
        {"deadline": "2026-11-22T12:00:10Z"},
        AMENDED,
        Accepted(ORDER_ID, "amended"),
    ),
    (
        OrderRequest("BTC/USD", {**OURS, "order_qty": "2"}, method="AmendOrder"),
        {"deadline": "2026-11-22T12:00:10Z"},
        AMENDED,
        Accepted("", "amended"),
    ),
]
EACH_CHANGE = pytest.mark.parametrize(("request_", "added", "step", "outcome"), CHANGES)


@EACH_CHANGE
def test_a_cancel_or_an_amendment_is_sent_as_it_is_and_an_amendment_with_its_deadline(
    request_: OrderRequest, added: Any, step: Step, outcome: Any, budget: Budget
) -> None:
    with RawServer(step) as server:
        assert a_venue(server).submit(request_, CLIENT_ORDER_ID, DEADLINE, budget) == outcome
        (request,) = server.requests
    sent = dict(request.fields)
    assert sent.pop("nonce").isdigit()
    assert sent == {**request_.parameters, **added}
    assert request.line.startswith(f"POST /0/private/{request_.method} ")


@EACH_CHANGE
@pytest.mark.parametrize(
    ("script", "kind", "sent"),
    [
        ([refusal("EAPI:Invalid nonce")], Accepted, 2),
        ([refusal("EAPI:Invalid nonce")] * 3, NotSent, 3),
        ([refusal("EAPI:Rate limit exceeded")], NotSent, 1),
        ([refusal("EOrder:Unknown order")], Rejected, 1),
        ([refusal("EService:Busy")], Unknown, 1),
        ([reply({}, 502)], Unknown, 1),
        ([hang_up], Unknown, 1),
    ],
)
def test_a_change_is_sent_again_only_after_a_refused_nonce(  # noqa: PLR0917
    request_: OrderRequest,
    added: Any,
    step: Step,
    outcome: Any,
    script: Any,
    kind: type,
    sent: int,
    budget: Budget,
) -> None:
    with RawServer(*script, step) as server:
        assert isinstance(a_venue(server).submit(request_, CLIENT_ORDER_ID, DEADLINE, budget), kind)
        assert len(server.requests) == sent


@EACH_CHANGE
def test_a_change_that_finds_no_connection_is_not_sent(
    request_: OrderRequest, added: Any, step: Step, outcome: Any, budget: Budget
) -> None:
    with RawServer(listening=False) as server:
        assert isinstance(
            a_venue(server).submit(request_, CLIENT_ORDER_ID, DEADLINE, budget), NotSent
        )


@EACH_CHANGE
def test_a_change_is_never_validated_since_kraken_would_make_it(
    request_: OrderRequest, added: Any, step: Step, outcome: Any, budget: Budget
) -> None:
    with RawServer() as server:
        with pytest.raises(ValueError, match=request_.method):
            a_venue(server).validate(request_, budget)
        assert server.connections == 0


def test_a_cancel_with_a_price_tells_the_paper_venue_nothing(budget: Budget) -> None:
    with RawServer(CANCELED) as server:
        cancel = OrderRequest("BTC/USD", ORDER, Decimal(60000), "CancelOrder")
        venue = a_venue(server, note_price=raising(LedgerUnavailable("not told")))
        assert venue.submit(cancel, CLIENT_ORDER_ID, DEADLINE, budget) == Accepted(
            ORDER_ID, "canceled 1 order"
        )


def test_a_deadline_is_in_whole_seconds_of_utc_and_never_later_than_meant() -> None:
    assert (
        rfc3339(datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=-5))))
        == "2026-01-02T08:04:05Z"
    )


def test_validate_sends_the_flag_as_true_and_no_id_or_deadline(budget: Budget) -> None:
    with RawServer(result({"descr": {"order": "buy"}})) as server:
        assert a_venue(server).validate(REQUEST, budget) == Accepted("", "buy")
        (request,) = server.requests
    sent = dict(request.fields)
    del sent["nonce"]
    assert sent == {**PARAMETERS, "validate": "true"}


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (refusal("EOrder:Insufficient funds"), Rejected),
        (hang_up, Unknown),
        (refusal("EX:y"), Unknown),
    ],
)
def test_a_validation_that_fails_is_an_outcome_and_is_asked_once(
    step: Step, kind: type, budget: Budget
) -> None:
    with RawServer(step) as server:
        assert isinstance(a_venue(server).validate(REQUEST, budget), kind)
        assert len(server.requests) == 1


def test_waiting_between_two_sends_is_the_clocks() -> None:
    clock = FakeClock()
    with RawServer(listening=False) as server:
        venue = KrakenVenue(KrakenClient(KEY, SECRET, server.url), clock)
        assert isinstance(
            venue.submit(REQUEST, CLIENT_ORDER_ID, DEADLINE, Budget.start(clock, 2.5)), NotSent
        )
    assert clock.monotonic() == pytest.approx(0.1)


# The paper venue's book


def test_the_price_of_the_alert_is_told_before_the_order_is_sent(budget: Budget) -> None:
    heard: list[tuple[str, Decimal, int]] = []
    with RawServer() as server:
        venue = a_venue(
            server, note_price=lambda pair, price: heard.append((pair, price, len(server.requests)))
        )
        assert isinstance(venue.submit(REQUEST, CLIENT_ORDER_ID, DEADLINE, budget), Accepted)
        without = OrderRequest("BTC/USD", PARAMETERS)
        assert isinstance(venue.submit(without, CLIENT_ORDER_ID, DEADLINE, budget), Accepted)
    assert heard == [("XBTUSD", Decimal(60000), 0)]


def raising(error: Exception) -> Any:
    def note_price(pair: str, price: Decimal) -> None:
        raise error

    return note_price


def test_a_book_that_cannot_be_written_means_that_nothing_is_sent(budget: Budget) -> None:
    with RawServer() as server:
        venue = a_venue(
            server, note_price=raising(LedgerUnavailable("The paper book can't be written."))
        )
        outcome = venue.submit(REQUEST, CLIENT_ORDER_ID, DEADLINE, budget)
        assert outcome == NotSent("The paper book can't be written.")
        assert server.connections == 0


def test_a_price_that_the_book_does_not_take_leaves_the_answer_to_the_venue(budget: Budget) -> None:
    with RawServer(refusal("EQuery:Unknown asset pair")) as server:
        venue = a_venue(server, note_price=raising(ValueError("no such pair")))
        assert venue.submit(REQUEST, CLIENT_ORDER_ID, DEADLINE, budget) == Rejected(
            ("EQuery:Unknown asset pair",)
        )


def test_a_bug_in_the_book_is_unknown_and_no_exception(budget: Budget) -> None:
    with RawServer() as server:
        venue = a_venue(server, note_price=raising(KeyError("bug")))
        assert isinstance(venue.submit(REQUEST, CLIENT_ORDER_ID, DEADLINE, budget), Unknown)


# Looking an order up


@pytest.mark.parametrize(
    "shown",
    [
        CLIENT_ORDER_ID,
        CLIENT_ORDER_ID.upper(),
        CLIENT_ORDER_ID.replace("-", ""),
        CLIENT_ORDER_ID.replace("-", "").upper(),
    ],
)
def test_an_open_order_is_known_by_the_id_in_it_whatever_its_form(
    shown: str, budget: Budget
) -> None:
    listed = {
        **others(3),
        ORDER_ID: order(shown, status="open", vol="0.01", vol_exec="0.005", reason=None),
        "OLAST": order(),
    }
    with RawServer(result({"open": listed})) as server:
        found = a_venue(server).find_open(CLIENT_ORDER_ID, budget)
        assert server.requests[0].fields["cl_ord_id"] == CLIENT_ORDER_ID
        assert server.requests[0].line.startswith("POST /0/private/OpenOrders ")
    assert found is not None
    assert (found.order_id, found.client_order_id, found.status) == (ORDER_ID, shown, "open")
    assert found.facts == {
        "description": "buy 0.01000000 XBTUSD @ market",
        "vol": "0.01",
        "vol_exec": "0.005",
    }


@pytest.mark.parametrize(
    "orders", [{}, {"OX": order()}, others(40), {"OX": order(None, cl_ord_id=None)}]
)
def test_orders_without_the_id_are_not_ours_even_if_the_filter_was_ignored(
    orders: dict[str, Any], budget: Budget
) -> None:
    with RawServer(result({"open": orders}), closed(orders, len(orders))) as server:
        venue = a_venue(server)
        assert venue.find_open(CLIENT_ORDER_ID, budget) is None
        assert venue.find_closed(CLIENT_ORDER_ID, START, budget) is None


def test_closed_orders_are_asked_by_id_from_a_little_before_the_claim(budget: Budget) -> None:
    with RawServer(closed({ORDER_ID: order(CLIENT_ORDER_ID)}, 1)) as server:
        found = a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)
        sent = dict(server.requests[0].fields)
    assert found is not None
    assert found.order_id == ORDER_ID
    assert sent.pop("nonce")
    start = int((START - timedelta(seconds=60)).timestamp())
    assert sent == {
        "cl_ord_id": CLIENT_ORDER_ID,
        "start": str(start),
        "closetime": "both",
        "ofs": "0",
    }


def paged(orders: dict[str, Any]) -> Step:
    """ClosedOrders as Kraken pages them: 50 from ``ofs`` on, and how many there are."""

    def step(server: RawServer, connection: socket.socket) -> bool:
        offset = int(server.requests[-1].fields["ofs"])
        page = dict(list(orders.items())[offset : offset + PAGE])
        return closed(page, len(orders))(server, connection)

    return step


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (50, 2), (51, 2), (100, 3), (120, 3)])
def test_every_page_of_the_closed_orders_is_read_before_an_order_counts_as_absent(
    total: int, pages: int, budget: Budget
) -> None:
    with RawServer(*[paged(others(total))] * 9) as server:
        assert a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget) is None
        assert len(server.requests) == pages


@pytest.mark.parametrize("place", [0, 49, 50, 119])
def test_an_order_is_found_on_whichever_page_it_is(place: int, budget: Budget) -> None:
    orders = {**others(place), ORDER_ID: order(CLIENT_ORDER_ID), **others(119 - place, start=500)}
    with RawServer(*[paged(orders)] * 9) as server:
        found = a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)
    assert found is not None
    assert found.order_id == ORDER_ID


def test_an_order_that_closes_between_two_pages_is_not_taken_for_absent(budget: Budget) -> None:
    before = others(60)
    after = {ORDER_ID: order(CLIENT_ORDER_ID), **before}
    with RawServer(paged(before), *[paged(after)] * 9) as server, pytest.raises(VenueUnavailable):
        a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)


FAILURES: dict[str, Step] = {
    "an error": refusal("EGeneral:Internal error"),
    "an error beside a result": reply(
        {"error": ["EService:Busy"], "result": {"open": {}, "closed": {}, "count": 0}}
    ),
    "an empty error text": reply({"error": "", "result": {"open": {}, "closed": {}, "count": 0}}),
    "a permission that is missing": refusal("EGeneral:Permission denied"),
    "a refused nonce": refusal("EAPI:Invalid nonce"),
    "a lost reply": hang_up,
    "half a reply": send(http(b'{"error":[],"result":{"open":{},"clos'), keep=False),
    "a body that is cut": send(
        http(b'{"error":[],"result":{"open":{},"closed":{},"count":0}}', Content_Length="999"),
        keep=False,
    ),
    "another status": reply({"error": [], "result": {"open": {}, "closed": {}, "count": 0}}, 502),
    "a page": send(http(b"<html></html>", Content_Type="text/html")),
    "no result": reply({"error": []}),
    "a result that is null": result(None),
    "a result that is a list": result([]),
    "no list in it": result({"count": 0}),
    "a list that is a list": result({"open": [], "closed": [], "count": 0}),
    "an order that is none": result({"open": {"OX": None}, "closed": {"OX": None}, "count": 1}),
    "an id that is a number": result(
        {"open": {"OX": order(7)}, "closed": {"OX": order(7)}, "count": 1}
    ),
    "an id that is a list": result(
        {"open": {"OX": order([])}, "closed": {"OX": order([])}, "count": 1}
    ),
    "a number beyond all numbers": send(
        http(b'{"error":[],"result":{"open":{},"closed":{},"count":1e99999999999999999999}}')
    ),
}


@pytest.mark.parametrize("step", FAILURES.values(), ids=FAILURES.keys())
def test_a_read_that_fails_or_has_another_shape_proves_nothing(step: Step, budget: Budget) -> None:
    with RawServer(step, step) as server:
        venue = a_venue(server)
        if step is not FAILURES["a number beyond all numbers"]:
            with pytest.raises(VenueUnavailable):
                venue.find_open(CLIENT_ORDER_ID, budget)
        with pytest.raises(VenueUnavailable):
            venue.find_closed(CLIENT_ORDER_ID, START, budget)


@pytest.mark.parametrize("count", [None, "", "many", -1, "-1", 0.5, True, [], {}, 4, "9" * 5000])
def test_a_list_of_closed_orders_that_does_not_say_its_length_proves_nothing(
    count: Any, budget: Budget
) -> None:
    with (
        RawServer(closed(others(1), count), closed({}, count)) as server,
        pytest.raises(VenueUnavailable),
    ):
        a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)


def test_a_count_as_text_counts(budget: Budget) -> None:
    with RawServer(closed(others(1), "1")) as server:
        assert a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget) is None


@pytest.mark.parametrize(
    "second",
    [
        closed({}, 80),
        closed(others(50), 80),
        refusal("EAPI:Rate limit exceeded"),
        hang_up,
        closed(others(10, 50), 40),
    ],
)
def test_a_later_page_that_fails_repeats_or_contradicts_proves_nothing(
    second: Step, budget: Budget
) -> None:
    with (
        RawServer(closed(others(50), 80), *[second] * 3) as server,
        pytest.raises(VenueUnavailable),
    ):
        a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)
    assert len(server.requests) <= 3


def test_a_list_without_end_is_given_up(budget: Budget) -> None:
    pages = [closed(others(50, start), 10_000) for start in range(0, 10_000, 49)]
    with RawServer(*pages) as server, pytest.raises(VenueUnavailable):
        a_venue(server).find_closed(CLIENT_ORDER_ID, START, budget)
    assert len(server.requests) == 40


def test_a_look_up_without_time_asks_nothing() -> None:
    with RawServer() as server:
        venue = a_venue(server)
        for look_up in (
            lambda budget: venue.find_open(CLIENT_ORDER_ID, budget),
            lambda budget: venue.find_closed(CLIENT_ORDER_ID, START, budget),
        ):
            with pytest.raises(VenueUnavailable):
                look_up(Budget.start(SystemClock(), 0))
        assert server.connections == 0


# The market


def test_pair_rules_are_read_with_the_moment_they_were_asked(budget: Budget) -> None:
    row = {
        "altname": "XBTUSD",
        "wsname": "XBT/USD",
        "base": "XXBT",
        "quote": "ZUSD",
        "pair_decimals": 1,
        "ordermin": "0.00005",
    }
    with RawServer(result({"XXBTZUSD": row})) as server:
        (instrument,) = a_venue(server).instruments(["XBTUSD"], budget)
        assert server.requests[0].line.startswith("GET /0/public/AssetPairs?pair=XBTUSD ")
    assert (instrument.key, instrument.ordermin, instrument.as_of) == (
        "XXBTZUSD",
        Decimal("0.00005"),
        START,
    )


def test_all_pair_rules_are_asked_without_a_name_and_beside_them_those_that_kraken_leaves_out(
    budget: Budget,
) -> None:
    own, stock = (
        {"base": "XXBT", "quote": "ZUSD"},
        {"altname": "AAPLxUSD", "base": "AAPLx", "quote": "ZUSD"},
    )
    steps = ({"XXBTZUSD": own}, {"AAPLxUSD": stock}, {"XBTUSD:BTNL": own})
    with RawServer(*map(result, steps)) as server:
        found = [rules.key for rules in a_venue(server).instruments(None, budget)]
        asked = [request.line.split()[1] for request in server.requests]
    assert found == ["XXBTZUSD", "AAPLxUSD", "XBTUSD:BTNL"]
    assert asked == [
        "/0/public/AssetPairs",
        "/0/public/AssetPairs?aclass_base=tokenized_asset",
        "/0/public/AssetPairs?execution_venue=bitnomial_exchange",
    ]


@pytest.mark.parametrize("step", [refusal("EGeneral:Invalid arguments:execution_venue"), hang_up])
def test_rules_of_the_other_venue_that_cannot_be_read_cost_none_of_the_others(
    step: Step, budget: Budget, caplog: pytest.LogCaptureFixture
) -> None:
    own = result({"XXBTZUSD": {"base": "XXBT", "quote": "ZUSD"}})
    with RawServer(own, result({}), step) as server:
        assert [rules.key for rules in a_venue(server).instruments(None, budget)] == ["XXBTZUSD"]
    assert [line.getMessage() for line in caplog.records] == ["pair_rules.other_venue_not_read"]


def test_a_pair_of_the_other_venue_is_asked_for_by_its_venue(budget: Budget) -> None:
    row = {"base": "XXBT", "quote": "ZUSD", "execution_venue": "bitnomial_exchange"}
    with RawServer(result({}), result({"XBTUSD:BTNL": row})) as server:
        found = a_venue(server).instruments(["XBTUSD:BTNL", "XBTUSD"], budget)
        asked = [request.line.split()[1].replace("%3A", ":") for request in server.requests]
    assert [rules.altname for rules in found] == ["XBTUSD:BTNL"]
    assert asked == [
        "/0/public/AssetPairs?pair=XBTUSD",
        "/0/public/AssetPairs?pair=XBTUSD:BTNL&execution_venue=bitnomial_exchange",
    ]


@pytest.mark.parametrize(
    "step", [refusal("EQuery:Unknown asset pair"), refusal("EService:Busy"), hang_up]
)
def test_tokenised_rules_that_cannot_be_read_cost_none_of_the_others(
    step: Step, budget: Budget, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(result({"XXBTZUSD": {"base": "XXBT", "quote": "ZUSD"}}), step) as server:
        assert [rules.key for rules in a_venue(server).instruments(None, budget)] == ["XXBTZUSD"]
    (line,) = caplog.records
    assert (line.levelname, line.getMessage()) == ("WARNING", "pair_rules.tokenized_not_read")


@pytest.mark.parametrize(
    "step", [refusal("EQuery:Unknown asset pair"), refusal("EService:Busy"), hang_up]
)
def test_rules_of_all_pairs_that_cannot_be_read_are_an_outage(step: Step, budget: Budget) -> None:
    with RawServer(step, result({})) as server, pytest.raises(VenueUnavailable):
        a_venue(server).instruments(None, budget)


def test_an_unknown_pair_has_no_rules(budget: Budget) -> None:
    with RawServer(refusal("EQuery:Unknown asset pair")) as server:
        assert a_venue(server).instruments(["NOSUCH"], budget) == []


def test_tokenised_assets_are_asked_for_by_their_class(budget: Budget) -> None:
    with RawServer(result({}), result({})) as server:
        assert a_venue(server).instruments(["AAPLxUSD", "XBTUSD"], budget) == []
        asked = [request.line.split()[1] for request in server.requests]
    assert asked == [
        "/0/public/AssetPairs?pair=XBTUSD",
        "/0/public/AssetPairs?pair=AAPLxUSD&aclass_base=tokenized_asset",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "an error",
        "a lost reply",
        "half a reply",
        "another status",
        "a page",
        "a result that is null",
    ],
)
def test_pair_rules_that_cannot_be_read_are_an_outage(name: str, budget: Budget) -> None:
    with RawServer(FAILURES[name]) as server, pytest.raises(VenueUnavailable):
        a_venue(server).instruments(["XBTUSD"], budget)


@pytest.mark.parametrize("key", ["XXBTZUSD", "XBTUSD", "BTC/USD"])
def test_the_last_price_is_found_under_whatever_name_kraken_gives_it(
    key: str, budget: Budget
) -> None:
    with RawServer(result({"last": "1700000000", key: {"c": ["105944.30000", "0.1"]}})) as server:
        assert a_venue(server).last_price(BTC_USD, budget) == Decimal("105944.30000")
        assert server.requests[0].line.startswith(f"GET /0/public/Ticker?pair={BTC_USD.key} ")


def test_a_price_as_a_number_stays_exact(budget: Budget) -> None:
    with RawServer(
        send(http(b'{"error":[],"result":{"X":{"c":[0.10000000000000000001]}}}'))
    ) as server:
        assert a_venue(server).last_price(BTC_USD, budget) == Decimal("0.10000000000000000001")


NO_PRICES: dict[str, Any] = {
    "nothing": {},
    "two pairs": {"A": {"c": ["1"]}, "B": {"c": ["2"]}},
    "no row": {"A": None},
    "a text": {"A": "c"},
    "no close": {"A": {}},
    "an empty close": {"A": {"c": []}},
    "no number": {"A": {"c": ["cheap"]}},
    "NaN": {"A": {"c": ["NaN"]}},
    "Infinity": {"A": {"c": ["Infinity"]}},
    "zero": {"A": {"c": ["0.00000"]}},
    "below zero": {"A": {"c": ["-1"]}},
    "true": {"A": {"c": [True]}},
}


@pytest.mark.parametrize("ticker", NO_PRICES.values(), ids=NO_PRICES.keys())
def test_a_ticker_without_one_price_above_zero_is_an_outage(ticker: Any, budget: Budget) -> None:
    with RawServer(result(ticker)) as server, pytest.raises(VenueUnavailable, match="XBTUSD"):
        tick(KrakenClient("", "", server.url), "XBTUSD", budget)


def test_an_account_is_balances_open_orders_and_positions(budget: Budget) -> None:
    parts = [{"ZUSD": {"balance": "1.0"}}, {"open": {ORDER_ID: order()}}, {"TPOS": {}}]
    with RawServer(*map(result, parts)) as server:
        account = a_venue(server).account(budget)
        asked = [json.dumps(request.line).split()[1] for request in server.requests]
    assert asked == [f"/0/private/{name}" for name in ("BalanceEx", "OpenOrders", "OpenPositions")]
    assert account == {
        "balances": parts[0],
        "open_orders": {ORDER_ID: order()},
        "positions": {"TPOS": {}},
    }


def test_an_account_that_cannot_be_read_is_an_outage(budget: Budget) -> None:
    told = pytest.raises(
        VenueUnavailable, match="OpenOrders could not be read: EGeneral:Permission denied"
    )
    with RawServer(result({}), refusal("EGeneral:Permission denied")) as server, told:
        a_venue(server).account(budget)


# Against the whole exchange on loopback


@pytest.fixture
def kraken() -> Iterator[KrakenServer]:
    with KrakenServer() as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.mark.parametrize(
    "fault",
    [
        faults.reset_after(),
        faults.truncated(20),
        faults.status(502, apply=True),
        faults.errors(["EService:Busy"], apply=True),
    ],
)
def test_an_order_whose_reply_was_lost_is_found_and_is_there_once(
    kraken: KrakenServer, fault: Any
) -> None:
    kraken.script("AddOrder", fault)
    venue, clock = a_venue(kraken), SystemClock()
    soon = clock.now() + timedelta(seconds=10)
    outcome = venue.submit(REQUEST, CLIENT_ORDER_ID, soon, Budget.start(clock, 2.0))
    assert isinstance(outcome, Unknown)
    assert venue.find_open(CLIENT_ORDER_ID, Budget.start(clock, 2.0)) is None
    found = venue.find_closed(CLIENT_ORDER_ID, clock.now(), Budget.start(clock, 2.0))
    (placed,) = kraken.orders()
    assert found is not None
    assert found.order_id == placed["txid"]


def test_a_validated_order_is_not_in_the_book(kraken: KrakenServer, budget: Budget) -> None:
    assert isinstance(a_venue(kraken).validate(REQUEST, budget), Accepted)
    assert kraken.orders() == []
