"""Kraken's ORDER as KrakenVenue reads it: the orders of the account, one order, and
what orders came to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.raw_servers import ORDER_ID, RawServer
from tests.unit.kraken.test_venue import CLIENT_ORDER_ID, a_venue, result
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import VenueUnavailable
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Fill

MALFORMED = [..., None, "", "cheap", "NaN", "1e31", True, [], {}]
OTHER_ID = "OTHER1-AAAAA-AAAAAA"
A_MINUTE_LATER = datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)


@pytest.fixture
def budget() -> Budget:
    return Budget.start(SystemClock(), 2.0)


def kept(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


def an_order(descr: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Kraken's example, open and half filled. ``...`` leaves a field out."""
    described = {
        "pair": "XBTUSD",
        "aclass": "forex",
        "type": "buy",
        "ordertype": "limit",
        "price": "60000.0",
        "price2": "0",
        "leverage": "none",
        "order": "buy 0.02000000 XBTUSD @ limit 60000.0",
        "close": "",
    }
    order = {
        "refid": None,
        "userref": None,
        "cl_ord_id": CLIENT_ORDER_ID,
        "status": "open",
        "reason": None,
        "opentm": 1700000000,
        "starttm": 0,
        "expiretm": 0,
        "descr": kept(described | (descr or {})),
        "vol": "0.02000000",
        "vol_exec": "0.01000000",
        "cost": "600.00000",
        "fee": "4.80000",
        "price": "60000.0",
        "stopprice": "0.00000",
        "limitprice": "0.00000",
        "misc": "",
        "oflags": "fciq",
        "margin": False,
    }
    return kept(order | changes)


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, "-604.8"), ({"oflags": "fcib"}, None), ({"cost": ...}, None), ({"fee": ...}, None),
    ({"descr": {"type": "sell"}}, "595.2"), ({"oflags": "post,fciq"}, "-604.8"),
])  # fmt: skip
def test_what_an_order_has_earned_counts_its_fee_where_that_is_of_the_same_currency(
    changes: Any, expected: str | None, budget: Budget
) -> None:
    earned = read(an_order(**changes), budget).earned
    assert earned == (None if expected is None else Decimal(expected))


def read(order: Any, budget: Budget) -> RestingOrder:
    """By both ways, which have to agree."""
    with RawServer(result({"open": {ORDER_ID: order}}), result({ORDER_ID: order})) as server:
        venue = a_venue(server)
        (listed,) = venue.open_orders(budget)
        assert venue.order(ORDER_ID, budget) == listed
        listing, query = server.requests
    assert set(listing.fields) == {"nonce"}
    assert query.fields["txid"] == ORDER_ID
    return listed


def test_an_order_is_read_whole(budget: Budget) -> None:
    assert read(an_order(), budget) == RestingOrder(
        order_id=ORDER_ID,
        pair="XBTUSD",
        side=Side.BUY,
        order_type="limit",
        volume=Decimal("0.02"),
        executed=Decimal("0.01"),
        opened_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        status="open",
        client_order_id=CLIENT_ORDER_ID,
        parent=None,
        limit=Decimal(60000),
        trigger=None,
        margin=False,
        closes=False,
        earned=Decimal("-604.8"),
    )


@pytest.mark.parametrize(
    ("ordertype", "prices", "limit", "trigger"),
    [
        ("limit", "60000.0 0", "60000", None),
        ("iceberg", "60000.0 0", "60000", None),
        ("market", "0 0", None, None),
        ("settle-position", "0 0", None, None),
        ("stop-loss", "50000.0 0", None, "50000"),
        ("take-profit", "70000.0 0", None, "70000"),
        ("stop-loss-limit", "50000.0 49000.5", "49000.5", "50000"),
        ("take-profit-limit", "70000.0 69000.0", "69000", "70000"),
        ("trailing-stop", "+1.0000% 0", None, None),
        ("trailing-stop", "+500.0 0", None, None),
        ("trailing-stop-limit", "+1.0000% -0.5000%", None, None),
        ("trailing-stop-limit", "+500.0 +0.0", None, None),
        ("stop-loss", "-5.0000% 0", None, None),
        ("stop-loss-limit", "50000.0 #100.0", None, "50000"),
        ("limit", "+2.0000% 0", None, None),
        ("limit", "2.0000% 0", None, None),
        ("something-new", "1 2", None, None),
    ],
)
def test_limit_and_trigger_stand_where_the_order_type_has_them(
    ordertype: str, prices: str, limit: str | None, trigger: str | None, budget: Budget
) -> None:
    price, price2 = prices.split()
    order = read(an_order({"ordertype": ordertype, "price": price, "price2": price2}), budget)
    assert order.order_type == ordertype
    assert order.limit == (Decimal(limit) if limit else None)
    assert order.trigger == (Decimal(trigger) if trigger else None)


@pytest.mark.parametrize(
    ("order", "field", "value"),
    [
        (an_order({"type": "sell"}), "side", Side.SELL),
        (an_order(status="pending"), "status", "pending"),
        (an_order(status="canceled", reason="User requested"), "status", "canceled"),
        (an_order(cl_ord_id=...), "client_order_id", None),
        (an_order(cl_ord_id=None), "client_order_id", None),
        (an_order(refid="None"), "parent", None),
        (an_order(refid=""), "parent", None),
        (an_order(refid=...), "parent", None),
        (an_order(refid=OTHER_ID), "parent", OTHER_ID),
        (an_order(margin=True), "margin", True),
        (an_order({"leverage": "5:1"}, margin=...), "margin", True),
        (an_order({"leverage": "none"}, margin=...), "margin", False),
        (an_order({"close": "close position @ stop loss 22000.0"}), "closes", True),
        (an_order({"close": ...}), "closes", False),
        (an_order({"close": None}), "closes", False),
        (an_order(trigger="index"), "by_index", True),
        (an_order(), "by_index", False),
        (an_order(status="pending", starttm=1700000060), "starts", A_MINUTE_LATER),
        (an_order(), "starts", None),
        (an_order(starttm=...), "starts", None),
        (an_order({"price": "-2.0000%", "price2": "-500.0"}), "offsets", ("-2.0000%", "-500.0")),
        (an_order({"price": "58000.0", "price2": "#1.0000%"}), "offsets", ("", "#1.0000%")),
        (
            an_order(opentm="1700000000.1234567"),
            "opened_at",
            datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC),
        ),
        (
            an_order(opentm=1700000000.25),
            "opened_at",
            datetime(2023, 11, 14, 22, 13, 20, 250000, tzinfo=UTC),
        ),
        (an_order({"ordertype": "market", "price": ..., "price2": ...}), "offsets", ("", "")),
        (an_order(vol="1", vol_exec="0.4"), "left", Decimal("0.6")),
    ],
)
def test_each_field_says_what_kraken_says(
    order: Any, field: str, value: Any, budget: Budget
) -> None:
    assert getattr(read(order, budget), field) == value


BROKEN = [
    *(an_order(**{field: value}) for field in ("vol", "vol_exec", "opentm") for value in MALFORMED),
    *(an_order({"price": value}) for value in MALFORMED),
    *(an_order({"ordertype": "stop-loss-limit", "price2": value}) for value in MALFORMED),
    *(
        an_order({field: value})
        for field in ("pair", "ordertype")
        for value in (..., None, "", 7, [])
    ),
    *(an_order({"type": value}) for value in (..., None, "", "long", 7)),
    *(an_order(status=value) for value in (..., None, "", 7)),
    *(an_order(margin=value) for value in (None, "true", 1)),
    an_order(opentm=-1),
    an_order(opentm="1e12"),
    an_order(refid=7),
    an_order(cl_ord_id=7),
    an_order({"close": 7}),
    *(an_order() | {"descr": value} for value in (None, {}, "buy")),
    {},
    None,
    [],
    "text",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_one_order_that_cannot_be_read_fails_them_all(broken: Any, budget: Budget) -> None:
    orders = {OTHER_ID: an_order(), ORDER_ID: broken}
    with RawServer(result({"open": orders}), result({ORDER_ID: broken})) as server:
        venue = a_venue(server)
        with pytest.raises(VenueUnavailable, match="not in its usual form"):
            venue.open_orders(budget)
        with pytest.raises(VenueUnavailable, match=f"order {ORDER_ID} is not in its usual form"):
            venue.order(ORDER_ID, budget)


@pytest.mark.parametrize("orders", [None, [], "text", ...])
def test_a_list_that_is_none_is_no_empty_list(orders: Any, budget: Budget) -> None:
    with (
        RawServer(result(kept({"open": orders, "other": 1}))) as server,
        pytest.raises(VenueUnavailable),
    ):
        a_venue(server).open_orders(budget)


def test_orders_keep_krakens_sequence(budget: Budget) -> None:
    with RawServer(
        result({"open": {"OB": an_order(), "OA": an_order({"type": "sell"})}})
    ) as server:
        assert [order.order_id for order in a_venue(server).open_orders(budget)] == ["OB", "OA"]


@pytest.mark.parametrize("shown", [{}, {OTHER_ID: an_order()}])
def test_an_order_that_kraken_does_not_show_is_none(shown: Any, budget: Budget) -> None:
    with RawServer(result(shown)) as server:
        assert a_venue(server).order(ORDER_ID, budget) is None


# Fills

OPENED_AT = datetime.fromtimestamp(1700000000, UTC)


@pytest.mark.parametrize(
    ("order", "fill"),
    [
        (
            an_order(trades=["T1", "T2"]),
            Fill("open", Decimal("0.01"), Decimal(60000), Decimal(600), Decimal("4.8"), trades=2),
        ),
        (
            an_order(status="closed", vol_exec=1, price=0.5, cost=1, fee=0),
            Fill("closed", Decimal(1), Decimal("0.5"), Decimal(1), Decimal(0)),
        ),
        (
            an_order(
                status="canceled",
                vol_exec="0.00000000",
                price="0.00000",
                cost="0.00000",
                fee="0.00000",
            ),
            Fill("canceled", Decimal(0), None, Decimal(0), Decimal(0)),
        ),
        (
            an_order(vol_exec="0", price="60000.0"),
            Fill("open", Decimal(0), None, Decimal(600), Decimal("4.8")),
        ),
    ],
)
def test_a_fill_is_what_has_traded_so_far(order: Any, fill: Fill, budget: Budget) -> None:
    with RawServer(result({ORDER_ID: order})) as server:
        assert a_venue(server).fills([ORDER_ID], budget) == {
            ORDER_ID: fill._replace(opened_at=OPENED_AT)
        }
    assert b"trades=true" in server.requests[0].body


def test_fills_of_many_orders_are_one_question_and_what_is_not_shown_is_left_out(
    budget: Budget,
) -> None:
    wanted = [f"O{number:05}-AAAAA-AAAAAA" for number in range(50)]
    shown = {name: an_order() for name in [*reversed(wanted[1:]), OTHER_ID]}
    with RawServer(result(shown)) as server:
        assert list(a_venue(server).fills(wanted, budget)) == wanted[1:]
        (request,) = server.requests
    assert request.fields["txid"].split(",") == wanted


@pytest.mark.parametrize(
    "broken",
    [
        *(
            an_order(**{field: value})
            for field in ("vol_exec", "price", "cost", "fee")
            for value in MALFORMED
        ),
        *(an_order(status=value) for value in (..., None, "", 7)),
        None,
        [],
    ],
)
def test_one_fill_that_cannot_be_read_fails_them_all(broken: Any, budget: Budget) -> None:
    told = pytest.raises(VenueUnavailable, match=f"order {ORDER_ID} is not in its usual form")
    with RawServer(result({OTHER_ID: an_order(), ORDER_ID: broken})) as server, told:
        a_venue(server).fills([OTHER_ID, ORDER_ID], budget)


# -- several orders under one client order id ------------------------------------------------------


def test_of_two_closed_orders_with_one_id_the_one_that_was_opened_last_is_found(
    budget: Budget,
) -> None:
    old = an_order(cl_ord_id=CLIENT_ORDER_ID, status="closed", opentm=1_600_000_000.5)
    new = an_order(cl_ord_id=CLIENT_ORDER_ID, status="closed", opentm="1700000000.25")
    for orders in ({ORDER_ID: old, OTHER_ID: new}, {OTHER_ID: new, ORDER_ID: old}):
        with RawServer(result({"closed": orders, "count": 2})) as server:
            found = a_venue(server).find_closed(CLIENT_ORDER_ID, datetime.now(UTC), budget)
        assert found is not None
        assert (found.order_id, found.opened_at) == (
            OTHER_ID,
            datetime.fromtimestamp(1_700_000_000.25, UTC),
        )


@pytest.mark.parametrize("moment", MALFORMED)
def test_an_order_that_does_not_say_when_it_was_opened_is_found_all_the_same(
    budget: Budget, moment: Any
) -> None:
    order = kept(an_order(cl_ord_id=CLIENT_ORDER_ID) | {"opentm": moment})
    with RawServer(result({"open": {ORDER_ID: order}})) as server:
        found = a_venue(server).find_open(CLIENT_ORDER_ID, budget)
    assert found is not None
    assert (found.order_id, found.opened_at) == (ORDER_ID, None)
