"""What is read as an alert's body, and what is refused with a reason."""

from __future__ import annotations

import re
import traceback
from decimal import Decimal

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake import json_body


@row_by_row
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", {}),
        (b' \r\n\t{"a": "b"}\n', {"a": "b"}),
        (b'\xef\xbb\xbf{"a": "b"}', {"a": "b"}),
        ('{"a": "é€\U0001f680"}'.encode(), {"a": "é€\U0001f680"}),
        (b'{"a": "\\ud83d\\ude80"}', {"a": "\U0001f680"}),
        (b'{"a": [true, false, null, {"b": 1}]}', {"a": [True, False, None, {"b": Decimal(1)}]}),
        (b'{"a": 1.10}', {"a": Decimal("1.10")}),
        (b'{"a": 1e-7}', {"a": Decimal("1E-7")}),
        (b'{"a": -0}', {"a": Decimal("-0")}),
        (b'{"a": 1e400}', {"a": Decimal("1E+400")}),
        (
            b'{"a": 0.1000000000000000055511151231257827}',
            {"a": Decimal("0.1000000000000000055511151231257827")},
        ),
    ],
)
def test_a_json_object_is_read(body, expected):
    assert json_body.parse(body) == expected


def test_every_number_is_a_decimal_with_the_digits_as_written():
    values = json_body.parse(b'{"a": 1, "b": 1.10, "c": 1e2}')
    assert [(type(v), str(v)) for v in values.values()] == [
        (Decimal, "1"),
        (Decimal, "1.10"),
        (Decimal, "1E+2"),
    ]


@row_by_row
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not valid JSON"),
        ('{"a":"b"}'.encode("utf-16"), "not UTF-8"),
        ('{"a":"b"}'.encode("utf-16-le"), "not valid JSON"),
        ('{"a":"b"}'.encode("utf-32"), "not UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'"buy"', "a text, not an object"),
        (b"null", "null, not an object"),
        (b"123", "a number, not an object"),
        (b"true", "true or false, not an object"),
        (b"[]", "a list, not an object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "Infinity"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"a": 1, "a": 1}', "'a' twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' twice"),
        (b'{"x": {"b": 1, "b": 2}}', "'b' twice"),
        (b"[" * 200_000, "16 levels"),
        (b'{"a":' * 60_000, "16 levels"),
        (b'{"a":' + b"[" * 16 + b"]" * 16 + b"}", "16 levels"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number that is too long"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "number that is too long"),
        (b'{"a": 1e9999999999999999999}', "number that is too long"),
        (b'{"a": 1E-1000}', "number that is too long"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"a": [{"b": "\\u0000"}]}', "NUL"),
        (b'{"comment": "Take Profit "TP1""}', "unescaped quote"),
        (b'{"qty": 1,234.5}', "a number holds a comma"),
        (b'{"price": }', "not quoted"),
        (b'{"a": "x\ny"}', "line break"),
        (b'{"a": "\\d"}', "backslash"),
        (b"{'a': 'b'}", "straight double quotes"),
        (b'{"a": "b",}', "comma"),
        ("{“a”: 1}".encode(), "straight double quotes"),
        (b'buy {"a": 1}', "text stands before"),
        (b'{"a": 1} buy', "text stands after"),
        (b"BTCUSD Greater Than 9000", "plain text"),
        (b'{"a": "b', "closing quote"),
        (b"\xc2\xa0{}", "not valid JSON"),
    ],
)
def test_anything_else_is_refused_with_a_reason(body, says):
    with pytest.raises(AlertMalformed, match=re.escape(says)):
        json_body.parse(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"side": "buy", "side": "sell"}', "side"),
        (b'{"qty": 1, "qty": 2}', "volume"),
        (b'{"orders": [{"Stop-Price": 1, "Stop-Price": 2}]}', "stop_price"),
        (b'{"a": 1, "a": 2}', None),
        (b'{"token": "a", "token": "b"}', None),
    ],
)
def test_a_field_of_ours_that_comes_twice_is_named(body, field):
    with pytest.raises(AlertMalformed, match="twice") as caught:
        json_body.parse(body)
    assert caught.value.field == field


def test_sixteen_levels_are_read():
    assert json_body.parse(b'{"a":' + b"[" * 15 + b"]" * 15 + b"}")


@pytest.mark.parametrize(
    "body",
    [
        b'{"token": "tok-5f0c1de2a7b94c38" oops}',
        b'{"token": "tok-5f0c1de2a7b94c38", "x": "\\q"}',
        b'{"token": "tok-5f0c1de2a7b94c38", "x": NaN}',
        b'{"token": "tok-5f0c1de2a7b94c38", "x": "\xff"}',
        b'{"tok-5f0c1de2a7b94c38": 1, "tok-5f0c1de2a7b94c38": 2}',
        b'tok-5f0c1de2a7b94c38 {"a": 1}',
        b'"tok-5f0c1de2a7b94c38"',
    ],
)
def test_the_body_is_never_repeated_not_even_by_the_chained_exceptions(body):
    with pytest.raises(AlertMalformed) as caught:
        json_body.parse(body)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "5f0c1de2" not in "".join(traceback.format_exception_only(error)) + repr(error) + str(
        error
    )
