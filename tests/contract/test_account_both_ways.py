"""KrakenVenue against the paper engine both ways, in this process and over a real socket: place,
read, change, read again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support import kraken_server
from tests.support import paper as in_process
from tests.support.instruments import BTC_USD, pair
from tests.support.kraken_server import KrakenServer
from webhook_core.clock import Budget, SystemClock
from webhook_core.errors import VenueUnavailable
from webhook_core.kraken import known_pairs
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.paper.desk import MarketRules
from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.venue import PaperTransport
from webhook_core.kraken.venue import KrakenVenue
from webhook_core.trading.facts import Balance
from webhook_core.trading.orders import Side
from webhook_core.trading.requests import Accepted, Fill, OrderRequest, Outcome, Rejected
from webhook_core.trading.rules import Fees

CLOCK = SystemClock()
NEVER_WAS = "OZZZZZ-ZZZZZ-ZZZZZZ"
LIMIT = {"ordertype": "limit", "price": "50000"}


class Account:
    """The venue, the engine behind it, and each call in one line."""

    def __init__(self, venue: KrakenVenue, engine: PaperKraken) -> None:
        self.venue, self.engine = venue, engine

    def __getattr__(self, name: str) -> Any:
        """A read of the venue's, with time enough."""
        return lambda *asked: getattr(self.venue, name)(*asked, Budget.start(CLOCK, 5.0))

    def submit(
        self, parameters: dict[str, str], method: Any = "AddOrder", own_id: str = ""
    ) -> Outcome:
        request = OrderRequest("BTC/USD", parameters, method=method)
        soon = CLOCK.now() + timedelta(seconds=20)
        return self.venue.submit(
            request, own_id or str(uuid.uuid4()), soon, Budget.start(CLOCK, 5.0)
        )

    def place(self, own_id: str = "", **fields: str) -> str:
        asked = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"} | fields
        outcome = self.submit(asked, own_id=own_id)
        assert isinstance(outcome, Accepted), outcome
        return outcome.order_id

    def cancel(self, **named: str) -> Outcome:
        return self.submit(named, "CancelOrder")

    def amend(self, **fields: str) -> Outcome:
        return self.submit(fields, "AmendOrder")


@pytest.fixture(params=["in this process", "over a socket"])
def kraken(request: pytest.FixtureRequest) -> Iterator[Account]:
    """10000 USD and 1 BTC, at 60000."""
    if request.param == "in this process":
        engine = in_process.paper(clock=CLOCK)
        client = KrakenClient(in_process.KEY, in_process.SECRET, transport=PaperTransport(engine))
        engine.mark_price("XBTUSD", Decimal(60000))
        yield Account(KrakenVenue(client, CLOCK), engine)
        return
    with KrakenServer(pairs=None) as server:
        client = KrakenClient(kraken_server.KEY, kraken_server.SECRET, server.url)
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield Account(KrakenVenue(client, CLOCK), server.engine)


def test_a_resting_order_is_seen_and_holds_what_it_may_cost(kraken: Account) -> None:
    own_id = str(uuid.uuid4())
    order_id = kraken.place(own_id, **LIMIT)
    (order,) = kraken.open_orders()
    assert (order.order_id, order.client_order_id, order.pair) == (order_id, own_id, "XBTUSD")
    assert (order.side, order.order_type, order.status) == (Side.BUY, "limit", "open")
    assert (order.volume, order.executed, order.limit) == (Decimal("0.01"), 0, Decimal(50000))
    assert (order.trigger, order.parent, order.margin, order.closes) == (None, None, False, False)
    assert order.opened_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - order.opened_at) < timedelta(seconds=5)
    assert kraken.order(order_id) == order
    assert kraken.balances() == {
        "ZUSD": Balance(Decimal(10000), Decimal(504)),  # with the taker's fee
        "XXBT": Balance(Decimal(1)),
    }
    assert kraken.balances()["ZUSD"].free == Decimal(9496)


def test_an_order_is_canceled_once_and_then_gone(kraken: Account) -> None:
    order_id = kraken.place(**LIMIT)
    assert kraken.cancel(txid=order_id) == Accepted(order_id, "canceled 1 order")
    assert kraken.cancel(txid=order_id) == Rejected(("EOrder:Unknown order",))
    assert kraken.open_orders() == ()
    assert kraken.order(order_id).status == "canceled"
    shown = kraken.order(order_id)
    moments = (shown.closed_at, shown.opened_at)
    assert shown.closed_at is not None
    assert kraken.fills([order_id]) == {
        order_id: Fill("canceled", Decimal(0), None, Decimal(0), Decimal(0), *moments, 0)
    }
    assert kraken.balances()["ZUSD"] == Balance(Decimal(10000))


def test_an_order_is_canceled_by_our_own_id(kraken: Account) -> None:
    own_id = str(uuid.uuid4())
    mine, other = kraken.place(own_id, **LIMIT), kraken.place(**LIMIT)
    assert kraken.cancel(cl_ord_id=own_id) == Accepted("", "canceled 1 order")
    assert kraken.cancel(cl_ord_id=own_id) == Rejected(("EOrder:Unknown order",))
    assert [order.order_id for order in kraken.open_orders()] == [other]
    assert kraken.order(mine).client_order_id == own_id


def test_an_order_that_has_filled_can_be_neither_canceled_nor_amended(kraken: Account) -> None:
    order_id = kraken.place()
    assert kraken.cancel(txid=order_id) == Rejected(("EOrder:Unknown order",))
    assert kraken.amend(txid=order_id, limit_price="1") == Rejected(("EOrder:Unknown order",))


def test_an_order_that_never_was_is_refused_and_not_shown(kraken: Account) -> None:
    assert kraken.cancel(txid=NEVER_WAS) == Rejected(("EOrder:Invalid order",))
    assert kraken.amend(txid=NEVER_WAS, order_qty="1") == Rejected(("EOrder:Invalid order",))
    assert kraken.order(NEVER_WAS) is None
    assert kraken.fills([NEVER_WAS]) == {}


def test_an_amended_order_keeps_its_id_and_holds_what_it_needs_now(kraken: Account) -> None:
    own_id = str(uuid.uuid4())
    order_id = kraken.place(own_id, **LIMIT)
    assert kraken.amend(txid=order_id, limit_price="55000", order_qty="0.02") == Accepted(
        order_id, "amended"
    )
    (order,) = kraken.open_orders()
    assert (order.order_id, order.client_order_id) == (order_id, own_id)
    assert (order.limit, order.volume) == (Decimal(55000), Decimal("0.02"))
    assert kraken.balances()["ZUSD"].held == Decimal("1108.8")
    assert kraken.amend(cl_ord_id=own_id, order_qty="0.01") == Accepted("", "amended")
    assert kraken.order(order_id).volume == Decimal("0.01")


@pytest.mark.parametrize(
    ("fields", "error", "stale"),
    [
        (
            {"limit_price": "50000.01"},
            "EOrder:Invalid price:XBT/USD price can only be specified up to 1 decimals.",
            True,
        ),
        ({"order_qty": "0.00001"}, "EGeneral:Invalid arguments:volume minimum not met", True),
        ({"order_qty": "9"}, "EOrder:Insufficient funds", False),
        ({"limit_price": "61000", "post_only": "true"}, "EOrder:Post only order", False),
        ({"trigger_price": "50000"}, "EGeneral:Invalid arguments:trigger_price", False),
    ],
)
def test_an_amendment_that_is_refused_changes_nothing(
    kraken: Account, fields: Any, error: str, stale: bool
) -> None:
    order_id = kraken.place(**LIMIT)
    before = kraken.order(order_id)
    assert kraken.amend(txid=order_id, **fields) == Rejected((error,), stale_rules=stale)
    assert kraken.order(order_id) == before


def test_what_an_order_came_to_is_read(kraken: Account) -> None:
    bought, resting = kraken.place(), kraken.place(**LIMIT)
    fills = kraken.fills([resting, NEVER_WAS, bought])
    assert fills == {
        resting: Fill(
            "open",
            Decimal(0),
            None,
            Decimal(0),
            Decimal(0),
            opened_at=kraken.order(resting).opened_at,
            trades=0,
        ),
        bought: Fill(
            "closed",
            Decimal("0.01"),
            Decimal(60000),
            Decimal(600),
            Decimal("4.8"),
            kraken.order(bought).closed_at,
            kraken.order(bought).opened_at,
            1,
        ),
    }
    assert kraken.balances()["XXBT"] == Balance(Decimal("1.01"))


def test_an_order_that_is_partly_filled_shows_both_parts(kraken: Account) -> None:
    kraken.engine.market = MarketRules(fill=(Decimal("0.25"),))
    order_id = kraken.place(type="sell", volume="0.4")
    (order,) = kraken.open_orders()
    assert (order.volume, order.executed, order.left) == (
        Decimal("0.4"),
        Decimal("0.1"),
        Decimal("0.3"),
    )
    assert kraken.fills([order_id])[order_id].volume == Decimal("0.1")
    assert kraken.balances()["XXBT"] == Balance(Decimal("0.9"), Decimal("0.3"))
    assert isinstance(kraken.cancel(txid=order_id), Accepted)
    assert kraken.fills([order_id])[order_id] == Fill(
        "canceled",
        Decimal("0.1"),
        Decimal(60000),
        Decimal(6000),
        Decimal(48),
        kraken.order(order_id).closed_at,
        kraken.order(order_id).opened_at,
        1,
    )


@pytest.mark.parametrize(
    ("fields", "limit", "trigger"),
    [
        ({"ordertype": "stop-loss", "price": "55000"}, None, "55000"),
        ({"ordertype": "take-profit-limit", "price": "65000", "price2": "64000"}, "64000", "65000"),
        ({"ordertype": "trailing-stop", "price": "+2%"}, None, None),
        ({"ordertype": "trailing-stop-limit", "price": "+500", "price2": "-10"}, None, None),
        ({"ordertype": "stop-loss", "price": "-5%"}, None, None),
        (
            {"ordertype": "iceberg", "price": "65000", "volume": "0.3", "displayvol": "0.1"},
            "65000",
            None,
        ),
        ({"ordertype": "limit", "price": "65000", "starttm": "+60"}, "65000", None),
    ],
)
def test_every_kind_of_resting_order_is_read(
    kraken: Account, fields: Any, limit: Any, trigger: Any
) -> None:
    kraken.place(type="sell", **fields)
    (order,) = kraken.open_orders()
    assert order.order_type == fields["ordertype"]
    is_scheduled = "starttm" in fields
    assert order.status == ("pending" if is_scheduled else "open")
    assert (order.starts is not None and order.starts > order.opened_at) == is_scheduled
    assert order.limit == (limit and Decimal(limit))
    assert order.trigger == (trigger and Decimal(trigger))


def test_the_closing_order_of_an_order_names_its_parent(kraken: Account) -> None:
    close = {"close[ordertype]": "stop-loss", "close[price]": "50000"}
    resting = kraken.place(**LIMIT, **close)
    assert [order.closes for order in kraken.open_orders()] == [True]
    assert kraken.amend(txid=resting, limit_price="49000") == Rejected(("EOrder:Invalid order",))
    kraken.cancel(txid=resting)
    entry = kraken.place(**close)
    (child,) = kraken.open_orders()
    assert (child.parent, child.side, child.closes) == (entry, Side.SELL, False)
    assert (child.trigger, child.volume) == (Decimal(50000), Decimal("0.01"))
    assert isinstance(kraken.cancel(txid=child.order_id), Accepted)


def test_an_order_says_when_it_traded_last(kraken: Account) -> None:
    resting = kraken.place(**LIMIT)
    assert kraken.last_traded(resting) is None
    order_id = kraken.place()
    (fill,) = kraken.fills([order_id]).values()
    assert kraken.last_traded(order_id) == fill.closed_at
    assert kraken.last_traded("ONOSUC-HORDER-AAAAAA") is None


def test_a_position_names_the_order_that_opened_it(kraken: Account) -> None:
    opened = kraken.place(volume="0.3", leverage="5")
    kraken.place(volume="0.1", leverage="5", type="sell")
    (row,) = kraken.positions()
    assert (row.order_id, row.volume, row.closed) == (opened, Decimal("0.2"), Decimal("0.1"))


def net(kraken: Account) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in kraken.positions():
        found[row.pair] = found.get(row.pair, Decimal(0)) + row.volume
    return found


def test_margin_positions_are_netted_and_count_in_the_equity(kraken: Account) -> None:
    assert net(kraken) == {}
    kraken.place(volume="0.3", leverage="5")
    kraken.place(volume="0.1", leverage="5", type="sell")
    assert net(kraken) == {"XXBTZUSD": Decimal("0.2")}
    usd = kraken.balances()["ZUSD"].total
    # 18000 at 0.80 % and at 0.02 %, 6000 at 0.80 %.
    assert usd == Decimal(10000) - Decimal("147.6") - Decimal(48)
    assert kraken.equity("ZUSD") == usd + 60000
    kraken.engine.mark_price("XBTUSD", Decimal(61000))
    assert kraken.equity("ZUSD") == usd + 61000 + 200
    kraken.place(volume="0.5", leverage="3", type="sell")
    assert net(kraken) == {"XXBTZUSD": Decimal("-0.3")}
    kraken.place(volume="0", leverage="3")
    assert net(kraken) == {}


def test_a_resting_margin_order_says_so_and_holds_no_balance(kraken: Account) -> None:
    kraken.place(**LIMIT, leverage="2")
    (order,) = kraken.open_orders()
    assert order.margin
    assert kraken.balances()["ZUSD"] == Balance(Decimal(10000))


def test_equity_in_another_asset_and_in_one_that_nobody_knows(kraken: Account) -> None:
    # 10000 USD at 60000, at the four decimals of TradeBalance.
    assert kraken.equity("XXBT") == Decimal("1.1667")
    with pytest.raises(VenueUnavailable, match="EQuery:Unknown asset"):
        kraken.equity("NOSUCH")


def test_a_buy_for_an_amount_of_quote_spends_it_and_the_fee_beside_it(kraken: Account) -> None:
    order_id = kraken.place(oflags="viqc", volume="100")
    (fill,) = kraken.fills([order_id]).values()
    assert fill[:5] == (
        "closed",
        Decimal("0.00166666"),
        Decimal(60000),
        Decimal("99.9996"),
        Decimal("0.8"),
    )
    assert kraken.balances()["ZUSD"] == Balance(Decimal("9899.2004"))


def test_all_prices_in_one_question(kraken: Account) -> None:
    eth = pair("XETHZUSD", "ETHUSD", "ETH/USD", "XETH", "ZUSD")
    apple = pair("AAPLxUSD", "AAPLxUSD", "AAPLx/USD", "AAPLx", "ZUSD")

    def prices() -> Any:
        return kraken.venue.prices([BTC_USD, eth, apple], Budget.start(CLOCK, 5.0), {})

    assert prices() == {"XXBTZUSD": Decimal(60000)}
    kraken.engine.mark_price("ETHUSD", Decimal(3000))
    kraken.engine.mark_price("AAPLxUSD", Decimal("250.5"))
    assert prices() == {
        "XXBTZUSD": Decimal(60000),
        "XETHZUSD": Decimal(3000),
        "AAPLxUSD": Decimal("250.5"),
    }


def test_all_pairs_are_those_of_both_asset_classes(kraken: Account) -> None:
    found = {rules.key: rules for rules in kraken.instruments(None)}
    assert found.keys() == kraken.engine.pairs.keys() | known_pairs.every().keys()
    assert found["AAPLxUSD"].is_tokenized
    assert not found["XXBTZUSD"].is_tokenized


@pytest.mark.parametrize(
    ("missing", "read", "asked"),
    [
        ("query-funds", "balances", ()),
        ("query-open-trades", "positions", ()),
        ("query-open-trades", "equity", ("ZUSD",)),
        ("query-open-trades", "open_orders", ()),
    ],
)
def test_a_permission_that_is_missing_is_named(
    kraken: Account, missing: str, read: str, asked: Any
) -> None:
    kraken.engine.key.permissions -= {missing}
    with pytest.raises(VenueUnavailable, match="EGeneral:Permission denied"):
        getattr(kraken, read)(*asked)


def test_a_key_that_may_only_read_changes_nothing(kraken: Account) -> None:
    order_id = kraken.place(**LIMIT)
    kraken.engine.key.permissions = frozenset(
        {"query-funds", "query-open-trades", "query-closed-trades"}
    )
    denied = Rejected(("EGeneral:Permission denied",))
    assert kraken.cancel(txid=order_id) == kraken.amend(txid=order_id, order_qty="0.02") == denied
    assert kraken.order(order_id).volume == Decimal("0.01")
    kraken.engine.key.permissions = frozenset()
    for read, asked in (("order", order_id), ("fills", [order_id])):
        with pytest.raises(
            VenueUnavailable, match="QueryOrders could not be read: EGeneral:Permission denied"
        ):
            getattr(kraken, read)(asked)


def test_the_accounts_fees_are_those_of_its_engine(kraken: Account) -> None:
    charged = Fees(Decimal("0.40"), Decimal("0.80"))
    ether = pair("XETHZUSD", "ETHUSD", "ETH/USD", "XETH", "ZUSD")
    assert kraken.fees([BTC_USD, ether]) == {"XXBTZUSD": charged, "XETHZUSD": charged}
    with pytest.raises(VenueUnavailable, match="Unknown asset pair"):
        kraken.fees([BTC_USD, pair("NOSUCH", "NOSUCH", "", "NO", "SUCH")])
