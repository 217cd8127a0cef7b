"""What an account is worth: one consistent read of it, every asset valued or named, and a share of
it while reads lag."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.instruments import pair
from tests.support.position_alerts import alert, held
from tests.support.trading_venue import PAIRS, outcome, sent, trader
from webhook_core.trading.facts import Balance

D = Decimal
ETH = {"symbol": "ETHUSD", "price": "3000"}
QUOTES = {"XETHZUSD": D(3000), "SOLUSD": D(100), "ADAUSD": D(1), "ZEURZUSD": D(1), "EURUSD": D(1)}


def account(**assets):
    """So much of each asset; BTC is at 50 000, and what is left out of ``priced`` has no price."""
    function = trader(btc=assets.pop("XXBT", 0), usd=assets.pop("ZUSD", 0), fee="0.008")
    function.venue.held |= {asset: Balance(D(total)) for asset, total in assets.items()}
    function.venue.quotes |= QUOTES
    return function


def share(function, percent, alert_id="a-1", **fields):
    return alert(
        function, alert_id, side="buy", volume=percent, quantity_type="percent_equity", **fields
    )


def target(function, percent, alert_id="a-1", **fields):
    where = {"action": "target", "market_position": "long", "quantity_type": "percent_equity"}
    return alert(function, alert_id, volume=percent, **{**where, **fields})


def bought_for(function):
    """What the last order spends, in dollars at 50 000."""
    side, volume = sent(function)[-1]
    assert side == "buy"
    parameters = function.venue.submitted[-1][0].parameters
    return D(volume) if "viqc" in parameters.get("oflags", "") else D(volume) * 50_000


# -- several strategies on one bar, while the balances lag -----------------------------------------


@pytest.mark.parametrize("late", [0, 1, 2, 4])
@pytest.mark.parametrize("size", ["20", "10"])
def test_a_sale_of_another_asset_on_the_same_bar_counts_once(late, size):
    function = account(ZUSD=100_000, XETH=20)
    function.venue.hold_back(late)
    sale = {"action": "close"} if size == "20" else {"side": "sell", "volume": size}
    assert function.post(alert(function, "e-1", **ETH, **sale)).status == 200
    answer = function.post(share(function, "40", "b-1"))
    if answer.status != 503:
        assert outcome(answer) == (200, "accepted"), answer.document
        assert D(63_500) <= bought_for(function) <= D(64_000)


@pytest.mark.parametrize("late", [0, 1, 3, 9])
def test_shares_of_one_bar_are_shares_of_one_equity_as_far_as_money_is_free(late):
    function = account(ZUSD=100_000)
    symbols = {"BTCUSD": "50000", "ETHUSD": "3000", "SOLUSD": "100", "ADAUSD": "1"}
    function.venue.hold_back(late)
    for number, (symbol, price) in enumerate(symbols.items()):
        answer = function.post(share(function, "20", f"s-{number}", symbol=symbol, price=price))
        assert outcome(answer) == (200, "accepted"), answer.document
    spent = [D(volume) for _, volume in sent(function)]
    assert all(D(19_800) <= cost <= D(20_000) for cost in spent), spent


def test_the_last_share_is_cut_to_the_money_that_is_free():
    function = account(ZUSD=100_000)
    function.venue.hold_back(9)
    for number, (symbol, price) in enumerate(
        {"ETHUSD": "3000", "SOLUSD": "100", "BTCUSD": "50000"}.items()
    ):
        function.post(share(function, "45", f"s-{number}", symbol=symbol, price=price))
    assert [side for side, _ in sent(function)] == ["buy"] * 3
    assert D(8_000) <= bought_for(function) <= D(10_000)


@pytest.mark.parametrize("late", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("sized", [
    {"volume": "40", "quantity_type": "percent_equity"},
    {"volume": "40", "quantity_type": "percent_balance"},
    {"volume": "50", "quantity_type": "percent_position"},
    {"volume": "4", "quantity_type": "risk_percent", "stop_loss": "45000"},
])  # fmt: skip
def test_what_a_sale_has_just_brought_in_is_spent_or_waited_for(late, sized):
    """All that is free is the sale's money, and the balance does not show it yet."""
    function = account(XETH=20, XXBT=1)
    function.venue.hold_back(late)
    assert function.post(alert(function, "e-1", **ETH, action="close")).status == 200
    answer = function.post(alert(function, "b-1", side="buy", **sized))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert bought_for(function) >= 20_000


@pytest.mark.parametrize("late", [4, 9])
def test_a_balance_that_can_not_have_a_fill_in_it_is_no_reason_to_buy_again(late):
    """An entry of a fixed size left nothing that the balance could be held against; but all that it
    bought is missing."""
    function = account(ZUSD=100_000)
    function.venue.hold_back(late)
    assert function.post(alert(function, "e-1", side="buy", volume="0.5")).status == 200
    where = {"action": "target", "market_position": "long", "market_position_size": "0.75"}
    assert outcome(function.post(alert(function, "t-1", **where))) == (503, "not_sent")
    assert outcome(function.post(alert(function, "c-1", action="close"))) == (503, "not_sent")
    function.venue.hold_back(0)
    assert outcome(function.post(alert(function, "t-1", **where))) == (200, "accepted")
    assert held(function) == D("0.75")


# -- an asset without a price ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "came"),
    [("30", [("buy", "0.1")]), ("31", [("buy", "0.137")])],
)
def test_an_asset_without_a_price_is_named_and_the_others_are_valued(percent, came):
    """A bitcoin at 60 000: of 220 000 dollars 30 % are 66 000."""
    function = account(ZUSD=100_000, XXBT=1, XETH=20, ADA="0.01")
    function.venue.quotes = {"XXBTZUSD": D(60_000), "XETHZUSD": D(3000)}
    answer = function.post(target(function, percent, price="60000"))
    assert outcome(answer) == (200, "accepted"), answer.document
    parameters = function.venue.submitted[-1][0].parameters
    assert [(parameters["type"], D(parameters["volume"]).quantize(D("0.001")).normalize())] == [
        (side, D(volume).normalize()) for side, volume in came
    ]
    assert [
        text for text in answer["warnings"] if "leaves out ADA, of which no price is known" in text
    ]


@pytest.mark.parametrize("percent", ["5", "20", "0.001"])
def test_a_target_never_sells_on_an_equity_that_lacks_an_asset(percent):
    function = account(ZUSD=10_000, XXBT=1, ADA=1)
    del function.venue.quotes["ADAUSD"]
    answer = function.post(target(function, percent))
    assert outcome(answer) == (422, "order_denied")
    assert answer["error"].startswith("EQUITY_INCOMPLETE: ")
    assert "ADA" in answer["error"]
    assert sent(function) == []


@pytest.mark.parametrize(
    "fields",
    [{"percent": "0"}, {"market_position": "flat", "percent": "20"}, {"market_position": "short"}],
)
def test_what_goes_flat_needs_no_equity_and_sells(fields):
    function = account(ZUSD=10_000, XXBT=1, ADA=1)
    del function.venue.quotes["ADAUSD"]
    answer = function.post(target(function, **{"percent": "20", **fields}))
    if answer.status != 400:
        assert outcome(answer) == (200, "accepted"), answer.document
        assert held(function) == 0


def test_a_target_sells_where_every_asset_is_valued():
    function = account(ZUSD=10_000, XXBT=1, ADA=1, KFEE=500)
    answer = function.post(target(function, "50"))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert sent(function) == [("sell", "0.39999")]
    assert not [text for text in answer["warnings"] if "leaves out" in text]


@pytest.mark.parametrize("sized", [{"volume": "10", "quantity_type": "percent_equity"}, {
    "volume": "1", "quantity_type": "risk_percent", "stop_loss": "45000",
}])  # fmt: skip
def test_an_order_by_an_equity_that_lacks_an_asset_is_smaller_and_says_so(sized):
    function = account(ZUSD=100_000, ADA=1)
    del function.venue.quotes["ADAUSD"]
    answer = function.post(alert(function, side="buy", **sized))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert [text for text in answer["warnings"] if "leaves out ADA" in text]


# -- an asset whose pair is not known --------------------------------------------------------------

NEW = pair("NEWUSD", "NEWUSD", "NEW/USD", "NEW", "ZUSD")
NEW_EUR = pair("NEWEUR", "NEWEUR", "NEW/EUR", "NEW", "ZEUR")
USD_JPY = pair("ZUSDZJPY", "USDJPY", "USD/JPY", "ZUSD", "ZJPY")


def rule_names(function):
    return {rule.key for rule in function.application.decider.pair_rules.current()}


def live(**assets):
    """Paper has the records of every pair; a live deployment has the packaged ones."""
    function = account(**assets)
    function.application.decider.pair_rules.records = None
    return function


@pytest.mark.parametrize("beside", [{}, {"OTHER": 5}, {"ADA": 3, "OTHER": 5, "THIRD": 1}])
def test_the_pair_of_an_asset_that_is_not_known_is_asked_for(beside):
    function = live(NEW=60_000, ZUSD=40_000, XXBT="0.1", **beside)
    function.venue.rules = [NEW]
    function.venue.quotes["NEWUSD"] = D(1)
    answer = function.post(target(function, "30"))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert D(26_000) <= bought_for(function) <= D(26_600)  # 30 % of 105 000, less 5 000
    assert "NEWUSD" in rule_names(function)
    left_out = [text for text in answer["warnings"] if "leaves out" in text]
    assert bool(left_out) is ("OTHER" in beside)
    calls = function.venue.calls.count("instruments")
    function.venue.calls.clear()
    function.post(target(function, "35", "a-2"))
    assert calls <= 12
    # What is known, and what is not, is asked for once.
    assert "instruments" not in function.venue.calls


@pytest.mark.parametrize(
    ("asset", "rule", "price"), [("ZJPY", USD_JPY, "100"), ("NEW", NEW, "0.01")]
)
def test_an_asset_is_valued_by_its_pair_whichever_way_round_it_is(asset, rule, price):
    function = live(ZUSD=50_000, **{asset: 5_000_000})
    function.venue.rules = [rule]
    function.venue.quotes[rule.key] = D(price)
    answer = function.post(share(function, "10"))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert bought_for(function) == 10_000
    assert not [text for text in answer["warnings"] if "leaves out" in text]


def test_an_asset_without_a_pair_in_that_currency_is_valued_through_dollars():
    function = live(ZEUR=40_000, ZUSD=0, PAXG=10)
    function.venue.quotes |= {"XXBTZEUR": D(40_000), "PAXGUSD": D(2_000), PAIRS_EURUSD: D("1.25")}
    answer = function.post(share(function, "10", symbol="BTCEUR", price="40000"))
    assert outcome(answer) == (200, "accepted"), answer.document
    assert D(sent(function)[-1][1]) == 5_600  # 40 000, and 20 000 dollars at 1.25
    assert not [text for text in answer["warnings"] if "leaves out" in text]


PAIRS_EURUSD = next(key for key, one in PAIRS.items() if one.altname == "EURUSD")


def test_nothing_is_sent_where_the_missing_pair_cannot_be_asked_for():
    function = live(NEW=60_000, ZUSD=40_000, XXBT="0.1")
    function.venue.unreadable.add("instruments")
    answer = function.post(target(function, "30"))
    assert answer.status == 503
    assert sent(function) == []


def test_an_account_of_known_pairs_costs_a_read_and_a_ticker():
    function = account(ZUSD=100_000, XETH=1, SOL=10, ADA=1)
    assert outcome(function.post(target(function, "30"))) == (200, "accepted")
    assert function.venue.calls == ["balances", "prices", "submit"]
