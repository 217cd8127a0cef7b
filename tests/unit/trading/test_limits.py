"""Every check names its rule and carries its numbers, whatever its verdict; what is not
known refuses nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.instruments import AS_OF, BTC_USD, btc_usd, pair
from tests.support.row_by_row import row_by_row
from webhook_core.trading import denials, kraken_limits, limits, terms
from webhook_core.trading.orders import OrderType, Side

D = Decimal
DOGE_EUR = pair("XDGEUR", "XDGEUR", "XDG/EUR", "XXDG", "ZEUR")._replace(
    ordermin=D(50), costmin=D("0.45")
)


def said(denied):
    """The refusal as rule and numbers; its message must begin with the rule."""
    assert (denied.passed, denied.verdict) == (False, "denied")
    assert denied.message.startswith(f"{denied.rule}: ")
    return denied.rule, dict(denied.numbers)


def passed(check):
    """What passed, as rule and numbers; there is nothing to say of it."""
    assert (check.passed, check.verdict, check.message) == (True, "passed", "")
    return check.rule, dict(check.numbers)


def unchecked(check):
    """What was not checked, as rule and numbers; its message must say so."""
    assert (check.passed, check.verdict) == (None, "not_checked")
    assert check.message.startswith(f"{check.rule}: ")
    assert "not checked: " in check.message
    return check.rule, dict(check.numbers)


@pytest.mark.parametrize(
    "allowed",
    [["BTC/USD"], ["XBTUSD"], ["XXBTZUSD"], ["btc-usd"], ["KRAKEN:BTCUSD"], ["ETH/USD", "XBT/USD"]],
)
def test_a_listed_pair_is_allowed_however_it_is_written(allowed):
    assert passed(limits.symbol_allowed(BTC_USD, allowed)) == (
        "ALLOWED_SYMBOLS",
        {"symbol": "BTC/USD"},
    )


@pytest.mark.parametrize("allowed", [["ETH/USD"], ["BTC/EUR", "WBTC/USD"], ["USD/BTC"], ["BTC"]])
def test_a_pair_that_is_not_listed_is_denied(allowed):
    denied = limits.symbol_allowed(BTC_USD, allowed)
    assert said(denied) == ("ALLOWED_SYMBOLS", {"symbol": "BTC/USD", "allowed": ", ".join(allowed)})
    assert denied.message == f"ALLOWED_SYMBOLS: BTC/USD is not among {', '.join(allowed)}"


def test_an_empty_list_allows_nothing():
    denied = limits.symbol_allowed(BTC_USD, [])
    assert denied.passed is False
    assert denied.message == "ALLOWED_SYMBOLS: BTC/USD is not among the (none) allowed"


def test_a_long_list_is_shown_in_part():
    assert limits.symbol_allowed(BTC_USD, [f"A{n}/USD" for n in range(40)]).message.endswith(
        "A9/USD, …"
    )


def test_a_volume_that_rounds_to_zero_is_denied():
    denied = limits.volume_remains(BTC_USD, D("0.000000001"), D("0E-8"))
    assert said(denied) == ("VOLUME_ZERO", {"volume": "0.000000001", "lot_decimals": "8"})
    assert denied.message == "VOLUME_ZERO: volume 0.000000001 BTC is zero at the pair's 8 decimals"
    kept = limits.volume_remains(BTC_USD, D("0.00000001"), D("0.00000001"))
    assert passed(kept) == ("VOLUME_ZERO", {"volume": "0.00000001"})


def test_a_price_that_rounds_to_zero_is_denied():
    denied = limits.price_remains("stop_price", "0.04", D("0.0"))
    assert said(denied) == ("PRICE_ZERO", {"stop_price": "0.04"})
    assert passed(limits.price_remains("price", "0.1", D("0.1"))) == (
        "PRICE_ZERO",
        {"price": "0.1"},
    )


@pytest.mark.parametrize("left", ["0", "-1"])
def test_an_offset_that_leaves_no_price_is_denied(left):
    denied = limits.offset_leaves_a_price("price", "-60000", D(left), D(60000))
    assert said(denied) == ("PRICE_BELOW_ZERO", {"price": "-60000", "market": "60000"})
    assert denied.message.endswith(
        "price -60000 is as far down as the market at 60000: no price would be left"
    )


def test_an_offset_that_leaves_a_price_passes_and_one_from_an_unknown_market_is_not_checked():
    left = limits.offset_leaves_a_price("price", "-50", D(59950), D(60000))
    assert passed(left) == ("PRICE_BELOW_ZERO", {"price": "-50", "market": "60000"})
    assert unchecked(limits.offset_leaves_a_price("price", "-50", None, None)) == (
        "PRICE_BELOW_ZERO",
        {"price": "-50"},
    )


@pytest.mark.parametrize(
    ("volume", "price", "cap", "cost"),
    [
        ("0.01", "50000", {"USD": D(500)}, "500"),
        ("0.01", "50000", {"EUR": D(1), "usd": D(500)}, "500"),
        ("0.01", "50000", {"ZUSD": D("500.000")}, "500"),
        ("0.00001", "1", {"USD": D(500)}, "0.00001"),
    ],
)
def test_a_cost_up_to_the_cap_passes(volume, price, cap, cost):
    numbers = {"cost": cost, "max": "500", "volume": volume, "price": price, "currency": "USD"}
    assert passed(limits.cost_within_cap(BTC_USD, D(volume), D(price), cap)) == (
        "MAX_ORDER_COST",
        numbers,
    )


def test_a_cost_above_the_cap_is_denied_by_the_smallest_part():
    denied = limits.cost_within_cap(BTC_USD, D("0.01"), D("50000.1"), {"USD": D(500)})
    numbers = {
        "cost": "500.001",
        "max": "500",
        "volume": "0.01",
        "price": "50000.1",
        "currency": "USD",
    }
    assert said(denied) == ("MAX_ORDER_COST", numbers)
    assert (
        denied.message
        == "MAX_ORDER_COST: cost 500.001 USD (0.01 x 50000.1) is above the cap of 500 USD"
    )


def test_a_product_of_many_digits_does_not_round_itself_under_the_cap():
    volume = D("1.00000000000000000001")
    assert (
        limits.cost_within_cap(
            BTC_USD, volume, D("100000000000.1"), {"USD": D("100000000000.1")}
        ).passed
        is False
    )


@pytest.mark.parametrize(
    ("cap", "stated"), [({"USD": D(500), "USDT": D("9.50")}, "500 USD, 9.5 USDT"), ({}, "none")]
)
def test_a_quote_currency_without_a_cap_is_denied_with_the_remedy(cap, stated):
    denied = limits.cost_within_cap(DOGE_EUR, D(1), D(1), cap)
    assert said(denied) == ("MAX_ORDER_COST_CURRENCY", {"currency": "EUR"})
    assert f"(caps: {stated})" in denied.message
    assert "DOGE/EUR" in denied.message
    assert denied.message.endswith("add one, such as 500 EUR")


def test_a_cost_that_no_price_tells_is_denied():
    denied = limits.cost_within_cap(BTC_USD, D(1), None, {"USD": D(500)})
    assert said(denied) == ("MAX_ORDER_COST_PRICE", {"max": "500", "currency": "USD"})


def test_a_volume_below_ordermin_is_denied():
    denied = kraken_limits.volume_minimum(BTC_USD, D("0.00001"))
    assert said(denied) == ("ORDER_MINIMUM", {"volume": "0.00001", "minimum": "0.00005"})
    assert denied.message == "ORDER_MINIMUM: volume 0.00001 is below the pair's minimum 0.00005 BTC"
    least = {"volume": "0.00005", "minimum": "0.00005"}
    assert passed(kraken_limits.volume_minimum(BTC_USD, D("0.00005"))) == ("ORDER_MINIMUM", least)
    unknown = kraken_limits.volume_minimum(btc_usd(ordermin=None), D("0.00000001"))
    assert unchecked(unknown) == ("ORDER_MINIMUM", {"volume": "0.00000001"})


def test_a_cost_below_costmin_is_denied():
    denied = kraken_limits.cost_minimum(DOGE_EUR, D(50), D("0.008"))
    assert said(denied) == (
        "COST_MINIMUM",
        {"cost": "0.4", "minimum": "0.45", "volume": "50", "price": "0.008"},
    )
    assert (
        denied.message
        == "COST_MINIMUM: cost 0.4 EUR (50 x 0.008) is below the pair's minimum 0.45 EUR"
    )


def test_a_cost_at_the_minimum_passes():
    numbers = {"cost": "0.45", "minimum": "0.45", "volume": "50", "price": "0.009"}
    assert passed(kraken_limits.cost_minimum(DOGE_EUR, D(50), D("0.009"))) == (
        "COST_MINIMUM",
        numbers,
    )


@pytest.mark.parametrize(
    ("costmin", "price", "numbers"),
    [(None, "0.001", {"volume": "50"}), ("0.45", None, {"volume": "50", "minimum": "0.45"})],
)
def test_a_cost_without_a_rule_or_a_price_is_not_checked(costmin, price, numbers):
    instrument = DOGE_EUR._replace(costmin=None if costmin is None else D(costmin))
    check = kraken_limits.cost_minimum(instrument, D(50), None if price is None else D(price))
    assert unchecked(check) == ("COST_MINIMUM", numbers)


@pytest.mark.parametrize(
    ("side", "leverage", "offered"),
    [(Side.BUY, 6, "2, 3, 4, 5"), (Side.SELL, 4, "2, 3"), (Side.SELL, 5, "2, 3")],
)
def test_a_leverage_outside_the_sides_list_is_denied(side, leverage, offered):
    denied = kraken_limits.leverage_offered(BTC_USD, side, leverage)
    assert said(denied) == ("LEVERAGE", {"leverage": str(leverage), "offered": offered})
    expected = (
        f"LEVERAGE: leverage {leverage} is not offered for a {side} of BTC/USD; offered: {offered}"
    )
    assert denied.message == expected


def test_a_pair_without_margin_denies_every_leverage():
    assert (
        said(kraken_limits.leverage_offered(btc_usd(leverage_buy=()), Side.BUY, 2))[1]["offered"]
        == "none"
    )


@pytest.mark.parametrize(
    ("side", "leverage", "numbers"),
    [
        (Side.BUY, 5, {"leverage": "5", "offered": "2, 3, 4, 5"}),
        (Side.SELL, 3, {"leverage": "3", "offered": "2, 3"}),
        (Side.SELL, None, {"leverage": "1"}),
        (Side.BUY, 1, {"leverage": "1"}),
    ],
)
def test_an_offered_leverage_or_none_passes(side, leverage, numbers):
    assert passed(kraken_limits.leverage_offered(BTC_USD, side, leverage)) == ("LEVERAGE", numbers)


def test_a_missing_leverage_list_denies_nothing_and_spot_needs_no_list():
    unknown = kraken_limits.leverage_offered(btc_usd(leverage_sell=None), Side.SELL, 50)
    assert unchecked(unknown) == ("LEVERAGE", {"leverage": "50"})
    assert passed(kraken_limits.leverage_offered(btc_usd(leverage_sell=()), Side.SELL, 1))


@row_by_row
@pytest.mark.parametrize(
    ("status", "order_type", "leverage", "denied"),
    [
        ("online", OrderType.MARKET, None, False),
        ("a word of tomorrow", OrderType.MARKET, None, False),
        ("cancel_only", OrderType.LIMIT, None, True),
        ("cancel_only", OrderType.STOP_LOSS, 3, True),
        ("reduce_only", OrderType.LIMIT, None, True),
        ("reduce_only", OrderType.MARKET, 1, True),
        ("reduce_only", OrderType.MARKET, 2, False),
        ("post_only", OrderType.MARKET, None, True),
        ("post_only", OrderType.LIMIT, None, True),
        ("post_only", OrderType.STOP_LOSS_LIMIT, None, True),
        ("limit_only", OrderType.MARKET, None, True),
        ("limit_only", OrderType.LIMIT, None, False),
        ("limit_only", OrderType.STOP_LOSS_LIMIT, None, False),
        ("limit_only", OrderType.TRAILING_STOP_LIMIT, None, False),
        ("limit_only", OrderType.ICEBERG, None, False),
        ("limit_only", OrderType.STOP_LOSS, None, True),
        ("limit_only", OrderType.TRAILING_STOP, None, True),
        ("limit_only", OrderType.SETTLE_POSITION, 2, True),
    ],
)
def test_the_pairs_status_decides_what_it_takes(status, order_type, leverage, denied):
    answer = kraken_limits.status_permits(btc_usd(status=status), order_type, leverage)
    if not denied:
        assert passed(answer) == ("PAIR_STATUS", {"status": status})
    else:
        assert said(answer) == ("PAIR_STATUS", {"status": status})
        hint = "; a limit order with post_only can be sent" if status == "post_only" else ""
        expected = (
            f"PAIR_STATUS: BTC/USD is {status} at Kraken and takes no such {order_type} order{hint}"
        )
        assert answer.message == expected


def test_a_status_that_is_not_known_is_not_checked():
    assert unchecked(
        kraken_limits.status_permits(btc_usd(status=None), OrderType.MARKET, None)
    ) == (
        "PAIR_STATUS",
        {},
    )


def test_a_pair_that_is_post_only_takes_a_post_only_order():
    assert (
        kraken_limits.status_permits(
            btc_usd(status="post_only"), OrderType.LIMIT, None, post_only=True
        ).passed
        is True
    )
    assert (
        kraken_limits.status_permits(
            btc_usd(status="cancel_only"), OrderType.LIMIT, None, post_only=True
        ).passed
        is False
    )


@pytest.mark.parametrize(
    ("shown", "fits"),
    [("0.1", False), ("0.066", False), ("0.0667", True), ("1", False), ("0.99", True)],
)
def test_an_iceberg_shows_a_fifteenth_at_least_and_not_all(shown, fits):
    volume = "1" if shown != "0.1" else "1.6"
    check = terms.display_volume_fits(D(volume), D(shown))
    expected = "DISPLAY_VOLUME", {"display_volume": shown, "volume": volume}
    assert (passed if fits else said)(check) == expected


def test_a_start_lies_ahead():
    ahead = terms.start_is_ahead(AS_OF + timedelta(seconds=1), AS_OF)
    assert passed(ahead) == (
        "START_TIME",
        {"starts": "2026-09-25T12:00:01Z", "now": "2026-09-25T12:00:00Z"},
    )
    denied = terms.start_is_ahead(AS_OF, AS_OF)
    assert said(denied) == (
        "START_TIME",
        {"starts": "2026-09-25T12:00:00Z", "now": "2026-09-25T12:00:00Z"},
    )


@pytest.mark.parametrize(
    ("after", "start", "fits"),
    [
        (timedelta(seconds=5), None, True),
        (timedelta(seconds=4.9), None, False),
        (timedelta(seconds=-1), None, False),
        (timedelta(days=30), None, True),
        (timedelta(days=30, seconds=1), None, False),
        (timedelta(hours=1), timedelta(minutes=59), True),
        (timedelta(hours=1), timedelta(hours=1), False),
    ],
)
def test_an_expiry_lies_within_reach_and_after_the_start(after, start, fits):
    check = terms.expiry_in_reach(AS_OF + after, None if start is None else AS_OF + start, AS_OF)
    rule, numbers = (passed if fits else said)(check)
    assert rule == "EXPIRY"
    assert numbers == {
        "expires": f"{AS_OF + after:%Y-%m-%dT%H:%M:%SZ}",
        "now": "2026-09-25T12:00:00Z",
    }


def test_what_a_close_leaves_must_be_worth_the_pairs_minimum():
    denied = kraken_limits.close_minimum(BTC_USD, D("0.00005"), D(9000), "stop_loss")
    numbers = {"cost": "0.45", "minimum": "0.5", "volume": "0.00005", "price": "9000"}
    assert said(denied) == ("CLOSE_COST_MINIMUM", numbers)
    assert "the order that stop_loss leaves: cost 0.45 USD" in denied.message
    assert passed(kraken_limits.close_minimum(BTC_USD, D("0.00005"), D(10000), "stop_loss")) == (
        "CLOSE_COST_MINIMUM",
        numbers | {"cost": "0.5", "price": "10000"},
    )
    unknown = kraken_limits.close_minimum(BTC_USD, D("0.00005"), None, "stop_loss")
    assert unchecked(unknown) == ("CLOSE_COST_MINIMUM", {"minimum": "0.5", "volume": "0.00005"})
    assert "the order that stop_loss leaves: not checked: no price is known" in unknown.message


def test_a_rule_that_is_too_old_is_not_checked_and_says_of_when_it_is():
    for volume in ("0.00001", "1"):
        check = kraken_limits.outdated(kraken_limits.volume_minimum(BTC_USD, D(volume)), BTC_USD)
        numbers = {"volume": volume, "minimum": "0.00005", "as_of": "2026-09-25T12:00:00Z"}
        assert unchecked(check) == ("ORDER_MINIMUM", numbers)
        assert "2026-09-25T12:00:00Z" in check.message
    unknown = kraken_limits.volume_minimum(btc_usd(ordermin=None), D(1))
    assert kraken_limits.outdated(unknown, BTC_USD) == unknown


def test_the_first_refusal_decides_and_nothing_after_it_is_checked():
    def checks():
        yield kraken_limits.volume_minimum(BTC_USD, D(1))
        yield kraken_limits.volume_minimum(btc_usd(ordermin=None), D(1))
        yield kraken_limits.volume_minimum(BTC_USD, D("0.00001"))
        pytest.fail("a check after the first refusal")

    assert said(denials.first(checks()))[0] == "ORDER_MINIMUM"
    assert denials.first([kraken_limits.volume_minimum(BTC_USD, D(1))]) is None


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=24), True),
        (timedelta(hours=24, seconds=1), False),
        (timedelta(days=400), False),
        (timedelta(seconds=-5), True),
    ],
)
def test_rules_deny_for_a_day(age, fresh):
    assert kraken_limits.rules_are_fresh(BTC_USD, AS_OF + age) is fresh
