"""Which open orders a cancel or an amendment means, and what Kraken is told of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.support.instruments import BTC_USD
from tests.support.row_by_row import row_by_row
from webhook_core.trading.cancel_and_amend import amendment, cancels, is_as_amended, meant
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.intent import AmendIntent, CancelIntent, NoOrder
from webhook_core.trading.orders import Side
from webhook_core.trading.ours import Allowed, Ours
from webhook_core.trading.plans import Denied
from webhook_core.trading.requests import OrderRequest
from webhook_core.trading.sent_orders import as_amended

D = Decimal
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def resting(order_id, pair="XBTUSD", side=Side.SELL, kind="limit", **more):
    return RestingOrder(order_id, pair, side, kind, D("0.5"), D("0.1"), NOW, limit=D(60000), **more)


BUY = resting("OBUY", side=Side.BUY, client_order_id="11111111-1111-4111-8111-111111111111")
SELL = resting("OSELL")
STOP = resting("OSTOP", kind="stop-loss", parent="OENTRY")
ETH = resting("OETH", pair="ETHUSD")
ALL = (BUY, SELL, STOP, ETH)
FREE = Allowed()


YOUNG = Ours(just_sent=[("OYOUNG", "BTC/USD")])


def ids(intent, *, named=None, allowed=FREE, pair=None):
    found = cancels(intent, ALL, named, allowed, pair)
    if isinstance(found, NoOrder | Denied):
        return type(found).__name__
    assert all(request.method == "CancelOrder" for request in found.requests)
    return [*map(dict, (request.parameters for request in found.requests))]


def txids(*names):
    return [{"txid": name} for name in names]


@row_by_row
@pytest.mark.parametrize(
    ("intent", "context", "expected"),
    [
        (CancelIntent("all"), {}, txids("OBUY", "OSELL", "OSTOP", "OETH")),
        (CancelIntent("symbol", "BTCUSD"), {"pair": BTC_USD}, txids("OBUY", "OSELL", "OSTOP")),
        (CancelIntent("symbol", "BTCUSD", Side.SELL), {"pair": BTC_USD}, txids("OSELL", "OSTOP")),
        (CancelIntent(order_id="OSELL"), {}, txids("OSELL")),
        (CancelIntent(client_order_id="11111111111141118111111111111111"), {}, txids("OBUY")),
        (
            CancelIntent(of_alert="a"),
            {"named": Ours({"OENTRY"})},
            txids("OSTOP"),
        ),  # what its entry left behind
        (
            CancelIntent("strategy"),
            {"named": Ours({"OSELL"}, {BUY.client_order_id})},
            txids("OBUY", "OSELL"),
        ),
        (CancelIntent("strategy"), {"named": Ours()}, "NoOrder"),
        # one that Kraken's list may lack goes by its id: Kraken decides
        (CancelIntent(order_id="OYOUNG"), {}, txids("OYOUNG")),
        (CancelIntent(client_order_id="abc"), {}, [{"cl_ord_id": "abc"}]),
        (
            CancelIntent(of_alert="a"),
            {"named": Ours(just_sent=[("OYOUNG", "BTC/USD")])},
            txids("OYOUNG"),
        ),
        (
            CancelIntent(of_alert="a"),
            {"named": Ours({"OSELL"}, just_sent=[("OSELL", "BTC/USD")])},
            txids("OSELL"),
        ),
        # a credential of a strategy, and ALLOWED_SYMBOLS
        (CancelIntent("all"), {"allowed": Allowed(Ours({"OSELL"}))}, txids("OSELL")),
        (CancelIntent("all"), {"allowed": Allowed(None, {"ETHUSD"})}, txids("OETH")),
        (CancelIntent(order_id="OBUY"), {"allowed": Allowed(Ours({"OSELL"}))}, "Denied"),
        (CancelIntent(order_id="OBUY"), {"allowed": Allowed(None, {"ETHUSD"})}, "Denied"),
        (CancelIntent(order_id="OYOUNG"), {"allowed": Allowed(Ours({"OSELL"}))}, "NoOrder"),
        (
            CancelIntent(order_id="OYOUNG"),
            {"allowed": Allowed(Ours()), "named": YOUNG},
            txids("OYOUNG"),
        ),
        (
            CancelIntent(client_order_id="abc"),
            {"allowed": Allowed(None, {"ETHUSD"}), "named": YOUNG},
            txids("OYOUNG"),
        ),
        (CancelIntent("strategy"), {"named": YOUNG}, "NoOrder"),
        (CancelIntent(client_order_id="abc"), {"allowed": Allowed(Ours())}, "NoOrder"),
    ],
)
def test_a_cancel_means_these(intent, context, expected):
    assert ids(intent, **context) == expected


def test_what_is_meant_and_may_not_be_touched_is_said():
    assert cancels(CancelIntent("all"), ALL, None, FREE, None).notes == ()
    (note,) = cancels(CancelIntent("all"), ALL, None, Allowed(None, {"ETHUSD"}), None).notes
    assert note.startswith("3 more open orders are meant that this sender may not cancel")


@row_by_row
@pytest.mark.parametrize(
    ("intent", "order", "sent"),
    [
        (AmendIntent(limit=D("60000.19")), BUY, {"limit_price": "60000.1"}),
        (AmendIntent(limit=D("60000.11")), SELL, {"limit_price": "60000.2"}),
        (AmendIntent(volume=D("0.4999999999")), SELL, {"order_qty": "0.49999999"}),
        (AmendIntent(trigger=D("59000"), post_only=False), STOP, {"trigger_price": "59000"}),
        (
            AmendIntent(limit=D(61000), post_only=True),
            SELL,
            {"limit_price": "61000", "post_only": "true"},
        ),
        (AmendIntent(volume=D("0.1")), SELL, "AMEND_VOLUME"),  # all of that has filled
        (AmendIntent(limit=D(1)), resting("O", kind="stop-loss"), "AMEND_PRICE"),
        (AmendIntent(trigger=D(1)), SELL, "AMEND_PRICE"),
        (AmendIntent(limit=D(1)), resting("O", closes=True), "AMEND_CLOSE"),
    ],
)
def test_an_amendment_is_rounded_like_an_order(intent, order, sent):
    found = amendment(intent, order, BTC_USD)
    if isinstance(sent, str):
        assert isinstance(found, Denied)
        assert found.rule == sent
        return
    assert found.method == "AmendOrder"
    assert dict(found.parameters) == {"txid": order.order_id, **sent}
    will_be = as_amended(intent, order, found, BTC_USD)
    assert will_be.volume == D(sent.get("order_qty", "0.5"))
    # One it keeps counts too.
    assert will_be.cost_price == max(
        D(sent.get("limit_price", "60000")), D(sent.get("trigger_price", "0"))
    )


def test_an_amendment_of_an_alert_is_of_its_order_and_not_of_the_close_that_it_left():
    ours = Ours({"OENTRY", "OSELL"})
    assert meant(AmendIntent(of_alert="a"), ALL, ours) == [SELL]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"limit_price": "60000"}, True),
        ({"limit_price": "60000.0", "order_qty": "0.5"}, True),
        ({"limit_price": "60001"}, False),
        ({"order_qty": "0.6"}, False),
        ({"trigger_price": "60000"}, False),
    ],
)
def test_an_order_shows_its_amendment_or_not(sent, shown):
    assert (
        is_as_amended(OrderRequest("", {"txid": "OSELL", **sent}, method="AmendOrder"), SELL)
        is shown
    )
