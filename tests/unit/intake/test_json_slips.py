"""Each slip of the pen has a sentence of its own, and the line and the column of the character at
fault."""

from __future__ import annotations

import re

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake import json_body
from webhook_core.intake.json_scan import find_fault

CURLY = "a curly quote"
SINGLE = "a single quote"
UNESCAPED = "an unescaped quote"
NO_END = "the closing quote of the text that begins there is missing"
LAST_COMMA = "a comma stands before the closing brace"
COMMENT = "a comment stands there"
NO_COMMA = "a comma is missing between two fields"
PLAIN = "plain text, not a JSON object"
UNEXPANDED = "a placeholder that TradingView did not expand"
THOUSANDS = "groups thousands"
POINT = "the decimal sign is a point"
CALCULATION = "a calculation"
UNIT = "a unit or another text stands behind a number"
NO_VALUE = "the script had no value"

SLIPS = [
    # quotes
    ("{“token”: 1}", 1, 2, CURLY),
    ('{"a": “b”}', 1, 7, CURLY),
    ('{"a": “b", "c": 1}', 1, 7, CURLY),
    ('{"a": "b”, "c": "d"}', 1, 9, CURLY),
    ('{"a": "b”}', 1, 9, CURLY),
    ("{«a»: 1}", 1, 2, CURLY),
    ("{\uff02a\uff02: 1}", 1, 2, CURLY),
    ("{\u2018a\u2019: 1}", 1, 2, CURLY),
    ("{'a': 'b'}", 1, 2, SINGLE),
    ("{\"a\": 'b'}", 1, 7, SINGLE),
    ('{"a": "b\', "c": "d"}', 1, 9, SINGLE),
    ("{`a`: 1}", 1, 2, "a backtick"),
    ('{"a": "b, "c": "d"}', 1, 7, NO_END),
    ('{"a": "b,\n "c": "d"}', 1, 7, NO_END),
    ('{"a": "b\r\n}', 1, 7, NO_END),
    ('{"a": "b', 1, 7, NO_END),
    ('{"a: "b"}', 1, 2, "the closing quote of a name is missing"),
    ('{"a": b"}', 1, 7, "the opening quote of a text is missing"),
    ('{a": 1}', 1, 2, "the opening quote of a text is missing"),
    ("{a: 1}", 1, 2, "a name stands there without double quotes"),
    ('{"a": {b: 1}}', 1, 8, "a name stands there without double quotes"),
    ('{"a": buy}', 1, 7, "a text stands there without double quotes"),
    ('{"a": BTC/USD}', 1, 7, "a text stands there without double quotes"),
    ('{"comment": "Take Profit "TP1""}', 1, 26, UNESCAPED),
    ('{"comment": "say "hi" x", "b": 1}', 1, 18, UNESCAPED),
    ('{"message": "{"side": "buy"}"}', 1, 15, UNESCAPED),
    # commas, colons, braces
    ('{"a": "b",}', 1, 10, LAST_COMMA),
    ('{\n"a": "b" ,\n}', 2, 10, LAST_COMMA),
    ('{"a": {"b": 1,}}', 1, 14, LAST_COMMA),
    ('{"a": [1,]}', 1, 10, "a comma stands before the closing bracket"),
    ('{"a": "b",, "c": 1}', 1, 11, "a comma stands there without a field before it"),
    ('{, "a": 1}', 1, 2, "a comma stands there without a field before it"),
    ('{"a": "b"\n "c": "d"}', 2, 2, NO_COMMA),
    ('{"a": 1 "b": 2}', 1, 9, NO_COMMA),
    ('{"a": true "b": 2}', 1, 12, NO_COMMA),
    ('{"a": {} "b": 2}', 1, 10, NO_COMMA),
    ('{"a": [{"b": 1} {"b": 2}]}', 1, 17, NO_COMMA),
    ('{"a": 1; "b": 2}', 1, 8, "a semicolon"),
    ('{"a": 1\uff0c "b": 2}', 1, 8, "a full-width ,"),
    ('{"a"\uff1a 1}', 1, 5, "a full-width :"),
    ('{"a" "b"}', 1, 6, "the colon between name and value is missing"),
    ('{"a" 1}', 1, 6, "the colon between name and value is missing"),
    ('{"a" = 1}', 1, 6, "an equals sign"),
    ('{"a" => 1}', 1, 6, "an equals sign"),
    ('{"a":: 1}', 1, 6, "a colon or an equals sign too many"),
    ('{"a": "b": "c"}', 1, 10, "a second colon"),
    ('{"a", "b": 1}', 1, 5, "a name has no value"),
    ('{"BUY"}', 1, 7, "a name has no value"),
    ('{"a": , "b": 1}', 1, 7, "the value is missing"),
    ('{"a": "b"', 1, 10, "closing brace or bracket is missing"),
    ('{"a": "b",', 1, 11, "the closing brace is missing"),
    ('{"a": {"b": 1}', 1, 15, "closing brace or bracket is missing"),
    ('{"a": [1', 1, 9, "closing brace or bracket is missing"),
    ('{"a":', 1, 6, "a value is missing"),
    ("{", 1, 2, "the closing brace is missing"),
    ('{"a": [1}', 1, 9, "a brace and a bracket close each other"),
    ('{"a": 1]', 1, 8, "a brace and a bracket close each other"),
    ('{{"a": 1}}', 1, 2, "two braces"),
    # before and behind the object
    ('{"a": 1}}', 1, 9, "a closing brace too many"),
    ('{"a": 1}]', 1, 9, "a closing bracket too many"),
    ('{"a": 1}\n{"b": 2}', 2, 1, "a second object"),
    ('{"a": 1},', 1, 9, "a comma stands after the end"),
    ('{"a": 1};', 1, 9, "a semicolon stands after the end"),
    ('{"a": 1} buy', 1, 10, "text stands after the end"),
    ('{"a": 1} // x', 1, 10, COMMENT),
    ('buy {"a": 1}', 1, 1, "text stands before the JSON object"),
    ('"a": 1, "b": 2', 1, 1, "the braces { } around the fields are missing"),
    ('"a": 1}', 1, 1, "the braces { } around the fields are missing"),
    ("'{\"a\": 1}'", 1, 1, "quotes stand around the whole object"),
    ('“{"a": 1}”', 1, 1, "quotes stand around the whole object"),
    ('```json\n{"a": 1}\n```', 1, 1, "Markdown"),
    ('{\\"a\\": 1}', 1, 2, "a backslash"),
    ("BUY BTCUSD", 1, 1, PLAIN),
    ("5 BTC", 1, 1, PLAIN),
    ("BTCUSD Greater Than 9000", 1, 1, PLAIN),
    ("S (12, 26): order buy @ 1 filled on BTCUSD. New strategy position is 1", 1, 1, PLAIN),
    ("side=buy&symbol=BTCUSD", 1, 1, "form-encoded"),
    ("payload=%7B%7D", 1, 1, "form-encoded"),
    ("symbol: BTCUSD\nside: buy", 1, 1, "lines of name: value"),
    ("MyStrategy: order buy", 1, 1, PLAIN),
    ("side: buy, symbol: BTCUSD", 1, 1, PLAIN),
    ("<b>buy</b>", 1, 1, "markup"),
    # what JSON lacks
    ('{"a": 1 // x\n}', 1, 9, COMMENT),
    ('{"a": 1, /* x */ "b": 2}', 1, 10, COMMENT),
    ('{"a": 1, # x\n "b": 2}', 1, 10, COMMENT),
    ('// x\n{"a": 1}', 1, 1, COMMENT),
    ('{"a": True}', 1, 7, "write true"),
    ('{"a": FALSE}', 1, 7, "write false"),
    ('{"a": None}', 1, 7, "write null"),
    ('{"a": NULL}', 1, 7, "write null"),
    ('{"a": NaN}', 1, 7, NO_VALUE),
    ('{"a": 1, "b": nan}', 1, 15, NO_VALUE),
    ('{"a": -Infinity}', 1, 7, NO_VALUE),
    ('{"a": -\u221e}', 1, 7, NO_VALUE),
    ('{"a": \u22125}', 1, 7, "no minus"),
    ('{"a": inf}', 1, 7, NO_VALUE),
    ('{"a": na}', 1, 7, NO_VALUE),
    ('{"a": undefined}', 1, 7, NO_VALUE),
    # placeholders
    ('{"a": {{close}}}', 1, 7, UNEXPANDED),
    ('{"a": {{plot("RSI")}}}', 1, 7, UNEXPANDED),
    ("{{strategy.order.alert_message}}", 1, 1, UNEXPANDED),
    ('{"a": {close}}', 1, 7, "one brace stands where a placeholder has two"),
    ('{"a": ${close}}', 1, 7, "one brace stands where a placeholder has two"),
    (
        '{"a": { strategy.order.price }, "b": 1}',
        1,
        7,
        "one brace stands where a placeholder has two",
    ),
    # numbers
    ('{"a": 0,5}', 1, 8, POINT),
    ('{"a": 0,5, "b": 1}', 1, 8, POINT),
    ('{"a": 60000,25}', 1, 12, POINT),
    ('{"a": 0,001}', 1, 8, POINT),
    ('{"a": 0,500, "b": 1}', 1, 8, POINT),
    ('{"a": -0,001}', 1, 9, POINT),
    ('{"a": 60000,250}', 1, 12, POINT),
    ('{"a": 0,001.5}', 1, 8, POINT),
    ('{"a": 0,001,500}', 1, 8, POINT),
    ('{"a": 1,500}', 1, 8, "as the decimal sign write a point (1.500), for thousands none (1500)"),
    ('{"a": 100,000, "b": 1}', 1, 10, "as the decimal sign write a point"),
    ('{"a": 1,234.5}', 1, 8, THOUSANDS),
    ('{"a": 1,234,567}', 1, 8, THOUSANDS),
    ('{"a": 0_001}', 1, 8, POINT),
    ('{"a": 0 001}', 1, 9, POINT),
    ('{"a": 1_000}', 1, 8, THOUSANDS),
    ('{"a": 1\'000}', 1, 8, THOUSANDS),
    ('{"a": 1\u00a0000}', 1, 8, THOUSANDS),
    ('{"a": 1 000}', 1, 9, "a number holds a blank"),
    ('{"a": .25}', 1, 7, "a number begins with a point: put a 0 before it, as in 0.5"),
    ('{"a": -.5}', 1, 7, "a number begins with a point"),
    ('{"a": 5.}', 1, 8, "no digit behind its point: write it as in 0.5"),
    ('{"a": 1.2.3}', 1, 10, "a point too many"),
    ('{"a": 007}', 1, 8, "write 7 instead of 007, or 0.07 where a point is missing"),
    ('{"a": +5}', 1, 7, "a plus sign"),
    ('{"a": 0.5 BTC}', 1, 11, UNIT),
    ('{"a": 0.5BTC}', 1, 10, UNIT),
    ('{"a": 100€}', 1, 10, UNIT),
    ('{"a": 0x10}', 1, 8, UNIT),
    ('{"a": $100}', 1, 7, "a currency sign"),
    ('{"a": 5%}', 1, 8, "a percent sign"),
    ('{"a": #1.5%}', 1, 7, 'write "#1.5%"'),
    ('{"a": 100*2}', 1, 10, CALCULATION),
    ('{"a": 100 - 2}', 1, 11, CALCULATION),
    ('{"a": 100/2}', 1, 10, CALCULATION),
    ('{"a": (1+2)}', 1, 7, CALCULATION),
    ('{"a": "60000"*0.99}', 1, 14, CALCULATION),
    ('{"a": "b" + "c"}', 1, 11, CALCULATION),
    ('{"a": 2026-02-18T14:30:00Z}', 1, 11, "a time stands there without double quotes"),
    # characters that are not seen
    ("\u00a0{}", 1, 1, "a non-breaking space"),
    ("{}\u00a0", 1, 3, "a non-breaking space"),
    ('{"a":\u00a01}', 1, 6, "a non-breaking space"),
    ('{"a": 1,\u00a0"b": 2}', 1, 9, "a non-breaking space"),
    ('{\u200b"a": 1}', 1, 2, "a zero-width space"),
    ("\ufeff\ufeff{}", 1, 1, "a byte order mark"),
    ('{"a": "b\tc"}', 1, 9, "a tab"),
    ('{"a": "b\nc"}', 1, 9, "a line break"),
    ('{"a": "b\x07c"}', 1, 9, "a control character (U+0007)"),
    ('{"a": "\\d"}', 1, 8, "a backslash"),
    ('{"a": "C:\\Users"}', 1, 10, "a backslash"),
]


@row_by_row
@pytest.mark.parametrize(("body", "line", "column", "says"), SLIPS)
def test_each_slip_has_its_place_and_its_sentence(body, line, column, says):
    with pytest.raises(AlertMalformed) as caught:
        json_body.parse(body.encode())
    assert f"at line {line}, column {column}" in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('"{\\"a\\": 1}"', "The object stands in a text"),
        ('[{"a": 1}]', "The object stands in a list"),
        ("", "no alert_message"),
        (" \r\n", "no alert_message"),
    ],
)
def test_what_is_json_and_no_object_is_told_how_to_become_one(body, says):
    with pytest.raises(AlertMalformed, match=re.escape(says)):
        json_body.parse(body.encode())


@row_by_row
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"qty": 0,5}', "volume"),
        ('{"price": NaN}', "price"),
        ('{"stopPrice": {close}}', "stop_price"),
        ('{"volume": 0.5 BTC}', "volume"),
        ('{"message": "say "hi""}', "alert_message"),
        ('{"symbol": "BTCUSD" "side": "buy"}', None),
        ('{"symbol": "BTCUSD",}', None),
        ('{"token": tok-5f0c1de2a7b94c38}', None),
        ('{"tok-5f0c1de2a7b94c38": NaN}', None),
    ],
)
def test_a_field_of_ours_is_named_and_no_other(body, field):
    with pytest.raises(AlertMalformed) as caught:
        json_body.parse(body.encode())
    assert caught.value.field == field
    assert (f"({field})" in caught.value.message) == (field is not None)
    assert "5f0c1de2" not in caught.value.message


def test_a_body_that_no_alert_is_as_long_as_is_not_searched():
    with pytest.raises(AlertMalformed, match=r"not valid JSON\. The whole alert message"):
        json_body.parse(b'{"a": "' + b"x" * 20_000)


@pytest.mark.parametrize(
    "body", ["{}", " [] ", '{"a": [1, {"b": null}, true], "c": -1.5e3}', '"a"']
)
def test_a_text_without_a_fault_has_none(body):
    assert find_fault(body) is None
