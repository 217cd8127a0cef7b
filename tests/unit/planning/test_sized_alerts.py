"""An alert whose size is no fixed volume: what is read for it, what is sent, and what is
left when it is not."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from tests.support.instruments import btc_usd
from tests.support.memory_ledger import MemoryLedger
from tests.support.row_by_row import row_by_row
from tests.support.trading_venue import outcome, sent, trader
from webhook_core.errors import LedgerUnavailable
from webhook_core.trading.facts import Balance
from webhook_core.trading.requests import NotSent, Rejected

D = Decimal
NO_PRICE = {"price": None}
STOP = {"stop_loss": "45000"}
MARGIN = {"leverage": "2"}
SPOT = ["balances", "prices", "submit"]


class Sized(NamedTuple):
    """What is asked, the calls that it takes, and the size that is sent."""

    kind: str
    volume: str
    side: str
    more: dict
    calls: list
    size: str

    def alert(self, function):
        return sized(function, self.kind, self.volume, self.side, **self.more)

    @property
    def sent(self):
        return D(self.size)

    @property
    def in_quote(self):
        return self.sent > 100


SIZES = [
    Sized("base", "0.5", "buy", {}, ["submit"], "0.50000000"),
    Sized("quote", "1000", "buy", {}, ["submit"], "1000.00000"),
    Sized("quote", "1000", "buy", NO_PRICE, ["submit"], "1000.00000"),
    Sized("quote", "1000", "sell", {}, ["prices", "submit"], "0.02000000"),
    Sized("quote", "1000", "sell", {"order_type": "limit", "price": "51000"}, ["submit"],
        "0.01960784"),
    Sized("quote", "1000", "buy", MARGIN, ["prices", "submit"], "0.02000000"),
    Sized("percent_balance", "50", "buy", {}, ["balances", "submit"], "50000.00000"),
    # The fee is kept back.
    Sized("percent_balance", "100", "buy", {}, ["balances", "submit"], "99206.34910"),
    Sized("percent_balance", "50", "buy", {"order_type": "limit", "price": "40000"},
        ["balances", "submit"], "1.25000000"),
    Sized("percent_balance", "50", "sell", {}, ["balances", "submit"], "0.50000000"),
    Sized("percent_balance", "50", "sell", NO_PRICE, ["balances", "submit"], "0.50000000"),
    Sized("percent_equity", "10", "buy", {}, SPOT, "15000.00000"),
    Sized("percent_equity", "10", "sell", {}, SPOT, "0.30000000"),
    Sized("percent_equity", "90", "sell", {}, SPOT, "1.00000000"),  # no more than there is
    Sized("percent_equity", "10", "buy", MARGIN, ["prices", "equity", "submit"], "0.40000000"),
    Sized("percent_equity", "150", "sell", MARGIN, ["prices", "equity", "submit"], "6.00000000"),
    Sized("percent_position", "50", "buy", {}, ["balances", "prices", "submit"], "0.50000000"),
    Sized("percent_position", "100", "sell", {}, ["balances", "submit"], "1.00000000"),
    Sized("percent_position", "50", "sell", MARGIN, ["positions", "submit"], "1.50000000"),
    Sized("risk_percent", "1", "buy", STOP, SPOT, "0.30000000"),  # 1 % of 150,000 over 5,000 a coin
    Sized("risk_percent", "50", "buy", STOP, SPOT, "99206.34910"),
    Sized("risk_percent", "1", "buy", {**STOP, **MARGIN}, ["prices", "equity", "submit"],
        "0.40000000"),
]  # fmt: skip


EACH = pytest.mark.parametrize(
    "case", SIZES, ids=lambda case: f"{case.kind}-{case.side}-{'-'.join(case.calls)}"
)


def sized(function, kind, volume, side="buy", **more):
    return function.alert(
        quantity_type=kind, volume=volume, side=side, **{"price": "50000", **more}
    )


def rich(**options):
    """One coin, 100,000 dollars, 3 coins long on margin."""
    return trader(btc=1, net=3, worth=200_000, **options)


@row_by_row
@EACH
def test_each_quantity_type_reads_what_it_needs_and_sends_its_size(case):
    function = rich()
    answer = function.post(case.alert(function))
    assert outcome(answer) == (200, "accepted")
    assert function.venue.calls == case.calls
    assert len(case.calls) <= 3
    ((sent_side, sent_volume),) = sent(function)
    assert (sent_side, D(sent_volume)) == (case.side, case.sent)
    assert answer["trade_details"]["volume"] == sent_volume


@EACH
def test_a_size_in_quote_is_said_to_be_one_and_no_other(case):
    function = rich()
    function.post(case.alert(function))
    (request, _, _) = function.venue.submitted[0]
    in_quote = case.in_quote
    assert ("viqc" in request.parameters.get("oflags", "")) is in_quote


@EACH
def test_a_cap_costs_no_more_than_three_calls_and_holds(case):
    # No order of the table is dearer a coin.
    cost = case.sent if case.in_quote else case.sent * 51000
    capped = rich(env={"MAX_ORDER_COST": f"{cost} USD"})
    answer = capped.post(case.alert(capped))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    assert len(capped.venue.calls) <= 3

    tight = rich(
        env={"MAX_ORDER_COST": f"{case.sent - 1 if case.in_quote else case.sent * 39000} USD"}
    )
    answer = tight.post(case.alert(tight))
    assert outcome(answer) == (422, "order_denied")
    assert "MAX_ORDER_COST: cost" in answer["error"]
    assert tight.venue.submitted == []
    assert tight.operate("GET", "/orders")["orders"] == []


@pytest.mark.parametrize("kind", ["percent_balance", "percent_position"])
def test_a_cap_asks_for_the_price_that_the_alert_does_not_bring(kind):
    function = rich(env={"MAX_ORDER_COST": "25000 USD"})
    answer = function.post(sized(function, kind, "50", "sell", price=None))
    assert outcome(answer) == (200, "accepted")
    assert function.venue.calls == SPOT


@pytest.mark.parametrize(
    ("kind", "volume", "side", "more", "says"),
    [
        (
            "percent_balance",
            "50",
            "buy",
            {},
            "volume is 50000 USD: 50 % of the 100000 USD that is free",
        ),
        ("percent_balance", "50", "sell", {}, "volume is 50 % of the 1 BTC that is free"),
        ("percent_equity", "10", "buy", {}, "10 % of the account's 150000 USD"),
        ("percent_equity", "90", "sell", {}, "as far as the 1 BTC that is free goes"),
        ("risk_percent", "50", "buy", STOP, "as far as what is free covers it and a fee of 0.8 %"),
        ("quote", "1000", "sell", {}, "1000 USD, at 50000"),
    ],
)
def test_the_answer_says_what_the_size_followed_from(kind, volume, side, more, says):
    function = rich()
    answer = function.post(sized(function, kind, volume, side, **more))
    assert any(says in warning for warning in answer["warnings"]), answer["warnings"]


CONFIGURED = [
    ("quote", "500", "500.00000"), ("percent_balance", "10", "10000.00000"),
    ("percent_equity", "10", "15000.00000"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "volume", "size"), CONFIGURED)
def test_a_configured_size_counts_what_its_strategy_says(tmp_path, kind, volume, size):
    path = tmp_path / "strategies.toml"
    path.write_text(f'[trend]\nvolume = "{volume}"\nquantity_type = "{kind}"\n')
    function = rich(env={"STRATEGIES_FILE": str(path)})
    answer = function.post(function.alert(volume=None, strategy_name="trend", price="50000"))
    assert outcome(answer) == (200, "accepted")
    assert D(sent(function)[0][1]) == D(size)
    assert D(sent(function)[0][1]) != D(volume) or kind == "quote"

    function.clock.sleep(90)
    own = function.post(
        function.alert(id="a-2", volume="0.001", strategy_name="trend", price="50000")
    )
    assert outcome(own) == (200, "accepted")
    # An alert's own volume is base, whatever the file says.
    assert sent(function)[1] == (
        "buy",
        "0.001",
    )


@EACH
def test_a_redelivery_gets_the_stored_answer_without_a_read(case):
    function = rich()
    alert = case.alert(function)
    first = function.post(alert)
    function.venue.calls.clear()
    function.venue.held = {}
    function.venue.unreadable = {"balances", "positions", "prices", "equity"}
    again = function.post(alert)
    assert outcome(again) == (200, "accepted")
    assert again["replayed"] is True
    assert (again["order_id"], again["orders"]) == (first["order_id"], first["orders"])
    assert function.venue.calls == []


@EACH
def test_a_read_that_fails_sends_nothing_and_a_redelivery_is_sent(case):
    for read in case.calls[:-1]:
        function = rich()
        alert = case.alert(function)
        function.venue.unreadable = {read}
        answer = function.post(alert)
        assert outcome(answer) == (503, "venue_unavailable")
        assert function.venue.submitted == []
        assert [row["state"] for row in function.operate("GET", "/orders")["orders"]] == ["MISSED"]
        function.venue.unreadable = set()
        assert outcome(function.post(alert)) == (200, "accepted")
        assert len(function.venue.submitted) == 1


@pytest.mark.parametrize(
    ("kind", "volume", "side", "more", "rule"),
    [
        ("percent_balance", "0.001", "sell", {}, "ORDER_MINIMUM"),
        ("percent_balance", "0.0000001", "sell", {}, "VOLUME_ZERO"),
        ("percent_position", "50", "sell", {"symbol": "ETHUSD"}, "SIZE_ZERO"),
        ("risk_percent", "1", "buy", {"stop_loss": "55000", **NO_PRICE}, "RISK_DISTANCE"),
        ("quote", "0.1", "buy", {}, "ORDER_MINIMUM"),
        ("percent_balance", "50", "buy", {"symbol": "BTCEUR"}, "SIZE_ZERO"),
    ],
)
def test_a_denial_leaves_nothing(kind, volume, side, more, rule):
    function = rich()
    function.venue.rules = [btc_usd(as_of=function.clock.now())]
    function.operate("POST", "/reconcile")  # reads the pair's rules: old ones deny nothing
    answer = function.post(sized(function, kind, volume, side, **more))
    assert outcome(answer) == (422, "order_denied")
    assert answer["error"].startswith(rule)
    assert function.venue.submitted == []
    assert function.operate("GET", "/orders")["orders"] == []


@row_by_row
@EACH
def test_a_validation_shows_the_plan_and_leaves_nothing(case):
    function = rich()
    answer = function.post(case.alert(function), "/webhook/tradingview/validate")
    assert outcome(answer) == (200, "validated")
    assert [order["state"] for order in answer["orders"]] == ["VALIDATED"]
    assert D(answer["trade_details"]["volume"]) == case.sent
    assert function.venue.calls == [*case.calls[:-1], "validate"]
    assert function.venue.submitted == []
    assert function.operate("GET", "/orders")["orders"] == []


def test_a_percentage_that_was_not_sent_is_counted_anew_by_its_redelivery():
    function = rich()
    alert = sized(function, "percent_balance", "50", "sell")
    function.venue.refuse = [NotSent("no connection")]
    assert outcome(function.post(alert)) == (503, "not_sent")
    function.venue.held["XXBT"] = Balance(D("0.4"))
    answer = function.post(alert)
    assert outcome(answer) == (200, "accepted")
    assert sent(function) == [("sell", "0.5"), ("sell", "0.2")]
    assert [warning for warning in answer["warnings"] if "0.4" in warning]
    assert not [warning for warning in answer["warnings"] if "the 1 BTC" in warning]


def test_a_quote_size_that_was_not_sent_is_sent_as_it_was():
    function = rich()
    alert = sized(function, "quote", "1000", "sell")
    function.venue.refuse = [NotSent("no connection")]
    function.post(alert)
    function.venue.quotes["XXBTZUSD"] = D(25000)
    function.venue.calls.clear()
    assert outcome(function.post(alert)) == (200, "accepted")
    assert sent(function) == [("sell", "0.02")] * 2
    assert function.venue.calls == ["submit"]


COARSER = Rejected(("EGeneral:Invalid arguments:volume",), stale_rules=True)


@pytest.mark.parametrize(
    ("kind", "volume", "side"),
    [
        ("quote", "1000", "sell"),
        ("percent_balance", "33", "sell"),
        ("percent_equity", "4.4", "sell"),
    ],
)
def test_a_size_that_kraken_refuses_for_the_pairs_new_rules_is_planned_once_more(
    kind, volume, side
):
    function = rich()
    function.venue.rules = [btc_usd(lot_decimals=1, as_of=function.clock.now())]
    function.venue.refuse = [COARSER]
    function.venue.quotes["XXBTZUSD"] = D(9000)
    answer = function.post(sized(function, kind, volume, side, price="9000"))
    assert outcome(answer) == (200, "accepted"), answer["error"]
    first, second = sent(function)
    assert D(second[1]) == D(first[1]).quantize(D("0.1"), rounding="ROUND_DOWN")


class AwayLedger(MemoryLedger):
    """Its newest orders can't be read while it is ``away``."""

    away = True

    def entries(self, **asked):
        if self.away:
            raise LedgerUnavailable("The ledger is away.")
        return super().entries(**asked)


def test_a_ledger_that_can_not_tell_our_last_orders_sends_nothing():
    function = rich(store=AwayLedger())
    alert = sized(function, "percent_balance", "50", "sell")
    assert outcome(function.post(alert)) == (503, "ledger_unavailable")
    assert function.venue.submitted == []
    function.application.ledger.away = False
    assert outcome(function.post(alert)) == (200, "accepted")


def test_the_same_id_with_another_size_is_a_conflict_and_reads_nothing():
    function = rich()
    function.post(sized(function, "percent_balance", "50", "sell"))
    function.venue.calls.clear()
    answer = function.post(sized(function, "percent_balance", "60", "sell"))
    assert outcome(answer) == (409, "alert_conflict")
    assert function.venue.calls == []
