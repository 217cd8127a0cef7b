"""A value that is refused is refused for its slip: each kind has its sentence, wherever the field
stands."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.intake import verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake import token_slips
from webhook_core.intake.credentials import token_credential
from webhook_core.intake.field_names import MAX_ECHO
from webhook_core.intake.parse import parse
from webhook_core.intake.value_slips import slip_of

BLANK = "has a blank at an end"
QUOTES = "has quotes of its own"
POINT = "The decimal sign is a point"
THOUSANDS = "groups thousands"
CALCULATION = "is a calculation"
UNIT = "holds a unit"
ENDLESS = "is endless"
ONE_BRACE = "a placeholder with one brace"


def refusal(**fields):
    with pytest.raises(AlertMalformed) as caught:
        parse(verified({"symbol": "BTC/USD", "side": "buy", "volume": "0.1", **fields}))
    return caught.value


@row_by_row
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0.5 ", BLANK),
        (" 0.5", BLANK),
        ("0.5\u00a0", "has a non-breaking space (U+00A0) at an end"),
        ("0.5\n", "has a line break (U+000A) at an end"),
        ('"0.5"', QUOTES),
        ("'0.5'", QUOTES),
        ("“0.5”", QUOTES),
        ("0,5", POINT),
        (",5", POINT),
        ("60000,25", POINT),
        ("1.234,56", "points for thousands"),
        ("1.234.567", "points for thousands"),
        ("1,234", THOUSANDS),
        ("1,234,567.8", THOUSANDS),
        ("1 000", THOUSANDS),
        ("1_000", THOUSANDS),
        ("1'000.5", THOUSANDS),
        ("1\u202f000", THOUSANDS),
        (".25", "on both sides of the point, as in 0.5"),
        ("5.", "on both sides of the point"),
        ("100*2", CALCULATION),
        ("60000 * 0.99", CALCULATION),
        ("1/2", CALCULATION),
        ("100 - 2", CALCULATION),
        ("(1+2)", CALCULATION),
        ("2 x 3", CALCULATION),
        ("0.5 BTC", UNIT),
        ("0.5BTC", UNIT),
        ("$100", UNIT),
        ("100 USD", UNIT),
        ("USD 100", UNIT),
        ("€1.5", UNIT),
        ("50 pips", UNIT),
        ("x3", UNIT),
        ("60k", UNIT),
        ("~0.5", UNIT),
        ("0x10", UNIT),
        ("max(1, 2)", CALCULATION),
        ("(0.5)", CALCULATION),
        ("=0.5", CALCULATION),
        ("0.5.1", "more than one point: write one, as in 0.5"),
        ("strategy.order.contracts", "the name of a placeholder"),
        ("close", "put the placeholder in two braces"),
        ("<volume>", "a placeholder of another kind"),
        ("%volume%", "a placeholder of another kind"),
        ("[volume]", "a placeholder of another kind"),
        ("$volume", "a placeholder of another kind"),
        ("inf", ENDLESS),
        ("-Infinity", ENDLESS),
        ("∞", ENDLESS),
        ("\uff11\uff12", "holds a character (U+FF11)"),
        ("\u22121", "a minus sign that is no hyphen (U+2212)"),
        ("{close}", ONE_BRACE),
        ("{ strategy.order.contracts }", ONE_BRACE),
        ("{plot_0}", ONE_BRACE),
        ("{{strategy.order.contracts}}", "did not expand"),
        ("{{close}}*0.99", "did not expand"),
        ("50%", "quantity_type"),
    ],
)
def test_a_number_with_a_slip_is_refused_for_it(value, says):
    error = refusal(volume=value)
    assert error.field == "volume"
    assert says in error.message


@row_by_row
@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("0,001", "write 0.001 instead of 0,001"),
        ("0,002", "write 0.002 instead of 0,002"),
        ("0,500", "write 0.500 instead of 0,500"),
        ("-0,001", "write -0.001 instead of -0,001"),
        ("+0,500%", "write +0.500% instead of +0,500%"),
        ("00,500", "write 0.500 instead of 00,500"),
        ("1,5", "write 1.5 instead of 1,5"),
        (",5", "write 0.5 instead of ,5"),
        ("60000,250", "write 60000.250 instead of 60000,250"),
        ("0,0010000000000001", "as in 0.5"),
        ("0,001,5", "begins with 0"),
        ("0,001.5", "begins with 0"),
        ("0,001,500", "begins with 0"),
        ("0.001,5", "begins with 0"),
        ("0.001.500", "more than one point"),
        ("0 001", "begins with 0"),
        ("0_001", "begins with 0"),
        ("0'001", "begins with 0"),
        ("1,500", "Write 1.500 if the comma is the decimal sign, or 1500 if it groups thousands"),
        ("-12,500", "Write -12.500 if the comma is the decimal sign, or -12500 if"),
        ("100,000%", "Write 100.000% if the comma is the decimal sign, or 100000% if"),
        ("1,500.5", THOUSANDS),
        ("1,23,456", "more than one comma"),
    ],
)
def test_a_comma_is_no_sign_of_thousands_where_it_can_be_a_decimal_sign(value, mend):
    says = slip_of("volume", value, MAX_ECHO)
    assert mend in says
    assert (THOUSANDS in says) == (mend == THOUSANDS or "decimal sign" in mend)
    assert len(value) <= MAX_ECHO or value.replace(",", ".") not in says


@row_by_row
@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"price": "60000 USD"}, "price", UNIT),
        ({"price": "{close}"}, "price", ONE_BRACE),
        ({"price": "60000*0.99"}, "price", CALCULATION),
        ({"price": "+0,5%"}, "price", "must be an offset"),
        ({"stop_loss": "50 pips"}, "stop_loss", UNIT),
        ({"take_profit": "65.000,5"}, "take_profit", "points for thousands"),
        ({"leverage": "3x"}, "leverage", UNIT),
        ({"leverage": "5%"}, "leverage", "is no percentage"),
        ({"order_type": "iceberg", "display_volume": "5%"}, "display_volume", "is no percentage"),
        ({"stop_loss": "2 %"}, "stop_loss", "A blank stands before the percent sign"),
        ({"stop_loss": "-2,5%"}, "stop_loss", POINT),
        ({"price": "+1,234.5"}, "price", THOUSANDS),
        ({"side": "strategy.order.action"}, "side", "the name of a placeholder"),
        ({"side": "buy "}, "side", BLANK),
        ({"side": '"buy"'}, "side", QUOTES),
        ({"order_type": "limit\t"}, "order_type", "a tab"),
        ({"action": " close", "side": None}, "action", BLANK),
        ({"post_only": "true "}, "post_only", BLANK),
        ({"fired_at": "2026-02-18T14:30:01Z "}, "fired_at", BLANK),
        ({"id": "{timenow}"}, "id", ONE_BRACE),
        ({"id": "x-{strategy.order.id}"}, "id", ONE_BRACE),
        ({"id": "{{strategy.order.id}}"}, "id", "did not expand"),
        ({"symbol": "{ticker}"}, "symbol", ONE_BRACE),
        ({"symbol": "${ticker}"}, "symbol", ONE_BRACE),
        ({"custom_fields": '{"a": 1}'}, "custom_fields", "JSON inside of a text"),
        (
            {"side": None, "volume": None, "orders": '[{"side": "buy"}]'},
            "orders",
            "JSON inside of a text",
        ),
        ({"strategy_name": "{{strategy}}"}, "strategy_name", "did not expand"),
        (
            {"side": None, "volume": None, "orders": [{"side": "buy", "volume": "0,5"}]},
            "orders[0].volume",
            POINT,
        ),
        ({"side": None, "volume": None, "orders": [{"side": "buy "}]}, "orders[0].side", BLANK),
    ],
)
def test_a_slip_is_named_in_every_field(fields, field, says):
    error = refusal(**fields)
    assert error.field == field
    assert says in error.message


@row_by_row
@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("volume", "-0.001", "send the size without a sign, and side sell to sell"),
        ("qty", Decimal("-0.001"), "send the size without a sign, and side sell to sell"),
        ("volume", "0", None),
        ("display_volume", "-1", None),
        ("price", Decimal(-1), None),
    ],
)
def test_a_size_below_zero_is_told_what_says_the_direction(field, value, hint):
    said = {"volume": None} if field == "qty" else {}
    error = refusal(**said, **{field: value})
    assert "must be greater than zero, not" in error.message
    assert error.message.endswith(f": side says the direction, so {hint}.") == bool(hint)
    assert ("side says" in error.message) == bool(hint)


@row_by_row
@pytest.mark.parametrize("field", ["fired_at", "time", "timestamp", "expires", "starts"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("2026-02-18T14:30:01", "The time has no zone: add Z if it is UTC, else its offset"),
        ("2026-02-18 14:30:01", "The time has no zone: add Z if it is UTC, else its offset"),
        ("2026-02-18T14:30", "The time has no zone: add Z if it is UTC, else its offset"),
        ("2026-02-18T14:30:01.123", "The time has no zone: add Z if it is UTC, else its offset"),
        ("2026-02-18T14:30:01+0000", "The zone needs a colon, as in +00:00"),
        ("2026-02-18T14:30:01 UTC", "The zone is no word: write Z for UTC, or an offset"),
        ("2026-02-18 14:30:01Z", "Between date and time stands a T, and no blank"),
        ("2026-02-18T14:30Z", "The time has no seconds"),
        ("2026-02-18", "The value is a date without a time"),
        ("2026-02-18T14:30:60Z", None),
        ("17", None),
    ],
)
def test_a_time_is_told_which_of_its_parts_is_missing(field, value, says):
    error = refusal(**{field: value})
    assert "must be a time such as 2026-02-18T14:30:01Z (send {{timenow}})" in error.message
    slip = slip_of(error.field, value, MAX_ECHO)
    assert slip is None if says is None else slip.startswith(says)
    assert slip is None or error.message.endswith(slip)


@pytest.mark.parametrize("value", ["0", "-5", "1e30", "1e-30", "#5"])
def test_a_number_that_is_written_well_has_no_slip(value):
    assert slip_of("volume", value, MAX_ECHO) is None


@pytest.mark.parametrize("value", ["{anything}", "a{b}c", "Long {1}"])
def test_braces_that_are_no_placeholder_of_tradingview_are_read(value):
    assert (
        parse(verified({"symbol": "BTC/USD", "side": "buy", "volume": "1", "id": value})).id
        == value
    )


@pytest.mark.parametrize(
    "text", ["put the value of WEBHOOK_TOKEN here", "Put the value of WEBHOOK_TOKEN here"]
)
def test_the_placeholder_of_the_examples_is_no_token(text):
    with pytest.raises(
        ValueError, match=r"WEBHOOK_TOKEN.0.: is the placeholder of the examples"
    ) as caught:
        token_credential(text, "WEBHOOK_TOKEN[0]")
    assert "put the value" not in str(caught.value).lower()


@row_by_row
@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("put the value of WEBHOOK_TOKEN here", "placeholder of the example"),
        ("YOUR_TOKEN", "placeholder of the example"),
        ("…", "placeholder of the example"),
        ("{{token}}", "nobody replaced"),
        ("$WEBHOOK_TOKEN", "nobody replaced"),
        ("${WEBHOOK_TOKEN}", "nobody replaced"),
        ("<your token>", "nobody replaced"),
        ("tok-5f0c1de2a7b94c38 ", "a blank or a line break at an end"),
        ("\ntok-5f0c1de2a7b94c38", "a blank or a line break at an end"),
        ('"tok-5f0c1de2a7b94c38"', "quotes of its own"),
        ("Bearer tok-5f0c1de2a7b94c38", "begins with Bearer"),
        ("tok-5f0c1", "fewer than 16 characters"),
        ("another-token-of-32-characters-00", None),
    ],
)
def test_a_token_that_proves_nothing_has_its_slip_told_to_the_log(token, says):
    found = token_slips.slip_of(token)
    assert (found is None) == (says is None)
    assert says is None or says in found
    assert "5f0c1" not in str(found)
